"""What a framework document must keep beyond its JSON Schema; every refusal names the node."""

import json
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from jsonschema import Draft202012Validator

from scoring.frameworks.document import STAGES
from scoring.frameworks.errors import InvalidFrameworkError

__all__ = ["schema", "validate"]


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of a framework document."""
    text = (files("scoring.frameworks") / "data" / "framework.schema.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


@cache
def _validator() -> Draft202012Validator:
    Draft202012Validator.check_schema(schema())
    return Draft202012Validator(schema())


def validate(document: Mapping[str, Any]) -> None:
    """Raise InvalidFrameworkError naming every node that breaks a rule.

    The weights of a node's children sum to exactly 100 in each stage (财预〔2020〕10号: the sum is 100), sibling codes
    are unique, grades fall strictly and end at 0, rules "agreed" stand only where the contract's indicators fill the
    node, goalposts differ, and satisfaction is never reweighted away (财综〔2018〕42号).
    """
    faults = [
        f"{_place(error.absolute_path, document)}: {error.message}" for error in _validator().iter_errors(document)
    ]
    if not faults:
        faults = [*_grades(document["grades"]), *_children(document["nodes"], "root", ())]
    if faults:
        raise InvalidFrameworkError("; ".join(faults))


def _place(path: Sequence[str | int], document: Mapping[str, Any]) -> str:
    """The node that a schema error lies in, as its dotted code where it has one."""
    codes: list[str] = []
    value: Any = document
    for part in path:
        value = value[part]
        if isinstance(value, dict) and isinstance(value.get("code"), str):
            codes.append(value["code"])
    return f"node {'.'.join(codes)}" if codes else "/".join(map(str, path)) or "document"


def _exact(number: float) -> Fraction:
    """The decimal that was written, not its binary approximation: 33.3 + 33.3 + 33.4 is 100."""
    return Fraction(repr(number))


def _grades(grades: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    minimums = [_exact(grade["minimum"]) for grade in grades]
    if any(upper <= lower for upper, lower in pairwise(minimums)):
        yield "grades: the minimums must fall strictly, the highest grade first"
    if minimums[-1] != 0:
        yield f"grades: the last grade begins at {grades[-1]['minimum']}, not at 0"


def _children(nodes: Sequence[Mapping[str, Any]], parent: str, path: tuple[str, ...]) -> Iterator[str]:
    for stage in STAGES:
        total = sum((_exact(node["weight"][stage]) for node in nodes), Fraction(0))
        if total != 100:
            yield f"node {parent}: the weights at stage {stage} sum to {float(total):g}, not 100"
    codes = [node["code"] for node in nodes]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield f"node {parent}: the code {code} is used twice"
    for node in nodes:
        here = (*path, node["code"])
        name = ".".join(here)
        if "children" in node:
            yield from _children(node["children"], name, here)
        elif "indicator" in node:
            yield from _rule(node["indicator"], name, agreed=False)
        else:
            yield from _rule(node["agreed"]["indicator"], name, agreed=True)
            yield from _rule(node["agreed"]["unagreed"], name, agreed=False)


def _rule(rule: Mapping[str, Any], name: str, *, agreed: bool) -> Iterator[str]:
    if not agreed:
        fields = [field for field in ("direction", "standard", "accountable", "missing") if rule[field] == "agreed"]
        if rule["target"]["from"] == "agreed":
            fields.append("target")
        if fields:
            yield f"node {name}: {', '.join(fields)} cannot be taken from an agreed indicator here"
        if rule["normaliser"]["kind"] in {"attainment", "baseline"}:
            yield f"node {name}: {rule['normaliser']['kind']} needs the target of an agreed indicator"
        if rule["evidence"]["from"] == "observation":
            yield f"node {name}: an observation needs an agreed indicator"
    if rule["type"] == "satisfaction" and rule["missing"] in {"reweight", "agreed"}:
        yield f"node {name}: satisfaction is never reweighted away, missing must be hold or zero"
    normaliser = rule["normaliser"]
    if normaliser["kind"] == "goalposts" and normaliser["lower"] == normaliser["upper"]:
        yield f"node {name}: the goalposts are equal"
    if normaliser["kind"] == "tier" and rule["type"] != "qualitative":
        yield f"node {name}: tiers are for qualitative indicators"
