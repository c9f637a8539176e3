"""What the shipped frameworks take from surveys is asked by the shipped questionnaires of the same service."""

from collections.abc import Iterator
from functools import cache

from scoring.frameworks.document import STAGES, Framework, Node
from scoring.frameworks.queries import shipped_frameworks
from scoring.frameworks.reading import plain_framework
from surveys.instruments.shipped import SUFFIXES, shipped
from surveys.results.questions import questions_of


@cache
def asked(module: str, kind: str) -> set[str]:
    """Items that the questionnaire of a module and a kind of wave estimates as an index of 0-100."""
    service = module.replace("_", "-") or "public-service"
    code = (
        "public-service-core" if (service, kind) == ("public-service", "completion") else f"{service}-{SUFFIXES[kind]}"
    )
    (instrument,) = [each for (found, _), each in shipped().items() if found == code]
    return {
        question.name
        for question in questions_of(instrument)
        if any(each.name == "index100" for each in question.measures)
    }


def taken(nodes: tuple[Node, ...], stage: str) -> Iterator[tuple[str, str, str]]:
    """Path, kind of wave and item of every rule that counts at a stage."""
    for node in nodes:
        if node.weight[stage] > 0:
            yield from taken(node.children, stage)
            for rule in (node.rule, node.unagreed):
                if rule is not None and rule.evidence["from"] == "wave":
                    yield node.path, rule.evidence["waves"][stage], rule.evidence["item"]


def concrete() -> Iterator[tuple[Framework, str]]:
    for framework in shipped_frameworks():
        for module in ("", *(each["code"] for each in framework.written.get("modules", ()))):
            yield plain_framework(framework.written, module=module), module


def test_every_item_is_asked_at_the_stage_that_needs_it() -> None:
    found = [
        (framework.id, module, stage, path, item)
        for framework, module in concrete()
        for stage in STAGES
        for path, kind, item in taken(framework.nodes, stage)
        if item not in asked(module, kind)
    ]
    assert not found
