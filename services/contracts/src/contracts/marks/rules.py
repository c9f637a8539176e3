"""What speaks against a mark: shipped rules that nobody has confirmed, so that they only warn."""

from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict

__all__ = ["warnings_about"]


class _Limit(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    fields: tuple[str, ...]
    levels: tuple[str, ...]
    source: str
    confidence: str
    zh: str
    en: str


class _Limits(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    limits: tuple[_Limit, ...]


@cache
def _limits() -> tuple[_Limit, ...]:
    written = resources.files("contracts.marks").joinpath("data", "limits-1.0.0.json").read_text(encoding="utf-8")
    return _Limits.model_validate_json(written).limits


def warnings_about(*, subject: str, target: str, level: str) -> list[dict[str, str]]:
    """The rules that speak against marking a contract or a field so, each with its source and confidence."""
    if subject == "document":
        return []
    return [
        {
            "code": limit.code,
            "detail": f"{limit.en} {limit.zh}",
            "source": limit.source,
            "confidence": limit.confidence,
        }
        for limit in _limits()
        if target in limit.fields and level in limit.levels
    ]
