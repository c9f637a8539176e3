"""Proposing, confirming and withdrawing amendments; in force when both confirmed, they suspend nothing."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.amendments.errors import (
    AmendmentAlreadyConfirmed,
    AmendmentAlreadyProposed,
    AmendmentNotFound,
    AmendmentNotOpen,
    AmendmentStale,
)
from contracts.amendments.guards import require_allowed, require_dates, require_in_force, require_reason
from contracts.amendments.models import AmendmentProposal
from contracts.amendments.queries import find_amendment, open_amendment
from contracts.amendments.schemas import AmendmentIn
from contracts.amendments.terms import Change, MilestoneChange, changed
from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.service import AmendedTerms, Side, amend_terms, lock_contract, require_party
from contracts.policies.service import require_direct
from contracts.structure.service import confirm_matter, lapse_confirmations, speaker, waiting_for
from shared import audit, clock, outbox
from shared.concurrency import check_version
from shared.db import principal_in
from shared.events import AmendmentAgreed, ContractState
from shared.ids import new_id

__all__ = ["amendment_event", "confirm_amendment", "propose_amendment", "sides_agreed", "withdraw_amendment"]

_BOTH = ("purchaser", "provider")


async def propose_amendment(
    session: AsyncSession, body: AmendmentIn, *, contract_id: UUID, if_match: int | None
) -> AmendmentProposal:
    """Propose an amendment of a contract in force; nothing of the contract changes until both sides have confirmed.

    Raises:
        ContractNotFound, NotAParty, ActRequired: as everywhere.
        PreconditionFailed: `if_match` is not the contract's version.
        ContractStateConflict: the contract is not in force.
        AmendmentAlreadyProposed: another proposal is open.
        AmendmentChangesNothing, AmendmentTermsConflict, AmendmentReasonMisfit, AmendmentOutOfOrder,
        AmendmentBelowLedger: the change itself.
        AmendmentOverLimit: a confirmed rule of the pinned set does not allow it.
    """
    record = await _locked(session, contract_id=contract_id)
    state = record.state
    await require_direct(session, "amend", region=state.region)
    check_version(if_match, state.version)
    require_in_force(state)
    waiting = await open_amendment(session, contract_id=contract_id)
    if waiting is not None:
        raise AmendmentAlreadyProposed(
            f"Amendment {waiting.id} waits for its confirmations; confirm or withdraw it first.",
            amendment_id=str(waiting.id),
        )
    change = _change_of(state, body)
    require_reason(body.reason_code, change)
    require_dates(record, body)
    warnings = await require_allowed(session, record, change)
    proposal = AmendmentProposal(
        id=new_id(),
        contract_id=contract_id,
        region=state.region,
        version=1,
        currency=state.currency,
        state="proposed",
        reason_code=body.reason_code,
        rationale=body.rationale,
        amended_on=body.amended_on,
        contract_version=state.version,
        value_before=state.value,
        value_after=change.value,
        starts_on_before=state.starts_on,
        starts_on_after=change.starts_on,
        ends_on_before=state.ends_on,
        ends_on_after=change.ends_on,
        milestones=change.milestones_told(state),
        lots=change.lots_told(state),
        texts=list(change.texts),
        warnings=warnings,
        document_sha256=body.document_sha256,
        proposed_by=principal_in(session).subject,
        proposed_at=clock.now(),
    )
    session.add(proposal)
    await session.flush()
    _note(session, proposal, "amendment.proposed")
    return proposal


async def confirm_amendment(
    session: AsyncSession,
    *,
    contract_id: UUID,
    amendment_id: UUID,
    side: Side | None,
    if_match: int | None,
    organisation_id: UUID | None = None,
) -> AmendmentProposal:
    """Confirm an amendment for a party; the last party's confirmation puts it into force.

    A side with several members has confirmed when each of them has, as at the conclusion.

    Every rule is asked again then, against the contract as it is. AmendmentNotFound, AmendmentNotOpen,
    AmendmentAlreadyConfirmed, AmendmentStale (the terms that it was proposed against changed), and what
    `propose_amendment` refuses; `if_match` is the contract's version.
    """
    record = await _locked(session, contract_id=contract_id)
    state = record.state
    party = speaker(session, record, organisation_id=organisation_id, side=side)
    check_version(if_match, state.version)
    proposal = await _open(session, contract_id=contract_id, amendment_id=amendment_id)
    require_in_force(state)
    waiting = await waiting_for(session, record, about_id=proposal.id, agreed=sides_agreed(proposal))
    if party not in waiting:
        raise AmendmentAlreadyConfirmed(
            f"{party.organisation_id} has confirmed it for the {party.side}; {len(waiting)} confirmations are awaited."
        )
    change = _change_again(state, proposal)
    await confirm_matter(session, contract_id=contract_id, party=party, about_id=proposal.id, terms=_terms_of(proposal))
    waiting.remove(party)
    if all(other.side != party.side for other in waiting):
        setattr(proposal, f"{party.side}_by", principal_in(session).subject)
        setattr(proposal, f"{party.side}_at", clock.now())
    proposal.version += 1
    _note(session, proposal, "amendment.confirmed", side=party.side, organisation=str(party.organisation_id))
    if proposal.purchaser_at is not None and proposal.provider_at is not None:
        proposal.warnings = await require_allowed(session, record, change)
        await _put_into_force(session, record, proposal, change)
    await session.flush()
    return proposal


async def withdraw_amendment(
    session: AsyncSession, *, contract_id: UUID, amendment_id: UUID, reason: str
) -> AmendmentProposal:
    """Withdraw or decline a proposal that is not in force; either side may. AmendmentNotFound, AmendmentNotOpen."""
    await _locked(session, contract_id=contract_id)
    proposal = await _open(session, contract_id=contract_id, amendment_id=amendment_id)
    proposal.state, proposal.version = "withdrawn", proposal.version + 1
    proposal.closed_by, proposal.closed_at = principal_in(session).subject, clock.now()
    proposal.close_reason = reason
    await lapse_confirmations(session, contract_id=contract_id, about_id=proposal.id, reason="withdrawn")
    await session.flush()
    _note(session, proposal, "amendment.withdrawn")
    return proposal


def sides_agreed(proposal: AmendmentProposal) -> set[str]:
    """The sides all of whose members have confirmed."""
    return {side for side in _BOTH if getattr(proposal, f"{side}_at") is not None}


def _terms_of(proposal: AmendmentProposal) -> dict[str, object]:
    """What a party confirms, as one mapping."""
    names = ("contract_id", "reason_code", "rationale", "amended_on", "document_sha256", "milestones", "lots", "texts")
    after = ("value_after", "starts_on_after", "ends_on_after")
    return {name: getattr(proposal, name) for name in ("id", *names, *after)}


def amendment_event(proposal: AmendmentProposal) -> AmendmentAgreed:
    """An amendment in force as its event carries it."""
    period = ("starts_on_before", "starts_on_after", "ends_on_before", "ends_on_after")
    same = ("contract_id", "region", "contract_version", "reason_code", "amended_on", "currency", "document_sha256")
    value = ("value_before", "value_after")
    return AmendmentAgreed(
        amendment_id=proposal.id,
        number=proposal.number or 0,
        milestones=tuple(each["code"] for each in proposal.milestones),
        agreed_at=proposal.closed_at or proposal.proposed_at,
        **{name: getattr(proposal, name) for name in (*same, *value, *period)},
    )


async def _locked(session: AsyncSession, *, contract_id: UUID) -> ContractRecord:
    await lock_contract(session, contract_id=contract_id)
    record = await get_contract(session, contract_id=contract_id)
    state = record.state
    require_party(
        principal_in(session),
        purchaser_id=state.purchaser.organisation_id,
        provider_id=state.provider.organisation_id if state.provider else None,
        sides=_BOTH,
        members=state.members,
    )
    return record


async def _open(session: AsyncSession, *, contract_id: UUID, amendment_id: UUID) -> AmendmentProposal:
    proposal = await find_amendment(session, contract_id=contract_id, amendment_id=amendment_id)
    if proposal is None:
        raise AmendmentNotFound(f"Contract {contract_id} has no amendment {amendment_id}.")
    if proposal.state != "proposed":
        raise AmendmentNotOpen(f"The amendment is {proposal.state}; what is to change further needs another one.")
    return proposal


def _change_of(state: ContractState, body: AmendmentIn) -> Change:
    return changed(
        state,
        value=body.value,
        starts_on=body.starts_on,
        ends_on=body.ends_on,
        milestones=[
            MilestoneChange(each.code, each.title, each.kind, each.percentage, each.due_on) for each in body.milestones
        ],
        lots=[(each.code, each.value) for each in body.lots],
        texts=[each.model_dump() for each in body.texts],
    )


def _change_again(state: ContractState, proposal: AmendmentProposal) -> Change:
    """The proposal's change of the contract as it is now; AmendmentStale when what it replaces is no longer there."""
    body = AmendmentIn.model_validate(
        {
            "reason_code": proposal.reason_code,
            "rationale": proposal.rationale,
            "amended_on": proposal.amended_on,
            "value": proposal.value_after,
            "starts_on": proposal.starts_on_after,
            "ends_on": proposal.ends_on_after,
            "milestones": [{"code": each["code"], **_plain(each["after"])} for each in proposal.milestones],
            "lots": [{"code": each["code"], "value": each["after"]} for each in proposal.lots],
            "texts": proposal.texts,
        }
    )
    now = (state.value, state.starts_on, state.ends_on)
    was = (proposal.value_before, proposal.starts_on_before, proposal.ends_on_before)
    change = _change_of(state, body) if now == was else None
    told = (change.milestones_told(state), change.lots_told(state)) if change else None
    if change is None or told != (proposal.milestones, proposal.lots):
        raise AmendmentStale(
            "Value, term, lots or milestones of the contract are no longer what the amendment replaces; withdraw it "
            "(POST .../withdraw) and propose it anew.",
            contract_version=state.version,
        )
    return change


def _plain(after: dict[str, str | None]) -> dict[str, str | None]:
    return {name: value for name, value in after.items() if value is not None}


async def _put_into_force(
    session: AsyncSession, record: ContractRecord, proposal: AmendmentProposal, change: Change
) -> None:
    texts = "\n".join(f"{each['term']}: {each['before']} → {each['after']}" for each in change.texts)
    terms = AmendedTerms(
        reason_code=proposal.reason_code,
        rationale=proposal.rationale,
        description=texts or None,
        amended_on=proposal.amended_on,
        value_before=proposal.value_before,
        value_after=change.value,
        starts_on_before=proposal.starts_on_before,
        starts_on_after=change.starts_on,
        ends_on_before=proposal.ends_on_before,
        ends_on_after=change.ends_on,
        milestones=change.milestones,
        lots=change.lots,
    )
    amended, number = await amend_terms(session, record, terms, amendment_id=proposal.id)
    proposal.state, proposal.number = "inForce", number
    proposal.closed_by, proposal.closed_at = principal_in(session).subject, clock.now()
    proposal.contract_version = amended.state.version
    outbox.emit(session, amendment_event(proposal), subject=proposal.contract_id, region=proposal.region)


def _note(session: AsyncSession, proposal: AmendmentProposal, action: str, **more: str) -> None:
    fields = {"amendment_id": str(proposal.id), "reason_code": proposal.reason_code, **more}
    audit.record(session, action, noun="contract", noun_id=proposal.contract_id, region=proposal.region, fields=fields)
