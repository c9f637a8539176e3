"""What the register of a contract is made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from contracts.contracts.queries import ContractRecord
from contracts.dues.schemas import DuesOut
from contracts.obligations.facts import Known
from contracts.rules.queries import SuppliedRule

__all__ = ["Situation"]


@dataclass(frozen=True, slots=True)
class Situation:
    """A contract as its register sees it today."""

    record: ContractRecord
    rules: Sequence[SuppliedRule]
    known: Known
    dues: DuesOut | None
    acceptance_days: int | None
    calendar: Mapping[date, bool]
