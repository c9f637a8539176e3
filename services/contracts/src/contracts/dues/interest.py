"""When accepted value is due, what is overdue and the interest on it. Pure: charges and settlements in, figures out.

Source: 保障中小企业款项支付条例 (2025) art. 9 (30 days, by contract 60 at most), art. 10 (from delivery, or
from acceptance when the contract says so; when acceptance is delayed, from the end of the agreed window),
art. 17 (0.05 % per day where no rate is agreed). Settlements pay the oldest charge first, for vouchers name no
charge. Interest is simple, on whole days after the due date, rounded half up to the cent once per charge.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple
from uuid import UUID

__all__ = ["Charge", "Due", "Settlement", "Terms", "clock_start", "dues_of", "warnings_of"]

_CENT = Decimal("0.01")


class Terms(NamedTuple):
    """The terms that apply, whatever was left open filled in from the parameters."""

    basis: str
    days: int
    acceptance_days: int | None
    daily_rate: Decimal


class Charge(NamedTuple):
    """A part of the service that was accepted and is owed for."""

    entry_id: UUID
    amount: Decimal
    accepted_on: date
    delivered_on: date | None


class Settlement(NamedTuple):
    """What lessens the debt on a day: a payment or a deduction (a refund is negative)."""

    on: date
    amount: Decimal


class Due(NamedTuple):
    """A charge with its clock. `interest` has run up to the day asked for; `settled_on` when nothing is left."""

    entry_id: UUID
    amount: Decimal
    clock_from: date
    due_on: date
    settled: Decimal
    outstanding: Decimal
    days_late: int
    interest: Decimal
    settled_on: date | None = None


def clock_start(charge: Charge, terms: Terms) -> date:
    """The day from which the time of payment runs."""
    if charge.delivered_on is None:
        return charge.accepted_on
    if terms.basis == "delivery":
        return charge.delivered_on
    if terms.acceptance_days is None:
        return charge.accepted_on
    return min(charge.accepted_on, charge.delivered_on + timedelta(days=terms.acceptance_days))


def dues_of(charges: Sequence[Charge], settlements: Sequence[Settlement], terms: Terms, *, as_of: date) -> list[Due]:
    """Every charge with what is settled of it and the interest, as things stand at the end of a day."""
    clocks = sorted(
        ((clock_start(charge, terms) + timedelta(days=terms.days), charge) for charge in charges if charge.amount > 0),
        key=lambda item: (item[0], item[1].entry_id),
    )
    pieces = _net(settlements, as_of)
    found = []
    for due_on, charge in clocks:
        left, interest, last, settled_on = charge.amount, Decimal(0), due_on, None
        while pieces and left > 0:
            on, amount = pieces[0]
            used = min(left, amount)
            if on > last:
                interest += left * terms.daily_rate * (on - last).days
                last = on
            left -= used
            settled_on = on if left == 0 else None
            pieces[0] = Settlement(on, amount - used)
            if pieces[0].amount == 0:
                pieces.pop(0)
        if left > 0 and as_of > last:
            interest += left * terms.daily_rate * (as_of - last).days
            last = as_of
        found.append(
            Due(
                entry_id=charge.entry_id,
                amount=charge.amount,
                clock_from=due_on - timedelta(days=terms.days),
                due_on=due_on,
                settled=charge.amount - left,
                outstanding=left,
                days_late=(last - due_on).days,
                interest=interest.quantize(_CENT, ROUND_HALF_UP),
                settled_on=settled_on,
            )
        )
    return found


def _net(settlements: Sequence[Settlement], as_of: date) -> list[Settlement]:
    """Settlements up to a day in order; what came back is taken from the latest payment before it."""
    pieces: list[Settlement] = []
    for settlement in sorted(settlements):
        if settlement.on > as_of:
            continue
        if settlement.amount > 0:
            pieces.append(settlement)
            continue
        back = -settlement.amount
        while back > 0 and pieces:
            on, amount = pieces.pop()
            if amount > back:
                pieces.append(Settlement(on, amount - back))
            back -= min(back, amount)
    return pieces


def warnings_of(
    *,
    small_enterprise: bool,
    days: int | None,
    agreed_rate: Decimal | None,
    lpr_annual: Decimal | None,
    at_most_days: int | None,
    year_days: int,
) -> list[dict[str, str]]:
    """What is doubtful about agreed terms towards a small or medium enterprise. Warnings, until a person confirms."""
    if not small_enterprise:
        return []
    warnings = []
    if days is not None and at_most_days is not None and days > at_most_days:
        warnings.append(
            {
                "code": "payment-days-over-limit",
                "rule": "SME-PAY art. 9",
                "detail": f"{days} days are agreed; at most {at_most_days} may be.",
            }
        )
    if agreed_rate is not None and lpr_annual is not None and agreed_rate * year_days < lpr_annual:
        warnings.append(
            {
                "code": "late-interest-below-lpr",
                "rule": "SME-PAY art. 17",
                "detail": f"{agreed_rate * year_days:f} a year is agreed; the one-year LPR at signing is "
                f"{lpr_annual.normalize():f}.",
            }
        )
    return warnings
