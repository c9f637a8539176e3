"""The shipped periods: proposals with their source. Nothing is erased by them before a tenant has confirmed its own."""

from functools import cache
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["Noun", "Proposal", "proposals"]

Noun = Literal["records", "freeText", "personalFields", "individuals", "imports"]


class Proposal(BaseModel):
    """A proposed period of a noun."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    noun: Noun
    years: int
    begins: dict[str, str]
    what: dict[str, str]
    source: str
    confidence: str


class _Proposals(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    periods: tuple[Proposal, ...]


@cache
def proposals() -> dict[str, Proposal]:
    """The shipped proposals by noun."""
    written = resources.files("contracts.retention").joinpath("data", "retention-1.0.0.json")
    found = _Proposals.model_validate_json(written.read_text(encoding="utf-8"))
    return {proposal.noun: proposal for proposal in found.periods}
