"""What a statement says, which statements count, and what is refused before it reaches the database."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from scoring.evidence.schemas import EvidenceIn
from scoring.evidence.statements import Document, Statement, body_of, figure, standing, unverified_because

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DOCUMENT = {"sha256": "a" * 64, "title": "a simulated document"}
FRAME = {
    "design": "simple random",
    "response_rate": "0.62",
    "period": {"first_on": "2026-05-01", "last_on": "2026-05-20"},
}
STATISTIC: dict[str, Any] = {
    "contract_id": str(UUID(int=1)),
    "kind": "statistic",
    "measure": "waiting-days",
    "dist": "t",
    "value": "4.25",
    "se": "0.5",
    "df": "118",
    "n": 120,
    "body": "a simulated statistics office",
    "valid_on": "2026-05-20",
    "source": "simulated",
    **FRAME,
}
MANUAL: dict[str, Any] = {
    "contract_id": str(UUID(int=1)),
    "kind": "manual",
    "measure": "plan-approved",
    "dist": "tier",
    "tier": "yes",
    "document": DOCUMENT,
    "valid_on": "2026-05-20",
    "source": "simulated",
}


def row(number: int, *, kind: str = "manual", day: int = 1, supersedes: int | None = None, **rest: Any) -> list[Any]:
    """One row of evidence as the scores slice reads it."""
    terms: dict[str, Any] = {
        "kind": kind,
        "measure": "m",
        "value": number,
        "valid_on": date(2026, 6, day),
        "source": "s",
    }
    statement = Statement(**(terms | rest))
    lacks = unverified_because(statement)
    body = body_of(
        statement,
        by="officer-7",
        recorded_at=NOON,
        supersedes=None if supersedes is None else str(UUID(int=supersedes)),
        quality="unverified" if lacks else "verified",
        lacks=lacks,
    )
    return [str(UUID(int=number)), kind, 1, f"{number:064x}", body]


def test_figures_have_six_decimals_half_even() -> None:
    assert figure(Decimal("2.0000005")) == "2.000000"
    assert figure(Decimal("2.0000015")) == "2.000002"
    assert figure(-0.0) == "0.000000"
    assert figure(0.1) == "0.100000"
    assert figure(None) is None


def test_the_newest_statement_that_nothing_supersedes_counts() -> None:
    rows = [row(1), row(2, day=3), row(3, day=2), row(4, day=9, supersedes=2), row(5, day=1, stage="interim")]
    found = standing(rows)
    assert [each.value for each in found["manual", "m"]] == [4.0, 3.0, 5.0, 1.0]
    assert [each.stage for each in found["manual", "m"]] == [None, None, "interim", None]


@given(st.permutations(range(5)))
def test_the_order_of_the_rows_changes_nothing(order: list[int]) -> None:
    rows = [row(1), row(2, day=3), row(3, day=3), row(4, day=9, supersedes=2), row(5, kind="rating", dist="t", se=1.5)]
    assert standing([rows[n] for n in order]) == standing(rows)


def test_unverified_statistics_do_not_count_and_say_what_they_lack() -> None:
    bare = Statement(kind="statistic", measure="m", value=4, dist="normal", valid_on=date(2026, 6, 1), source="s")
    assert unverified_because(bare) == ("n", "design", "response_rate", "period", "body", "se")
    sure = EvidenceIn.model_validate(STATISTIC)
    full = row(2, kind="statistic", dist="t", se=sure.se, df=sure.df, n=sure.n, details=sure.details())
    unsure = row(3, kind="statistic", dist="t", se=0.5, day=9)
    found = standing([full, unsure])
    assert [(each.value, each.se, each.df, each.n) for each in found["manual", "m"]] == [(2.0, 0.5, 118.0, 120)]
    assert unsure[4]["lacks"] == ["n", "design", "response_rate", "period", "body", "df"]


def test_ratings_and_manual_facts_of_the_same_name_stand_apart() -> None:
    found = standing([row(1), row(2, kind="rating", document=Document("b" * 64, "minutes"))])
    assert {key: [each.value for each in group] for key, group in found.items()} == {
        ("manual", "m"): [1.0],
        ("rating", "m"): [2.0],
    }


REFUSED: list[tuple[dict[str, Any], str]] = [
    (MANUAL | {"document": None}, "needs its `document`"),
    (MANUAL | {"tier": None}, "`tier` and dist tier"),
    (MANUAL | {"value": "87"}, "its reason in `method`"),
    (MANUAL | {"value": "101", "method": "better than asked"}, "between 0 and 100"),
    (MANUAL | {"se": "1"}, "dist tier has no standard error"),
    (MANUAL | {"dist": "exact", "tier": None, "value": "12"}, "reconcile with a ledger or register"),
    (MANUAL | {"dist": "normal", "tier": None, "value": "12"}, "state the standard error"),
    (MANUAL | {"dist": "normal", "tier": None, "value": "12", "se": "0"}, "for exact counts only"),
    (MANUAL | {"dist": "t", "tier": None, "value": "12", "se": "1"}, "degrees of freedom"),
    (MANUAL | {"dist": "normal", "tier": None, "value": None, "se": "1"}, "state a `value`"),
    (MANUAL | {"valid_until": "2026-05-20"}, "not after `valid_on`"),
    (MANUAL | {"reconciles": {"source": "ledger"}}, "name the ledger's `entries`"),
    (MANUAL | {"reconciles": {"source": "register", "count": "3"}}, "name the register"),
    (STATISTIC | {"dist": "exact", "se": None, "df": None}, "reconcile with a ledger or register"),
    (STATISTIC | {"se": "0"}, "for exact counts only"),
    (STATISTIC | {"se": "0.0000004"}, "six decimals are kept"),
    (MANUAL | {"dist": "normal", "tier": None, "value": "12", "se": "0.00000049"}, "six decimals are kept"),
    (MANUAL | {"se": "0.0000001"}, "tier has no standard error"),
    (STATISTIC | {"dist": "beta", "n": None}, "size of the sample"),
    (STATISTIC | {"response_rate": "1.2"}, "less than or equal to 1"),
    (STATISTIC | {"period": {"first_on": "2026-05-20", "last_on": "2026-05-01"}}, "before `first_on`"),
    (STATISTIC | {"n": "120"}, "valid integer"),
    (STATISTIC | {"measure": "Waiting days"}, "match pattern"),
    (STATISTIC | {"kind": "rating"}, "'manual' or 'statistic'"),
]


@pytest.mark.parametrize(("body", "reason"), REFUSED, ids=[reason for _, reason in REFUSED])
def test_unsound_statements_are_refused(body: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        EvidenceIn.model_validate(body)
