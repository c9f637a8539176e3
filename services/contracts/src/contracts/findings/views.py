"""From a finding to its answers."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from contracts.disclosure.queries import WITHHELD
from contracts.findings.models import Finding, FindingEffect, FindingEntry
from contracts.findings.schemas import EffectOut, EntryOut, FindingOut, ViolationOut
from contracts.findings.steps import allowed
from shared import clock

__all__ = ["as_disclosed", "finding_out"]

_MADE = {"violations", "overdue", "actions", "effects", "history", "rectification_id"}


def finding_out(
    finding: Finding,
    *,
    effects: Sequence[FindingEffect] | None = None,
    history: Sequence[FindingEntry] | None = None,
    rectification_id: UUID | None = None,
) -> FindingOut:
    """A finding as an answer; lists leave effects and history out."""
    plain: dict[str, Any] = {name: getattr(finding, name) for name in FindingOut.model_fields if name not in _MADE}
    return FindingOut(
        **plain,
        violations=[ViolationOut.model_validate(each, from_attributes=False) for each in finding.violations],
        overdue=finding.due_on is not None and finding.due_on < clock.today(),
        actions=list(allowed(finding.state, resolved=finding.resolution is not None)),
        effects=None if effects is None else [EffectOut.model_validate(each) for each in effects],
        history=None if history is None else [EntryOut.model_validate(each) for each in history],
        rectification_id=rectification_id,
    )


def as_disclosed(told: FindingOut, *, fields: Collection[str], documents: Collection[str]) -> FindingOut:
    """Without what is withheld from the caller: the amounts of effects, and of marked documents all but the hash."""
    effects, history = told.effects, told.history
    if effects and "money" in fields:
        effects = [one.model_copy(update={"amount": None}) for one in effects]
    if history and documents:
        history = [
            one.model_copy(update={"document_title": WITHHELD}) if one.document_sha256 in documents else one
            for one in history
        ]
    return told.model_copy(update={"effects": effects, "history": history})
