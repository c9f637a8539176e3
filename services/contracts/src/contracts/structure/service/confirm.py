"""Both parties' confirmation of the same terms: with the last one the contract comes into force."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractNotActivatable, ContractStateConflict
from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.service import (
    Party,
    activate_contract,
    announce,
    lock_contract,
    move,
    terms_sha256,
    touch_contract,
    unconfirmed,
)
from contracts.contracts.transitions import allowed_actions
from contracts.policies.errors import ActRequired
from contracts.structure.errors import NothingConfirmed, TermsChanged
from contracts.structure.models import Confirmation
from contracts.structure.service.giving import give_confirmation, party_speaking
from shared import clock
from shared.concurrency import check_version
from shared.db import principal_in
from shared.events import ContractUpdated

__all__ = ["Confirmed", "confirm_terms", "withdraw_confirmation"]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a confirmation led to: who has not confirmed yet, or what else keeps the contract from coming into force."""

    record: ContractRecord
    terms_sha256: str
    waiting: list[Party]
    missing: list[dict[str, Any]]


async def confirm_terms(
    session: AsyncSession,
    *,
    contract_id: UUID,
    terms: str,
    organisation_id: UUID | None = None,
    side: str | None = None,
    signed_on: date | None = None,
    contract_number: str | None = None,
    if_match: int | None = None,
) -> Confirmed:
    """Confirm a party's agreement to the terms with this hash; the last confirmation brings the contract into force.

    The same guards hold as for `activate_contract`. What they miss is named in the answer and is no refusal: the
    confirmation stands, and confirming once more tries again. The date of signature is, where none is named, the day of
    the last confirmation.

    Raises:
        ContractStateConflict: the contract is not pending.
        TermsChanged: the hash is not that of the present terms.
        ConfirmationPartyUnclear, NotAParty: for whom is this?
        PreconditionFailed: `if_match` is stale.
    """
    await lock_contract(session, contract_id=contract_id)
    record = await get_contract(session, contract_id=contract_id)
    party = party_speaking(session, record, organisation_id=organisation_id, side=side)
    check_version(if_match, record.state.version)
    _require_pending(record, "confirmed")
    present = terms_sha256(record)
    if terms != present:
        raise TermsChanged(
            "The terms with this hash are not the present ones; read them with GET /v1/contracts/{id}/confirmations "
            "and confirm those.",
            terms_sha256=present,
            version=record.state.version,
        )
    if party in unconfirmed(record):
        record = await _record_confirmation(session, record, party, terms=present)
    waiting = unconfirmed(record)
    if waiting:
        return Confirmed(record, present, waiting, [])
    day = signed_on or (clock.today() if record.state.signed_on is None else None)
    try:
        record = await activate_contract(
            session,
            contract_id=contract_id,
            signed_on=day,
            contract_number=contract_number,
            sides=("purchaser", "provider"),
        )
    except ContractNotActivatable as refusal:
        return Confirmed(record, present, [], list(refusal.members["missing"]))
    except ActRequired as refusal:
        missing = {"what": "act", "rule": str(refusal), "how": "POST /v1/acts with action activate"}
        return Confirmed(record, present, [], [missing])
    return Confirmed(record, present, [], [])


async def withdraw_confirmation(
    session: AsyncSession,
    *,
    contract_id: UUID,
    reason: str,
    organisation_id: UUID | None = None,
    side: str | None = None,
    if_match: int | None = None,
) -> ContractRecord:
    """Take a party's confirmation back: the contract is a draft again and the other confirmations lapse.

    Raises:
        ContractStateConflict: the contract is not pending; one in force is amended or ended.
        NothingConfirmed: the party has none that stands.
        ConfirmationPartyUnclear, NotAParty, PreconditionFailed: as for `confirm_terms`.
    """
    await lock_contract(session, contract_id=contract_id)
    subject = principal_in(session).subject

    async def change(record: ContractRecord) -> dict[str, Any]:
        party = party_speaking(session, record, organisation_id=organisation_id, side=side)
        given = [one for one in record.state.confirmations if Party(one.side, one.organisation_id) == party]
        if not given:
            raise NothingConfirmed(f"{party.organisation_id} has no confirmation that stands.", side=party.side)
        of_contract = update(Confirmation).where(
            Confirmation.contract_id == contract_id, Confirmation.about_id.is_(None), Confirmation.ended_at.is_(None)
        )
        own = of_contract.where(Confirmation.side == party.side, Confirmation.organisation_id == party.organisation_id)
        ended = {"ended_at": clock.now(), "ended_by": subject}
        for statement, how in (
            (own, {"ended_as": "withdrawn", "reason": reason}),
            (of_contract, {"ended_as": "lapsed"}),
        ):
            await session.execute(statement.values(**ended, **how).execution_options(synchronize_session=False))
        return {"state_reason": reason, "confirmations": ()}

    record = await get_contract(session, contract_id=contract_id)
    _require_pending(record, "withdrawn")
    return await move(
        session,
        contract_id=contract_id,
        action="return",
        event=ContractUpdated,
        if_match=if_match,
        change=change,
        sides=("purchaser", "provider"),
    )


def _require_pending(record: ContractRecord, what: str) -> None:
    state = record.state.state
    if state == "pending":
        return
    how = {
        "draft": "POST .../submit first: then its terms are fixed",
        "active": "it is in force; amend or end it instead",
        "suspended": "it is in force; amend or end it instead",
    }.get(state, "it has ended")
    raise ContractStateConflict(
        f"Terms are {what} while a contract is pending; this one is {state}: {how}.",
        state=state,
        actions=allowed_actions(state),
    )


async def _record_confirmation(
    session: AsyncSession, record: ContractRecord, party: Party, *, terms: str
) -> ContractRecord:
    contract_id = record.state.contract_id
    # One that stands for other terms cannot be here while nobody edits confirmed terms; if it is, it has no effect.
    await give_confirmation(session, contract_id=contract_id, party=party, terms=terms)
    await touch_contract(session, contract_id=contract_id, has_parts=True)
    confirmed = await get_contract(session, contract_id=contract_id)
    fields = {"side": party.side, "organisation": str(party.organisation_id), "terms": terms}
    announce(session, ContractUpdated, confirmed.state, action="contract.confirmed", fields=fields)
    return confirmed
