"""Breakdowns over HTTP."""

from uuid import UUID

from pydantic import Field

from shared.web import Out
from surveys.publication.queries import WaveRelease
from surveys.publication.schemas.figures import STATUS, Labels

__all__ = ["TablesOut", "tables_out"]


class CategoryOut(Out):
    """A category of a variable."""

    code: str | None = Field(description="Null gathers the answers of which it is not known.")
    label: Labels = Field(description="Label per language; empty for the frame's own codes.")


class VariableOut(Out):
    """A variable that a table is broken down by."""

    name: str
    source: str = Field(description="frame | item.")
    label: Labels = Field(description="Wording per language; empty for the frame's own names.")
    categories: list[CategoryOut] = Field(description="In the order of the rows (first variable) or columns (second).")


class ShareOut(Out):
    """The satisfied of a cell."""

    percent: int | None = Field(description="Whole per cent; null where hidden and where all or nobody agreed.")
    text: str | None = Field(description="As it is to be written.", examples=["45 %", "< 7 %"])
    status: str = Field(description=STATUS)
    reasons: list[str]


class SharesOut(Out):
    """The satisfied of each cell of a table, for one question."""

    measure: str = Field(description="top2 | top1.")
    cells: list[ShareOut | list[ShareOut | None] | None] = Field(description="As `counts`; null where the count is.")


class TableOut(Out):
    """A table by one or two variables."""

    by: list[str] = Field(description="Its variables: rows, then columns.")
    variables: list[VariableOut]
    withheld: bool = Field(description="True: there is no way to show a part of it without showing too much.")
    counts: list[int | list[int | None] | None] | None = Field(
        description="Respondents; null where hidden: fewer than ten, or needed to hide these."
    )
    shares: dict[str, SharesOut] = Field(description="Per question: every rating by one variable, the headline by two.")


class TablesOut(Out):
    """Tables of a release."""

    wave_id: UUID
    release: int = Field(description="Number of the release.")
    policy: str = Field(description="The gate: publish-v1.")
    breakdowns: list[str] = Field(description="Every table of the release by its variables.")
    tables: list[TableOut]


def tables_out(release: WaveRelease, keys: list[str]) -> TablesOut:
    """Some tables of a release."""
    return TablesOut.model_validate(
        {
            "wave_id": release.wave_id,
            "release": release.number,
            "policy": release.policy,
            "breakdowns": list(release.tables),
            "tables": [release.tables[key] for key in keys],
        }
    )
