"""The rules of the ledger. Pure: totals and an entry in, accounts or a refusal out.

Each entry is one debit and one credit of the same amount, so that the ledger balances row by row:

| kind | debit | credit | meaning |
|---|---|---|---|
| commitment | commitments | commitments_reserve | the contract binds this part of the budget |
| acceptance | services | payables | a service was accepted and is owed for |
| payment | payables | treasury | money went to the provider (before acceptance: in advance) |
| deduction | payables | deductions | withheld because of a poor result |
| refund | treasury | payables | money came back from the provider |
| reversal | the credit account of the entry taken back | its debit account | in full, once |
| budget | budget_lines | appropriations | a share of a budget project is set aside for the contract |
| interest | interest | interest_payables | late payment: interest is owed to the provider |
| interestPayment | interest_payables | treasury | interest was paid |
| penalty | penalty_receivables | penalties | a penalty or damages are owed by the provider |
| penaltyReceipt | treasury | penalty_receivables | a penalty was received |
| compensation | compensations | compensation_payables | damages are owed to the provider |
| compensationPayment | compensation_payables | treasury | damages were paid to the provider |

The balance of `payables` is accepted - paid - deducted + refunded; a contract's money is reconciled when it is 0.
Interest, penalties and compensation have accounts of their own: they are no part of what the service costs, nor of its
execution.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from contracts.ledger.errors import (
    AcceptanceOverValue,
    CommitmentOverValue,
    CompensationOverOwed,
    DeductionOverPayable,
    InterestOverAccrued,
    PaymentOverAccepted,
    PaymentOverValue,
    PenaltyOverImposed,
    RefundOverPaid,
    SavingOverAccepted,
)
from shared.problems import Conflict

__all__ = [
    "ACCOUNTS_OF",
    "Totals",
    "after",
    "require_accepted",
    "require_deductible",
    "require_paid_by",
    "require_room",
]

ACCOUNTS_OF = {
    "commitment": ("commitments", "commitments_reserve"),
    "acceptance": ("services", "payables"),
    "payment": ("payables", "treasury"),
    "deduction": ("payables", "deductions"),
    "refund": ("treasury", "payables"),
    "budget": ("budget_lines", "appropriations"),
    "interest": ("interest", "interest_payables"),
    "interestPayment": ("interest_payables", "treasury"),
    "penalty": ("penalty_receivables", "penalties"),
    "penaltyReceipt": ("treasury", "penalty_receivables"),
    "compensation": ("compensations", "compensation_payables"),
    "compensationPayment": ("compensation_payables", "treasury"),
}
_FIELD_OF = {
    "interestPayment": "interest_payment",
    "penaltyReceipt": "penalty_receipt",
    "compensationPayment": "compensation_payment",
}


class Totals(NamedTuple):
    """Sums per kind, entries that were taken back left out."""

    commitment: Decimal = Decimal(0)
    acceptance: Decimal = Decimal(0)
    payment: Decimal = Decimal(0)
    deduction: Decimal = Decimal(0)
    refund: Decimal = Decimal(0)
    budget: Decimal = Decimal(0)
    interest: Decimal = Decimal(0)
    interest_payment: Decimal = Decimal(0)
    penalty: Decimal = Decimal(0)
    penalty_receipt: Decimal = Decimal(0)
    compensation: Decimal = Decimal(0)
    compensation_payment: Decimal = Decimal(0)

    @property
    def executed(self) -> Decimal:
        """Payment - refund + deduction."""
        return self.payment - self.refund + self.deduction


def after(totals: Totals, kind: str, amount: Decimal) -> Totals:
    """The totals once an entry of a kind is added (a negative amount: taken back)."""
    field = _FIELD_OF.get(kind, kind)
    return totals._replace(**{field: getattr(totals, field) + amount})


def require_room(before: Totals, new: Totals, *, value: Decimal | None, currency: str) -> None:
    """Refuse totals that no contract can have: over its value, or more refunded than paid.

    Only what the entry makes worse is refused, so that a contract that was imported with an excess can be mended. The
    value is null for imported contracts that do not state it; then there is no upper limit.
    """
    if new.refund > new.payment and new.refund - new.payment > before.refund - before.payment:
        raise RefundOverPaid(
            f"{new.payment:.2f} {currency} would stand as paid and {new.refund:.2f} as refunded. "
            f"At most {max(before.payment - before.refund, Decimal(0)):.2f} can come back."
        )
    settled: tuple[tuple[type[Conflict], str, str, str], ...] = (
        (InterestOverAccrued, "interest paid", "interest_payment", "interest"),
        (PenaltyOverImposed, "penalties received", "penalty_receipt", "penalty"),
        (CompensationOverOwed, "compensation paid", "compensation_payment", "compensation"),
    )
    for over, what, part_of, whole_of in settled:
        part, whole = getattr(new, part_of), getattr(new, whole_of)
        if part > whole and part - whole > getattr(before, part_of) - getattr(before, whole_of):
            raise over(
                f"{part:.2f} {currency} would stand as {what}, of {whole:.2f} owed. Book what is owed first.",
                owed=f"{whole:.2f}",
            )
    if value is None:
        return
    limited: tuple[tuple[type[Conflict], str, Decimal, Decimal], ...] = (
        (PaymentOverValue, "Paid and deducted, less refunds,", before.executed, new.executed),
        (CommitmentOverValue, "Committed", before.commitment, new.commitment),
        (AcceptanceOverValue, "Accepted", before.acceptance, new.acceptance),
    )
    for refusal, what, old, total in limited:
        if total > value and total > old:
            raise refusal(
                f"{what} would be {total:.2f} {currency}; the contract is worth {value:.2f}. "
                f"At most {max(value - old, Decimal(0)):.2f} is left."
            )


def require_paid_by(moves: Iterable[tuple[date, Decimal]], *, day: date, amount: Decimal, currency: str) -> None:
    """Refuse a refund on a day up to which, or after which, less stands as paid than would come back.

    `moves` are the days of the payments, and (negative) of the refunds, that stand.
    """
    paid, least = Decimal(0), None
    by_day: dict[date, Decimal] = {day: Decimal(0)}
    for on, signed in moves:
        by_day[on] = by_day.get(on, Decimal(0)) + signed
    for on in sorted(by_day):
        paid += by_day[on]
        if on >= day and (least is None or paid < least):
            least = paid
    if least is not None and amount > least:
        raise RefundOverPaid(
            f"Of what stands as paid by {day}, {max(least, Decimal(0)):.2f} {currency} can come back on that day; "
            "booked_on is the day on which the money came back."
        )


def require_accepted(
    before: Totals, new: Totals, *, savings: tuple[Decimal, Decimal], closed: bool, currency: str
) -> None:
    """Refuse what rests on an acceptance that is not there; `savings` are the lawful ones before and after the entry.

    A saving lessens what is payable of the accepted value, which a score counts: below 0 there is nothing to save on.
    A contract that is completed, or settled after its termination (`closed`), was reconciled with what was accepted;
    what is paid and deducted in all does not rise over that any more.
    What an import left in excess is not made worse; one without any acceptance states none, and has no such limit.
    """
    were, are = savings
    if are > new.acceptance and are - new.acceptance > were - before.acceptance:
        raise SavingOverAccepted(
            f"{are:.2f} {currency} would stand as lawful savings, of {new.acceptance:.2f} accepted. Record the "
            "acceptance first (POST /v1/contracts/{id}/acceptances); a lower price is an amendment.",
            accepted=f"{new.acceptance:.2f}",
        )
    over = new.executed - new.acceptance
    more = new.payment > before.payment or new.deduction > before.deduction
    if closed and more and new.acceptance and over > 0:
        raise PaymentOverAccepted(
            f"Paid and deducted, less refunds, would be {new.executed:.2f} {currency}; {new.acceptance:.2f} was "
            "accepted and the contract is completed or settled (MOF-102 art. 2: paid by quantity and quality). At most "
            f"{max(new.acceptance - before.executed, Decimal(0)):.2f} is left; what else is owed is interest, "
            "compensation, or a contract of its own.",
            accepted=f"{new.acceptance:.2f}",
        )


def require_deductible(before: Totals, new: Totals, *, ended: bool, currency: str) -> None:
    """Refuse a deduction of what nobody owes; the execution that a score sees counts each yuan once.

    A deduction is withheld from what is payable (MOF-102 art. 2: paid by quantity and quality): what was accepted, less
    what is paid already. What was paid is not deducted as well, it comes back (refund), and what the provider owes
    beyond that is a penalty, which a bond may settle. Once the contract is terminated (`ended`) the settlement says
    what comes back, and closes only when it has: then no more is deducted than was accepted in all. An acceptance is
    not taken back below what is deducted from it. What an import left in excess is only not made worse.
    """
    payable = max(new.acceptance - (before.deduction if ended else before.executed), Decimal(0))
    more, less = new.deduction - before.deduction, new.acceptance < before.acceptance
    if more > payable or (less and new.deduction > new.acceptance):
        raise DeductionOverPayable(
            f"{new.deduction:.2f} {currency} would stand as deducted, of {new.acceptance:.2f} accepted; "
            f"{before.executed:.2f} is paid and deducted already, less refunds. A deduction is withheld from what is "
            "payable (MOF-102 art. 2: paid by quantity and quality). Record the acceptance first (POST "
            "/v1/contracts/{id}/acceptances); what was paid too much comes back as a refund before it is deducted; "
            "what the provider owes beside that, also from its bond, is a penalty and its penaltyReceipt. Before an "
            "acceptance is taken back, take back the deductions from it.",
            accepted=f"{new.acceptance:.2f}",
            executed=f"{before.executed:.2f}",
            payable=f"{payable:.2f}",
        )
