"""From a finding to its answers."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from contracts.findings.models import Finding, FindingEffect, FindingEntry
from contracts.findings.schemas import EffectOut, EntryOut, FindingOut, ViolationOut
from contracts.findings.steps import allowed
from shared import clock

__all__ = ["finding_out"]

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
