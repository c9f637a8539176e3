"""The states of a contract and the moves between them. Pure: the guards stand in `guards`, the writes in `service`.

Source: reference of the field (states of contract life cycle; completion and termination end a contract in force,
cancellation one that never was).
"""

from typing import NamedTuple

__all__ = ["ACTIONS", "FINAL", "OPEN_FOR_FACTS", "STATES", "Transition", "allowed_actions", "permits"]

STATES = ("draft", "pending", "active", "suspended", "completed", "terminated", "cancelled")
FINAL = frozenset({"completed", "terminated", "cancelled"})
# Observed, paid or accepted is only what was in force once; effects and settlements outlive the contract's end.
OPEN_FOR_FACTS = frozenset({"active", "suspended", "completed", "terminated"})


class Transition(NamedTuple):
    """A move: from which states, to which one."""

    sources: frozenset[str]
    target: str


ACTIONS = {
    "submit": Transition(frozenset({"draft"}), "pending"),
    "return": Transition(frozenset({"pending"}), "draft"),
    "activate": Transition(frozenset({"pending"}), "active"),
    "suspend": Transition(frozenset({"active"}), "suspended"),
    "resume": Transition(frozenset({"suspended"}), "active"),
    "complete": Transition(frozenset({"active"}), "completed"),
    "terminate": Transition(frozenset({"active", "suspended"}), "terminated"),
    "cancel": Transition(frozenset({"draft", "pending"}), "cancelled"),
}


def permits(state: str, action: str) -> bool:
    """Whether a contract in this state may take this move (its guard aside)."""
    return state in ACTIONS[action].sources


def allowed_actions(state: str) -> list[str]:
    """The moves that a state permits, in the order of the life cycle."""
    return [action for action in ACTIONS if permits(state, action)]
