"""Refusals about ledger entries: each names the figure that is in the way."""

from shared.problems import Conflict

__all__ = [
    "AcceptanceOverValue",
    "BookingInTheFuture",
    "BudgetOverspent",
    "BudgetYearMismatch",
    "CommitmentOverBudget",
    "CommitmentOverValue",
    "CompensationOverOwed",
    "DeductionOverPayable",
    "EntryAlreadyReversed",
    "EntryNotReversible",
    "EntryOfAcceptance",
    "InterestOverAccrued",
    "LedgerCurrencyMismatch",
    "MilestoneUnknown",
    "PartOverValue",
    "PaymentOverAccepted",
    "PaymentOverShare",
    "PaymentOverValue",
    "PenaltyOverImposed",
    "RefundOverPaid",
    "SavingOverAccepted",
    "VoucherAlreadyUsed",
]


class PaymentOverValue(Conflict):
    """More would be paid and deducted than the contract is worth."""

    slug, title = "payment-over-value", "The payment exceeds the contract value"


class PaymentOverAccepted(Conflict):
    """More would be paid for a completed or settled contract than was accepted of it."""

    slug, title = "payment-over-accepted", "The payment exceeds what was accepted"


class SavingOverAccepted(Conflict):
    """More would be saved on the service than was accepted of it."""

    slug, title = "saving-over-accepted", "The saving exceeds what was accepted"


class DeductionOverPayable(Conflict):
    """More would be deducted than is payable, or than is accepted at all."""

    slug, title = "deduction-over-payable", "The deduction exceeds what is payable"


class AcceptanceOverValue(Conflict):
    """More would be accepted than the contract is worth."""

    slug, title = "acceptance-over-value", "The accepted value exceeds the contract value"


class CommitmentOverValue(Conflict):
    """More would be committed than the contract is worth."""

    slug, title = "commitment-over-value", "The commitment exceeds the contract value"


class RefundOverPaid(Conflict):
    """More would come back than was paid."""

    slug, title = "refund-over-paid", "The refund exceeds what was paid"


class EntryAlreadyReversed(Conflict):
    """An entry is taken back once."""

    slug, title = "entry-already-reversed", "The entry was reversed already"


class EntryNotReversible(Conflict):
    """The entry is unknown here, or is itself a reversal."""

    slug, title = "entry-not-reversible", "The entry cannot be reversed"


class EntryOfAcceptance(Conflict):
    """An acceptance books its own entry."""

    slug, title = "entry-of-acceptance", "Acceptances book their own entries"


class VoucherAlreadyUsed(Conflict):
    """A voucher is booked once per contract."""

    slug, title = "voucher-already-used", "The voucher is booked already"


class LedgerCurrencyMismatch(Conflict):
    """A contract's ledger has one currency: the contract's."""

    slug, title = "ledger-currency-mismatch", "The currency is not the contract's"


class BookingInTheFuture(Conflict):
    """Nothing is booked before its day."""

    slug, title = "booking-in-the-future", "The booking date lies in the future"


class MilestoneUnknown(Conflict):
    """The contract has no such milestone."""

    slug, title = "milestone-unknown", "The milestone is not this contract's"


class BudgetOverspent(Conflict):
    """More of a budget project would be held by contracts than it has: each yuan is given once."""

    slug, title = "budget-overspent", "The budget project has no such amount left"


class CommitmentOverBudget(Conflict):
    """More would be committed in a budget year than the contract holds of that year's budget."""

    slug, title = "commitment-over-budget", "The commitment exceeds the year's budget"


class PaymentOverShare(Conflict):
    """More would be paid from a budget project than the contract holds of it."""

    slug, title = "payment-over-share", "The payment exceeds the share of the budget project"


class InterestOverAccrued(Conflict):
    """More interest would be paid than is owed."""

    slug, title = "interest-over-accrued", "More interest than is owed"


class PenaltyOverImposed(Conflict):
    """More of a penalty would be received than is owed."""

    slug, title = "penalty-over-imposed", "More penalty than is owed"


class CompensationOverOwed(Conflict):
    """More compensation would be paid than is owed."""

    slug, title = "compensation-over-owed", "More compensation than is owed"


class BudgetYearMismatch(Conflict):
    """A budget project is of one year."""

    slug, title = "budget-year-mismatch", "The budget project is of another year"


class PartOverValue(Conflict):
    """More would be paid or committed for a lot, member or call-off than its part of the money."""

    slug, title = "part-over-value", "The amount exceeds what the part of the contract is worth"
