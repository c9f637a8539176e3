"""What an amendment changes: the contract as it is and the proposal in, the new terms or a refusal out. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from contracts.amendments.errors import AmendmentChangesNothing, AmendmentTermsConflict
from contracts.contracts.service import AmendedMilestone
from shared.events import ContractState

__all__ = ["Change", "MilestoneChange", "changed", "increases_of"]


@dataclass(frozen=True, slots=True)
class MilestoneChange:
    """A milestone as the proposal names it; what is None stays."""

    code: str
    title: str | None = None
    kind: str | None = None
    percentage: Decimal | None = None
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """The terms as they will be. Lists hold only what changes."""

    value: Decimal | None
    starts_on: date | None
    ends_on: date | None
    milestones: tuple[AmendedMilestone, ...]
    lots: tuple[tuple[str, Decimal], ...]
    texts: tuple[dict[str, str], ...]
    effects: frozenset[str]

    def milestones_told(self, state: ContractState) -> list[dict[str, Any]]:
        """Each milestone that changes with before (null: new) and after, as JSON."""
        before = {each.code: each for each in state.milestones}
        return [
            {
                "code": each.code,
                "before": _told(before[each.code]) if each.code in before else None,
                "after": _told(each),
            }
            for each in self.milestones
        ]

    def lots_told(self, state: ContractState) -> list[dict[str, str]]:
        """Each lot that changes with its value before and after, as JSON."""
        before = {each.code: each.value for each in state.lots}
        return [{"code": code, "before": f"{before[code]:.2f}", "after": f"{value:.2f}"} for code, value in self.lots]


def _told(milestone: Any) -> dict[str, Any]:  # noqa: ANN401 - of the event or of the amendment
    return {
        "title": milestone.title,
        "kind": milestone.kind,
        "percentage": format(Decimal(milestone.percentage).normalize(), "f"),
        "due_on": milestone.due_on.isoformat() if milestone.due_on else None,
    }


def increases_of(amendments: Sequence[Any]) -> Decimal:
    """Sum of the increases of value in force; a decrease is not set off against them (GPL art. 49: all together)."""
    return sum(
        (
            max(each.value_after - each.value_before, Decimal(0))
            for each in amendments
            if each.value_after is not None and each.value_before is not None
        ),
        Decimal(0),
    )


def changed(
    state: ContractState,
    *,
    value: Decimal | None,
    starts_on: date | None,
    ends_on: date | None,
    milestones: Sequence[MilestoneChange],
    lots: Sequence[tuple[str, Decimal]],
    texts: Sequence[dict[str, str]],
) -> Change:
    """The new terms.

    AmendmentChangesNothing when every one is as it was; AmendmentTermsConflict when the term ends before it begins,
    a reported milestone would change, or milestones or lots do not add up.
    """
    new_value = state.value if value is None else value
    starts, ends = starts_on or state.starts_on, ends_on or state.ends_on
    if starts and ends and ends < starts:
        raise AmendmentTermsConflict(f"The term would end on {ends}, before it begins on {starts}.")
    stages = _milestones(state, milestones)
    parts = tuple((code, amount) for code, amount in lots if _lot_value(state, code) != amount)
    _require_lots(state, dict(parts), new_value)
    effects = set(_value_effects(state.value, new_value)) | set(_term_effects(state, starts, ends))
    # Money that only moves between lots is a change of the text, for its reason.
    moved = parts and new_value == state.value
    effects |= {name for name, found in (("milestones", stages), ("texts", texts or moved)) if found}
    if not effects:
        raise AmendmentChangesNothing(
            "Value, term, milestones, lots and text would all stay as they are; name what changes."
        )
    return Change(new_value, starts, ends, stages, parts, tuple(texts), frozenset(effects))


def _value_effects(before: Decimal | None, after: Decimal | None) -> list[str]:
    if before == after:
        return []
    return ["valueUp" if (after or Decimal(0)) > (before or Decimal(0)) else "valueDown"]


def _term_effects(state: ContractState, starts: date | None, ends: date | None) -> list[str]:
    found = []
    if starts != state.starts_on:
        found.append("start")
    if ends != state.ends_on:
        longer = ends is not None and (state.ends_on is None or ends > state.ends_on)
        found.append("termLonger" if longer else "termShorter")
    return found


def _milestones(state: ContractState, changes: Sequence[MilestoneChange]) -> tuple[AmendedMilestone, ...]:
    known = {each.code: each for each in state.milestones}
    found = []
    for change in changes:
        before = known.get(change.code)
        if before is None:
            if change.title is None or change.percentage is None:
                raise AmendmentTermsConflict(
                    f"The contract has no milestone {change.code}; a new one is named with title and percentage."
                )
            found.append(
                AmendedMilestone(
                    None, change.code, change.title, change.kind or "delivery", change.percentage, change.due_on
                )
            )
            continue
        if change.kind not in (None, before.kind):
            raise AmendmentTermsConflict(f"Milestone {change.code} is of the kind {before.kind} and stays so.")
        after = AmendedMilestone(
            before.milestone_id,
            before.code,
            change.title or before.title,
            before.kind,
            before.percentage if change.percentage is None else change.percentage,
            change.due_on or before.due_on,
        )
        if (after.title, after.percentage, after.due_on) == (before.title, before.percentage, before.due_on):
            continue
        if before.status != "scheduled":
            raise AmendmentTermsConflict(
                f"Milestone {change.code} is reported as {before.status}: what happened is not amended; correct the "
                "report (POST .../milestones/{milestone_id}/report with a note) if it was wrong."
            )
        found.append(after)
    _require_percentages(state, found)
    return tuple(found)


def _require_percentages(state: ContractState, changes: Sequence[AmendedMilestone]) -> None:
    if not changes:
        return
    if len({each.code for each in changes}) < len(changes):
        raise AmendmentTermsConflict("A milestone is named twice.")
    shares = {each.code: (each.kind, each.percentage) for each in state.milestones}
    shares |= {each.code: (each.kind, each.percentage) for each in changes}
    sums: dict[str, Decimal] = {}
    for kind, percentage in shares.values():
        sums[kind] = sums.get(kind, Decimal(0)) + percentage
    for kind, total in sorted(sums.items()):
        if total != 100:
            raise AmendmentTermsConflict(
                f"The percentages of a kind sum to exactly 100; those of {kind} would sum to {total.normalize():f}.",
                kind=kind,
                total=f"{total.normalize():f}",
            )


def _lot_value(state: ContractState, code: str) -> Decimal:
    for lot in state.lots:
        if lot.code == code:
            return lot.value
    raise AmendmentTermsConflict(f"The contract has no lot {code}.")


def _require_lots(state: ContractState, changes: dict[str, Decimal], value: Decimal | None) -> None:
    if not state.lots:
        return
    total = sum((changes.get(lot.code, lot.value) for lot in state.lots), Decimal(0))
    if total != value:
        raise AmendmentTermsConflict(
            f"The lots would sum to {total:.2f} and the contract would be worth {value or 0:.2f}; name the lots whose "
            "value changes.",
            lots=f"{total:.2f}",
        )
