from typing import Any

from pydantic import Field

from shared.web import Out

__all__ = ["FrameworkOut", "FrameworkSummary"]


class FrameworkSummary(Out):
    """A framework in a list."""

    id: str = Field(description="Id of the framework.", examples=["cn-self-evaluation"])
    version: str = Field(description="Semantic version; a released version never changes.", examples=["1.0.0"])
    hash: str = Field(description="SHA-256 of the RFC 8785 form of the document; score rows name it.")
    title: dict[str, str] = Field(description="Title in English (en) and Chinese (zh).")
    in_force: bool = Field(description="Whether contracts are scored under this version now.")


class FrameworkOut(FrameworkSummary):
    """A framework with its rules."""

    source: str = Field(description="Rule or decision that the framework follows.")
    document: dict[str, Any] = Field(
        description="The whole document as it is hashed: tree, indicators, normalisers, weights per stage, grades."
    )
