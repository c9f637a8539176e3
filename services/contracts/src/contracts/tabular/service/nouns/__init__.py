"""How the rows of each noun are applied, many at once, and how one row is taken back."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.tabular.queries import RowRecord
from contracts.tabular.rows import Row
from contracts.tabular.service.context import Context
from contracts.tabular.service.nouns.contracts import apply_contracts, undo_contract
from contracts.tabular.service.nouns.evaluations import apply_evaluations, undo_evaluation
from contracts.tabular.service.nouns.money import apply_deductions, apply_payments, undo_entry
from contracts.tabular.service.nouns.observations import apply_observations, undo_observation
from contracts.tabular.service.nouns.organisations import apply_organisations, undo_organisation
from contracts.tabular.service.nouns.parts import (
    apply_indicators,
    apply_milestones,
    undo_indicator,
    undo_milestone,
)
from contracts.tabular.service.nouns.projects import apply_projects, undo_project

__all__ = ["WRITERS", "Writer"]


class Writer(NamedTuple):
    """`apply` decides about every row that it is given; `undo` answers why a row stays, None when it is taken back."""

    apply: Callable[[AsyncSession, Context, Sequence[Row]], Awaitable[None]]
    undo: Callable[[AsyncSession, Context, RowRecord], Awaitable[str | None]]


WRITERS: dict[str, Writer] = {
    "organisations": Writer(apply_organisations, undo_organisation),
    "projects": Writer(apply_projects, undo_project),
    "contracts": Writer(apply_contracts, undo_contract),
    "indicators": Writer(apply_indicators, undo_indicator),
    "milestones": Writer(apply_milestones, undo_milestone),
    "observations": Writer(apply_observations, undo_observation),
    "payments": Writer(apply_payments, undo_entry),
    "deductions": Writer(apply_deductions, undo_entry),
    "evaluations": Writer(apply_evaluations, undo_evaluation),
}
