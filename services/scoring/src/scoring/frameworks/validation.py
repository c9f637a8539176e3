"""What a framework document must keep beyond its JSON Schema; every refusal names the node."""

import json
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from scoring.frameworks.document import ASPECTS, STAGES
from scoring.frameworks.errors import InvalidFrameworkError
from scoring.frameworks.faults import Fault
from scoring.frameworks.indicators import indicator_faults
from scoring.frameworks.modules import concrete_document, module_faults
from scoring.frameworks.weightings import weighting_faults

__all__ = ["exact", "faults_in", "judgement_faults", "schema", "validate"]


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
    """Raise InvalidFrameworkError naming every node that breaks a rule."""
    faults = faults_in(document)
    if faults:
        raise InvalidFrameworkError("; ".join(map(str, faults)))


def faults_in(document: Mapping[str, Any]) -> list[Fault]:
    """Every fault of a document, in the order of the tree.

    The weights of a node's children sum to exactly 100 in each stage (财预〔2020〕10号: the sum is 100), sibling codes
    are unique, grades fall strictly and end at 0, rules "agreed" stand only where the contract's indicators fill the
    node, satisfaction is never reweighted away (财综〔2018〕42号), no evidence depends on a consequence of the
    contract's own score, gates, constraints and the common core name nodes of the tree, weights follow from the
    judgements that they are said to come from. A document with modules is checked alone and with each module.
    """
    faults = [
        Fault(_place(error.absolute_path, document), _cause(error).message)
        for error in _validator().iter_errors(document)
    ]
    if faults:
        return faults
    faults = list(_tree(document))
    if not faults and "modules" in document:
        faults = list(module_faults(document))
    if faults:
        return faults
    return [*_limits(document), *_module_trees(document)]


def _module_trees(document: Mapping[str, Any]) -> list[Fault]:
    return [
        fault._replace(place=f"module {module['code']}, {fault.place}")
        for module in document.get("modules", ())
        for fault in _tree(concrete_document(document, module["code"]))
    ]


def judgement_faults(judgements: Mapping[str, Any]) -> list[Fault]:
    """Faults of judgements that stand alone: those of the schema's `weighting`."""
    whole = {"stages": ["completion"], "reason": "asked for"} | dict(judgements)
    return [
        Fault("/" + "/".join(map(str, error.absolute_path)), _cause(error).message)
        for error in _weighting_validator().iter_errors(whole)
    ]


@cache
def _weighting_validator() -> Draft202012Validator:
    return Draft202012Validator({"$ref": "#/$defs/weighting", "$defs": schema()["$defs"]})


def _cause(error: ValidationError) -> ValidationError:
    """What is wrong inside the one alternative that was meant, by its kind; the error itself where none was."""
    branches: dict[Any, list[ValidationError]] = {}
    for each in error.context or ():
        branches.setdefault(each.schema_path[0], []).append(each)
    meant = [found for found in branches.values() if not any(each.validator in _KINDS for each in found)]
    if len(meant) == 1:
        return _cause(meant[0][0])
    return best_match(error.context) if error.context else error


_KINDS = {"const", "enum"}
_PARTS = {"gates": "gate", "grades": "grade", "modules": "module"}


def _place(path: Sequence[str | int], document: Mapping[str, Any]) -> str:
    """The gate, grade, module or node that a schema error lies in, by its code where it has one."""
    part, places, codes = "node", [], []
    value: Any = document
    for step in path:
        value = value[step]
        if isinstance(step, str) and step in {*_PARTS, "nodes"} and part != "module":
            part = _PARTS.get(step, "node")
        if isinstance(value, dict) and isinstance(value.get("code"), str):
            if part == "node":
                codes.append(value["code"])
            else:
                places.append(f"{part} {value['code']}")
                part = "node"
    if codes:
        places.append(f"node {'.'.join(codes)}")
    return ", ".join(places) or "/".join(map(str, path)) or "document"


def exact(number: float) -> Fraction:
    """The decimal that was written, not its binary approximation: 33.3 + 33.3 + 33.4 is 100."""
    return Fraction(repr(number))


def _tree(document: Mapping[str, Any]) -> Iterator[Fault]:
    """The faults of a plain tree."""
    yield from _grades(document["grades"])
    yield from _children(document, document, "root", ())
    nodes = dict(_walk(document["nodes"], ()))
    yield from _aspects(nodes.values())
    yield from _references(document, nodes)
    yield from _constraints(document, nodes)
    yield from _marks(document, nodes)


def _grades(grades: Sequence[Mapping[str, Any]]) -> Iterator[Fault]:
    minimums = [exact(grade["minimum"]) for grade in grades]
    if any(upper <= lower for upper, lower in pairwise(minimums)):
        yield Fault("grades", "the minimums must fall strictly, the highest grade first")
    if minimums[-1] != 0:
        yield Fault("grades", f"the last grade begins at {grades[-1]['minimum']}, not at 0")


def _children(
    document: Mapping[str, Any], parent: Mapping[str, Any], name: str, path: tuple[str, ...]
) -> Iterator[Fault]:
    nodes = parent["nodes"] if name == "root" else parent["children"]
    for stage in STAGES:
        total = sum((exact(node["weight"][stage]) for node in nodes), Fraction(0))
        if total != 100:
            yield Fault(f"node {name}", f"the weights at stage {stage} sum to {float(total):g}, not 100")
    codes = [node["code"] for node in nodes]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield Fault(f"node {name}", f"the code {code} is used twice")
    yield from weighting_faults(parent, nodes, name)
    if name == "root" and "root" in codes:
        yield Fault("node root", "the code root stands for the whole framework")
    extended = document["algorithm"]["version"] != "1"
    if not extended:
        for field in sorted(_EXTENDED & parent.keys()):
            yield Fault(f"node {name}" if path else "document", f"{field} needs the algorithm weighted-means 2")
    for node in nodes:
        here = (*path, node["code"])
        if "children" in node:
            yield from _children(document, node, ".".join(here), here)
        else:
            yield from indicator_faults(node, ".".join(here), extended=extended)


_EXTENDED = {"aggregation", "coverage_minimum", "gates", "coverage", "evaluation", "modules", "module"}


def _walk(nodes: Sequence[Mapping[str, Any]], path: tuple[str, ...]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for node in nodes:
        here = (*path, node["code"])
        yield ".".join(here), node
        yield from _walk(node.get("children", ()), here)


def _aspects(nodes: Sequence[Mapping[str, Any]] | Any) -> Iterator[Fault]:  # noqa: ANN401 - any view of nodes
    agreed = [node["agreed"] for node in nodes if "agreed" in node]
    for level, aspects in ASPECTS.items():
        taken = {each["aspect"] for each in agreed if each["level"] == level and "aspect" in each}
        wrong = sorted(taken - set(aspects))
        if wrong:
            yield Fault("document", f"the level {level} has no aspect {', '.join(wrong)}")
        whole = any(each["level"] == level and "aspect" not in each for each in agreed)
        missing = [aspect for aspect in aspects if aspect not in taken]
        if taken and missing and not whole:
            yield Fault(
                "document", f"agreed indicators of the level {level} about {', '.join(missing)} would count nowhere"
            )


def _references(document: Mapping[str, Any], nodes: Mapping[str, Mapping[str, Any]]) -> Iterator[Fault]:
    """Gates and the core name nodes of the tree and grades of the framework."""
    grades = [grade["code"] for grade in document["grades"]]
    codes = [gate["code"] for gate in document.get("gates", ())]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield Fault(f"gate {code}", "the code is used twice")
    for gate in document.get("gates", ()):
        if gate["node"] not in nodes:
            yield Fault(f"gate {gate['code']}", f"there is no node {gate['node']}")
        if gate["cap"] not in grades[1:]:
            yield Fault(f"gate {gate['code']}", f"{gate['cap']} is no grade below the highest, it caps nothing")
    for path in document.get("core", ()):
        if path not in nodes:
            yield Fault("core", f"there is no node {path}")


def _limits(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Limits name nodes of the common core or of a module, and allow something."""
    plain = [document, *(concrete_document(document, module["code"]) for module in document.get("modules", ()))]
    known = {"*", "root"}.union(*(dict(_walk(each["nodes"], ())) for each in plain))
    for limit in document.get("limits", ()):
        if limit["node"] not in known:
            yield Fault("limits", f"there is no node {limit['node']}")
        if limit.get("minimum", 0) > limit.get("maximum", 100):
            yield Fault(f"limits of node {limit['node']}", "the minimum lies above the maximum")


def _constraints(document: Mapping[str, Any], nodes: Mapping[str, Mapping[str, Any]]) -> Iterator[Fault]:
    """Shares of the whole that some nodes must have together."""
    for constraint in document.get("constraints", ()):
        unknown = [path for path in constraint["nodes"] if path not in nodes]
        if unknown:
            yield Fault("constraints", f"there is no node {', '.join(unknown)}")
            continue
        for stage in constraint["stages"]:
            share = sum((_share(nodes, path, stage) for path in constraint["nodes"]), Fraction(0))
            if share < exact(constraint["minimum"]):
                yield Fault(
                    f"node {' + '.join(constraint['nodes'])}",
                    f"weigh {float(share):g} at stage {stage}, less than the {constraint['minimum']:g} that "
                    f"{constraint['source']} asks for",
                )


def _share(nodes: Mapping[str, Mapping[str, Any]], path: str, stage: str) -> Fraction:
    """Weight of a node in the whole, in per cent."""
    codes, share = path.split("."), Fraction(100)
    for depth in range(1, len(codes) + 1):
        share *= exact(nodes[".".join(codes[:depth])]["weight"][stage]) / 100
    return share


def _marks(document: Mapping[str, Any], nodes: Mapping[str, Mapping[str, Any]]) -> Iterator[Fault]:
    """Where the marks of evaluators enter as totals, only one node takes them."""
    rated = {
        path: rule["evidence"]["criterion"]
        for path, node in nodes.items()
        for rule in _rules(node)
        if rule["evidence"]["from"] == "rating"
    }
    if document.get("evaluation", {}).get("marks") == "total" and (len(rated) > 1 or set(rated.values()) - {"total"}):
        yield Fault(
            f"node {', '.join(rated)}", "evaluators' marks enter as totals: one node takes them, its criterion is total"
        )


def _rules(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "indicator" in node:
        yield node["indicator"]
    if "agreed" in node:
        yield node["agreed"]["indicator"]
        yield node["agreed"]["unagreed"]
