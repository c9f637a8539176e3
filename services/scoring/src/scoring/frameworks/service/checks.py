"""Documents and judgements that were sent, checked before anything is kept."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.canonical import canonical
from scoring.frameworks.errors import InvalidFramework, JudgementsInconsistent, VersionNotHigher
from scoring.frameworks.faults import Fault
from scoring.frameworks.inheritance import inheritance_faults
from scoring.frameworks.models import FrameworkVersion
from scoring.frameworks.registry import order
from scoring.frameworks.service.standing import registry
from scoring.frameworks.validation import faults_in, judgement_faults
from scoring.frameworks.weightings import JudgementError, Weights, weights_from
from scoring.kernel import weighting as kernel
from shared.problems import Unprocessable

__all__ = ["check_document", "check_higher", "diagnose", "document_faults", "weigh"]

_DEPTH: Final = 40
_RESERVED: Final = {"diff", "schema"}


async def document_faults(session: AsyncSession, document: Mapping[str, Any], *, scope: str | None) -> list[Fault]:
    """Every fault of a document: by itself, and against the framework that it inherits.

    `scope` is where it is to apply; None leaves that out.
    """
    if _depth(document) > _DEPTH:
        return [Fault("document", f"is nested more than {_DEPTH} levels deep")]
    if not _hashable(document):
        return [Fault("document", "numbers must be finite, and whole numbers below 2^53")]
    faults = faults_in(document)
    if faults:
        return faults
    if document["id"] in _RESERVED:
        faults.append(Fault("id", f"{document['id']} is a word of the address: take another id"))
    if "module" in document:
        faults.append(Fault("module", "is written by the service: name `modules`"))
    if "inherits" in document:
        faults += await _inheritance(session, document, scope=scope)
    return faults


async def _inheritance(session: AsyncSession, document: Mapping[str, Any], *, scope: str | None) -> list[Fault]:
    named = document["inherits"]
    parent = (await registry(session)).written(named["hash"])
    if parent is None or (parent.document["id"], parent.document["version"]) != (named["id"], named["version"]):
        return [Fault("inherits", f"there is no framework {named['id']} {named['version']} with that hash")]
    if parent.retired:
        return [Fault("inherits", f"{named['id']} {named['version']} is retired: follow the version in force")]
    if scope is not None and not scope.startswith(parent.region):
        return [Fault("inherits", f"{named['id']} applies to {parent.region}, not to {scope}")]
    return list(inheritance_faults(document, parent.document))


async def check_document(session: AsyncSession, document: Mapping[str, Any], *, scope: str) -> None:
    """Raise InvalidFramework with every fault of a document."""
    faults = await document_faults(session, document, scope=scope)
    if faults:
        raise InvalidFramework(
            f"The framework breaks {len(faults)} rule(s): {faults[0]}",
            errors=[{"node": fault.place, "detail": fault.detail} for fault in faults],
        )


def check_higher(rows: Iterable[FrameworkVersion], framework_id: str, framework_version: str) -> None:
    """Raise VersionNotHigher unless the version is above every one that was approved."""
    known = [row.framework_version for row in rows if row.state in {"approved", "retired"}]
    highest = max(known, key=order, default=None)
    if highest is not None and order(framework_version) <= order(highest):
        raise VersionNotHigher(
            f"{framework_id} {highest} was approved already: a new version must be higher.", version=highest
        )


def weigh(judgements: Mapping[str, Any]) -> tuple[Weights, dict[str, Any]]:
    """Weights in per cent from judgements, with what is to be known about them; JudgementsInconsistent."""
    malformed = judgement_faults(judgements) if _hashable(judgements) else [Fault("", "numbers must be finite")]
    if malformed:
        raise JudgementsInconsistent(
            f"The judgements are malformed: {malformed[0].detail}",
            errors=[{"pointer": fault.place, "detail": fault.detail} for fault in malformed],
        )
    try:
        return weights_from(judgements)
    except JudgementError as refusal:
        raise JudgementsInconsistent(str(refusal), errors=[{"pointer": "", "detail": str(refusal)}]) from refusal


def diagnose(
    codes: Sequence[str], higher: Sequence[bool], values: Sequence[Sequence[float]]
) -> dict[str, dict[str, float] | None]:
    """Entropy and CRITIC weights in per cent, None where they are not defined; Unprocessable."""
    if len(higher) != len(codes) or any(len(row) != len(codes) for row in values):
        detail = f"directions and every row need one value per code ({len(codes)})"
        raise Unprocessable("The table is not rectangular.", errors=[{"pointer": "/values", "detail": detail}])
    table = np.array(values, dtype=np.float64)
    varies = bool((table.max(axis=0) > table.min(axis=0)).any())
    positive = bool(table.min() >= 0.0 and table.sum(axis=0).min() > 0.0)
    found = {
        "entropy": kernel.entropy(table) if positive and varies else np.zeros(len(codes)),
        "critic": kernel.critic(table, higher=np.array(higher)),
    }
    return {
        name: dict(zip(codes, (100.0 * weights).tolist(), strict=True)) if weights.any() else None
        for name, weights in found.items()
    }


def _depth(value: Any) -> int:  # noqa: ANN401 - any JSON value
    """Levels of nesting, counted without recursion."""
    deepest, stack = 0, [(value, 1)]
    while stack:
        item, level = stack.pop()
        deepest = max(deepest, level)
        if level <= _DEPTH and isinstance(item, (dict, list)):
            stack += [(child, level + 1) for child in (item.values() if isinstance(item, dict) else item)]
    return deepest


def _hashable(document: Mapping[str, Any]) -> bool:
    """Whether the document has an RFC 8785 form."""
    try:
        canonical(document)
    except ValueError:
        return False
    return True
