"""The simulated data set as a document: all that the story of its contracts needs, all of it marked simulated."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from gongping_client.models import AcceptanceIn, ContractTerms, LedgerIn, MilestoneReport

__all__ = [
    "LABEL",
    "SOURCE",
    "Dataset",
    "DemoAnswer",
    "DemoContract",
    "DemoObservation",
    "DemoOrganisation",
    "DemoReport",
]

LABEL = "【模拟】 simulated data: no organisation, contract, person or answer in it exists"
SOURCE = "simulated-demo"
Stage = Literal["active", "completed", "answered"]


class _Simulated(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    simulated: Literal[True] = True


class DemoOrganisation(_Simulated):
    """A purchaser or provider that does not exist."""

    key: str
    name: str
    uscc: str
    roles: tuple[str, ...]
    seat: str


class DemoObservation(_Simulated):
    """An actual value of an agreed indicator, by its code."""

    indicator_code: str
    value: Decimal
    observed_on: date


class DemoReport(_Simulated):
    """What became of a milestone, by its code."""

    milestone_code: str
    report: MilestoneReport


class DemoAnswer(_Simulated):
    """One person's answers in the completion wave."""

    submission_id: UUID
    answers: dict[str, int | str]
    language: str = "zh-Hans"
    duration_seconds: int


class DemoContract(_Simulated):
    """A contract and all that happens to it. `stage` is how far its story goes."""

    key: str
    title: str
    summary: str = Field(description="One line in English.")
    region: str
    region_name: str
    purchaser: str
    provider: str
    stage: Stage
    terms: ContractTerms
    observations: tuple[DemoObservation, ...]
    ledger: tuple[LedgerIn, ...]
    reports: tuple[DemoReport, ...]
    acceptance: AcceptanceIn | None = None
    settlement: tuple[LedgerIn, ...] = ()
    answers: tuple[DemoAnswer, ...] = ()


class Dataset(_Simulated):
    """All of it. The same seed and day give the same document."""

    label: str = LABEL
    seed: int
    as_of: date
    organisations: tuple[DemoOrganisation, ...]
    contracts: tuple[DemoContract, ...]

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(self.model_dump_json(indent=1, exclude_none=True) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Dataset":
        """Read what `save` wrote; ValueError (of pydantic) when it is something else."""
        return cls.model_validate_json(path.read_text(encoding="utf-8"))
