"""Bodies and answers about budget projects."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StrictBool, StrictInt

from contracts.regions.queries import parse_region
from shared.web import Figure, Model, Money, Out, Total

__all__ = [
    "AdjustmentIn",
    "AdjustmentOut",
    "BudgetProjectBulkIn",
    "BudgetProjectIn",
    "BudgetProjectOut",
    "BudgetShareOut",
]

Amount = Annotated[Money, Field(ge=0, lt=10**16)]


class BudgetProjectIn(Model):
    """A project of a unit's budget in one year."""

    region: Annotated[str, AfterValidator(parse_region)] = Field(
        description="Region whose budget it is, for example CN-230102."
    )
    unit_id: UUID = Field(description="Organisation with the role purchaser whose budget it is.")
    code: str = Field(min_length=1, max_length=64, pattern=r"^\S+$", description="Code, unique per unit and year.")
    name: str = Field(min_length=1, max_length=200, description="Name of the project.")
    year: StrictInt = Field(ge=1990, le=2100, description="Budget year.")
    currency: str = Field("CNY", pattern=r"^[A-Z]{3}$", description="ISO 4217 code.")
    initial_amount: Amount = Field(
        description="Amount at the beginning of the year (年初预算数), in the currency.", examples=["500000.00"]
    )
    full_year_amount: Amount | None = Field(
        None, description="Amount after adjustments (全年预算数); the initial amount when left out."
    )
    simulated: StrictBool = Field(False, description="Whether it is simulated, for tests and demonstrations.")


class BudgetProjectBulkIn(Model):
    """Many projects; each is known by unit, code and year."""

    items: list[BudgetProjectIn] = Field(min_length=1, description="Projects.")


class AdjustmentIn(Model):
    """A change of the full-year amount."""

    full_year_amount: Amount = Field(description="The amount from now on, in the project's currency.")
    reason: str = Field(min_length=1, max_length=2000, description="Why it changes.")
    document: str | None = Field(None, min_length=1, max_length=200, description="Number or hash of the decision.")


class AdjustmentOut(Out):
    """A change of the full-year amount, in the project's currency."""

    id: UUID = Field(description="Id of the adjustment.")
    before: Money = Field(description="Amount before.")
    after: Money = Field(description="Amount after.")
    reason: str = Field(description="Why.")
    document: str | None = Field(description="Number or hash of the decision.")
    recorded_by: str = Field(description="Who recorded it.")
    recorded_at: datetime = Field(description="When it was recorded.")


class BudgetShareOut(Out):
    """What one contract holds of a project, and what was paid from it; in the project's currency."""

    contract_id: UUID = Field(description="Contract.")
    share: Total = Field(description="Sum of the standing entries of kind budget.")
    executed: Total = Field(description="Payments less refunds that name the project.")


class BudgetProjectOut(Out):
    """A budget project with what its contracts hold and have spent. Sums come from the ledger, never from a form."""

    id: UUID = Field(description="Id of the project.")
    version: int = Field(description="Version; the ETag.")
    region: str = Field(description="Region whose budget it is.")
    unit_id: UUID = Field(description="Unit whose budget it is.")
    unit_name: str = Field(description="Its name.")
    code: str = Field(description="Code, unique per unit and year.")
    name: str = Field(description="Name.")
    year: int = Field(description="Budget year.")
    currency: str = Field(description="ISO 4217 code.")
    initial_amount: Money = Field(description="Amount at the beginning of the year (年初预算数).")
    full_year_amount: Money = Field(description="Amount after adjustments (全年预算数).")
    allocated: Total = Field(description="Held by contracts: the sum of their shares.")
    unallocated: Total = Field(description="Full-year amount less what contracts hold; never below 0.")
    executed: Total = Field(description="Payments less refunds (全年执行数), each yuan in one project only.")
    execution_rate: Figure | None = Field(
        description="Executed / full-year amount in per cent, two decimals half up; null for an amount of 0."
    )
    withheld: bool = Field(
        description="Whether the sums leave out contracts whose money is not disclosed to the caller."
    )
    simulated: bool = Field(description="Whether it is simulated.")
    created_at: datetime = Field(description="When it was recorded.")
    updated_at: datetime = Field(description="When it changed last.")
