"""Evidence that is stated, not heard from an event: manual facts, statistics and calibrated ratings.

Pure functions over plain values: what a statement's body says and which statements of a contract stand.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final, Literal, NamedTuple

__all__ = [
    "DISTRIBUTIONS",
    "STATED",
    "Distribution",
    "Document",
    "Stated",
    "Statement",
    "body_of",
    "figure",
    "standing",
    "unverified_because",
]

Distribution = Literal["exact", "normal", "t", "beta", "tier"]
DISTRIBUTIONS: Final = ("exact", "normal", "t", "beta", "tier")

STATED: Final = ("manual", "statistic", "rating")
"""Kinds of evidence that are stated. A framework's evidence rule `manual` takes the first two, `rating` the third."""


class Document(NamedTuple):
    """The document that a statement rests on, by the SHA-256 of its bytes."""

    sha256: str
    title: str
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement about a contract on its way into the evidence.

    `measure` is the code that a framework's rule names: of a `manual` measure, or of a rating's criterion. `value` is
    in the unit of the indicator (marks: points 0-100), None only where `tier` alone is stated; with a tier it is the
    evaluator's pick inside it. `se` is the standard error of `value` in the same unit, `df` its degrees of freedom
    (dist t), `n` the size of the sample, `deff` its design effect. `stage` None holds at every stage. `details` is what
    the kind adds: of a statistic design, response_rate, period and body; of a rating raw, fair, shrunk, round, flags.
    """

    kind: Literal["manual", "statistic", "rating"]
    measure: str
    value: Decimal | float | None = None
    tier: str | None = None
    dist: Distribution = "exact"
    se: Decimal | float | None = None
    df: Decimal | float | None = None
    n: int | None = None
    deff: Decimal | float | None = None
    unit: str | None = None
    method: str | None = None
    document: Document | None = None
    stage: str | None = None
    valid_on: date
    valid_until: date | None = None
    source: str
    simulated: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement that stands, as scores read it. Figures are None where the statement has none."""

    id: str
    kind: str
    sha256: str
    measure: str
    stage: str | None
    value: float | None
    tier: str | None
    dist: str
    se: float
    """0 for an exact count; a tier's spread is its width's."""
    df: float | None
    n: int | None
    deff: float | None
    simulated: bool
    valid_on: str
    details: Mapping[str, Any]


def figure(value: Decimal | float | None) -> str | None:
    """A figure as evidence holds it: six decimals, half-even."""
    if value is None:
        return None
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    quantised = exact.quantize(Decimal("0.000001"), rounding=ROUND_HALF_EVEN)
    return f"{quantised + 0:f}"  # + 0: no negative zero


def unverified_because(statement: Statement) -> tuple[str, ...]:
    """What is missing for a statement to be scored; empty: it is verified.

    A statistic typed by hand needs its sample size, design, response rate, period, executing body and a standard error:
    without them nobody can say how far it may be off. Source: the product's rule for statistical evidence.
    """
    if statement.kind != "statistic":
        return ()
    missing = [name for name in ("design", "response_rate", "period", "body") if not statement.details.get(name)]
    if not statement.n:
        missing.insert(0, "n")
    if not statement.se:
        missing.append("se")
    if statement.dist == "t" and not statement.df:
        missing.append("df")
    return tuple(missing)


def body_of(
    statement: Statement, *, by: str, recorded_at: datetime, supersedes: str | None, quality: str, lacks: Sequence[str]
) -> dict[str, Any]:
    """The body of a statement: every field is always there, figures are six-decimal strings."""
    document = statement.document
    return {
        "by": by,
        "deff": figure(statement.deff),
        "details": dict(statement.details),
        "df": figure(statement.df),
        "dist": statement.dist,
        "document": None if document is None else document._asdict(),
        "lacks": list(lacks),
        "measure": statement.measure,
        "method": statement.method,
        "n": statement.n,
        "quality": quality,
        "recorded_at": recorded_at.isoformat(),
        "se": figure(statement.se),
        "simulated": statement.simulated,
        "source": statement.source,
        "stage": statement.stage,
        "supersedes": supersedes,
        "tier": statement.tier,
        "unit": statement.unit,
        "valid_on": statement.valid_on.isoformat(),
        "valid_until": None if statement.valid_until is None else statement.valid_until.isoformat(),
        "value": figure(statement.value),
    }


def standing(rows: Iterable[Sequence[Any]]) -> dict[tuple[str, str], tuple[Stated, ...]]:
    """The statements among a contract's evidence that count, newest first, by ("manual" | "rating", measure).

    `rows` are (id, kind, version, sha256, body) of every kind. Unverified and superseded statements are left out;
    statistics stand with the manual ones. The newest is the one with the latest (valid_on, recorded_at, id): a rule
    takes the first whose stage is None or the contract's.
    """
    stated = [row for row in rows if row[1] in STATED]
    superseded = {row[4]["supersedes"] for row in stated}
    found: dict[tuple[str, str], list[Sequence[Any]]] = {}
    for row in stated:
        if row[0] not in superseded and row[4]["quality"] == "verified":
            group = "rating" if row[1] == "rating" else "manual"
            found.setdefault((group, row[4]["measure"]), []).append(row)
    return {key: tuple(map(_read, sorted(each, key=_moment, reverse=True))) for key, each in found.items()}


def _moment(row: Sequence[Any]) -> tuple[str, datetime, str]:
    return row[4]["valid_on"], datetime.fromisoformat(row[4]["recorded_at"]), row[0]


def _read(row: Sequence[Any]) -> Stated:
    body: Mapping[str, Any] = row[4]
    return Stated(
        id=row[0],
        kind=row[1],
        sha256=row[3],
        measure=body["measure"],
        stage=body["stage"],
        value=_number(body["value"]),
        tier=body["tier"],
        dist=body["dist"],
        se=_number(body["se"]) or 0.0,
        df=_number(body["df"]),
        n=body["n"],
        deff=_number(body["deff"]),
        simulated=body["simulated"],
        valid_on=body["valid_on"],
        details=body["details"],
    )


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
