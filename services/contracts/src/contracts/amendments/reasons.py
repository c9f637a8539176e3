"""The reasons for which a contract may be amended: data (`reasons.json`), with source and confidence. Pure."""

import json
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["EFFECTS", "Effect", "Reason", "misfits", "reasons"]

Effect = Literal["valueUp", "valueDown", "termLonger", "termShorter", "start", "milestones", "texts"]
EFFECTS: tuple[str, ...] = Effect.__args__  # type: ignore[attr-defined]


class Reason(BaseModel):
    """A reason. Each of `needs` is an effect that it must have (`a|b`: one of them); `may` are further ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    zh: str
    en: str
    needs: tuple[str, ...]
    may: tuple[Effect, ...]
    source: str
    confidence: str
    note: str | None

    @property
    def allowed(self) -> set[str]:
        """Every effect that an amendment for this reason can have."""
        return set(self.may) | {effect for need in self.needs for effect in need.split("|")}


@cache
def reasons() -> dict[str, Reason]:
    """The reasons by code, in the order of the list."""
    document = json.loads(Path(__file__).with_name("reasons.json").read_text(encoding="utf-8"))
    found = [Reason.model_validate(each) for each in document["reasons"]]
    return {reason.code: reason for reason in found}


def misfits(reason: Reason, effects: set[str]) -> list[str]:
    """In words, where an amendment's effects do not fit its reason; empty when they do."""
    lacking = [need for need in reason.needs if not effects & set(need.split("|"))]
    told = [f"it needs {need.replace('|', ' or ')}" for need in lacking]
    return told + [f"it does not allow {effect}" for effect in EFFECTS if effect in effects - reason.allowed]
