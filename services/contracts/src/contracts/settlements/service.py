"""Settling a terminated contract: proposed, confirmed by both or ordered, booked, closed when nothing is owed."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractStateConflict
from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.service import ContractHead, Side, open_for_fact, set_final_value, side_of
from contracts.contracts.transitions import allowed_actions
from contracts.ledger.queries import totals_of
from contracts.ledger.schemas import EntryIn
from contracts.ledger.service import post_entry
from contracts.settlements.errors import (
    SettlementAlreadyConfirmed,
    SettlementAlreadyProposed,
    SettlementNeedsSecondPerson,
    SettlementNotOpen,
    SettlementNotProposed,
    SettlementNotReconciled,
)
from contracts.settlements.guards import missing_to_settle, require_fault
from contracts.settlements.models import Settlement
from contracts.settlements.queries import standing_settlement
from contracts.settlements.schemas import SettlementIn
from contracts.structure.service import confirm_matter, lapse_confirmations, speaker, waiting_for
from shared import audit, clock, outbox
from shared.concurrency import check_version
from shared.db import principal_in
from shared.events import ContractSettlementChanged, SettlementLine
from shared.ids import new_id

__all__ = [
    "confirm_settlement",
    "order_settlement",
    "propose_settlement",
    "settle",
    "settlement_event",
    "sides_agreed",
    "withdraw_settlement",
]

_BOTH = ("purchaser", "provider")


async def propose_settlement(session: AsyncSession, body: SettlementIn, *, contract_id: UUID) -> Settlement:
    """Propose how a terminated contract's money ends; either side may.

    ContractStateConflict unless terminated, SettlementAlreadyProposed, SettlementFaultMisfit (damages from a party that
    is not at fault, GPL art. 50).
    """
    _, record = await _opened(session, contract_id=contract_id)
    if await standing_settlement(session, contract_id=contract_id) is not None:
        raise SettlementAlreadyProposed("Confirm it, or withdraw it first (POST .../settlement/withdraw).")
    to_purchaser, to_provider = body.damages_to_purchaser, body.damages_to_provider
    require_fault(ground=body.ground, fault=body.fault, to_purchaser=to_purchaser, to_provider=to_provider)
    lines: list[dict[str, Any]] = [
        {"side": side, "kind": kind, "amount": f"{amount:.2f}", "cause": cause, "note": None, "entry_id": None}
        for side, kind, amount, cause in (
            ("provider", "penalty", to_purchaser, "damages"),
            ("purchaser", "compensation", to_provider, None),
        )
        if amount
    ]
    lines += [
        {
            "side": each.side,
            "kind": each.kind,
            "amount": f"{each.amount:.2f}",
            "cause": each.cause or ("result" if each.side == "provider" else None),
            "note": each.note,
            "entry_id": None,
        }
        for each in body.lines
    ]
    settlement = Settlement(
        id=new_id(),
        contract_id=contract_id,
        region=record.state.region,
        version=1,
        state="proposed",
        ground=body.ground,
        fault=body.fault,
        reason=body.reason,
        damages_to_purchaser=to_purchaser,
        damages_to_provider=to_provider,
        lines=lines,
        currency=record.state.currency,
        document_sha256=body.document_sha256,
        proposed_by=principal_in(session).subject,
        proposed_at=clock.now(),
    )
    session.add(settlement)
    return await _told(session, settlement, "settlement.proposed")


async def confirm_settlement(
    session: AsyncSession,
    *,
    contract_id: UUID,
    side: Side | None,
    if_match: int | None,
    organisation_id: UUID | None = None,
) -> Settlement:
    """Confirm the settlement for a party; the last party's confirmation books every line in the ledger.

    A side with several members has confirmed when each of them has, as at the conclusion.

    SettlementNotProposed, SettlementNotOpen, SettlementAlreadyConfirmed, and what the ledger refuses.
    """
    head, record = await _opened(session, contract_id=contract_id)
    party = speaker(session, record, organisation_id=organisation_id, side=side)
    settlement = await _in_state(session, "proposed", contract_id=contract_id, if_match=if_match)
    waiting = await waiting_for(session, record, about_id=settlement.id, agreed=sides_agreed(settlement))
    if party not in waiting:
        raise SettlementAlreadyConfirmed(
            f"{party.organisation_id} has confirmed it for the {party.side}; {len(waiting)} confirmations are awaited."
        )
    await confirm_matter(
        session, contract_id=contract_id, party=party, about_id=settlement.id, terms=_terms_of(settlement)
    )
    waiting.remove(party)
    if all(other.side != party.side for other in waiting):
        setattr(settlement, f"{party.side}_by", principal_in(session).subject)
        setattr(settlement, f"{party.side}_at", clock.now())
    if settlement.purchaser_at is not None and settlement.provider_at is not None:
        await _book(session, head, settlement)
        settlement.state = "agreed"
    settlement.version += 1
    confirmed = {"side": party.side, "organisation": str(party.organisation_id)}
    return await _told(session, settlement, "settlement.confirmed", **confirmed)


async def order_settlement(
    session: AsyncSession, *, contract_id: UUID, reason: str, document_sha256: str, if_match: int | None
) -> Settlement:
    """Book the lines on a reasoned order of the purchaser's side, where the provider does not confirm.

    SettlementNotProposed, SettlementNotOpen, NotAParty, SettlementNeedsSecondPerson (the proposer orders nothing).
    """
    head, record = await _opened(session, contract_id=contract_id)
    principal = principal_in(session)
    side_of(principal, record.state, named="purchaser")
    settlement = await _in_state(session, "proposed", contract_id=contract_id, if_match=if_match)
    if settlement.proposed_by == principal.subject:
        raise SettlementNeedsSecondPerson("You proposed this settlement; somebody else orders it without the provider.")
    await _book(session, head, settlement)
    settlement.state, settlement.ordered_by, settlement.ordered_at = "ordered", principal.subject, clock.now()
    settlement.order_reason, settlement.order_document_sha256 = reason, document_sha256
    settlement.version += 1
    return await _told(session, settlement, "settlement.ordered")


async def settle(session: AsyncSession, *, contract_id: UUID, if_match: int | None) -> Settlement:
    """Note that nothing is owed any more: the final value is what was paid net of refunds, a sum over the ledger.

    SettlementNotProposed, SettlementNotOpen; SettlementNotReconciled names each thing that is still owed or missing.
    """
    _, record = await _opened(session, contract_id=contract_id)
    side_of(principal_in(session), record.state, named="purchaser")
    settlement = await _in_state(session, "agreed", "ordered", contract_id=contract_id, if_match=if_match)
    totals = await totals_of(session, contract_id=contract_id)
    missing = missing_to_settle(record.facts, totals, service_category=record.state.service_category)
    if missing:
        raise SettlementNotReconciled(
            f"Still open: {', '.join(item.what for item in missing)}. Mend each and settle again.",
            missing=[item._asdict() for item in missing],
        )
    settlement.final_value = record.facts.paid - record.facts.refunded
    settlement.state, settlement.version = "settled", settlement.version + 1
    settlement.settled_by, settlement.settled_at = principal_in(session).subject, clock.now()
    await set_final_value(session, contract_id=contract_id, value=settlement.final_value)
    return await _told(session, settlement, "settlement.settled")


async def withdraw_settlement(
    session: AsyncSession, *, contract_id: UUID, reason: str, if_match: int | None
) -> Settlement:
    """Withdraw a proposal; either side may. SettlementNotProposed; SettlementNotOpen once it is agreed or ordered."""
    await _opened(session, contract_id=contract_id)
    settlement = await _in_state(session, "proposed", contract_id=contract_id, if_match=if_match)
    settlement.state, settlement.version = "withdrawn", settlement.version + 1
    settlement.withdrawn_by, settlement.withdrawn_at = principal_in(session).subject, clock.now()
    settlement.withdrawal_reason = reason
    await lapse_confirmations(session, contract_id=contract_id, about_id=settlement.id, reason="withdrawn")
    return await _told(session, settlement, "settlement.withdrawn")


def sides_agreed(settlement: Settlement) -> set[str]:
    """The sides all of whose members have confirmed."""
    return {side for side in _BOTH if getattr(settlement, f"{side}_at") is not None}


def _terms_of(settlement: Settlement) -> dict[str, object]:
    """What a party confirms, as one mapping."""
    names = ("id", "contract_id", "ground", "fault", "reason", "damages_to_purchaser", "damages_to_provider", "lines")
    return {name: getattr(settlement, name) for name in (*names, "currency", "document_sha256")}


def settlement_event(settlement: Settlement) -> ContractSettlementChanged:
    """The settlement as its event carries it; notes and reasons are free text and stay here."""
    same = ("version", "contract_id", "region", "state", "ground", "fault", "currency", "final_value", "proposed_at")
    damages = ("damages_to_purchaser", "damages_to_provider", "settled_at")
    confirmed = settlement.purchaser_at and settlement.provider_at
    return ContractSettlementChanged(
        settlement_id=settlement.id,
        lines=tuple(SettlementLine.model_validate(line) for line in settlement.lines),
        agreed_at=settlement.ordered_at
        or (max(settlement.purchaser_at, settlement.provider_at) if confirmed else None),  # type: ignore[type-var]
        **{name: getattr(settlement, name) for name in (*same, *damages)},
    )


async def _opened(session: AsyncSession, *, contract_id: UUID) -> tuple[ContractHead, ContractRecord]:
    head = await open_for_fact(session, contract_id=contract_id, sides=_BOTH)
    if head.state != "terminated":
        raise ContractStateConflict(
            f"The contract is {head.state}; a terminated contract is settled (POST .../terminate).",
            state=head.state,
            actions=allowed_actions(head.state),
        )
    return head, await get_contract(session, contract_id=contract_id)


async def _in_state(session: AsyncSession, *states: str, contract_id: UUID, if_match: int | None) -> Settlement:
    settlement = await standing_settlement(session, contract_id=contract_id)
    if settlement is None:
        raise SettlementNotProposed(f"Contract {contract_id} has no settlement; propose one (POST .../settlement).")
    check_version(if_match, settlement.version)
    if settlement.state not in states:
        raise SettlementNotOpen(
            f"The settlement is {settlement.state}; this is done while it is {' or '.join(states)}.",
            state=settlement.state,
        )
    return settlement


async def _book(session: AsyncSession, head: ContractHead, settlement: Settlement) -> None:
    booked = []
    for line in settlement.lines:
        entry = EntryIn.model_validate(
            {
                "kind": line["kind"],
                "amount": line["amount"],
                "booked_on": clock.today(),
                "cause": line["cause"],
                "note": line["note"] or f"settlement: {settlement.ground}",
            }
        )
        posted = await post_entry(session, entry, contract_id=head.contract_id, head=head)
        await session.flush()
        booked.append(line | {"entry_id": str(posted.id)})
    settlement.lines = booked


async def _told(session: AsyncSession, settlement: Settlement, action: str, **more: str) -> Settlement:
    await session.flush()
    contract_id, region = settlement.contract_id, settlement.region
    outbox.emit(session, settlement_event(settlement), subject=contract_id, region=region)
    fields = {"settlement_id": str(settlement.id), "state": settlement.state, **more}
    audit.record(session, action, noun="contract", noun_id=contract_id, region=region, fields=fields)
    return settlement
