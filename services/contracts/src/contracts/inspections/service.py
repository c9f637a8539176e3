"""Planning inspections and recording what they found. Each write is one commit with its event and its audit row."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractStateConflict
from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.service import require_party
from contracts.contracts.transitions import OPEN_FOR_FACTS, allowed_actions
from contracts.inspections.errors import InspectionNotPlanned
from contracts.inspections.models import Inspection
from contracts.inspections.queries import find_inspection, is_hidden
from contracts.inspections.schemas import InspectionIn, VisitIn
from contracts.register_jobs import refresh_register
from shared import audit, clock, outbox
from shared.concurrency import check_version
from shared.db import principal_in
from shared.events import InspectionRecorded
from shared.ids import new_id
from shared.problems import Unprocessable

__all__ = ["cancel_inspection", "inspection_event", "plan_inspection", "record_visit", "require_supervisor"]


def inspection_event(inspection: Inspection) -> InspectionRecorded:
    """The inspection as its event carries it."""
    results = [point["result"] for point in inspection.checklist]
    plain = ("version", "contract_id", "region", "state", "title", "planned_on", "visited_on", "announced")
    return InspectionRecorded(
        inspection_id=inspection.id,
        **{name: getattr(inspection, name) for name in plain},
        checked=sum(result not in (None, "notChecked") for result in results),
        not_met=sum(result in ("partlyMet", "notMet") for result in results),
        documents=tuple(document["sha256"] for document in inspection.documents),
        recorded_at=inspection.updated_at,
    )


def require_supervisor(session: AsyncSession, record: ContractRecord) -> None:
    """Refuse (403) a purchaser of another contract; finance and auditors supervise the region, operators run it."""
    principal = principal_in(session)
    if "auditor" not in principal.roles:
        state = record.state
        require_party(principal, purchaser_id=state.purchaser.organisation_id, provider_id=None, members=state.members)


async def plan_inspection(session: AsyncSession, body: InspectionIn, *, contract_id: UUID) -> Inspection:
    """Plan an inspection of a contract that is or was in force.

    ContractNotFound, NotAParty, ContractStateConflict; Unprocessable for a day in the past.
    """
    record = await get_contract(session, contract_id=contract_id)
    state = record.state
    require_supervisor(session, record)
    if state.state not in OPEN_FOR_FACTS:
        raise ContractStateConflict(
            f"The contract is {state.state}; what is or was in force is inspected.",
            state=state.state,
            actions=allowed_actions(state.state),
        )
    if body.planned_on < clock.today():
        raise Unprocessable(
            "planned_on is in the past.", errors=[{"pointer": "/planned_on", "detail": f"is before {clock.today()}"}]
        )
    moment = clock.now()
    inspection = Inspection(
        id=new_id(),
        version=1,
        contract_id=contract_id,
        region=state.region,
        state="planned",
        title=body.title,
        planned_on=body.planned_on,
        announced=body.announced,
        place=body.place,
        inspectors=[each.model_dump(mode="json") for each in body.inspectors],
        checklist=[point.model_dump() | {"result": None, "note": None} for point in body.checklist],
        documents=[],
        recorded_by=principal_in(session).subject,
        recorded_at=moment,
        updated_at=moment,
    )
    session.add(inspection)
    await session.flush()
    _told(session, inspection, "inspection.planned")
    await refresh_register(session, contract_id=contract_id)
    return inspection


async def record_visit(
    session: AsyncSession, body: VisitIn, *, inspection_id: UUID, if_match: int | None
) -> Inspection:
    """Record what was seen, point by point. It stands: a mistake is corrected by another inspection.

    InspectionNotFound, NotAParty, PreconditionFailed, InspectionNotPlanned; Unprocessable when the results are not one
    for each point, or the day is in the future.
    """
    inspection = await _planned(session, inspection_id, if_match=if_match)
    if body.visited_on > clock.today():
        raise Unprocessable(
            "visited_on is in the future.", errors=[{"pointer": "/visited_on", "detail": "is in the future"}]
        )
    results = {each.code: each for each in body.results}
    codes = [point["code"] for point in inspection.checklist]
    if sorted(each.code for each in body.results) != sorted(codes):
        raise Unprocessable(
            f"Give one result for each point: {', '.join(codes)}.",
            errors=[{"pointer": "/results", "detail": f"one for each of {', '.join(codes)}"}],
        )
    inspection.state, inspection.visited_on = "carriedOut", body.visited_on
    inspection.place = body.place or inspection.place
    inspection.checklist = [
        point | {"result": results[point["code"]].result, "note": results[point["code"]].note}
        for point in inspection.checklist
    ]
    inspection.documents = [document.model_dump() for document in body.documents]
    inspection.summary = body.summary
    await session.flush()
    _told(session, inspection, "inspection.carried_out")
    await refresh_register(session, contract_id=inspection.contract_id)
    return inspection


async def cancel_inspection(
    session: AsyncSession, *, inspection_id: UUID, reason: str, if_match: int | None
) -> Inspection:
    """Give up a planned inspection, with the reason."""
    inspection = await _planned(session, inspection_id, if_match=if_match)
    inspection.state, inspection.summary = "cancelled", reason
    await session.flush()
    _told(session, inspection, "inspection.cancelled")
    await refresh_register(session, contract_id=inspection.contract_id)
    return inspection


async def _planned(session: AsyncSession, inspection_id: UUID, *, if_match: int | None) -> Inspection:
    inspection = await find_inspection(session, inspection_id=inspection_id, lock=True)
    require_supervisor(session, await get_contract(session, contract_id=inspection.contract_id))
    check_version(if_match, inspection.version)
    if inspection.state != "planned":
        raise InspectionNotPlanned(
            f"It is {inspection.state}; what was recorded stands. Plan another one.", state=inspection.state
        )
    inspection.version += 1
    inspection.updated_at = clock.now()
    return inspection


def _told(session: AsyncSession, inspection: Inspection, act: str) -> None:
    noted = {"inspection_id": str(inspection.id), "state": inspection.state}
    region = inspection.region
    if is_hidden(inspection):
        # Neither an event nor the contract's history may warn whom it is about.
        audit.record(session, act, noun="inspection", noun_id=inspection.id, region=region, fields=noted)
        return
    outbox.emit(session, inspection_event(inspection), subject=inspection.contract_id, region=region)
    audit.record(session, act, noun="contract", noun_id=inspection.contract_id, region=region, fields=noted)
