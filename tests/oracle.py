"""A score in exact fractions, independent of the services (nothing is imported from them): the tests' last oracle.

`score` takes a framework document and facts as events carry them, in any order and repeated: {"contract": [data of each
state event], "observations": [...], "ledger": [...], "acceptances": [...], "waves": [data of each closed wave]}.
"""

import json
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

Fact = dict[str, Any]
Part = tuple[Fraction, Fraction, Fraction, bool]  # earned, upper bound, coverage, and whether it keeps its weight
FRAMEWORKS = Path(__file__).parents[1] / "services/scoring/src/scoring/frameworks/data"
STAGES = {"active": "interim", "suspended": "interim", "completed": "completion", "terminated": "completion"}
ZERO, ONE = Fraction(0), Fraction(1)


def load(framework_id: str) -> Fact:
    return dict(json.loads((FRAMEWORKS / f"{framework_id}.json").read_text(encoding="utf-8")))


def exact(number: object) -> Fraction:
    return Fraction(str(number))


def six(value: Fraction) -> str:
    micro = round(value * 10**6)  # of a Fraction: exact, ties to even
    return f"{micro // 10**6}.{micro % 10**6:06d}"


def clip(value: Fraction, low: Fraction = ZERO, high: Fraction = ONE) -> Fraction:
    return min(max(value, low), high)


def newest(facts: list[Fact], key: str) -> list[Fact]:
    return list({f[key]: f for f in sorted(facts, key=lambda f: (f[key], f.get("version", 1)))}.values())


def observed(facts: Fact, indicator: str) -> Fraction | None:
    corrected = {each["supersedes"] for each in facts["observations"]}
    mine = [o for o in facts["observations"] if o["indicator_id"] == indicator and o["observation_id"] not in corrected]
    mine.sort(key=lambda o: (o["observed_on"], datetime.fromisoformat(o["recorded_at"]), o["observation_id"]))
    return exact(mine[-1]["value"]) if mine else None


def measure(facts: Fact, rule: Fact) -> Fraction | str | None:  # noqa: PLR0911 - one case per measure
    contract, acceptances = facts["contract"], facts["acceptances"]
    source, name, value = rule["evidence"], rule["evidence"].get("measure"), exact(contract["value"] or 0)
    if source["from"] == "wave":
        waves = [wave for wave in facts["waves"] if wave["kind"] == source["waves"][facts["stage"]]]
        named = [e for wave in waves for e in wave["estimates"] if (e["item"], e["measure"]) == (source["item"], name)]
        usable = [exact(e["estimate"]) for e in named if e["status"] in source["status"] and e["estimate"] is not None]
        return usable[-1] if usable else None
    if name in {"execution-rate", "accepted-share"}:
        sign = {"payment": 1, "deduction": 1, "refund": -1} if name == "execution-rate" else {"acceptance": 1}
        gone = {e["reverses"] for e in facts["ledger"]}
        mine = [e for e in facts["ledger"] if e["entry_id"] not in gone and e["currency"] == contract["currency"]]
        money = [sign[e["kind"]] * exact(e["amount"]) for e in mine if e["kind"] in sign]
        known = value > 0 and (money or (name == "accepted-share" and acceptances))
        return sum(money, ZERO) / value if known else None
    if name == "recipients-heard" and acceptances:
        public = (contract["service_category"] or "A").startswith("A")
        return "recorded" if any(a["opinion"] for a in acceptances) else "absent" if public else "not-required"
    if name == "needs-basis":
        return str(contract["needs_basis"]["kind"]) if contract["needs_basis"] else None
    if name == "tenderers":
        return None if contract["tenderers"] is None else exact(contract["tenderers"])
    if name == "days-late":
        late, limit = [], exact(rule["normaliser"]["maximum_days"])
        for m in contract["milestones"]:
            if m["kind"] == "delivery" and m["due_on"] and m["status"] in {"met", "partlyMet", "notMet"}:
                known = m["met_on"] and m["status"] != "notMet"
                days = (date.fromisoformat(m["met_on"]) - date.fromisoformat(m["due_on"])).days if known else limit
                late.append((exact(m["percentage"]), clip(exact(days), ZERO, limit)))
        return sum((p * d for p, d in late), ZERO) / sum(p for p, _ in late) if late else None
    return None


def normalise(x: Fraction, rule: Fact, agreed: Fact) -> Fraction:
    how = rule["normaliser"]
    if how["kind"] == "share":
        return 100 * clip(x)
    if how["kind"] == "goalposts":
        return 100 * clip((x - exact(how["lower"])) / (exact(how["upper"]) - exact(how["lower"])))
    if how["kind"] == "lateness":
        return 100 * clip(1 - x / exact(how["maximum_days"]))
    if rule["evidence"].get("measure") == "index100":  # 0.9 and 90 are the same index; other scales are no target
        share, plain = 0 < exact(agreed["target"]) <= 1, 20 <= exact(agreed["target"]) <= 100
        if agreed["direction"] == "lower" or not (share or plain):
            return 100 * clip(x / 100)
        agreed = agreed | {"target": exact(agreed["target"]) * (100 if share else 1)}
    target, lower = exact(agreed["target"]), rule["direction"] == "agreed" and agreed["direction"] == "lower"
    zero = target * exact(how["zero_at_factor"]) if agreed["zero_at"] is None else exact(agreed["zero_at"])
    level = Fraction(x <= target if lower else x >= target)
    if not level and lower and zero > target:
        level = clip(1 - (x - target) / (zero - target))
    elif not level and not lower and target > 0:
        level = clip(x / target)
    if how["kind"] == "baseline" and agreed["baseline"] is not None:
        before, sign = exact(agreed["baseline"]), -1 if lower else 1
        change, scale = sign * (x - before), abs(target - before)
        moved = clip(change / scale, -ONE) if scale else Fraction((change > 0) - (change < 0))
        level = max(level, (1 + moved) / 2)
    return 100 * level


def leaf(facts: Fact, rule: Fact, agreed: Fact) -> Part:
    seen = rule["evidence"]["from"] == "observation"
    found = observed(facts, agreed["indicator_id"]) if seen else measure(facts, rule)
    if isinstance(found, str):  # the code of a tier; one that the framework does not know is no evidence
        found = rule["normaliser"]["values"].get(found)
    elif found is not None:
        found = normalise(found, rule, agreed)
    if found is not None:
        return exact(found), exact(found), ONE, True
    missing = agreed["missing"] if rule["missing"] == "agreed" else rule["missing"]
    return ZERO, Fraction(100 * (missing not in {"zero", "reweight"})), ZERO, missing != "reweight"


def node(facts: Fact, spec: Fact) -> Part:
    if "indicator" in spec:
        return leaf(facts, spec["indicator"], {})
    if "children" in spec:
        return mean([(exact(child["weight"][facts["stage"]]), node(facts, child)) for child in spec["children"]])
    mine = [i for i in facts["contract"]["indicators"] if i["level"] == spec["agreed"]["level"]]
    parts = [(exact(i["weight"]), leaf(facts, spec["agreed"]["indicator"], i)) for i in mine]
    return mean(parts) if parts else leaf(facts, spec["agreed"]["unagreed"], {})


def mean(parts: list[tuple[Fraction, Part]]) -> Part:
    kept, total = sum((w for w, part in parts if part[3]), ZERO), sum((w for w, _ in parts), ZERO)
    earned, upper = (sum((w * part[i] for w, part in parts if part[3]), ZERO) / (kept or 1) for i in (0, 1))
    return earned, upper, sum((w * part[2] for w, part in parts), ZERO) / (total or 1), kept > 0


def score(framework: Fact, facts: Fact) -> Fact | None:
    """Exact figures, their six-decimal strings and the grades; None: the contract has no score."""
    keys = {"observations": "observation_id", "ledger": "entry_id", "acceptances": "acceptance_id", "waves": "wave_id"}
    case: Fact = {name: newest(facts.get(name, []), key) for name, key in keys.items()}
    case["contract"] = max(facts["contract"], key=lambda each: each["version"], default={"state": ""})
    case["waves"].sort(key=lambda wave: (datetime.fromisoformat(wave["closed_at"]), wave["wave_id"]))
    if (stage := STAGES.get(case["contract"]["state"])) is None:
        return None
    followed = any(wave["kind"] == "followUp" for wave in case["waves"])
    case["stage"] = "followUp" if followed and stage == "completion" else stage
    earned, upper, coverage, counts = node(case, {"children": framework["nodes"]})
    figures = {"score": earned, "lower": earned, "upper": upper, "coverage": coverage}
    result: Fact = {"stage": case["stage"], "exact": figures, **{name: six(x) for name, x in figures.items()}}
    for name, field in {"score": "grade", "lower": "grade_lower", "upper": "grade_upper"}.items():
        result[field] = next(g["code"] for g in framework["grades"] if exact(result[name]) >= exact(g["minimum"]))
    return result if counts else None
