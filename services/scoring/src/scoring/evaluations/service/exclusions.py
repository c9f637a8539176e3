"""Who may not rate what: conflicts of interest, rotation, qualification. Every exclusion keeps its reason."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evaluations import queries
from scoring.evaluations.errors import EvaluatorHasConflict
from scoring.evaluations.models import Assignment, Case, Evaluator, Interest
from shared import clock

__all__ = [
    "CONFLICT",
    "QUALIFICATION",
    "ROTATION",
    "Exclusions",
    "conflicted",
    "exclusions",
    "refuse_conflicted_marks",
    "refuse_conflicts",
]

CONFLICT, ROTATION, QUALIFICATION = "conflict", "rotation", "qualification"
ROTATION_ROUNDS = 2
"""No evaluator on the same provider in more consecutive rounds than these (own choice, reference 2.3)."""

Exclusions = dict[tuple[UUID, UUID], list[str]]
"""(case, evaluator) -> reasons; the first word of a reason is its kind."""


async def exclusions(session: AsyncSession, evaluators: Sequence[Evaluator], cases: Sequence[Case]) -> Exclusions:
    """Every pair of case and evaluator that may not meet, with the reasons."""
    found: Exclusions = {}
    for pair, reason in await _conflicts(session, evaluators, cases):
        found.setdefault(pair, []).append(f"{CONFLICT}: {reason}")
    tired = await _rotation(session, cases)
    for case in cases:
        for evaluator in evaluators:
            if (case.provider_id, evaluator.id) in tired:
                reason = f"{ROTATION}: rated this provider in its last {ROTATION_ROUNDS} evaluations"
                found.setdefault((case.id, evaluator.id), []).append(reason)
            if evaluator.categories and not (case.service_category or "").startswith(tuple(evaluator.categories)):
                reason = f"{QUALIFICATION}: not qualified for {case.service_category or 'a contract without category'}"
                found.setdefault((case.id, evaluator.id), []).append(reason)
    return found


async def refuse_conflicts(session: AsyncSession, evaluator: Evaluator, cases: Sequence[Case]) -> None:
    """Refuse an evaluator who has a conflict of interest with a case, naming case and reason.

    Raises:
        EvaluatorHasConflict: there is one.
    """
    found = await _conflicts(session, [evaluator], cases)
    if found:
        contracts = {case.id: case.contract_id for case in cases}
        named = [
            {"case_id": str(case_id), "contract_id": str(contracts[case_id]), "reason": reason}
            for (case_id, _), reason in found
        ]
        told = "; ".join(f"contract {each['contract_id']} ({each['reason']})" for each in named[:5])
        raise EvaluatorHasConflict(
            f"{evaluator.code} has a conflict of interest with {told}. Choose another evaluator.",
            evaluator_id=str(evaluator.id),
            cases=named,
        )


async def conflicted(
    session: AsyncSession, cases: Collection[Case], tasks: Collection[Assignment]
) -> list[tuple[Assignment, Evaluator, str]]:
    """Submitted ratings whose evaluator is known by now to have a conflict with the case, with the reason."""
    mine = {(task.case_id, task.evaluator_id): task for task in tasks if task.state == "submitted"}
    evaluators = await queries.evaluators_by_id(session, {task.evaluator_id for task in mine.values()})
    found: dict[tuple[UUID, UUID], tuple[Assignment, Evaluator, str]] = {}
    for pair, reason in await _conflicts(session, list(evaluators.values()), list(cases)):
        if pair in mine:
            found.setdefault(pair, (mine[pair], evaluators[pair[1]], reason))
    return list(found.values())


async def refuse_conflicted_marks(session: AsyncSession, evaluation_ids: Collection[UUID]) -> None:
    """No mark of these evaluations, which the caller has locked, comes from an evaluator with a conflict.

    Raises:
        EvaluatorHasConflict: some do; evaluators, cases and reasons are named.
    """
    for evaluation_id in evaluation_ids:
        cases = await queries.cases_of(session, evaluation_id)
        tasks = await queries.assignments_of(session, evaluation_id=evaluation_id)
        if found := await conflicted(session, cases, tasks):
            contracts = {case.id: case.contract_id for case in cases}
            named = [
                {"case_id": str(task.case_id), "contract_id": str(contracts[task.case_id]), "reason": reason}
                for task, _, reason in found
            ]
            told = "; ".join(
                f"{evaluator.code}: contract {contracts[task.case_id]} ({reason})" for task, evaluator, reason in found
            )
            raise EvaluatorHasConflict(
                f"Submitted marks come from evaluators with a conflict of interest: {told}. Give each case one more "
                "evaluator, POST /v1/evaluations/cases/{id}/evaluators; closing the rating then sets the marks aside.",
                cases=named,
            )


async def _conflicts(
    session: AsyncSession, evaluators: Sequence[Evaluator], cases: Sequence[Case]
) -> list[tuple[tuple[UUID, UUID], str]]:
    """Declared interests that still count, and evaluators whose own organisation is a party."""
    organisations = await queries.organisations_by_id(session, {each.organisation_id for each in evaluators})
    declared: dict[UUID, list[Interest]] = {}
    for interest in await queries.interests_of(session, [each.id for each in evaluators]):
        if interest.ends_on is None or interest.ends_on >= clock.today():
            declared.setdefault(interest.evaluator_id, []).append(interest)
    found = []
    for evaluator in evaluators:
        own = organisations[evaluator.organisation_id].organisation_id
        for case in cases:
            parties = {each for each in (case.provider_id, case.purchaser_id) if each is not None}
            if own in parties:
                found.append(((case.id, evaluator.id), "the evaluator's organisation is a party to the contract"))
            for interest in declared.get(evaluator.id, ()):
                if interest.contract_id == case.contract_id:
                    found.append(((case.id, evaluator.id), f"{interest.nature}, declared for the contract"))
                elif interest.organisation_id in parties:
                    found.append(((case.id, evaluator.id), f"{interest.nature}, declared with a party"))
    return found


async def _rotation(session: AsyncSession, cases: Collection[Case]) -> set[tuple[UUID | None, UUID]]:
    """(provider, evaluator) who met in each of the provider's last rounds, as many as ROTATION_ROUNDS."""
    providers = {case.provider_id for case in cases if case.provider_id is not None}
    if not providers:
        return set()
    before = min(case.evaluation_id for case in cases)
    rounds: dict[UUID, dict[UUID, set[UUID]]] = {}
    for provider, evaluation, evaluator in await queries.past_assignments(session, providers, before=before):
        rounds.setdefault(provider, {}).setdefault(evaluation, set()).add(evaluator)
    tired: set[tuple[UUID | None, UUID]] = set()
    for provider, by_round in rounds.items():
        latest = list(by_round.values())[:ROTATION_ROUNDS]
        if len(latest) == ROTATION_ROUNDS:
            tired |= {(provider, evaluator) for evaluator in set.intersection(*latest)}
    return tired
