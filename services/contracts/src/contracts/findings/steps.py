"""States of a finding and what leads from one to the other.

Source: the monitoring of contracts by the audit service of Ukraine (openprocurement.audit.api 1.3.3): draft ->
active -> addressed (violations found) | declined (none) -> completed | closed; stopped -> active. Effects are ours:
what was not put right does not end without one.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["ACTIONS", "allowed"]

ACTIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "draft": ("activate", "cancel"),
        "active": ("conclude", "post", "stop"),
        "addressed": ("report", "resolve", "effect", "complete", "post", "appeal", "liability", "stop"),
        "declined": ("close", "post", "stop"),
        "stopped": ("resume",),
        "completed": ("effect", "appeal", "liability"),
        "closed": (),
        "cancelled": (),
    }
)


def allowed(state: str, *, resolved: bool) -> tuple[str, ...]:
    """What can be done in a state; a resolution is made once and comes before effects and the end."""
    skip = {"report", "resolve"} if resolved else {"complete", "effect"}
    return tuple(action for action in ACTIONS[state] if action not in skip)
