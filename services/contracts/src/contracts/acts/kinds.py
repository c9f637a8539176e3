"""What an act may be: the body that each action wants, and the service function that its signature runs."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.acceptances.schemas import AcceptanceIn
from contracts.acceptances.service import record_acceptance
from contracts.amendments.schemas import AmendmentIn
from contracts.amendments.service import propose_amendment
from contracts.contracts import service as contracts
from contracts.contracts.queries import ContractRecord
from contracts.contracts.schemas import ActivateIn, ReasonIn, TerminateIn
from contracts.contracts.transitions import ACTIONS as MOVES
from contracts.contracts.transitions import permits
from contracts.corrections.schemas import CorrectionIn
from contracts.corrections.service import check_correction, record_signed_correction
from contracts.ledger.schemas import EntryIn
from contracts.ledger.service import PAID_OUT, post_entry
from shared.problems import Unprocessable
from shared.web import Model

__all__ = ["KINDS", "NoBody", "Signed", "may_be_done", "read_body"]

Json = dict[str, Any]


class NoBody(Model):
    """Nothing to say: the action speaks for itself."""


class Signed(NamedTuple):
    """What a signature runs: the contract at the version that was prepared, and who prepared it."""

    act_id: UUID
    contract_id: UUID
    contract_version: int
    prepared_by: str


class Kind(NamedTuple):
    """The body that an action wants, and what signing it does; answers what came of it."""

    model: type[Model]
    run: Callable[[AsyncSession, Any, Signed], Awaitable[Json]]


def _moved(record: ContractRecord) -> Json:
    return {"contract_version": record.state.version, "state": record.state.state}


async def _submit(session: AsyncSession, _: NoBody, act: Signed) -> Json:
    return _moved(await contracts.submit_contract(session, contract_id=act.contract_id, if_match=act.contract_version))


async def _activate(session: AsyncSession, body: ActivateIn, act: Signed) -> Json:
    return _moved(
        await contracts.activate_contract(
            session,
            contract_id=act.contract_id,
            signed_on=body.signed_on,
            contract_number=body.contract_number,
            if_match=act.contract_version,
        )
    )


async def _complete(session: AsyncSession, _: NoBody, act: Signed) -> Json:
    return _moved(
        await contracts.complete_contract(session, contract_id=act.contract_id, if_match=act.contract_version)
    )


async def _terminate(session: AsyncSession, body: TerminateIn, act: Signed) -> Json:
    return _moved(
        await contracts.terminate_contract(
            session,
            contract_id=act.contract_id,
            reason=body.reason,
            end_reason=body.end_reason,
            if_match=act.contract_version,
        )
    )


async def _suspend(session: AsyncSession, body: ReasonIn, act: Signed) -> Json:
    return _moved(
        await contracts.suspend_contract(
            session, contract_id=act.contract_id, reason=body.reason, if_match=act.contract_version
        )
    )


async def _cancel(session: AsyncSession, body: ReasonIn, act: Signed) -> Json:
    return _moved(
        await contracts.cancel_contract(
            session, contract_id=act.contract_id, reason=body.reason, if_match=act.contract_version
        )
    )


async def _accept(session: AsyncSession, body: AcceptanceIn, act: Signed) -> Json:
    acceptance = await record_acceptance(session, body, contract_id=act.contract_id)
    return {"acceptance_id": str(acceptance.id)}


async def _pay(session: AsyncSession, body: EntryIn, act: Signed) -> Json:
    entry = await post_entry(session, body, contract_id=act.contract_id)
    return {"entry_id": str(entry.id)}


async def _amend(session: AsyncSession, body: AmendmentIn, act: Signed) -> Json:
    """The purchaser's side of it: both parties' confirmations put the proposal into force."""
    proposal = await propose_amendment(session, body, contract_id=act.contract_id, if_match=act.contract_version)
    return {"amendment_id": str(proposal.id), "contract_version": act.contract_version}


async def _correct(session: AsyncSession, body: CorrectionIn, act: Signed) -> Json:
    correction = await record_signed_correction(
        session,
        body,
        contract_id=act.contract_id,
        act_id=act.act_id,
        prepared_by=act.prepared_by,
        if_match=act.contract_version,
    )
    return {"correction_id": str(correction.id), "contract_version": correction.version}


KINDS: dict[str, Kind] = {
    "submit": Kind(NoBody, _submit),
    "activate": Kind(ActivateIn, _activate),
    "complete": Kind(NoBody, _complete),
    "terminate": Kind(TerminateIn, _terminate),
    "suspend": Kind(ReasonIn, _suspend),
    "cancel": Kind(ReasonIn, _cancel),
    "amend": Kind(AmendmentIn, _amend),
    "accept": Kind(AcceptanceIn, _accept),
    "payment": Kind(EntryIn, _pay),
    "correction": Kind(CorrectionIn, _correct),
}


def read_body(action: str, body: Json) -> Model:
    """The body as its action wants it; 422 names each place below `/body`."""
    try:
        read = KINDS[action].model.model_validate(body)
    except ValidationError as error:
        errors = [
            {"pointer": "/body" + "".join(f"/{part}" for part in each["loc"]), "detail": each["msg"]}
            for each in error.errors(include_url=False)
        ]
        raise Unprocessable(f"{errors[0]['pointer']}: {errors[0]['detail']}", errors=errors) from error
    if isinstance(read, EntryIn) and read.kind not in PAID_OUT:
        detail = f"an act of action payment is of kind {' or '.join(PAID_OUT)}; other entries are posted directly"
        raise Unprocessable(detail, errors=[{"pointer": "/body/kind", "detail": detail}])
    return read


def may_be_done(session: AsyncSession, record: ContractRecord, action: str, body: Model) -> bool:
    """Whether the contract's state permits the action now; a correction is checked whole and raises its refusals."""
    if isinstance(body, CorrectionIn):
        check_correction(session, record, body)
        return True
    if action in MOVES:
        return permits(record.state.state, action)
    return record.state.state not in ("draft", "pending", "cancelled")
