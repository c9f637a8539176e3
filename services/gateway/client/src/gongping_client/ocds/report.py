"""What an import did, as a document and as an exit status."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from gongping_client.models import ImportAnswer, ImportResult
from gongping_client.ocds.source import Broken

__all__ = ["Report"]

_LOADED = ("created", "updated", "unchanged")


@dataclass(slots=True)
class Report:
    """Counts over the contracts that are loaded (created, updated or unchanged), and everything that went wrong."""

    file: str
    kind: str = ""
    entries: int = 0
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    finished_at: datetime | None = None
    outcomes: Counter[str] = field(default_factory=Counter)
    amendments: int = 0
    transactions: int = 0
    milestones: int = 0
    organisations: set[UUID] = field(default_factory=set)
    values: dict[str, Decimal] = field(default_factory=dict)
    states: Counter[str] = field(default_factory=Counter)
    gaps: Counter[str] = field(default_factory=Counter)
    unmapped: Counter[str] = field(default_factory=Counter)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    broken: Broken | None = None
    stopped: str | None = None

    @property
    def contracts(self) -> int:
        """Contracts of the file that are loaded now."""
        return sum(self.outcomes[outcome] for outcome in _LOADED)

    @property
    def exit_status(self) -> int:
        """0 when all was loaded (warnings do not count), 1 when something was refused or the reading ended early."""
        return 1 if self.rejected or self.broken or self.stopped else 0

    def reject(self, *, place: str, reason: str, ocid: str | None = None, contract: str | None = None) -> None:
        """Note a refusal."""
        self.outcomes["rejected"] += 1
        self.rejected.append({"place": place, "ocid": ocid, "contract_id": contract, "reason": reason})

    def add(self, answer: ImportAnswer) -> None:
        """Add the results of a batch."""
        self.unmapped.update(answer.unmapped)
        for result in answer.results:
            if result.outcome == "rejected":
                self.reject(
                    place=result.place,
                    reason=result.reason or "",
                    ocid=result.ocid,
                    contract=result.source_contract_id,
                )
            else:
                self.outcomes[result.outcome] += 1
                self._count(result)

    def _count(self, result: ImportResult) -> None:
        self.amendments += result.amendments
        self.transactions += result.transactions
        self.milestones += result.milestones
        self.organisations.update(result.organisations)
        self.gaps.update(result.gaps)
        if result.state is not None:
            self.states[result.state] += 1
        if result.value is not None and result.currency is not None:
            self.values[result.currency] = self.values.get(result.currency, Decimal(0)) + result.value
        self.warnings += [
            {"place": result.place, "ocid": result.ocid, "code": warning.code, "detail": warning.detail}
            for warning in result.warnings
        ]

    def document(self) -> dict[str, Any]:
        """The report as JSON."""
        return {
            "file": self.file,
            "kind": self.kind,
            "entries": self.entries,
            "started_at": self.started_at.isoformat(timespec="seconds"),
            "finished_at": self.finished_at.isoformat(timespec="seconds") if self.finished_at else None,
            "exit_status": self.exit_status,
            "contracts": self.contracts,
            "outcomes": {outcome: self.outcomes[outcome] for outcome in (*_LOADED, "rejected", "skipped")},
            "parties": len(self.organisations),
            "amendments": self.amendments,
            "transactions": self.transactions,
            "milestones": self.milestones,
            "values": {currency: f"{total:.2f}" for currency, total in sorted(self.values.items())},
            "states": dict(self.states.most_common()),
            "gaps": dict(self.gaps.most_common()),
            "unmapped": dict(sorted(self.unmapped.items(), key=lambda pair: (-pair[1], pair[0]))),
            "warnings": self.warnings,
            "rejected": self.rejected,
            "invalid_json": None
            if self.broken is None
            else {
                "line": self.broken.line,
                "column": self.broken.column,
                "offset": self.broken.offset,
                "reason": self.broken.reason,
            },
            "stopped": self.stopped,
        }

    def save(self, path: Path) -> None:
        """Write the document."""
        path.write_text(json.dumps(self.document(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
