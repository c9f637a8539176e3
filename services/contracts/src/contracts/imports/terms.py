"""The terms of one OCDS contract: title, provider, amounts and days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from contracts.imports.implementation import total_paid
from contracts.imports.money import to_cents
from contracts.imports.parties import MappedParty
from contracts.imports.process import Process
from contracts.imports.reading import Node
from contracts.ledger.imported import ImportedTransaction
from shared.clock import LATEST

__all__ = ["Period", "amount_of", "budget_of", "compare_money", "period_of", "provider_of", "title_of"]

Warnings = list[dict[str, str]]


def title_of(process: Process, contract: Node) -> str | None:
    """The contract's title, else the tender's; the tender's has a home when it is the same."""
    title = contract.text("title")
    if process.tender is None:
        return title
    if title is None:
        return process.tender.text("title")
    process.tender.equals("title", title)
    return title


def provider_of(process: Process, contract: Node, award: Node | None, warnings: Warnings) -> MappedParty | None:
    """The first supplier of the contract, else of its award; None when nobody is named.

    A contract of ours has one provider: of a consortium the first is taken, and a warning names the others.
    """
    named = contract.nodes("suppliers") or (award.nodes("suppliers") if award else [])
    if not named:
        return None
    provider = process.parties.supplier(named[0])
    warnings.extend(provider.warnings)
    for reference in award.nodes("suppliers") if award else []:
        if reference.equals("id", provider.external_id):
            reference.equals("name", provider.name)
    if len(named) > 1:
        others = "; ".join(str(reference.raw("name") or reference.raw("id")) for reference in named[1:])
        warnings.append(
            {
                "code": "several-suppliers",
                "detail": f"{contract.place}: only the first supplier is kept as provider, not {others}",
            }
        )
    return provider


def amount_of(
    node: Node | None, name: str, currency: str | None, warnings: Warnings
) -> tuple[Decimal | None, str | None]:
    """An amount with its currency; both amounts of a contract must be in one currency."""
    money = node.money(name) if node is not None else None
    if node is None or money is None:
        return None, currency
    if currency is not None and money[1] != currency:
        raise node.rejected(f"{name}.currency", f"is {money[1]}, but the contract is in {currency}")
    return to_cents(money[0], f"{node.place}.{name}", warnings), money[1]


def budget_of(process: Process, currency: str | None, warnings: Warnings) -> Decimal | None:
    """The budget line, when the process has one contract (else it is not this contract's) and the same currency."""
    if process.budget is None or len(process.contracts) != 1:
        return None
    amount = process.budget.node("amount")
    if amount is None or amount.raw("currency") != currency:
        return None
    return amount_of(process.budget, "amount", currency, warnings)[0]


@dataclass(frozen=True, slots=True)
class Period:
    """Days of signature and term. `computed`: the end follows from the duration; `stated`: both ends stand there."""

    signed_on: date | None
    starts_on: date | None
    ends_on: date | None
    computed: bool
    stated: bool


def period_of(contract: Node, warnings: Warnings) -> Period:
    """Signature and term, as the source has them.

    OCDS defines `durationInDays` as the difference between `startDate` and `endDate`, so an end that is missing follows
    from it; it then still counts as a gap. Contradictory days are kept as given, with a warning.
    """
    signed_on = contract.day("dateSigned")
    period = contract.node("period")
    starts_on = period.day("startDate") if period else None
    ends_on = period.day("endDate") if period else None
    stated = starts_on is not None and ends_on is not None
    computed = False
    for name, day in (("startDate", starts_on), ("endDate", ends_on)):
        if period is not None and day is None and period.raw(name):
            detail = f"{period.place}.{name}: {period.raw(name)} is no day that was meant; left open"
            warnings.append({"code": "day-impossible", "detail": detail})
    if period is not None and starts_on is not None and ends_on is None:
        days = period.whole("durationInDays")
        if days is not None:
            if days > (LATEST - starts_on).days:
                raise period.rejected("durationInDays", f"{days} days after {starts_on} is no day")
            ends_on, computed = starts_on + timedelta(days=days), True
    if starts_on is not None and ends_on is not None and ends_on < starts_on:
        detail = f"{contract.place}.period: ends on {ends_on}, before it starts on {starts_on}; kept as given"
        warnings.append({"code": "period-reversed", "detail": detail})
    elif signed_on is not None and ends_on is not None and ends_on < signed_on:
        detail = f"{contract.place}: signed on {signed_on}, after its end on {ends_on}; kept as given"
        warnings.append({"code": "signed-after-end", "detail": detail})
    return Period(signed_on, starts_on, ends_on, computed, stated)


def compare_money(
    contract: Node,
    value: Decimal | None,
    final_value: Decimal | None,
    paid: Sequence[ImportedTransaction],
    warnings: Warnings,
) -> None:
    """Warn where amounts contradict each other; validators of the standard do not look at this.

    The final value ought to equal the sum of the transactions (contract completion extension), and that sum ought not
    to exceed the contract's value.
    """
    if not paid:
        return
    total = total_paid(paid)
    if final_value is not None and final_value != total:
        detail = f"{contract.place}: the final value is {final_value}, the transactions sum to {total}"
        warnings.append({"code": "final-value-differs", "detail": detail})
    if value is not None and total > value:
        warnings.append({"code": "paid-over-value", "detail": f"{contract.place}: paid {total} of a value of {value}"})
