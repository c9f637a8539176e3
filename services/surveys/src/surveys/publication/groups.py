"""The variables that a release breaks figures down by: of the frame, and what respondents said about themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from surveys.instruments.document import Instrument
from surveys.instruments.variables import variables_of
from surveys.responses.columns import Coded, Columns

__all__ = ["MAX_GROUPS", "Category", "Group", "groups_of"]

MAX_GROUPS = 6  # variables of a release: with their pairs 21 tables
MAX_CATEGORIES = 40  # a variable with more is too fine to break anything down by
STRATUM = "stratum"
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Category:
    """One category; code None gathers the answers of which it is not known."""

    code: str | None
    label: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A variable with its categories in order. `source` is frame or item."""

    name: str
    source: str
    label: Mapping[str, str]
    categories: tuple[Category, ...]
    read: Coded

    def codes(self, columns: Columns) -> tuple[Codes, tuple[Category, ...]]:
        """The category of each answer as 0..k-1, and the k categories; unknown is the last one where there is any."""
        found = columns.codes[self.read.name].astype(np.int64) - 1
        unknown = found < 0
        if not unknown.any():
            return found, self.categories
        found[unknown] = len(self.categories)
        return found, (*self.categories, Category(None, {}))


def groups_of(
    instrument: Instrument, *, strata: Sequence[str], attributes: Mapping[str, Sequence[str]]
) -> tuple[Group, ...]:
    """The variables of a release, at most `MAX_GROUPS`: stratum, the frame's attributes, questions about the person.

    Arguments:
        instrument: the questionnaire; its single choices and yes-no questions about the respondent are variables.
        strata: codes of the strata.
        attributes: the values of each attribute of the frame among the answers.
    """
    frame = {STRATUM: strata, **dict(sorted(attributes.items()))}
    found = [_of_frame(name, tuple(values)) for name, values in frame.items()]
    for variable in variables_of(instrument):
        if not variable.about_respondent or variable.kind not in ("single", "yes_no"):
            continue
        labels: Mapping[Any, Mapping[str, str]] = {**variable.values, **variable.missing}
        categories = tuple(Category(str(code), dict(label)) for code, label in labels.items())
        codes = tuple(category.code or "" for category in categories)
        read = Coded(f"group:{variable.code}", (variable.item,), codes)
        found.append(
            Group(name=variable.code, source="item", label=dict(variable.text), categories=categories, read=read)
        )
    usable = [group for group in found if 1 < len(group.categories) <= MAX_CATEGORIES]
    named: dict[str, Group] = {}
    for group in usable:
        named.setdefault(group.name, group)  # an attribute of the frame goes before a question of the same name
    return tuple(named.values())[:MAX_GROUPS]


def _of_frame(name: str, codes: tuple[str, ...]) -> Group:
    categories = tuple(Category(code, {}) for code in codes)
    source: Any = "column" if name == STRATUM else "attributes"
    read = Coded(f"group:{name}", (name,), codes, source)
    return Group(name=name, source="frame", label={}, categories=categories, read=read)
