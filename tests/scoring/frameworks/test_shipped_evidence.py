"""Every shipped framework can be satisfied with the kinds of evidence that there are; all facts are simulated."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.scoring.cases import AT, CONTRACT, acceptance, agreed, entry, ident, observation, rows_of, state
from tests.scoring.scores.systems import scored, statement

from scoring.canonical import canonical, sha256
from scoring.frameworks.document import Framework
from scoring.frameworks.queries import shipped_frameworks
from scoring.frameworks.reading import plain_framework
from shared.events import EventData

BEST = {"days-late": 0, "unit-cost-ratio": 0.5}


def concrete() -> Iterator[Framework]:
    for framework in shipped_frameworks():
        codes = [module["code"] for module in framework.written.get("modules", ())]
        yield from (plain_framework(framework.written, module=code) for code in ("", *codes))


def history(*, good: bool) -> list[EventData]:
    """A completed contract that agreed an output, a benefit and the satisfaction; all reached, or nothing."""
    indicators = (
        agreed(1, "output", "O1", target="100"),
        agreed(2, "benefit", "B1", target="80", baseline="60"),
        agreed(3, "satisfaction", "S1", target="90"),
    )
    active = state("active", version=2, indicators=indicators)
    return [
        active,
        observation(1, indicators[0], value=100 if good else 0),
        observation(2, indicators[1], value=80 if good else 0),
        entry(1, "payment", amount=120_000 if good else 1),
        entry(2, "acceptance", amount=120_000 if good else 1),
        acceptance(1, accepted_value=120_000 if good else 1),
        state("completed", version=3, indicators=indicators, tenderers=3 if good else 0),
    ]


def wave(items: set[str], kind: str, *, index: float) -> list[Any]:
    estimates = [{"item": item, "measure": "index100", "estimate": index, "status": "ok"} for item in sorted(items)]
    body = {
        "kind": kind,
        "simulated": True,
        "closed_at": AT.isoformat(),
        "design": "census",
        "estimates": [estimate | {"se": None, "df": None, "n": 80} for estimate in estimates],
    }
    item_id = str(ident(8, len(kind)))
    return [item_id, "wave", 2, sha256(canonical({"body": body, "id": item_id, "kind": "wave"})), body]


def evidence(framework: Framework, *, good: bool) -> list[list[Any]]:
    """All that the framework's rules ask for."""
    rules = [rule for node in framework.walk() for rule in (node.rule, node.unagreed) if rule is not None]
    asked: dict[tuple[str, str], Mapping[str, Any]] = {}
    items: set[str] = set()
    for rule in rules:
        source = rule.evidence["from"]
        if source == "wave":
            items.add(rule.evidence["item"])
        elif source in {"rating", "manual"}:
            asked[source, rule.evidence["criterion" if source == "rating" else "measure"]] = rule.normaliser
    rows = rows_of(history(good=good))
    for number, (source, measure) in enumerate(sorted(asked)):
        best = BEST.get(measure, 100.0 if source == "rating" else 1.0)
        worst = 9.0 if measure in BEST else -1.0 if source == "manual" else 0.0
        rows.append(statement(number, source, measure, value=best if good else worst))
    return [*rows, wave(items, "completion", index=100.0 if good else 0.0)]


@pytest.mark.parametrize("framework", list(concrete()), ids=lambda each: f"{each.id} {each.module or ''}".strip())
def test_full_evidence_holds_nothing_and_spans_the_scale(framework: Framework) -> None:
    results = []
    for good in (True, False):
        (outcome,) = scored(evidence(framework, good=good), framework).outcomes
        assert outcome is not None
        assert outcome.facts.contract_id == str(CONTRACT)
        assert outcome.result["held"] == []
        assert outcome.result.get("thin", []) == []
        assert outcome.result["coverage"] == "1.000000"
        results.append(outcome.result)
    best, worst = results
    assert float(best["score"]) > 95
    assert not any(gate["crossed"] for gate in best.get("gates", ()))
    assert float(worst["score"]) < 40
    assert all(gate["crossed"] for gate in worst.get("gates", ()))
    assert (best["grade"], worst["grade"]) == ("excellent", "poor")
