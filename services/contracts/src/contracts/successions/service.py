"""Recording successions: what the organisations become, who goes on with the open contracts, whose record counts.

Ended contracts stay with the party that they had. Of open ones the successor is the party from now on; the move is a
row, an audit row and an event of each contract.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.service import OpenContract, PartyMove, open_contracts_of, succeed_parties
from contracts.organisations.queries import OrganisationHead, find_by_uscc, get_organisation, lock_organisations
from contracts.organisations.service import change_code, change_organisation
from contracts.successions.errors import ContractsOutsideScope, OpenContractsLeft, SuccessionUnsound
from contracts.successions.models import ContractPartyChange, Succession, TrackRecordDecision
from contracts.successions.queries import get_succession
from contracts.successions.schemas import (
    CodeChangeIn,
    DecisionIn,
    DissolutionIn,
    MergerIn,
    RenameIn,
    SplitIn,
    SuccessionIn,
)
from shared import clock
from shared.concurrency import check_version
from shared.db import principal_in
from shared.ids import new_id
from shared.problems import TooLarge

__all__ = ["decide_track_record", "record_succession"]

_NAMED = 20  # contracts that a refusal names at most


async def record_succession(
    session: AsyncSession, body: SuccessionIn, *, organisation_id: UUID, if_match: int | None, limit: int
) -> Succession:
    """Record what became of an organisation.

    SuccessionUnsound for a day in the future, an organisation that has ended, or one that would follow itself;
    OpenContractsLeft when nobody goes on with an open contract; ContractsOutsideScope when one lies in a foreign
    region; TooLarge for more than `limit` of them.
    """
    involved = {organisation_id, *_others(body)}
    await get_organisation(session, organisation_id=organisation_id)
    locked = await lock_organisations(session, organisation_ids=involved)
    organisation = locked[organisation_id]
    check_version(if_match, organisation.version)
    _require_day(body.effective_on)
    for each in locked.values():
        if each.status != "active" or each.individual:
            why = "is an individual" if each.individual else f"ended on {each.ended_on}"
            raise SuccessionUnsound(f"{each.name} {why} and takes part in no succession.", organisation_id=str(each.id))
    missing = involved - set(locked)
    if missing:
        raise SuccessionUnsound(
            f"{', '.join(sorted(map(str, missing)))} is not recorded; record it with POST /v1/organisations first."
        )
    if isinstance(body, RenameIn):
        return await _rename(session, body, organisation)
    if isinstance(body, CodeChangeIn):
        return await _change_code(session, body, organisation)
    return await _end(session, body, organisation, locked, limit=limit)


async def decide_track_record(
    session: AsyncSession, body: DecisionIn, *, organisation_id: UUID, succession_id: UUID
) -> Succession:
    """Decide whether the record of a predecessor counts for a successor; a later decision replaces an earlier one."""
    succession = await get_succession(session, organisation_id=organisation_id, succession_id=succession_id)
    pair = organisation_id in succession.predecessors and body.successor_id in succession.successors
    if not pair or organisation_id == body.successor_id:
        raise SuccessionUnsound(
            "The path names a predecessor of the succession and the body another organisation that followed it; "
            "a rename and a change of code need no decision.",
            predecessors=[str(one) for one in succession.predecessors],
            successors=[str(one) for one in succession.successors],
        )
    locked = await lock_organisations(session, organisation_ids=[body.successor_id])
    successor = locked[body.successor_id]
    session.add(
        TrackRecordDecision(
            id=new_id(),
            succession_id=succession_id,
            predecessor_id=organisation_id,
            successor_id=body.successor_id,
            carries=body.carries,
            reason=body.reason,
            document=body.document,
            decided_by=principal_in(session).subject,
            decided_at=clock.now(),
        )
    )
    counted = [one for one in successor.record_from if one != organisation_id]
    await change_organisation(
        session,
        organisation_id=successor.id,
        action="organisation.track_record_decided",
        record_from=[*counted, organisation_id] if body.carries else counted,
    )
    await session.flush()
    return succession


def _others(body: SuccessionIn) -> set[UUID]:
    if isinstance(body, MergerIn):
        return {body.successor_id, *body.others}
    if isinstance(body, SplitIn):
        return {*body.successors}
    return {body.successor_id} if isinstance(body, DissolutionIn) and body.successor_id else set()


def _require_day(day: date) -> None:
    if day > clock.today():
        raise SuccessionUnsound(f"{day} is in the future; record the succession once it holds.")


async def _rename(session: AsyncSession, body: RenameIn, organisation: OrganisationHead) -> Succession:
    if body.name == organisation.name:
        raise SuccessionUnsound(f"{organisation.name} has this name already.")
    await change_organisation(session, organisation_id=organisation.id, action="organisation.renamed", name=body.name)
    ids, before = [organisation.id], {"name": organisation.name}
    return await _store(session, body, ids, ids, before=before, after={"name": body.name})


async def _change_code(session: AsyncSession, body: CodeChangeIn, organisation: OrganisationHead) -> Succession:
    holder = await find_by_uscc(session, uscc=body.uscc)
    if holder is not None:
        whose = "this organisation's, now or once" if holder.id == organisation.id else f"the code of {holder.name}"
        raise SuccessionUnsound(f"{body.uscc} is {whose}.", organisation_id=str(holder.id))
    ids, before = [organisation.id], {"uscc": organisation.uscc}
    try:
        await change_code(session, organisation_id=organisation.id, uscc=body.uscc, until=body.effective_on)
        return await _store(session, body, ids, ids, before=before, after={"uscc": body.uscc})
    except IntegrityError as error:
        raise SuccessionUnsound(f"Another request recorded {body.uscc} at the same moment.") from error


async def _end(
    session: AsyncSession,
    body: MergerIn | SplitIn | DissolutionIn,
    organisation: OrganisationHead,
    locked: Mapping[UUID, OrganisationHead],
    *,
    limit: int,
) -> Succession:
    predecessors = [organisation.id]
    if isinstance(body, MergerIn):
        predecessors += [one for one in dict.fromkeys(body.others) if one != organisation.id]
    successors = [one for one in locked if one not in predecessors]
    if isinstance(body, MergerIn) and body.successor_id in predecessors:
        raise SuccessionUnsound(
            "An organisation cannot follow itself: in an absorption the one that goes on is successor_id and is not "
            "named among those that end."
        )
    if isinstance(body, SplitIn) and organisation.id in body.successors:
        raise SuccessionUnsound("An organisation cannot follow itself; say `survives` when it goes on.")
    if isinstance(body, DissolutionIn) and body.successor_id == organisation.id:
        raise SuccessionUnsound("An organisation cannot follow itself.")
    found = await open_contracts_of(session, organisation_ids=predecessors)
    _require_scope(session, found)
    if len(found) > limit:
        raise TooLarge(f"{len(found)} open contracts would move; at most {limit} in one request.", limit=limit)
    moves = _moves(body, found, organisation_id=organisation.id, successors=successors)
    survives = isinstance(body, SplitIn) and body.survives
    if not survives:
        for each in predecessors:
            status = "dissolved" if isinstance(body, DissolutionIn) else "succeeded"
            await change_organisation(
                session,
                organisation_id=each,
                action=f"organisation.{status}",
                status=status,
                ended_on=body.effective_on,
                succeeded_by=successors,
            )
    for successor, roles in _roles(moves).items():
        if roles - set(locked[successor].roles):
            wider = sorted({*locked[successor].roles, *roles})
            await change_organisation(session, organisation_id=successor, action="organisation.updated", roles=wider)
    succession = await _store(session, body, predecessors, successors, moved=len({move.contract_id for move in moves}))
    if moves:
        await succeed_parties(session, moves, succession_id=succession.id, effective_on=body.effective_on)
        rows = [
            move._asdict() | {"id": new_id(), "succession_id": succession.id, "changed_on": body.effective_on}
            for move in moves
        ]
        await session.execute(insert(ContractPartyChange), rows)
    return succession


def _require_scope(session: AsyncSession, found: Sequence[OpenContract]) -> None:
    principal = principal_in(session)
    foreign = sum(1 for contract in found if not principal.may_see(contract.region))
    if foreign:
        raise ContractsOutsideScope(
            f"{foreign} of {len(found)} open contracts lie outside your regions; a wider scope is needed.",
            contracts=foreign,
        )


def _moves(
    body: MergerIn | SplitIn | DissolutionIn,
    found: Sequence[OpenContract],
    *,
    organisation_id: UUID,
    successors: Sequence[UUID],
) -> list[PartyMove]:
    """Who goes on with each open contract; those that stay with a surviving organisation are no moves."""
    if isinstance(body, SplitIn):
        allowed = {*successors, organisation_id} if body.survives else set(successors)
        chosen = {assignment.contract_id: assignment.to for assignment in body.assignments}
        default = body.remaining_to or (organisation_id if body.survives else None)
        strange = {*chosen.values(), *([default] if default else [])} - allowed
        unknown = set(chosen) - {contract.contract_id for contract in found}
        if strange or unknown:
            raise SuccessionUnsound(
                "Assignments name an organisation that is no successor, or a contract that is not open here.",
                organisations=sorted(map(str, strange)),
                contracts=sorted(map(str, unknown))[:_NAMED],
            )
    else:
        chosen, default = {}, body.successor_id
    left = [contract for contract in found if chosen.get(contract.contract_id, default) is None]
    if left:
        raise OpenContractsLeft(
            f"{len(left)} open contracts have nobody to go on with them: name successor_id, assignments or "
            "remaining_to, or complete or terminate them first.",
            contracts=[str(contract.contract_id) for contract in left[:_NAMED]],
        )
    targets = [(contract, chosen.get(contract.contract_id, default)) for contract in found]
    return [
        PartyMove(contract.contract_id, contract.side, contract.organisation_id, target)
        for contract, target in targets
        if target is not None and target != contract.organisation_id
    ]


def _roles(moves: Sequence[PartyMove]) -> dict[UUID, set[str]]:
    found: dict[UUID, set[str]] = {}
    for move in moves:
        found.setdefault(move.to_id, set()).add(move.side)
    return found


async def _store(
    session: AsyncSession,
    body: SuccessionIn,
    predecessors: list[UUID],
    successors: list[UUID],
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    moved: int = 0,
) -> Succession:
    succession = Succession(
        id=new_id(),
        kind=body.kind,
        effective_on=body.effective_on,
        document=body.document,
        reason=body.reason,
        predecessors=predecessors,
        successors=successors,
        before=before or {},
        after=after or {},
        moved_contracts=moved,
        recorded_by=principal_in(session).subject,
        recorded_at=clock.now(),
    )
    session.add(succession)
    await session.flush()
    return succession
