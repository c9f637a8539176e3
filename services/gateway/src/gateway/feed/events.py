"""Which of scoring's events the live stream carries, under which name, and who may hear them.

Whether a caller may hear one is decided by role and region alone, as scoring's own endpoints decide it: officers read
everything of their regions, everybody with a token what was published. What only the provider concerned may know beside
that (its determination from the service on) is not streamed to it: the event does not name the provider.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from shared.events import AppealDecided, DeterminationActed, DeterminationIssued, EventData, ScoreStanding, ScoreUpdated

__all__ = ["FOR_EVERYBODY", "SCORE", "STREAMED", "EventName", "key_of", "name_of"]

EventName = Literal[
    "score.updated",
    "score.standing",
    "determination.issued",
    "determination.served",
    "determination.published",
    "determination.suspended",
    "determination.released",
    "determination.annulled",
    "appeal.decided",
]
SCORE: Final = "score.updated"
FOR_EVERYBODY: Final = frozenset({"determination.published"})
"""What callers without an officer's role may hear."""

_ACTS: Final[Mapping[str, str]] = {
    "service": "determination.served",
    "publication": "determination.published",
    "suspension": "determination.suspended",
    "release": "determination.released",
    "annulment": "determination.annulled",
}
_NAMES: Final[Mapping[str, Callable[[Any], str | None]]] = {
    ScoreUpdated.TYPE: lambda _: SCORE,
    ScoreStanding.TYPE: lambda _: "score.standing",
    DeterminationIssued.TYPE: lambda _: "determination.issued",
    DeterminationActed.TYPE: lambda acted: _ACTS.get(acted.kind),
    AppealDecided.TYPE: lambda _: "appeal.decided",
}
_KEYS: Final[Mapping[str, Callable[[Any], str]]] = {
    ScoreStanding.TYPE: lambda told: f"{told.contract_id} {told.framework_id} {told.recorded_at.isoformat()}",
    DeterminationIssued.TYPE: lambda told: str(told.determination_id),
    DeterminationActed.TYPE: lambda told: str(told.act_id),
    AppealDecided.TYPE: lambda told: str(told.appeal_id),
}
STREAMED: Final = tuple(_NAMES)
"""The types of scoring's events that are stored."""


def name_of(event_type: str, data: EventData) -> str | None:
    """The name of an event in the stream; None for an act of a kind that a later release knows."""
    return _NAMES[event_type](data)


def key_of(event_type: str, data: EventData) -> str | None:
    """By what a fact is known, so that a replay does not stream it again; None for a score's change."""
    made = _KEYS.get(event_type)
    return None if made is None else f"{event_type} {made(data)}"
