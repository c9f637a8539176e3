"""What to do about evidence that holds a determination."""

from collections.abc import Mapping
from typing import Any, Final

from scoring.frameworks.document import Framework, Node

__all__ = ["missing_evidence"]

_HOW: Final[Mapping[str, str]] = {
    "observation": "record an observation of the indicator: POST /v1/contracts/{contract_id}/observations",
    "ledger": "post the contract's entries: POST /v1/contracts/{contract_id}/ledger",
    "acceptance": "record the acceptance: POST /v1/contracts/{contract_id}/acceptances",
    "contract": "complete the terms (basis of the need, tenderers, milestones): PATCH /v1/contracts/{contract_id}",
    "wave": "close a {wave} wave of the contract with enough answers: GET /v1/waves?contract_id={contract_id}",
    "manual": "state it with its document: POST /v1/evidence with measure {measure}",
    "rating": "have third parties rate criterion {measure} and close the calibration round: POST /v1/evaluations",
    "none": "agree indicators of this level in the contract: PATCH /v1/contracts/{contract_id}",
}


def missing_evidence(framework: Framework, result: Mapping[str, Any], *, contract_id: object) -> list[dict[str, str]]:
    """Each held node with the rule that holds it and how to mend it."""
    return [_entry(framework, node, stage=result["stage"], contract_id=contract_id) for node in result["held"]]


def _entry(framework: Framework, path: str, *, stage: str, contract_id: object) -> dict[str, str]:
    node = _node_of(framework, path)
    # A node of agreed indicators is itself held only where the contract agreed none.
    rule = node.unagreed if path == node.path and node.unagreed is not None else node.rule
    assert rule is not None  # noqa: S101 - a leaf has a rule
    evidence = rule.evidence
    how = _HOW[evidence["from"]].format(
        contract_id=contract_id,
        wave=evidence["waves"][stage] if evidence["from"] == "wave" else "",
        measure=evidence.get("measure", evidence.get("criterion", "")),
    )
    return {"what": path, "rule": rule.source, "how": how}


def _node_of(framework: Framework, path: str) -> Node:
    leaves = (node for node in framework.walk() if not node.children)
    return next(node for node in leaves if path == node.path or path.startswith(f"{node.path}."))
