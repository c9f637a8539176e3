"""Reporting milestones."""

from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractStateConflict, MilestoneAlreadyReported, MilestoneNotFound
from contracts.contracts.models import MilestoneReport
from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.schemas import MilestoneReportIn
from contracts.contracts.service.facts import require_party
from contracts.contracts.service.store import announce, lock_contract
from contracts.contracts.transitions import allowed_actions
from shared import clock
from shared.concurrency import check_version
from shared.db import principal_in
from shared.events import ContractState, ContractUpdated
from shared.ids import new_id
from shared.problems import Unprocessable

__all__ = ["report_milestone"]

_REPORT = text(
    "UPDATE contract_milestones SET status = :status, met_on = :met_on, note = :note, reported_at = :reported_at "
    "WHERE id = :milestone_id"
)
_RAISE = text("UPDATE contracts SET version = version + 1, updated_at = :now WHERE id = :contract_id")


async def report_milestone(
    session: AsyncSession, body: MilestoneReportIn, *, contract_id: UUID, milestone_id: UUID, if_match: int | None
) -> ContractRecord:
    """Report what became of a milestone of a contract in force.

    A second report is a correction and needs a note with its reason (MilestoneAlreadyReported); both reports are kept.
    """
    await lock_contract(session, contract_id=contract_id)
    record = await get_contract(session, contract_id=contract_id)
    state = record.state
    require_party(
        principal_in(session),
        purchaser_id=state.purchaser.organisation_id,
        provider_id=state.provider.organisation_id if state.provider else None,
        sides=("purchaser", "provider"),
        members=state.members,
    )
    check_version(if_match, state.version)
    _require_reportable(state, body, milestone_id=milestone_id)
    moment = clock.now()
    report = {
        "milestone_id": milestone_id,
        "status": body.status,
        "met_on": body.met_on,
        "note": body.note,
        "reported_at": moment,
    }
    await session.execute(insert(MilestoneReport), [{"id": new_id(), **report}])
    await session.execute(_REPORT, report)
    await session.execute(_RAISE, {"contract_id": contract_id, "now": moment})
    reported = await get_contract(session, contract_id=contract_id)
    code = next(milestone.code for milestone in state.milestones if milestone.milestone_id == milestone_id)
    announce(
        session,
        ContractUpdated,
        reported.state,
        action="milestone.reported",
        fields={"milestone": code, "status": body.status},
    )
    return reported


def _require_reportable(state: ContractState, body: MilestoneReportIn, *, milestone_id: UUID) -> None:
    milestone = next((each for each in state.milestones if each.milestone_id == milestone_id), None)
    if milestone is None:
        raise MilestoneNotFound(f"Contract {state.contract_id} has no milestone {milestone_id}.")
    if state.state not in ("active", "suspended"):
        raise ContractStateConflict(
            f"The contract is {state.state}; milestones are reported while it is in force.",
            state=state.state,
            actions=allowed_actions(state.state),
        )
    if body.met_on is not None and body.met_on > clock.today():
        raise Unprocessable("met_on is in the future.", errors=[{"pointer": "/met_on", "detail": "is in the future"}])
    if milestone.status != "scheduled" and body.note is None:
        raise MilestoneAlreadyReported(
            f"Milestone {milestone.code} was reported as {milestone.status}; to correct it, say why in note.",
            reported=milestone.status,
        )
