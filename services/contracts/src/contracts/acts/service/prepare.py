"""The preparing side (经办): prepare an act, mend a returned one, take one back."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.acts.errors import ActAlreadyOpen, ActNeedsOtherPerson
from contracts.acts.kinds import may_be_done, read_body
from contracts.acts.models import MOVES, OPEN, Act
from contracts.acts.queries import open_move
from contracts.acts.service.steps import note_step, open_act
from contracts.contracts.errors import ContractStateConflict
from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.service import lock_contract, require_purchaser
from contracts.contracts.transitions import allowed_actions
from contracts.deputies.queries import responsible_for
from contracts.deputies.service import person_in
from shared import clock
from shared.concurrency import check_version
from shared.db import principal_in
from shared.ids import new_id
from shared.problems import Unprocessable
from shared.web import Model

__all__ = ["prepare_act", "resubmit_act", "withdraw_act"]


async def prepare_act(
    session: AsyncSession,
    *,
    contract_id: UUID,
    action: str,
    body: dict[str, Any],
    reviewer: str | None = None,
    signer: str | None = None,
    note: str | None = None,
    on_behalf_of: str | None = None,
    if_match: int | None = None,
) -> Act:
    """Prepare an act on a contract as it is now; nothing of it is done before it is signed.

    `reviewer` and `signer` default to the persons that are named for the contract, else anybody in office may.

    Raises:
        ContractNotFound: there is none in the caller's scope.
        NotAParty: the caller does not act for the purchaser.
        PreconditionFailed: `if_match` is not the contract's version.
        Unprocessable: the body is not what the action wants, or one person is named twice.
        ContractStateConflict: the contract's state does not permit the action.
        ActAlreadyOpen: such an act is open.
    """
    await lock_contract(session, contract_id=contract_id)
    record = await get_contract(session, contract_id=contract_id)
    require_purchaser(session, record)
    check_version(if_match, record.state.version)
    read = read_body(action, body)
    _require_possible(session, record, action, read)
    if action in MOVES:
        other = await open_move(session, contract_id=contract_id, action=action)
        if other is not None:
            raise ActAlreadyOpen(f"An act of action {action} is open; sign or withdraw it first.", act_id=str(other))
    region = record.state.region
    caller = principal_in(session).subject
    person = await person_in(session, on_behalf_of=on_behalf_of, action=action, region=region)
    _require_distinct(reviewer, signer, {caller, person})
    named = await responsible_for(session, contract_id=contract_id)
    taken = {caller, person, signer}
    reviewer = reviewer or _free(named.get("reviewer"), taken)
    signer = signer or _free(named.get("signer"), {caller, person, reviewer})
    act = Act(
        id=new_id(),
        region=region,
        version=1,
        contract_id=contract_id,
        contract_version=record.state.version,
        action=action,
        body=read.model_dump(mode="json", exclude_unset=True),
        state="prepared",
        handler=person,
        reviewer=reviewer,
        signer=signer,
        prepared_by=caller,
        prepared_for=person if person != caller else None,
        prepared_at=clock.now(),
    )
    session.add(act)
    await session.flush()
    note_step(session, act, step="prepare", by=caller, on_behalf_of=person, note=note)
    return act


def _free(name: str | None, taken: set[str | None]) -> str | None:
    """A person who is named for the contract, unless that one has the act in another hand."""
    return None if name in taken else name


def _require_distinct(reviewer: str | None, signer: str | None, preparing: set[str]) -> None:
    if reviewer in preparing:
        raise Unprocessable(
            "The reviewer prepares.", errors=[{"pointer": "/reviewer", "detail": "is who prepares the act"}]
        )
    if signer is not None and signer in {*preparing, reviewer}:
        raise Unprocessable(
            "The signer has the act in another hand.",
            errors=[{"pointer": "/signer", "detail": "is who prepares or reviews the act"}],
        )


def _require_possible(session: AsyncSession, record: ContractRecord, action: str, body: Model) -> None:
    if not may_be_done(session, record, action, body):
        actions = allowed_actions(record.state.state)
        raise ContractStateConflict(
            f"The contract is {record.state.state}, which does not permit {action}; "
            f"moves possible now: {', '.join(actions) or 'none'}.",
            state=record.state.state,
            actions=actions,
        )


async def resubmit_act(
    session: AsyncSession,
    *,
    act_id: UUID,
    body: dict[str, Any] | None,
    note: str | None,
    on_behalf_of: str | None,
    if_match: int | None,
) -> Act:
    """Prepare a returned act anew, for the contract as it is now; a review starts from the beginning.

    Raises:
        ActNotFound, ActNotReady, NotAParty, PreconditionFailed, NoDeputyOf: as for every step.
        ActNeedsOtherPerson: somebody else prepares this act.
        Unprocessable, ContractStateConflict: as for a new act.
    """
    act, record = await open_act(session, act_id=act_id, states=("returned",), if_match=if_match)
    caller, person = await _require_handler(session, act, on_behalf_of)
    read = read_body(act.action, act.body if body is None else body)
    _require_possible(session, record, act.action, read)
    act.body = read.model_dump(mode="json", exclude_unset=True)
    act.contract_version = record.state.version
    act.state, act.version = "prepared", act.version + 1
    act.prepared_by, act.prepared_for = caller, person if person != caller else None
    act.prepared_at = clock.now()
    act.reviewed_by = act.reviewed_for = act.reviewed_at = None
    act.reviewer = _free(act.reviewer, {caller, person})
    act.signer = _free(act.signer, {caller, person})
    await session.flush()
    note_step(session, act, step="prepare", by=caller, on_behalf_of=person, note=note)
    return act


async def withdraw_act(
    session: AsyncSession, *, act_id: UUID, reason: str, on_behalf_of: str | None, if_match: int | None
) -> Act:
    """Take an act back before it is signed.

    Raises:
        ActNotFound, ActNotReady, NotAParty, PreconditionFailed, NoDeputyOf: as for every step.
        ActNeedsOtherPerson: somebody else prepares this act.
    """
    act, _ = await open_act(session, act_id=act_id, states=OPEN, if_match=if_match)
    caller, person = await _require_handler(session, act, on_behalf_of)
    act.state, act.version = "withdrawn", act.version + 1
    await session.flush()
    note_step(session, act, step="withdraw", by=caller, on_behalf_of=person, note=reason)
    return act


async def _require_handler(session: AsyncSession, act: Act, on_behalf_of: str | None) -> tuple[str, str]:
    caller = principal_in(session).subject
    if caller == act.prepared_by and on_behalf_of is None:
        return caller, act.prepared_for or caller
    person = await person_in(session, on_behalf_of=on_behalf_of, action=act.action, region=act.region)
    if person != act.handler:
        raise ActNeedsOtherPerson(
            "Somebody else prepares this act; that person, a deputy (on_behalf_of) or a handover does it.",
            step="prepare",
        )
    return caller, person
