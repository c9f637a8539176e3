"""An independent recomputation of a score in exact fractions: the last oracle of the system tests.

It imports nothing of the services. `score` takes a framework document (the JSON file) and plain facts as the events carry
them, in any order and with repetitions: {"contract": [every state event's data], "observations": [...], "ledger": [...],
"acceptances": [...], "waves": [closed waves]}. It follows the framework files and the reference, not the service's code.
"""

import json
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

Fact = dict[str, Any]
Part = tuple[Fraction, Fraction, Fraction, bool]  # earned, upper bound, coverage, and whether it keeps its weight
FRAMEWORKS = Path(__file__).parents[1] / "services/scoring/src/scoring/frameworks/data"
STAGES = {"active": "interim", "suspended": "interim", "completed": "completion", "terminated": "completion"}
ZERO, ONE = Fraction(0), Fraction(1)


def load(framework_id: str) -> Fact:
    document: Fact = json.loads((FRAMEWORKS / f"{framework_id}.json").read_text(encoding="utf-8"))
    return document


def exact(number: object) -> Fraction:
    return Fraction(str(number))


def six(value: Fraction) -> str:
    with localcontext() as context:
        context.prec = 60
        micro = (Decimal(value.numerator * 10**6) / value.denominator).to_integral_value(ROUND_HALF_EVEN)
        return f"{micro / 10**6:.6f}"


def clip(value: Fraction, low: Fraction = ZERO, high: Fraction = ONE) -> Fraction:
    return min(max(value, low), high)


def newest(facts: list[Fact], key: str) -> list[Fact]:
    return list(
        {each[key]: each for each in sorted(facts, key=lambda each: (each[key], each.get("version", 1)))}.values()
    )


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def observed(facts: Fact, indicator_id: str) -> Fraction | None:
    corrected = {each["supersedes"] for each in facts["observations"]}
    mine = [
        o for o in facts["observations"] if o["indicator_id"] == indicator_id and o["observation_id"] not in corrected
    ]
    mine.sort(key=lambda o: (o["observed_on"], moment(o["recorded_at"]), o["observation_id"]))
    return exact(mine[-1]["value"]) if mine else None


def measure(facts: Fact, rule: Fact) -> Fraction | str | None:  # noqa: C901, PLR0911 - one case per measure
    contract, acceptances = facts["contract"], facts["acceptances"]
    source, name = rule["evidence"], rule["evidence"].get("measure")
    value = exact(contract["value"] or 0)
    if source["from"] == "wave":
        waves = [wave for wave in facts["waves"] if wave["kind"] == source["waves"][facts["stage"]]]
        named = [e for wave in waves for e in wave["estimates"] if (e["item"], e["measure"]) == (source["item"], name)]
        usable = [exact(e["estimate"]) for e in named if e["status"] in source["status"] and e["estimate"] is not None]
        return usable[-1] if usable else None
    if name == "execution-rate":
        gone = {entry["reverses"] for entry in facts["ledger"] if entry["kind"] == "reversal"}
        sign = {"payment": 1, "deduction": 1, "refund": -1}
        counted = [e for e in facts["ledger"] if e["kind"] in sign and e["currency"] == contract["currency"]]
        money = [sign[e["kind"]] * exact(e["amount"]) for e in counted if e["entry_id"] not in gone]
        return sum(money, ZERO) / value if money and value > 0 else None
    if name == "accepted-share":
        good = [exact(a["accepted_value"]) for a in acceptances if a["result"] in {"accepted", "partlyAccepted"}]
        return sum(good, ZERO) / value if acceptances and value > 0 else None
    if name == "recipients-heard" and acceptances:
        public = (contract["service_category"] or "A").startswith("A")
        return "recorded" if any(a["opinion"] for a in acceptances) else "absent" if public else "not-required"
    if name == "needs-basis" and contract["needs_basis"]:
        return str(contract["needs_basis"]["kind"])
    if name == "tenderers" and contract["tenderers"] is not None:
        return exact(contract["tenderers"])
    if name == "days-late":
        late, limit = [], exact(rule["normaliser"]["maximum_days"])
        for m in contract["milestones"]:
            if m["kind"] == "delivery" and m["due_on"] and m["status"] in {"met", "partlyMet", "notMet"}:
                dated = m["met_on"] and m["status"] != "notMet"
                days = (date.fromisoformat(m["met_on"]) - date.fromisoformat(m["due_on"])).days if dated else limit
                late.append((exact(m["percentage"]), clip(exact(days), ZERO, limit)))
        total = sum((p for p, _ in late), ZERO)
        return sum((p * d for p, d in late), ZERO) / total if total else None
    return None


def normalise(x: Fraction, rule: Fact, agreed: Fact | None) -> Fraction:
    how = rule["normaliser"]
    if how["kind"] == "share":
        return 100 * clip(x)
    if how["kind"] == "goalposts":
        return 100 * clip((x - exact(how["lower"])) / (exact(how["upper"]) - exact(how["lower"])))
    if how["kind"] == "lateness":
        return 100 * clip(1 - x / exact(how["maximum_days"]))
    assert agreed is not None
    target, lower = exact(agreed["target"]), rule["direction"] == "agreed" and agreed["direction"] == "lower"
    zero = target * exact(how["zero_at_factor"]) if agreed["zero_at"] is None else exact(agreed["zero_at"])
    level = ONE if (x <= target if lower else x >= target) else ZERO
    if not level and lower and zero > target:
        level = clip(1 - (x - target) / (zero - target))
    elif not level and not lower and target > 0:
        level = clip(x / target)
    if how["kind"] == "baseline" and agreed["baseline"] is not None:
        before = exact(agreed["baseline"])
        change, scale = (before - x if lower else x - before), abs(target - before)
        moved = clip(change / scale, -ONE) if scale else Fraction((change > 0) - (change < 0))
        level = max(level, (1 + moved) / 2)
    return 100 * level


def leaf(facts: Fact, rule: Fact, agreed: Fact | None) -> Part:
    by_observation = agreed is not None and rule["evidence"]["from"] == "observation"
    found = observed(facts, agreed["indicator_id"]) if agreed and by_observation else measure(facts, rule)
    if isinstance(found, str):  # the code of a tier; one that the framework does not know is no evidence
        found = rule["normaliser"]["values"].get(found)
    elif found is not None:
        found = normalise(found, rule, agreed)
    if found is not None:
        return exact(found), exact(found), ONE, True
    missing = agreed["missing"] if agreed and rule["missing"] == "agreed" else rule["missing"]
    return ZERO, ZERO if missing in {"zero", "reweight"} else Fraction(100), ZERO, missing != "reweight"


def node(facts: Fact, spec: Fact) -> Part:
    if "indicator" in spec:
        return leaf(facts, spec["indicator"], None)
    if "children" in spec:
        return mean([(exact(child["weight"][facts["stage"]]), node(facts, child)) for child in spec["children"]])
    level, rule = spec["agreed"]["level"], spec["agreed"]["indicator"]
    mine = [i for i in facts["contract"]["indicators"] if i["level"] == level and exact(i["weight"]) > 0]
    parts = [(exact(i["weight"]), leaf(facts, rule, i)) for i in mine]
    return mean(parts) if parts else leaf(facts, spec["agreed"]["unagreed"], None)


def mean(parts: list[tuple[Fraction, Part]]) -> Part:
    kept, total = sum((w for w, part in parts if part[3]), ZERO), sum((w for w, _ in parts), ZERO)
    earned, upper = (sum((w * part[i] for w, part in parts if part[3]), ZERO) / (kept or 1) for i in (0, 1))  # type: ignore[misc]
    return earned, upper, sum((w * part[2] for w, part in parts), ZERO) / (total or 1), kept > 0


def score(framework: Fact, facts: Fact) -> Fact | None:
    """Exact figures, their six-decimal strings and the grades; None: the contract has no score."""
    keys = {"observations": "observation_id", "ledger": "entry_id", "acceptances": "acceptance_id", "waves": "wave_id"}
    case: Fact = {name: newest(facts.get(name, []), key) for name, key in keys.items()}
    case["contract"] = max(facts["contract"], key=lambda each: each["version"])
    case["waves"].sort(key=lambda wave: (moment(wave["closed_at"]), wave["wave_id"]))
    case["stage"] = STAGES.get(case["contract"]["state"])
    if case["stage"] == "completion" and any(wave["kind"] == "followUp" for wave in case["waves"]):
        case["stage"] = "followUp"
    earned, upper, coverage, counts = (
        node(case, {"children": framework["nodes"]}) if case["stage"] else (ZERO,) * 3 + (False,)
    )
    if not counts:
        return None
    figures = {"score": earned, "lower": earned, "upper": upper, "coverage": coverage}
    result: Fact = {"stage": case["stage"], "exact": figures} | {name: six(value) for name, value in figures.items()}
    for name, field in {"score": "grade", "lower": "grade_lower", "upper": "grade_upper"}.items():
        result[field] = next(g["code"] for g in framework["grades"] if exact(result[name]) >= exact(g["minimum"]))
    return result
