"""States of a rectification and what leads from one to the other.

Source: the monitoring by the audit service of Ukraine (openprocurement.audit.api 1.3.3), the best cycle of applied
results that was found. A determination of `fair` or `poor` is itself the conclusion, so that its rectification begins
as `addressed`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["ACTIONS", "allowed"]

ACTIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "draft": ("activate", "cancel"),
        "active": ("conclude", "post", "stop"),
        "addressed": ("report", "resolve", "complete", "post", "stop"),
        "declined": ("close", "post", "stop"),
        "stopped": ("resume",),
        "completed": (),
        "closed": (),
        "cancelled": (),
    }
)


def allowed(state: str, *, resolved: bool) -> tuple[str, ...]:
    """What can be done in a state; a resolution is made once and comes before the end."""
    skip = {"report", "resolve"} if resolved else {"complete"}
    return tuple(action for action in ACTIONS[state] if action not in skip)
