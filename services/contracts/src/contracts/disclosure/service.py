"""Leaving out: the one place where what is withheld is taken from an answer, an event or a row. Pure."""

from collections.abc import Collection, Mapping
from typing import Any

from contracts.disclosure.fields import FIELDS, WITHHELD
from contracts.disclosure.levels import PUBLIC_VIEW, withheld_fields
from contracts.disclosure.secrecy import CODE, may_hold_secrets, secrecy_warnings, words_in_force
from shared import clock
from shared.events import ContractState, PartyRef

__all__ = ["CODE", "may_hold_secrets", "redact", "redact_event", "secrecy_warnings", "words_in_force"]

# What events leave out: texts that no listener computes with. Figures, indicators and milestones stay, since scores are
# made of them; `disclosure` names their levels, and whoever hears them may not publish what stands there.
_TOLD_WITHOUT = frozenset({"title", "contractNumber", "needsBasis", "reasons", "competition", "externalIds"})


def redact(content: Mapping[str, Any], fields: Collection[str]) -> dict[str, Any]:
    """A contract as a mapping, without these fields: null, or an empty list where it was one.

    It holds for every form in which a contract is told: an answer, its own row in the log, a row of a list. Warnings
    keep their codes; their words may repeat what is withheld.
    """
    left = dict(content)
    for key in (key for field in fields for key in FIELDS[field].keys):
        if key not in left:
            continue
        value = left[key]
        left[key] = WITHHELD if key == "title" else type(value)() if isinstance(value, (list, tuple)) else None
    if fields and left.get("warnings"):
        left["warnings"] = [{"code": _code(warning), "detail": WITHHELD} for warning in left["warnings"]]
    return left


def _code(warning: Any) -> str:  # noqa: ANN401 - a mapping or an answer's object
    return str(warning["code"] if isinstance(warning, Mapping) else warning.code)


def redact_event(state: ContractState) -> ContractState:
    """The contract as events carry it; the provider keeps its id, for its contracts are counted by it."""
    if not state.disclosure:
        return state
    hidden = withheld_fields(state.disclosure, levels=PUBLIC_VIEW, today=clock.today())
    fields = frozenset(FIELDS) if hidden is None else hidden
    left = redact({name: getattr(state, name) for name in type(state).model_fields}, fields & _TOLD_WITHOUT)
    if "title" in fields:
        blank = {"title": WITHHELD, "description": None}
        left["lots"] = tuple(lot.model_copy(update=blank) for lot in state.lots)
    if "provider" in fields and state.provider is not None:
        left["provider"] = PartyRef(organisation_id=state.provider.organisation_id, name=WITHHELD)
    if "provider" in fields:
        blank = {"name": WITHHELD, "uscc": None}
        left["members"] = tuple(
            one.model_copy(update=blank) if one.side == "provider" else one for one in state.members
        )
    return type(state)(**left)
