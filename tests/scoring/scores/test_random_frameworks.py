"""Frameworks drawn at random: every mean, depth, gate and meaning of missing evidence gives one answer on every path."""

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.scoring.cases import CONTRACT
from tests.scoring.scores.systems import POSTS, Json, document, indicator, manual, node, statement, terms

from scoring.frameworks.document import Framework, Node
from scoring.frameworks.queries import read_framework
from scoring.scores.evaluation import evaluate_with
from scoring.scores.facts import Facts, read_facts
from scoring.scores.simulation import simulate

MEANS = st.sampled_from([1.0, 1.0, 0.0, -1.0, 2.0, 0.5, -2.0, 3.0])
MISSING = st.sampled_from(["hold", "zero", "reweight"])
LEAST_PARTS = 2


@st.composite
def shares(draw: st.DrawFn, count: int) -> list[float]:
    """Weights with two decimals that sum to exactly 100; one may be 0."""
    cuts = sorted(draw(st.lists(st.integers(0, 10_000), min_size=count - 1, max_size=count - 1)))
    return [(after - before) / 100 for before, after in zip([0, *cuts], [*cuts, 10_000], strict=True)]


@st.composite
def branches(draw: st.DrawFn, prefix: str, depth: int) -> list[Json]:
    count = draw(st.integers(LEAST_PARTS, 4))
    made = []
    for number, weight in enumerate(draw(shares(count))):
        code = f"{prefix}{chr(97 + number)}"
        if depth and draw(st.booleans()):
            mean = {"aggregation": {"kind": "power", "exponent": draw(MEANS)}}
            made.append(node(code, weight, children=draw(branches(code, depth - 1)), **mean))
        else:
            rule = indicator(manual(code), POSTS, missing=draw(MISSING))
            if rule["missing"] == "reweight":
                rule["justification"] = "for tests"
            made.append(node(code, weight, indicator=rule))
    return made


@st.composite
def frameworks(draw: st.DrawFn) -> Framework:
    nodes = draw(branches("n", 3))
    first = nodes[0]["code"]
    below, cap = draw(st.sampled_from([30, 60, 80])), draw(st.sampled_from(["good", "fair", "poor"]))
    gates = [{"code": "g", "node": first, "below": below, "cap": cap, "reason": "for tests"}]
    plain = document(nodes=nodes, gates=gates, aggregation={"kind": "power", "exponent": draw(MEANS)})
    for optional in ("gates", "coverage"):
        if draw(st.booleans()):
            del plain[optional]
    return read_framework(plain)


def leaves_of(framework: Framework) -> list[str]:
    return [each.code for each in framework.walk() if not each.children]


@st.composite
def batches(draw: st.DrawFn) -> tuple[Framework, list[dict[str, tuple[float, float | None]]]]:
    """A framework, and per contract the value and the standard error of each leaf that has evidence."""
    framework = draw(frameworks())
    codes = leaves_of(framework)
    told = st.tuples(st.integers(0, 1000).map(lambda tenths: tenths / 10), st.sampled_from([None, None, 2.5, 40.0]))
    one = st.dictionaries(st.sampled_from(codes), told, max_size=len(codes))
    full = st.fixed_dictionaries(dict.fromkeys(codes, told))
    return framework, draw(st.lists(one | full, min_size=2, max_size=4))


def facts_of(evidence: dict[str, tuple[float, float | None]]) -> Facts:
    rows = [
        statement(number, "manual", code, value=value, se=se)
        for number, (code, (value, se)) in enumerate(evidence.items())
    ]
    found = read_facts(str(CONTRACT), [*terms(), *rows])
    assert found is not None
    return found


def by_hand(framework: Framework, values: dict[str, float | None]) -> tuple[float, float] | None:
    """Score before gates and upper bound, node by node in plain numbers; None where nothing counts."""

    def leaf(each: Node) -> tuple[float, float] | None:
        value = values.get(each.code)
        if value is not None:
            return value, value
        assert each.rule is not None
        return {"hold": (0.0, 100.0), "zero": (0.0, 0.0), "reweight": None}[each.rule.missing]

    def mean(children: tuple[Node, ...], exponent: float) -> tuple[float, float] | None:
        found = [(each.weight["completion"], value(each)) for each in children]
        there = [(weight, both) for weight, both in found if both is not None and weight > 0]
        total = math.fsum(weight for weight, _ in there)
        if not there:
            return None
        return tuple(power([(weight / total, both[place]) for weight, both in there], exponent) for place in (0, 1))  # type: ignore[return-value]

    def power(parts: list[tuple[float, float]], exponent: float) -> float:
        if exponent == 0.0:
            return math.exp(math.fsum(share * math.log(max(each, 1.0)) for share, each in parts))
        least = 1.0 if exponent < 0 else 0.0
        return float(math.fsum(share * max(each, least) ** exponent for share, each in parts) ** (1.0 / exponent))

    def value(each: Node) -> tuple[float, float] | None:
        return mean(each.children, each.exponent) if each.children else leaf(each)

    return mean(framework.nodes, framework.exponent)


@settings(max_examples=60, deadline=None)
@given(drawn=batches())
def test_the_event_path_and_the_bulk_path_are_one_in_every_framework(
    drawn: tuple[Framework, list[dict[str, tuple[float, float | None]]]],
) -> None:
    framework, contracts = drawn
    facts = [facts_of(each) for each in contracts]
    batch, turned = evaluate_with(facts, framework), evaluate_with(facts[::-1], framework)
    for n, each in enumerate(facts):
        alone = evaluate_with([each], framework)
        one, many, last = alone.outcomes[0], batch.outcomes[n], turned.outcomes[len(facts) - 1 - n]
        expected = by_hand(framework, {code: value for code, (value, _) in contracts[n].items()})
        assert (one is None) == (expected is None)
        if one is None or many is None or last is None or expected is None:
            assert one is many is last is None
            continue
        assert one.content == many.content == last.content
        assert one.parts == many.parts == last.parts
        assert simulate(alone, 0, draws=50).record_hash == simulate(batch, n, draws=50).record_hash
        agree(one.result, expected)


def agree(result: dict[str, Any], expected: tuple[float, float]) -> None:
    assert abs(float(result["ungated"]) - expected[0]) < 2e-6
    capped = any(gate["crossed"] for gate in result["gates"])
    if not capped:
        assert result["score"] == result["ungated"]
    if not result["gates"]:
        assert abs(float(result["upper"]) - expected[1]) < 2e-6
    assert float(result["lower"]) == float(result["score"]) <= float(result["upper"])
