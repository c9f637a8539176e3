"""From a framework document to the plain tree that is scored."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scoring.canonical import canonical, sha256
from scoring.frameworks.document import LINEAR, REASON, Framework, Gate, Grade, Node, Rule
from scoring.frameworks.modules import MODULE_NONE, concrete_document
from scoring.frameworks.texts import bilingual, gate_title
from scoring.frameworks.validation import validate

__all__ = ["plain_framework", "read_framework"]


def read_framework(document: Mapping[str, Any], *, module: str = MODULE_NONE) -> Framework:
    """Validate a document and read it with one of its modules; InvalidFrameworkError names what is wrong."""
    validate(document)
    return plain_framework(document, module=module)


def plain_framework(document: Mapping[str, Any], *, module: str = MODULE_NONE) -> Framework:
    """Read a document that was validated before."""
    plain = concrete_document(document, module)
    algorithm: Mapping[str, str] = plain["algorithm"]
    coverage = plain.get("coverage")
    return Framework(
        id=plain["id"],
        version=plain["version"],
        hash=sha256(canonical(plain)),
        title=plain["title"],
        source=bilingual(plain["source"]),
        algorithm=algorithm,
        grades=tuple(Grade(grade["code"], grade["title"], float(grade["minimum"])) for grade in plain["grades"]),
        nodes=tuple(_nodes(plain["nodes"], ())),
        document=plain,
        written=document,
        written_hash=sha256(canonical(document)),
        exponent=_exponent(plain),
        coverage_minimum=None if coverage is None else float(coverage["minimum"]),
        gates=tuple(_gate(gate) for gate in plain.get("gates", ())),
        core=tuple(plain.get("core", ())),
        categories=tuple(plain["categories"]) if "categories" in plain else None,
        module=module or plain.get("module", {}).get("code"),
        marks=plain.get("evaluation", {}).get("marks", "criterion"),
        inherits=plain.get("inherits"),
        softened=plain.get("targets", {}).get("softened", REASON),
        offered=plain.get("offered", False),
    )


def _nodes(nodes: Sequence[Mapping[str, Any]], path: tuple[str, ...]) -> Iterator[Node]:
    for node in nodes:
        here = (*path, node["code"])
        agreed = node.get("agreed")
        rule = agreed["indicator"] if agreed else node.get("indicator")
        yield Node(
            code=node["code"],
            path=".".join(here),
            title=node["title"],
            weight={stage: float(weight) for stage, weight in node["weight"].items()},
            children=tuple(_nodes(node.get("children", ()), here)),
            rule=_rule(rule) if rule else None,
            level="/".join([agreed["level"], *([agreed["aspect"]] if "aspect" in agreed else [])]) if agreed else None,
            unagreed=_rule(agreed["unagreed"]) if agreed else None,
            exponent=_exponent(node),
            coverage_minimum=node.get("coverage_minimum"),
        )


def _rule(rule: Mapping[str, Any]) -> Rule:
    return Rule(**{**rule, "depends_on": tuple(rule.get("depends_on", ()))})


def _exponent(node: Mapping[str, Any]) -> float:
    return float(node["aggregation"]["exponent"]) if "aggregation" in node else LINEAR


def _gate(gate: Mapping[str, Any]) -> Gate:
    return Gate(
        code=gate["code"],
        node=gate["node"],
        below=float(gate["below"]),
        cap=gate["cap"],
        probability=float(gate.get("probability", 0.9)),
        reason=bilingual(gate["reason"]),
        title=gate_title(gate),
    )
