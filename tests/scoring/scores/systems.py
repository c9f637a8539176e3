"""A small framework that uses every kind of rule, and simulated statements about a contract."""

import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from tests.scoring.cases import AT, CONTRACT, rows_of, state

from scoring.canonical import canonical, sha256
from scoring.evidence.statements import Statement, body_of
from scoring.frameworks.document import Framework
from scoring.frameworks.queries import read_framework
from scoring.scores.evaluation import Evaluated, evaluate_with
from scoring.scores.facts import read_facts

Json = Any


def indicator(evidence: Json, normaliser: Json, **rest: Json) -> Json:
    defaults = {
        "type": "quantitative",
        "unit": "points",
        "direction": "higher",
        "target": {"from": "none"},
        "standard": "plan",
        "evidence": evidence,
        "normaliser": normaliser,
        "accountable": "provider",
        "missing": "hold",
        "source": "for tests",
        "confidence": "own choice",
    }
    return defaults | rest


def node(code: str, weight: float, **rest: Json) -> Json:
    return {
        "code": code,
        "title": {"en": code, "zh": code},
        "weight": dict.fromkeys(("interim", "completion", "followUp"), weight),
        **rest,
    }


def manual(measure: str) -> Json:
    return {"from": "manual", "measure": measure}


POSTS = {"kind": "goalposts", "lower": 0, "upper": 100}
VOICE = {
    "from": "wave",
    "item": "overall",
    "measure": "index100",
    "status": ["ok", "caution"],
    "waves": {"interim": "midterm", "completion": "completion", "followUp": "followUp"},
}
BAND = {"kind": "band", "zero_below": 0, "low": 40, "high": 60, "zero_above": 100}
KNOTS = {"kind": "piecewise", "knots": [[0, 0], [50, 60], [100, 100]]}
TIERS = {
    "kind": "tier",
    "values": {"a": 90, "b": 70, "c": 30},
    "ranges": {"a": [80, 100], "b": [60, 80], "c": [0, 60]},
}
GATE = {"code": "voice_gate", "node": "voice", "below": 60, "cap": "fair", "reason": "for tests"}


def document(*, exponent: float = 0.0, **rest: Json) -> Json:
    """Reach and waiting (a power mean), the recipients' voice behind a gate, evaluators' marks and a tier."""
    mean = {"aggregation": {"kind": "power", "exponent": exponent}} if exponent != 1.0 else {}
    access = [
        node("reach", 60, indicator=indicator(manual("reach"), KNOTS)),
        node("waiting", 40, indicator=indicator(manual("waiting"), BAND, accountable="purchaser")),
    ]
    marks = [
        node("quality", 50, indicator=indicator({"from": "rating", "criterion": "quality"}, POSTS)),
        node("care", 50, indicator=indicator(manual("care"), TIERS, type="qualitative", unit="tier")),
    ]
    grades = [("excellent", 90), ("good", 80), ("fair", 60), ("poor", 0)]
    return {
        "id": "test-system",
        "version": "1.0.0",
        "title": {"en": "for tests", "zh": "测试"},
        "source": "for tests",
        "algorithm": {"id": "weighted-means", "version": "2"},
        "grades": [{"code": code, "title": {"en": code, "zh": code}, "minimum": least} for code, least in grades],
        "coverage": {"minimum": 0.65},
        "gates": [GATE],
        "nodes": [
            node("access", 40, children=access, **mean),
            node("voice", 20, indicator=indicator(VOICE, POSTS, type="satisfaction", accountable="joint")),
            node("marks", 40, children=marks),
        ],
    } | rest


def system(**changes: Json) -> Framework:
    return read_framework(document(**changes))


def statement(number: int, kind: Json, measure: str, *, value: float | None = None, **rest: Json) -> list[Json]:
    """A simulated statement as the scores slice reads it; `minutes` later statements are newer."""
    minutes, supersedes = rest.pop("minutes", 0), rest.pop("supersedes", None)
    item_id = str(UUID(int=(9 << 64) + number))
    details: dict[str, Json] = {"dist": "normal" if rest.get("se") else "exact"} | rest
    made = Statement(
        kind=kind,
        measure=measure,
        value=value,
        valid_on=date(2026, 5, 1),
        source="simulated",
        simulated=True,
        **details,
    )
    body = body_of(
        made,
        by="simulated",
        recorded_at=AT + timedelta(minutes=minutes),
        supersedes=supersedes,
        quality="verified",
        lacks=(),
    )
    digest = sha256(canonical({"body": body, "id": item_id, "kind": kind}))
    return [item_id, kind, 1, digest, json.loads(json.dumps(body))]


def terms() -> list[list[Json]]:
    return rows_of([state("completed", version=3)])


def wave(index: float, se: float | None = None, *, number: int = 1, df: float | None = 40.0) -> list[Json]:
    """A closed completion wave; without a standard error everybody answered."""
    limits = {} if se else {"ci_low": index, "ci_high": index, "ci_method": "bounds"}
    overall = {"item": "overall", "measure": "index100", "estimate": index, "se": se, "df": df, "n": 80, "status": "ok"}
    body = {
        "kind": "completion",
        "simulated": True,
        "closed_at": AT.isoformat(),
        "design": "census",
        "estimates": [overall | limits],
    }
    item_id = str(UUID(int=(8 << 64) + number))
    return [item_id, "wave", 2, sha256(canonical({"body": body, "id": item_id, "kind": "wave"})), body]


def full(**errors: float) -> list[list[Json]]:
    """Every piece of evidence: reach 60, waiting 50, care b (72), voice 80, quality 75; standard errors by name."""
    return [
        *terms(),
        statement(1, "manual", "reach", value=60.0, se=errors.get("reach")),
        statement(2, "manual", "waiting", value=50.0, se=errors.get("waiting")),
        statement(3, "manual", "care", value=72.0, tier="b"),
        statement(4, "rating", "quality", value=75.0, se=errors.get("quality"), n=2),
        wave(80.0, errors.get("voice")),
    ]


def scored(rows: list[list[Json]], framework: Framework) -> Evaluated:
    facts = read_facts(str(CONTRACT), rows)
    assert facts is not None
    return evaluate_with([facts], framework)
