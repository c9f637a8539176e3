"""What happens to a simulated contract: milestones reported, money paid, the service accepted."""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from gongping_client.demo.dataset import DemoReport
from gongping_client.models import AcceptanceIn, ContractTerms, LedgerIn, MilestoneReport, Opinion

__all__ = ["Execution", "execute"]

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Execution:
    """Entries before the acceptance, the acceptance, and what is settled after it."""

    ledger: tuple[LedgerIn, ...]
    acceptance: AcceptanceIn | None
    settlement: tuple[LedgerIn, ...]
    reports: tuple[DemoReport, ...]


def execute(
    random_: random.Random, terms: ContractTerms, *, key: str, quality: float, told_on: date, finished: bool
) -> Execution:
    """Draw the course of a contract.

    The accepted value falls short of the contract's where quality is low, and a poor result costs a deduction; what is
    paid and deducted equals what was accepted, or the contract could not be completed.

    `key` makes vouchers unique, `quality` is the provider's (0-1), `told_on` the last day of the story, and `finished`
    says whether the service was delivered to its end.
    """
    value, starts_on = terms.value or Decimal(0), terms.starts_on or told_on
    middle = starts_on + (told_on - starts_on) / 2
    first, second = _share(value, 30), _share(value, 40)
    ledger = [
        LedgerIn(kind="commitment", amount=value, booked_on=terms.signed_on or starts_on, voucher=f"{key}-C"),
        LedgerIn(kind="payment", amount=first, booked_on=starts_on, voucher=f"{key}-P1", note="【模拟】首付款"),
    ]
    if not finished:
        return Execution(tuple(ledger), None, (), _reports(terms, due_by=told_on, quality=quality))
    ledger.append(
        LedgerIn(kind="payment", amount=second, booked_on=middle, voucher=f"{key}-P2", note="【模拟】中期付款")
    )
    part = Decimal(1) if quality >= 0.6 else Decimal(str(round(random_.uniform(0.88, 0.99), 3)))
    accepted = (value * part).quantize(_CENT, rounding=ROUND_HALF_EVEN)
    deducted = _share(accepted, random_.randint(2, 5)) if quality < 0.55 else Decimal(0)
    asked = random_.randint(8, 20)
    satisfied = min(asked, round(asked * (0.45 + 0.55 * quality)))
    acceptance = AcceptanceIn(
        result="accepted" if part == 1 else "partlyAccepted",
        accepted_on=told_on,
        accepted_value=accepted,
        opinion=Opinion(kind="onSite", people=asked, satisfied=satisfied, reference=f"【模拟】意见记录 {key}"),
        note="【模拟】验收记录",
    )
    settlement = []
    if deducted:
        settlement.append(
            LedgerIn(kind="deduction", amount=deducted, booked_on=told_on, voucher=f"{key}-D1", note="【模拟】绩效扣款")
        )
    settlement.append(
        LedgerIn(
            kind="payment",
            amount=accepted - deducted - first - second,
            booked_on=told_on,
            voucher=f"{key}-P3",
            note="【模拟】尾款",
        )
    )
    return Execution(tuple(ledger), acceptance, tuple(settlement), _reports(terms, due_by=None, quality=quality))


def _share(amount: Decimal, per_cent: int) -> Decimal:
    return (amount * per_cent / 100).quantize(_CENT, rounding=ROUND_HALF_EVEN)


def _reports(terms: ContractTerms, *, due_by: date | None, quality: float) -> tuple[DemoReport, ...]:
    """A report for each milestone that is due; a weak provider meets the last delivery partly."""
    reports = []
    for milestone in terms.milestones:
        due_on = milestone.due_on or terms.ends_on
        if due_on is None or (due_by is not None and due_on > due_by):
            continue
        weak = milestone.kind == "delivery" and quality < 0.6
        late = timedelta(days=0 if quality >= 0.5 or due_by is not None else 3)
        report = MilestoneReport(status="partlyMet" if weak else "met", met_on=due_on + late)
        reports.append(DemoReport(milestone_code=milestone.code, report=report))
    return tuple(reports)
