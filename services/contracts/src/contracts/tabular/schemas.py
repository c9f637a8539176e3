"""Bodies and answers about imports of tables."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StrictBool, StrictInt

from contracts.regions.queries import parse_region
from shared.web import Figure, Model, Out

__all__ = [
    "ColumnIn",
    "ColumnOut",
    "EvaluationReportOut",
    "GapsOut",
    "KeptMappingIn",
    "MappingIn",
    "MappingOut",
    "NotEvaluableIn",
    "NounOut",
    "PartOut",
    "RowOut",
    "RunIn",
    "TableImportIn",
    "TableImportOut",
]

Noun = Literal[
    "organisations",
    "projects",
    "contracts",
    "indicators",
    "milestones",
    "observations",
    "payments",
    "deductions",
    "evaluations",
]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^\S(.*\S)?$")]


class ColumnIn(Model):
    """What a column of the file means."""

    field: str | None = Field(
        None, max_length=64, description="Our field, as GET /v1/imports/nouns names it; null: not read."
    )
    unit: Literal["yuan", "wan"] | None = Field(
        None,
        description="Unit of a column of money: yuan (元) | wan (万元); else by the head, else by the sheet's line.",
    )


class MappingIn(Model):
    """How a source's columns map to our fields. Heads that are not named are recognised by their usual words."""

    columns: dict[str, ColumnIn] = Field({}, max_length=200, description="Heads as they stand in the file.")
    constants: dict[str, str] = Field(
        {}, max_length=50, description="Values of fields for all rows whose cell is empty or whose column is missing."
    )
    sheet: str | None = Field(None, max_length=100, description="Sheet of the workbook; the first when left out.")
    header_line: StrictInt | None = Field(
        None, ge=1, le=30, description="Line of the head (the upper one of two); found by its words when left out."
    )


class MappingOut(Out):
    """A kept mapping."""

    name: str = Field(description="Name.")
    version: int = Field(description="Counts its changes; its ETag.")
    noun: str = Field(description="Noun of its tables.")
    mapping: MappingIn = Field(description="The mapping.")
    recorded_by: str = Field(description="Who kept it last.")
    updated_at: datetime = Field(description="When.")


class KeptMappingIn(Model):
    """A mapping to keep under a name."""

    noun: Noun = Field(description="Noun of its tables.")
    mapping: MappingIn = Field(description="The mapping.")


class TableImportIn(Model):
    """A file to come: what it holds and from where."""

    noun: Noun = Field(description="What its rows are.")
    source: str = Field(
        min_length=1,
        max_length=100,
        pattern=r"^\S(.*\S)?$",
        description="System that the file comes from; its ids are kept.",
    )
    filename: str = Field(min_length=1, max_length=200, description="Name of the file, for people.")
    region: Annotated[str, AfterValidator(parse_region)] = Field(
        description="Region of the import, and of rows that name none."
    )
    mapping: MappingIn | None = Field(None, description="Mapping of the columns.")
    mapping_name: Name | None = Field(None, description="A kept mapping, instead of `mapping`.")
    simulated: StrictBool = Field(False, description="Whether the rows are simulated, for tests and demonstrations.")


class RunIn(Model):
    """Start, or go on."""

    dry_run: StrictBool = Field(False, description="Check every row as if it were applied, and change nothing.")
    confirm_units: StrictBool = Field(
        False, description="The amounts are in the unit that the columns say, although they look 10,000 times off."
    )


class PartOut(Out):
    """A part that was received."""

    number: int = Field(description="Number of the part, from 1.")
    size: int = Field(description="Bytes of the import so far.")
    sha256: str = Field(description="SHA-256 of the part.")


class ColumnOut(Out):
    """A column that was found in the file."""

    position: int = Field(description="Place in the file, from 0.")
    head: str = Field(description="Head as it stands, of two lines joined where it says so.")
    field: str | None = Field(description="Our field; null: not read.")
    unit: str | None = Field(description="Unit of a column of money: yuan | wan.")
    median: Figure | None = Field(description="Median of its amounts in yuan, over a sample; null for other columns.")


class ImportWarningOut(Out):
    """What is doubtful about the file as a whole."""

    code: str = Field(description="units-suspicious | summary-lines-left-out.")
    detail: str = Field(description="What it is, with its figures.")


class TableImportOut(Out):
    """An import: its state, what was found, and how far it is."""

    id: UUID = Field(description="Id of the import.")
    version: int = Field(description="Counts its changes; its ETag.")
    noun: str = Field(description="What its rows are.")
    source: str = Field(description="System that the file comes from.")
    filename: str = Field(description="Name of the file.")
    region: str = Field(description="Region of the import.")
    state: str = Field(
        description="receiving | reading | checking | checked | applying | applied | undoing | undone | refused."
    )
    simulated: bool = Field(description="Whether its rows are simulated.")
    format: str | None = Field(description="csv | xlsx, by the content; null while it is not read.")
    encoding: str | None = Field(description="utf-8-sig | gb18030 | utf-16 of a CSV file.")
    size: int = Field(description="Bytes.")
    columns: list[ColumnOut] = Field(description="Columns that were found.")
    warnings: list[ImportWarningOut] = Field(description="What is doubtful about the file as a whole.")
    units_confirmed: bool = Field(description="Whether somebody said that the units are right.")
    problem: str | None = Field(description="Why the file was refused; null otherwise.")
    rows: int = Field(description="Rows of the file.")
    done: int = Field(description="Rows that were decided about in this state: the progress.")
    created: int = Field(description="Rows that recorded something.")
    updated: int = Field(description="Rows that changed what was recorded.")
    unchanged: int = Field(description="Rows that said what is known.")
    rejected: int = Field(description="Rows that were refused; GET .../rows says why.")
    undone: int = Field(description="Rows that were taken back.")
    kept: int = Field(description="Rows that could not be taken back; GET .../rows says why.")
    created_at: datetime = Field(description="When it began.")
    updated_at: datetime = Field(description="When it changed last.")


class CellProblemOut(Out):
    """What is wrong with a cell, or doubtful."""

    column: str = Field(description="Head of the column; empty for the row as a whole.")
    value: str = Field(description="The cell as it stands, its first 200 characters.")
    reason: str = Field(description="Why.")
    level: str = Field("error", description="error | warning.")


class RowOut(Out):
    """What became of a row."""

    line: int = Field(description="Line of the file, from 1.")
    outcome: str | None = Field(description="created | updated | unchanged | rejected | undone | kept; null: not yet.")
    id: UUID | None = Field(description="Id of what it recorded.")
    problems: list[CellProblemOut] = Field(description="What is wrong or doubtful.")


class NounOut(Out):
    """A field of a noun."""

    field: str = Field(description="Name of the field.")
    heads: list[str] = Field(description="Heads by which it is recognised; the first is the template's.")
    kind: str = Field(
        description="text | date | money | figure | count | year | choice | roles | uscc | region | division | "
        "category | sha256."
    )
    required: bool = Field(description="Whether a row needs it.")
    note: str = Field(description="What it is, in Chinese.")
    choices: dict[str, str] = Field(description="Words and the codes that they stand for.")


class NotEvaluableIn(Model):
    """Why a contract of the past cannot be evaluated."""

    reason: str = Field(min_length=1, max_length=2000, description="Reason, for example that its records are lost.")


class GapsOut(Out):
    """Contracts of the past and how many of them cannot be evaluated."""

    region: str = Field(description="Region, with everything below it.")
    year: int | None = Field(description="Year of signature; null: all.")
    contracts: int = Field(description="Contracts of the past in your regions.")
    not_evaluable: int = Field(description="Of these, closed as not evaluable: gaps, never scored 0.")
    reasons: dict[str, int] = Field(description="Number by reason.")


class EvaluationReportOut(Out):
    """An evaluation report of the past: shown, never a score of ours."""

    id: UUID = Field(description="Id.")
    contract_id: UUID = Field(description="Contract.")
    source: str = Field(description="System that it comes from.")
    reference: str = Field(description="Its id there.")
    title: str = Field(description="Title.")
    year: int = Field(description="Year that was evaluated.")
    kind: str | None = Field(description="Kind, as the source says.")
    evaluator: str | None = Field(description="Who evaluated.")
    score: Figure | None = Field(description="Score as reported.")
    full_score: Figure | None = Field(description="Of how many points.")
    grade: str | None = Field(description="Grade as reported.")
    reported_on: date | None = Field(description="Date of the report.")
    link: str | None = Field(description="Where it is.")
    document_sha256: str | None = Field(description="SHA-256 of the document.")
    note: str | None = Field(description="Remark.")
    recorded_at: datetime = Field(description="When it was imported.")
