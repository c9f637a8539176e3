"""After the rating: exchange of views, review one level up on disagreement, conclusion, publication."""

from datetime import timedelta
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evaluations import queries
from scoring.evaluations.errors import EvaluationStateRefused, NotYourCase, ReviewerTooLow, ReviewNeeded
from scoring.evaluations.models import Case, Evaluation, View
from scoring.evaluations.schemas import ConclusionIn, ReviewIn, ViewIn
from scoring.evaluations.service.further import add_evaluator
from scoring.evaluations.service.steps import expect, note_case
from shared import clock
from shared.auth import Principal, normalise_scope
from shared.db import principal_in
from shared.ids import new_id
from shared.periods import shortened

__all__ = ["conclude_case", "level_above", "open_exchange", "publish_case", "review_case", "state_view"]

Party = Literal["provider", "purchaser"]


async def open_exchange(session: AsyncSession, evaluation_id: UUID, *, days: int, latest_days: int) -> Evaluation:
    """Show the preliminary results of all cases to their parties and ask for their views (财预〔2020〕10号: 交换意见).

    Views are asked for within `days` and taken until `latest_days`, unless the conclusion is drawn before.
    """
    evaluation = await queries.find_evaluation(session, evaluation_id, lock=True)
    cases = await queries.cases_of(session, evaluation_id, lock=True)
    opened = [case for case in cases if case.state == "preliminary"]
    if not opened:
        expect(evaluation, "rated")
        raise EvaluationStateRefused(
            "No case of this evaluation is preliminary: all views are being exchanged or were."
        )
    for case in opened:
        case.state = "exchange"
        case.exchange_until = clock.now() + timedelta(days=shortened(days))
        case.views_until = clock.now() + timedelta(days=shortened(latest_days))
        note_case(session, evaluation, case, "exchanged")
    return evaluation


def party_of(principal: Principal, case: Case) -> Party:
    """Which party of the case the caller speaks for; NotYourCase when for none."""
    parties: dict[Party, UUID | None] = {"provider": case.provider_id, "purchaser": case.purchaser_id}
    for party in get_args(Party):
        if party in principal.roles and principal.organisation is not None and principal.organisation == parties[party]:
            chosen: Party = party
            return chosen
    raise NotYourCase("Your token's organisation is neither the provider nor the purchaser of this contract.")


async def state_view(session: AsyncSession, case_id: UUID, body: ViewIn) -> Case:
    """Take a party's view; a disagreement sends the case to the level above."""
    case = await queries.find_case(session, case_id, lock=True)
    party = party_of(principal_in(session), case)
    expect(case, "exchange", "review")
    if case.views_until is not None and clock.now() > case.views_until:
        raise EvaluationStateRefused(f"Views were taken until {case.views_until.isoformat()}.", state=case.state)
    session.add(
        View(
            id=new_id(),
            region=case.region,
            case_id=case.id,
            party=party,
            agrees=body.agrees,
            statement=body.statement,
            stated_by=principal_in(session).subject,
            stated_at=clock.now(),
        )
    )
    evaluation = await queries.evaluation_of(session, case)
    if not body.agrees:
        case.state = "review"
        case.reviewed_by = case.reviewed_at = None
        note_case(session, evaluation, case, "disagreed", outcome=party)
    return case


def level_above(region: str) -> str:
    """The prefix of the level above a region: a county's city, a city's province, a province's country."""
    country, _, code = normalise_scope(region).partition("-")
    return f"{country}-{code[:-2]}"


async def review_case(session: AsyncSession, case_id: UUID, body: ReviewIn) -> Case:
    """Decide on a disagreement, one level above the case and by somebody who did not plan the evaluation.

    Above a province's own contract no officer of the tenant stands: there a second person of the province decides.

    Raises:
        ReviewerTooLow: the caller's scope does not reach the level above, or the caller planned the evaluation.
    """
    evaluation = await queries.evaluation_of(session, await queries.find_case(session, case_id), lock=True)
    case = await queries.find_case(session, case_id, lock=True)
    expect(case, "review")
    principal = principal_in(session)
    above = level_above(case.region)
    if not above.endswith("-") and not principal.may_see(above):
        raise ReviewerTooLow(
            f"The case lies in {case.region}; its review is made by an officer whose scope covers {above}.", level=above
        )
    if principal.subject == evaluation.planned_by:
        raise ReviewerTooLow("You planned this evaluation; the review is another person's.")
    if body.decision == "another_evaluation":
        note_case(session, evaluation, case, "reviewed", outcome=body.decision, reason=body.reason)
        await session.flush()
        await add_evaluator(session, case.id, reason=body.reason)
        return case
    case.reviewed_by, case.reviewed_at = principal.subject, clock.now()
    note_case(session, evaluation, case, "reviewed", outcome=body.decision, reason=body.reason)
    return case


async def conclude_case(session: AsyncSession, case_id: UUID, body: ConclusionIn) -> Case:
    """Draw the final conclusion of a case, signed by the lead evaluator (主评人, 财监〔2021〕4号).

    Raises:
        NotYourCase: the caller is not the lead evaluator.
        EvaluationStateRefused: the parties still have time and have not both agreed.
        ReviewNeeded: a party disagreed and the level above has not decided.
    """
    case = await queries.find_case(session, case_id, lock=True)
    evaluation = await queries.evaluation_of(session, case)
    lead = await queries.find_evaluator(session, evaluation.lead_id)
    if lead.subject != principal_in(session).subject:
        raise NotYourCase(f"The lead evaluator {lead.code} signs the conclusion.")
    expect(case, "exchange", "review")
    if case.state == "review" and case.reviewed_at is None:
        raise ReviewNeeded(
            f"A party disagreed. An officer one level up decides first: POST /v1/evaluations/cases/{case.id}/review."
        )
    if case.state == "exchange" and case.exchange_until is not None and clock.now() < case.exchange_until:
        spoken = {view.party for view in await queries.views_of(session, case.id)}
        waiting = {"provider", "purchaser"} - spoken
        if waiting:
            raise EvaluationStateRefused(
                f"No view yet of {' and '.join(sorted(waiting))}; they have until {case.exchange_until.isoformat()}.",
                state=case.state,
            )
    case.state = "final"
    case.conclusion = body.conclusion
    case.signed_by = lead.code
    case.concluded_at = clock.now()
    note_case(session, evaluation, case, "concluded")
    return case


async def publish_case(session: AsyncSession, case_id: UUID) -> Case:
    """Publish a concluded case: everybody sees the conclusion and the means, nobody's marks and names."""
    case = await queries.find_case(session, case_id, lock=True)
    expect(case, "final")
    evaluation = await queries.evaluation_of(session, case)
    case.state = "published"
    case.published_at = clock.now()
    note_case(session, evaluation, case, "published")
    return case
