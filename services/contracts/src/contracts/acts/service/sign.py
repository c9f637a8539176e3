"""The reviewing (审核) and the signing (签发) side; signing does what was prepared, in the same transaction."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.acts.errors import ActStale
from contracts.acts.kinds import KINDS, Signed, read_body
from contracts.acts.models import Act
from contracts.acts.service.steps import note_step, open_act, require_person
from contracts.contracts.queries import ContractRecord
from contracts.policies.service import signed
from shared import clock

__all__ = ["return_act", "review_act", "sign_act"]


async def review_act(
    session: AsyncSession, *, act_id: UUID, note: str | None, on_behalf_of: str | None, if_match: int | None
) -> Act:
    """Find a prepared act right.

    Raises:
        ActNotFound, ActNotReady, NotAParty, PreconditionFailed: as for every step.
        ActStale: the contract has changed since it was prepared.
        ActNeedsOtherPerson, ActNamesAnother, NoDeputyOf: see `require_person`.
    """
    act, record = await open_act(session, act_id=act_id, states=("prepared",), if_match=if_match)
    caller, person = await require_person(session, act, step="review", on_behalf_of=on_behalf_of)
    _require_same_contract(act, record)
    act.state, act.version = "reviewed", act.version + 1
    act.reviewed_by, act.reviewed_for = caller, person if person != caller else None
    act.reviewed_at = clock.now()
    await session.flush()
    note_step(session, act, step="review", by=caller, on_behalf_of=person, note=note)
    return act


async def sign_act(
    session: AsyncSession, *, act_id: UUID, note: str | None, on_behalf_of: str | None, if_match: int | None
) -> Act:
    """Sign a reviewed act: what was prepared is done now, by the same function as without an act, or nothing is.

    Raises:
        ActNotFound, ActNotReady, NotAParty, PreconditionFailed: as for every step.
        ActStale: the contract is at another version than the one that was prepared and reviewed.
        ActNeedsOtherPerson, ActNamesAnother, NoDeputyOf: see `require_person`.
        and whatever the action itself refuses; the act stays as it is then.
    """
    act, record = await open_act(session, act_id=act_id, states=("reviewed",), if_match=if_match)
    caller, person = await require_person(session, act, step="sign", on_behalf_of=on_behalf_of)
    _require_same_contract(act, record)
    body = read_body(act.action, act.body)
    what = Signed(act.id, act.contract_id, act.contract_version, act.prepared_by)
    with signed(session):
        act.outcome = await KINDS[act.action].run(session, body, what)
    act.state, act.version = "signed", act.version + 1
    act.signed_by, act.signed_for = caller, person if person != caller else None
    act.signed_at = clock.now()
    await session.flush()
    note_step(session, act, step="sign", by=caller, on_behalf_of=person, note=note)
    return act


async def return_act(
    session: AsyncSession, *, act_id: UUID, reason: str, on_behalf_of: str | None, if_match: int | None
) -> Act:
    """Give an act back to whoever prepares it, with the reason: as its reviewer, or reviewed as its signer.

    Raises:
        ActNotFound, ActNotReady, NotAParty, PreconditionFailed: as for every step.
        ActNeedsOtherPerson, ActNamesAnother, NoDeputyOf: see `require_person`.
    """
    act, _ = await open_act(session, act_id=act_id, states=("prepared", "reviewed"), if_match=if_match)
    step = "review" if act.state == "prepared" else "sign"
    caller, person = await require_person(session, act, step=step, on_behalf_of=on_behalf_of)
    act.state, act.version = "returned", act.version + 1
    await session.flush()
    note_step(session, act, step="return", by=caller, on_behalf_of=person, note=reason)
    return act


def _require_same_contract(act: Act, record: ContractRecord) -> None:
    now = record.state.version
    if now != act.contract_version:
        raise ActStale(
            f"The act was prepared for version {act.contract_version} of the contract, which is at version {now} now. "
            "Return it with the reason, so that it is prepared anew (POST /v1/acts/{id}/return, then .../resubmit).",
            prepared_version=act.contract_version,
            version=now,
        )
