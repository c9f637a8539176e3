"""Acts on the use of results, one module per use case."""

from scoring.results.service.clocks import CHUNK, latest_day, tell, tell_due_uses
from scoring.results.service.close import apply_use, close_improvement, waive_use
from scoring.results.service.open import OPEN_RECTIFICATION, open_after_rectification, open_results
from scoring.results.service.rules import approve_rule_set, retire_rule_set, set_calendar_days, submit_rule_set
from scoring.results.service.standing import standing_uses
from scoring.results.service.store import use_event
from scoring.results.service.suspend import resume_uses, suspend_uses
from scoring.results.service.sweep import open_missed

__all__ = [
    "CHUNK",
    "OPEN_RECTIFICATION",
    "apply_use",
    "approve_rule_set",
    "close_improvement",
    "latest_day",
    "open_after_rectification",
    "open_missed",
    "open_results",
    "resume_uses",
    "retire_rule_set",
    "set_calendar_days",
    "standing_uses",
    "submit_rule_set",
    "suspend_uses",
    "tell",
    "tell_due_uses",
    "use_event",
    "waive_use",
]
