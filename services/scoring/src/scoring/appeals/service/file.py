"""Filing an appeal: who may, against what, until when."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.appeals import queries
from scoring.appeals.case import flag_decision_of, round_of, took_part_in
from scoring.appeals.errors import (
    AppealPending,
    AppealPeriodOver,
    FlagDecisionNotFound,
    NotAPartyToTheCase,
    NotServedYet,
)
from scoring.appeals.models import Appeal
from scoring.appeals.schemas import AppealIn
from scoring.appeals.service.store import announce, appeal_clocks, begun, note, set_suspension
from scoring.determinations.errors import DeterminationNotInForce
from scoring.determinations.queries import acts_of, find_determination, standing
from scoring.evidence.queries import contract_of, lock_contracts
from scoring.results.queries import calendar_for
from shared import clock
from shared.auth import Principal
from shared.db import principal_in
from shared.events import AppealChanged, AppealFiled
from shared.ids import new_id
from shared.periods import shortened

__all__ = ["file_appeal", "withdraw_appeal"]


@dataclass(frozen=True, slots=True)
class _Decision:
    """What is appealed against."""

    contract_id: UUID
    region: str
    simulated: bool
    purchaser_id: UUID | None
    provider_id: UUID | None
    side: str
    known_from: datetime
    deciders: tuple[str, ...]
    round_id: UUID | None


async def file_appeal(session: AsyncSession, body: AppealIn) -> Appeal:
    """File an appeal of a party of the case; it suspends publication and money effects of a determination.

    An appeal against the decision upon a flag suspends the determinations of the contract that rest on its round.

    Raises:
        DeterminationNotFound, FlagDecisionNotFound: no such decision in the caller's scope.
        NotAPartyToTheCase: the caller is neither its provider nor its purchaser.
        DeterminationNotInForce: it was replaced or annulled.
        NotServedYet: the time for an appeal has not begun.
        AppealPeriodOver: it has ended.
        AppealPending: the same side has appealed already.
    """
    principal = principal_in(session)
    look = _determination if body.against == "determination" else _flag
    decision = await look(session, body, principal)
    await lock_contracts(session, [decision.contract_id])
    for earlier in await queries.appeals_against(session, body.against_id):
        same = (earlier.contract_id, earlier.side) == (decision.contract_id, decision.side)
        if same and earlier.state != "withdrawn":
            raise AppealPending(f"Appeal {earlier.id} of the same side is {earlier.state}.", appeal_id=str(earlier.id))
    clocks = await appeal_clocks(session, against=body.against, against_id=body.against_id, region=decision.region)
    calendar = await calendar_for(session, decision.region)
    today = calendar.day_of(clock.now())
    file_by = calendar.limit(calendar.day_of(decision.known_from), clocks.file)
    if today > file_by:
        raise AppealPeriodOver(
            f"The last day for an appeal was {file_by}, {shortened(clocks.file)} working days after the service.",
            file_by=file_by.isoformat(),
        )
    decide_by = calendar.limit(today, clocks.decide)
    moment = clock.now()
    appeal = Appeal(
        id=new_id(),
        version=1,
        contract_id=decision.contract_id,
        region=decision.region,
        simulated=decision.simulated,
        purchaser_id=decision.purchaser_id,
        provider_id=decision.provider_id,
        against=body.against,
        against_id=body.against_id,
        round_id=decision.round_id,
        side=decision.side,
        filed_by=principal.subject,
        filed_at=moment,
        file_by=file_by,
        decide_by=decide_by,
        grounds=body.grounds,
        document_sha256=body.document.sha256 if body.document else None,
        document_title=body.document.title if body.document else None,
        barred=sorted({*decision.deciders, principal.subject}),
        state="filed",
        suspends=False,
        clock="decide",
        due_on=decide_by,
        corrections=[],
        updated_at=moment,
    )
    session.add(appeal)
    await session.flush()
    note(session, appeal, "filed", words=body.grounds, document=body.document)
    await set_suspension(session, appeal, suspends=True, reason=f"Appeal {appeal.id} was filed.")
    announce(session, appeal, AppealFiled, action="filed")
    return appeal


async def withdraw_appeal(
    session: AsyncSession, appeal_id: UUID, *, reason: str, if_match: int | None = None
) -> Appeal:
    """Withdraw an appeal, by the side that filed it; what it suspended goes on."""
    principal = principal_in(session)
    appeal = await begun(session, appeal_id, state="filed", act="withdrawn", if_match=if_match)
    if _side(principal, purchaser_id=appeal.purchaser_id, provider_id=appeal.provider_id) != appeal.side:
        raise NotAPartyToTheCase(f"The {appeal.side} has appealed, and only that side withdraws it.")
    await set_suspension(session, appeal, suspends=False, reason=f"Appeal {appeal.id} was withdrawn.")
    appeal.state, appeal.clock, appeal.due_on = "withdrawn", None, None
    note(session, appeal, "withdrawn", words=reason)
    announce(session, appeal, AppealChanged, action="withdrawn")
    return appeal


async def _determination(session: AsyncSession, body: AppealIn, principal: Principal) -> _Decision:
    found, successor = await find_determination(session, body.against_id)
    side = _side(principal, purchaser_id=found.purchaser_id, provider_id=found.provider_id)
    now = await standing(session, found.id)
    if not now.in_force:
        raise DeterminationNotInForce(
            f"Determination {found.id} is no longer in force; appeal against what stands in its place.",
            determination_id=None if successor is None else str(successor),
        )
    served = [
        act.effective_at
        for act in await acts_of(session, [found.id])
        if act.kind == "service" and act.party == side and act.effective_at is not None
    ]
    # The purchaser, who need not be served for the determination to take effect, knows it by then.
    known_from = min(served, default=now.effective_at if side == "purchaser" else None)
    if known_from is None:
        raise NotServedYet("The time for an appeal begins when the determination is served on you.")
    round_id = await round_of(session, found.contract_id, known_at=found.evidence_cutoff)
    took_part = await took_part_in(session, found.contract_id, round_id=round_id)
    return _Decision(
        contract_id=found.contract_id,
        region=found.region,
        simulated=found.simulated,
        purchaser_id=found.purchaser_id,
        provider_id=found.provider_id,
        side=side,
        known_from=known_from,
        deciders=(found.signed_by, *took_part),
        round_id=round_id,
    )


async def _flag(session: AsyncSession, body: AppealIn, principal: Principal) -> _Decision:
    assert body.contract_id is not None  # noqa: S101 - the schema asks for both
    assert body.round_id is not None  # noqa: S101
    contract = await contract_of(session, body.contract_id)
    if contract is None:
        raise FlagDecisionNotFound(f"Contract {body.contract_id} is unknown here, or of another region.")
    decision = await flag_decision_of(
        session, body.against_id, round_id=body.round_id, contract_id=contract.contract_id
    )
    side = _side(principal, purchaser_id=contract.purchaser_id, provider_id=contract.provider_id)
    took_part = await took_part_in(session, contract.contract_id, round_id=body.round_id)
    return _Decision(
        contract_id=contract.contract_id,
        region=contract.region,
        simulated=contract.simulated,
        purchaser_id=contract.purchaser_id,
        provider_id=contract.provider_id,
        side=side,
        # A flag's decision is not served; the time begins when it is recorded.
        known_from=decision.decided_at,
        deciders=(decision.decided_by, *took_part),
        round_id=body.round_id,
    )


def _side(principal: Principal, *, purchaser_id: UUID | None, provider_id: UUID | None) -> str:
    """The side that the caller stands on. A purchaser's token without an organisation acts for the region's."""
    if "provider" in principal.roles and principal.organisation is not None and principal.organisation == provider_id:
        return "provider"
    if "purchaser" in principal.roles and principal.organisation in {None, purchaser_id}:
        return "purchaser"
    raise NotAPartyToTheCase("Only the provider and the purchaser of the case may do this.")
