from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from shared.web import Model, Out

__all__ = [
    "ApproveFramework",
    "Diagnosis",
    "DiagnosisOut",
    "DifferenceOut",
    "DifferencesOut",
    "DocumentBody",
    "EasyTargetOut",
    "FaultOut",
    "FrameworkAct",
    "FrameworkOut",
    "FrameworkSummary",
    "Reason",
    "RegisterFramework",
    "ReplaceDraft",
    "ValidateFramework",
    "ValidationOut",
    "WeightsOut",
]

Measured = Annotated[float, Field(ge=-1e15, le=1e15, allow_inf_nan=False)]
State = Literal["shipped", "draft", "submitted", "approved", "retired"]
Document = dict[str, Any]
_REASON = Field(min_length=1, max_length=4000, description="Why: it is kept with the version.")
_DOCUMENT = Field(description="The framework by the JSON Schema of docs/frameworks.md; weights in per cent.")
_REGION = Field(
    pattern=r"^[A-Z]{2}(-[0-9A-Za-z]{1,8})?$",
    description="Where it applies: a country, province, city or county code; `CN-23` is the whole province.",
    examples=["CN-23"],
)


class FrameworkSummary(Out):
    """A framework in a list."""

    id: str = Field(description="Id of the framework.", examples=["cn-self-evaluation"])
    version: str = Field(description="Semantic version; a released version never changes.", examples=["1.0.0"])
    hash: str = Field(description="SHA-256 of the RFC 8785 form of the document; score rows name it.")
    title: dict[str, str] = Field(description="Title in English (en) and Chinese (zh).")
    state: State = Field(description="shipped with this release, or the state of the region's own version.")
    region: str | None = Field(description="Region that it applies to as a prefix; null: every region.")
    in_force: bool = Field(description="Whether contracts are scored under this version now.")
    replaced_by: str | None = Field(
        description="`id@version` of what took the place of a retired version; null: it is not retired, or nothing did."
    )
    offered: bool = Field(description="Whether it only waits to be inherited and applies nowhere by itself.")


class FrameworkAct(Out):
    """What was done with a version."""

    act: str = Field(description="registered | submitted | returned | approved | targets accepted | retired.")
    by: str | None = Field(description="Who did it; null where only the reason is kept.")
    at: datetime | None = Field(description="When; null where only the reason is kept.")
    reason: str | None = Field(description="The reason that was given.")


class FrameworkOut(FrameworkSummary):
    """A framework with its rules."""

    source: str = Field(description="Rule or decision that the framework follows, in English where it is given.")
    source_text: dict[str, str] = Field(description="The same in English (en) and Chinese (zh).")
    document: Document = Field(
        description="The whole document as it is hashed: tree, indicators, normalisers, weights per stage, grades."
    )
    module: str | None = Field(description="Code of the module that the asked category gets; null: the core alone.")
    acts: list[FrameworkAct] = Field(description="Who did what, for officers of the region; empty for others.")
    row_version: int | None = Field(description="For If-Match; null for a shipped framework.")


class RegisterFramework(Model):
    """A region's own framework."""

    region: str = _REGION
    reason: str = _REASON
    document: Document = _DOCUMENT


class ReplaceDraft(Model):
    """A draft written anew."""

    reason: str = _REASON
    document: Document = _DOCUMENT


class Reason(Model):
    """An act with its reason."""

    reason: str = _REASON


class RetireFramework(Reason):
    """The retirement of a version."""

    replaced_by: str | None = Field(
        None,
        max_length=100,
        description="`id` or `id@version` of what takes its place; by default another version of it that is in force "
        "in the region, or what it was inherited from.",
        examples=["cn-department@1.0.0"],
    )


class ApproveFramework(Model):
    """The approval by a second person."""

    reason: str = _REASON
    targets_reason: str | None = Field(
        None,
        min_length=1,
        max_length=4000,
        description="Why targets may ask for less than history or the sector reached; needed where some do.",
    )


class DocumentBody(Model):
    """Any framework document."""

    document: Document = _DOCUMENT


class ValidateFramework(DocumentBody):
    """A document to be checked."""

    region: str | None = Field(
        None,
        pattern=r"^[A-Z]{2}(-[0-9A-Za-z]{1,8})?$",
        description="Where it is to apply; checked against the framework that it inherits.",
        examples=["CN-23"],
    )


class FaultOut(Out):
    """A broken rule."""

    node: str = Field(description="The place: `node quality.delivered`, `gate ...`, `module ...`, `grades`.")
    detail: str = Field(description="What is wrong.")


class EasyTargetOut(Out):
    """A target that asks for less than was reached before."""

    node: str = Field(description="Path of the indicator.")
    target: float = Field(description="Value that earns the full points, in the unit of the indicator.")
    against: Literal["history", "sector"] = Field(description="What it is compared with.")
    reached: float = Field(description="What was reached, in the unit of the indicator.")
    source: str = Field(description="Where that figure comes from.")


class ValidationOut(Out):
    """What a check found."""

    valid: bool = Field(description="Whether the document breaks no rule.")
    faults: list[FaultOut] = Field(description="Every broken rule, in the order of the tree.")
    targets: list[EasyTargetOut] = Field(description="Targets that an approval would need a reason for.")
    hash: str | None = Field(description="SHA-256 of the document, null when it is not valid.")


class DifferenceOut(Out):
    """One difference."""

    node: str = Field(description="Path of the node; `root` is the whole framework.")
    kind: str = Field(description="added | removed | weight | rule | title | aggregation | gates | module added | ...")
    before: Any = Field(description="JSON value before; null when there was none.")
    after: Any = Field(description="JSON value after; null when there is none.")
    module: str | None = Field(description="Module that it is in; null: the common core.")


class DifferencesOut(Out):
    """What differs between two versions."""

    before: FrameworkSummary = Field(description="The version of `from`.")
    after: FrameworkSummary = Field(description="The version of `to`.")
    differences: list[DifferenceOut] = Field(description="In the order of the tree.")


class WeightsOut(Out):
    """Weights from judgements."""

    weights: dict[str, float] = Field(description="Per cent by code, two decimals, sum exactly 100.")
    diagnostics: dict[str, Any] = Field(
        description="By method: consistency ratio with its limit, worst triad, spread of the panel, concentration."
    )


class Diagnosis(Model):
    """Values of indicators over units, for the data-driven diagnostics."""

    codes: list[str] = Field(min_length=2, max_length=60, description="Codes of the indicators (columns).")
    higher: list[bool] = Field(min_length=2, max_length=60, description="Per indicator whether more is better.")
    values: list[list[Measured]] = Field(
        min_length=3, max_length=5000, description="One row per unit, in the indicators' units."
    )


class DiagnosisOut(Out):
    """Data-driven weights: a diagnostic only, they move with every event and are no stated policy."""

    entropy: dict[str, float] | None = Field(
        description="Entropy weights in per cent; null where a column has a negative value or sums to 0."
    )
    critic: dict[str, float] | None = Field(
        description="CRITIC weights in per cent; null where nothing varies, or all say the same."
    )
