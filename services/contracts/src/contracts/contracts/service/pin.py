"""What a contract keeps of its rules when it comes into force."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic_core import to_json

from contracts.contracts.queries import ContractRecord, PinnedRules

__all__ = ["NO_PIN", "Pin"]


@dataclass(frozen=True, slots=True)
class Pin:
    """Rule set, verdicts that were not `kept`, and the value that later supplements are measured against."""

    rules_id: str | None = None
    rules_version: str | None = None
    rules_sha256: str | None = None
    value_at_signing: Decimal | None = None
    at_signing: tuple[dict[str, str], ...] = ()

    @property
    def fields(self) -> list[str]:
        """Names for the audit row: which rules warned or were set aside."""
        told = [f"{verdict['rule']}:{verdict['effect']}" for verdict in self.at_signing]
        return ["rules", *told] if self.rules_sha256 else []

    def columns(self) -> dict[str, Any]:
        """Parameters of the statement that moves the contract; nulls keep what is stored."""
        return {
            "rules_id": self.rules_id,
            "rules_version": self.rules_version,
            "rules_sha256": self.rules_sha256,
            "value_at_signing": self.value_at_signing,
            "rules_at_signing": to_json(self.at_signing).decode() if self.rules_sha256 else None,
        }

    def applied_to(self, record: ContractRecord, *, at: datetime) -> ContractRecord:
        """The record as it is stored now."""
        if not (self.rules_id and self.rules_version and self.rules_sha256):
            return record
        rules = PinnedRules(self.rules_id, self.rules_version, self.rules_sha256, at, list(self.at_signing))
        return replace(record, rules=rules, value_at_signing=self.value_at_signing)


NO_PIN = Pin()
