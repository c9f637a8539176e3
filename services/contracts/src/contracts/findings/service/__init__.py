"""Acts on findings, one module per part of the cycle."""

from contracts.findings.service.cycle import (
    activate_finding,
    cancel_finding,
    close_finding,
    complete_finding,
    conclude_finding,
    open_finding,
    post_to_finding,
    report_finding,
    resolve_finding,
    resume_finding,
    stop_finding,
)
from contracts.findings.service.effects import appeal_finding, record_effect, record_liability
from contracts.findings.service.store import finding_event

__all__ = [
    "activate_finding",
    "appeal_finding",
    "cancel_finding",
    "close_finding",
    "complete_finding",
    "conclude_finding",
    "finding_event",
    "open_finding",
    "post_to_finding",
    "record_effect",
    "record_liability",
    "report_finding",
    "resolve_finding",
    "resume_finding",
    "stop_finding",
]
