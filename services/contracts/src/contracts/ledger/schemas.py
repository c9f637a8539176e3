"""Bodies and answers about the ledger."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StrictInt, model_validator

from shared.web import Figure, Model, Money, Out, Total

__all__ = ["BalancesOut", "EntryIn", "EntryOut"]

Kind = Literal[
    "commitment",
    "acceptance",
    "payment",
    "deduction",
    "refund",
    "reversal",
    "budget",
    "interest",
    "interestPayment",
    "penalty",
    "penaltyReceipt",
    "compensation",
    "compensationPayment",
]
_KINDS = (
    "commitment | acceptance | payment | deduction | refund | reversal | budget | interest | interestPayment | "
    "penalty | penaltyReceipt | compensation | compensationPayment"
)
_CAUSED = ("deduction", "penalty")


class EntryIn(Model):
    """An entry to post. A reversal names the entry that it takes back in full; every other kind has an amount."""

    kind: Kind = Field(
        description="budget (a share of a budget project) | commitment | payment | deduction | refund | reversal | "
        "interest | interestPayment | penalty | penaltyReceipt | compensation (damages owed to the provider) | "
        "compensationPayment; an acceptance books its own entry."
    )
    amount: Annotated[Money, Field(gt=0, lt=10**16)] | None = Field(
        None,
        description="Over 0, two decimals, a JSON string; the kind gives the direction. Not for a reversal.",
        examples=["60000.00"],
    )
    currency: str | None = Field(None, pattern=r"^[A-Z]{3}$", description="ISO 4217; the contract's when left out.")
    booked_on: date = Field(ge=date(1990, 1, 1), description="Date of the booking; not in the future, from 1990 on.")
    voucher: str | None = Field(
        None, min_length=1, max_length=100, description="Number of the voucher; booked once per contract."
    )
    milestone_id: UUID | None = Field(None, description="The milestone that the money is for.")
    budget_project_id: UUID | None = Field(
        None,
        description="Budget project that the money is of. kind budget needs it; a payment or refund without one "
        "belongs to the only project that the contract holds in the year, if there is one only.",
    )
    budget_year: StrictInt | None = Field(
        None, ge=1990, le=2100, description="Budget year; the project's, else the year of booked_on, when left out."
    )
    cause: Literal["result", "saving", "damages"] | None = Field(
        None,
        description="kinds deduction and penalty: result (a poor result; the default) | saving (a lawful saving: the "
        "service was cheaper or smaller than agreed) | damages.",
    )
    lot_id: UUID | None = Field(None, description="Lot that the money is for.")
    call_off_id: UUID | None = Field(
        None, description="Call-off that the money is for, when it runs through its framework agreement's ledger."
    )
    member_id: UUID | None = Field(
        None, description="Member of a side that the money is for (joint provider), or of (one of several purchasers)."
    )
    reverses: UUID | None = Field(None, description="kind reversal only: the entry that is taken back in full.")
    note: str | None = Field(
        None, min_length=1, max_length=2000, description="Remark; a reversal needs it: why it is taken back."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.kind == "reversal":
            if self.reverses is None or self.note is None or self.amount is not None:
                raise ValueError("a reversal has reverses and note, and no amount: it takes the whole entry back")
            if self.lot_id or self.call_off_id or self.member_id:
                raise ValueError("a reversal belongs to the parts of the entry that it takes back; name none")
        elif self.amount is None or self.reverses is not None:
            raise ValueError(f"an entry of kind {self.kind} has an amount and no reverses")
        if self.kind == "budget" and self.budget_project_id is None:
            raise ValueError("an entry of kind budget names its budget_project_id")
        if self.budget_project_id is not None and self.kind not in ("budget", "payment", "refund"):
            raise ValueError("only budget, payment and refund name a budget_project_id")
        if self.cause is not None and self.kind not in _CAUSED:
            raise ValueError("only a deduction or a penalty has a cause")
        return self


class EntryOut(Out):
    """An entry of the ledger: one debit and one credit of the same amount."""

    id: UUID = Field(description="Id of the entry.")
    contract_id: UUID = Field(description="Contract.")
    kind: str = Field(description=f"{_KINDS}.")
    debit_account: str = Field(
        description="commitments | services | payables | treasury | deductions | commitments_reserve | budget_lines | "
        "appropriations | interest | interest_payables | penalty_receivables | penalties | compensations | "
        "compensation_payables."
    )
    credit_account: str = Field(description="The same accounts.")
    amount: Money = Field(description="Always over 0; the kind gives the direction.")
    currency: str = Field(description="ISO 4217 code.")
    booked_on: date | None = Field(description="Date of the booking; null where the source of an import has none.")
    voucher: str | None = Field(description="Number of the voucher.")
    external_id: str | None = Field(description="Id of the transaction in the source of an import.")
    milestone_id: UUID | None = Field(description="The milestone that the money is for.")
    budget_project_id: UUID | None = Field(description="Budget project that the money is of.")
    budget_year: int | None = Field(description="Budget year; null in entries from before there were budget years.")
    cause: str | None = Field(description="result | saving | damages; deductions and penalties only.")
    delivered_on: date | None = Field(description="Acceptances: day of the delivery, when it was told.")
    lot_id: UUID | None = Field(description="Lot that it belongs to.")
    call_off_id: UUID | None = Field(description="Call-off that it belongs to.")
    member_id: UUID | None = Field(description="Member that it belongs to.")
    reverses: UUID | None = Field(description="The entry that is taken back.")
    note: str | None = Field(description="Remark.")
    recorded_at: datetime = Field(description="When it was posted.")


class AccountOut(Out):
    """An account of the contract, all years together."""

    account: str = Field(description="Name of the account.")
    debit: Total = Field(description="Sum of its debits.")
    credit: Total = Field(description="Sum of its credits.")
    balance: Total = Field(description="Debits less credits; over all accounts they sum to 0.")


class BudgetYearOut(Out):
    """A budget year of the contract; entries that were taken back are left out."""

    budget_year: int | None = Field(description="Year; null for entries without year and date.")
    budget: Total = Field(description="Held of budget projects.")
    committed: Total = Field(description="Committed.")
    accepted: Total = Field(description="Accepted.")
    executed: Total = Field(description="Paid less refunded.")
    deducted: Total = Field(description="Deducted, whatever the cause.")
    execution_rate: Figure | None = Field(
        description="Executed / budget in per cent; null when the contract holds no budget of the year."
    )


class ProjectShareOut(Out):
    """What the contract holds of one budget project."""

    budget_project_id: UUID = Field(description="Budget project.")
    share: Total = Field(description="Held.")
    executed: Total = Field(description="Paid from it, less refunds.")
    left: Total = Field(description="Share less executed; never below 0.")


class PartBalanceOut(Out):
    """What stands in this ledger about a lot, a member or a call-off."""

    part: str = Field(description="lot | member | callOff.")
    id: UUID = Field(description="Id of the lot, the member or the call-off.")
    value: Total | None = Field(
        description="Its money: the lot's value, the member's share of the contract value; null for a call-off."
    )
    committed: Total = Field(description="Committed.")
    executed: Total = Field(description="Paid less refunded.")
    deducted: Total = Field(description="Deducted.")
    left: Total | None = Field(description="Value less executed and deducted; null for a call-off.")


class ScoredExecutionOut(Out):
    """The execution that a score may count: a poor result's deductions do not lower it, savings are no shortfall."""

    payable: Total = Field(description="Accepted value payable before deductions that a poor result caused.")
    savings: Total = Field(description="Lawful savings: deductions of cause saving; they lower the base as well.")
    base: Total | None = Field(description="Contract value less savings; null while the value is unknown.")
    percent: Figure | None = Field(description="Payable / base in per cent.")


class BalancesOut(Out):
    """The contract's closing balances, all sums over its ledger, in its currency."""

    contract_id: UUID = Field(description="Contract.")
    currency: str = Field(description="ISO 4217 code.")
    entries: int = Field(description="Entries of the ledger.")
    balanced: bool = Field(description="Whether debits equal credits; they always do.")
    accounts: list[AccountOut] = Field(description="Accounts that were used, by name.")
    years: list[BudgetYearOut] = Field(description="Budget years, the earliest first.")
    projects: list[ProjectShareOut] = Field(description="Budget projects that the contract holds shares of.")
    parts: list[PartBalanceOut] = Field(description="Lots and members, and the call-offs that entries name.")
    scored: ScoredExecutionOut = Field(description="The execution that a score may count.")
    uncovered: Total = Field(
        description="Deducted beyond what was accepted: entries of an import that its source does not explain; else 0."
    )
    interest_owed: Total = Field(description="Late interest owed and not yet paid.")
    penalties_owed: Total = Field(description="Penalties and damages imposed and not yet received.")
    compensation_owed: Total = Field(description="Damages owed to the provider and not yet paid.")
