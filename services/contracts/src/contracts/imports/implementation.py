"""Amendments, milestones and transactions of one OCDS contract."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from contracts.contracts.imported import ImportedAmendment, ImportedMilestone
from contracts.imports.errors import RecordRejected
from contracts.imports.money import to_cents
from contracts.imports.reading import Node
from contracts.ledger.imported import ImportedTransaction

__all__ = ["MappedMilestones", "map_amendments", "map_milestones", "map_transactions", "total_paid"]

_MILESTONE_STATES = {"scheduled": "scheduled", "met": "met", "notMet": "notMet", "partiallyMet": "partlyMet"}
_FINANCING = frozenset({"financing", "payment"})
Warnings = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class MappedMilestones:
    """The milestones, and whether one of them has no status (it is then kept as scheduled, with a gap)."""

    milestones: tuple[ImportedMilestone, ...]
    status_missing: bool


def map_amendments(contract: Node) -> tuple[ImportedAmendment, ...]:
    """`contracts[].amendments[]`. OCDS 1.1 has no structured before and after (they are two releases)."""
    return tuple(
        ImportedAmendment(
            external_id=amendment.text("id"),
            amended_on=amendment.day("date"),
            rationale=amendment.text("rationale"),
            description=amendment.text("description"),
        )
        for amendment in contract.nodes("amendments")
    )


def map_milestones(contract: Node, implementation: Node | None) -> MappedMilestones:
    """`contracts[].milestones[]` and `implementation.milestones[]`.

    One id in both lists is one milestone, and its state in the implementation counts. `payment` and `financing` are
    financing, every other type is delivery.

    Raises:
        RecordRejected: the same id twice in one list, or a status outside the closed code list.
    """
    found: dict[str, ImportedMilestone] = {}
    unknown: dict[str, bool] = {}
    for owner in (contract, *([implementation] if implementation else [])):
        seen: set[str] = set()
        for position, milestone in enumerate(owner.nodes("milestones"), start=1):
            code = milestone.text("id") or f"#{position}"
            if code in seen:
                raise milestone.rejected("id", f"{code!r} stands twice among the milestones")
            seen.add(code)
            status = milestone.text("status")
            if status is not None and status not in _MILESTONE_STATES:
                raise milestone.rejected("status", f"{status!r} is no OCDS milestone status")
            found[code] = ImportedMilestone(
                code=code,
                title=milestone.text("title") or (found[code].title if code in found else code),
                kind="financing" if milestone.text("type") in _FINANCING else "delivery",
                due_on=milestone.day("dueDate"),
                status=_MILESTONE_STATES.get(status or "", "scheduled"),
                met_on=milestone.day("dateMet"),
            )
            unknown[code] = status is None
    return MappedMilestones(tuple(found.values()), any(unknown.values()))


def map_transactions(
    implementation: Node | None,
    *,
    currency: str | None,
    buyer_id: str,
    supplier_id: str | None,
    milestones: Sequence[ImportedMilestone],
    warnings: Warnings,
) -> tuple[ImportedTransaction, ...]:
    """`implementation.transactions[]` as payments; money that the supplier pays to the buyer is a refund.

    A transaction of 0 moves nothing and is left out with a warning.

    Raises:
        RecordRejected: no amount, a currency other than the contract's (a ledger has one), or the same id twice.
    """
    if implementation is None:
        return ()
    codes = {milestone.code for milestone in milestones}
    mapped: dict[str, ImportedTransaction] = {}
    for position, transaction in enumerate(implementation.nodes("transactions"), start=1):
        external_id = transaction.text("id") or f"#{position}"
        if external_id in mapped:
            raise transaction.rejected("id", f"{external_id!r} stands twice among the transactions")
        money = transaction.money("value") or transaction.money("amount")  # `amount` is the name of OCDS 1.0
        if money is None:
            raise transaction.rejected("value", "is missing; a transaction without its amount cannot be recorded")
        if currency is not None and money[1] != currency:
            raise RecordRejected(
                f"{transaction.place}.value.currency",
                f"is {money[1]}, but the contract is in {currency}; its ledger has one currency",
            )
        currency = money[1]
        amount = to_cents(money[0], transaction.place, warnings)
        if amount == 0:
            warnings.append(
                {"code": "transaction-of-zero", "detail": f"{transaction.place}: moves no money and was left out"}
            )
            continue
        mapped[external_id] = ImportedTransaction(
            external_id=external_id,
            amount=amount,
            currency=currency,
            kind="refund" if _is_refund(transaction, buyer_id, supplier_id) else "payment",
            booked_on=transaction.day("date"),
            milestone_code=_milestone(transaction, codes),
        )
    return tuple(mapped.values())


def _is_refund(transaction: Node, buyer_id: str, supplier_id: str | None) -> bool:
    """Whether the supplier pays the buyer. Payer and payee have a home as far as they are the contract's parties."""
    payer, payee = transaction.node("payer"), transaction.node("payee")
    back = [payer is not None and payer.raw("id") == supplier_id, payee is not None and payee.raw("id") == buyer_id]
    for side in (payer, payee):
        if side is not None and (side.equals("id", buyer_id) or side.equals("id", supplier_id)):
            side.keep("name")
    return supplier_id is not None and supplier_id != buyer_id and all(back)


def _milestone(transaction: Node, codes: set[str]) -> str | None:
    related = transaction.node("relatedImplementationMilestone")
    code = str(related.raw("id")) if related is not None and related.has("id") else None
    if related is None or code not in codes:
        return None
    related.keep_all()
    return code


def total_paid(transactions: Sequence[ImportedTransaction]) -> Decimal:
    """Payments less refunds."""
    return sum((t.amount if t.kind == "payment" else -t.amount for t in transactions), Decimal(0))
