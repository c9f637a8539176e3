"""The tables of a release: respondents by one or two variables, and what share of each group was satisfied."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from surveys.kernel.breakdowns import Protected, Table, count_tables, protect
from surveys.kernel.domains import Domains
from surveys.kernel.estimates import Estimate, Plan
from surveys.kernel.measures import Measure
from surveys.kernel.publish import Figures, Published, PublishPolicy, percent, publish_gate
from surveys.kernel.variance import Design
from surveys.publication.groups import Category, Group
from surveys.responses.columns import Columns
from surveys.results.questions import HEADLINE, Question

__all__ = ["Context", "key_of", "release_tables"]

Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
SATISFIED = ("top2", "top1")


class Context:
    """What is known of the whole wave and judges each of its cells too."""

    def __init__(
        self,
        plan: Plan,
        design: Design,
        *,
        response_rate: float | None,
        r_indicator: float | None,
        flaws: tuple[str, ...] = (),
        cautions: tuple[str, ...] = (),
    ) -> None:
        self.plan = plan
        self.domains = Domains(design)
        self._known: dict[str, Any] = {
            "design": plan.design,
            "response_rate": response_rate,
            "r_indicator": r_indicator,
            "flaws": flaws,
            "cautions": cautions,
        }

    def share(self, found: Estimate | None, policy: PublishPolicy) -> dict[str, Any]:
        """The share of a cell as it is published: a whole per cent where the gate lets it pass, else why not."""
        if found is None or found.n < policy.threshold:
            n = 0 if found is None else found.n
            return _hidden(publish_gate(Figures(n=n, estimate=None, **self._known), policy))
        limits = found.interval
        low, high = (None, None) if limits is None else (limits.low, limits.high)
        sampled = self.plan.design != "open_link"
        figures = Figures(
            n=found.n,
            estimate=found.estimate,
            low=low if sampled else None,
            high=high if sampled else None,
            n_eff=found.n_eff,
            df=float(found.df) if sampled else None,
            weighting=found.weighting,
            **self._known,
        )
        verdict = publish_gate(figures, policy)
        if not verdict.public:
            return _hidden(verdict)
        # The limit only takes the place of "all" and "nobody" here; it is no claim about people who were not asked.
        text = percent(found.estimate, low=low, high=high)
        shown = None if text[0] in "<>" else round(found.estimate * 100)
        return {"percent": shown, "text": text, "status": verdict.status, "reasons": list(verdict.reasons)}


def key_of(table: Sequence[str]) -> str:
    """The name of a table among a release's tables; the order of its variables is that of the release."""
    return ",".join(table)


def release_tables(
    columns: Columns, groups: Sequence[Group], questions: Sequence[Question], context: Context, policy: PublishPolicy
) -> dict[str, Any]:
    """All tables of a release by their variables, ready to be shown to everybody.

    `counts` are respondents, null where hidden; a total that a table hides is hidden in the others too. `shares` hold
    per question the satisfied of each cell: every rating by one variable, the headline by two. Where the count is
    hidden so is the share.
    """
    named = {group.name: group for group in groups}
    coded = {group.name: group.codes(columns) for group in groups}
    codes = {name: found for name, (found, _) in coded.items()}
    categories = {name: found for name, (_, found) in coded.items()}
    sizes = {name: len(found) for name, found in categories.items()}
    tables = count_tables(codes, sizes, crossing=policy.crossing_variables)
    ratings = _satisfaction(columns, questions)
    released = protect(tables, threshold=policy.threshold)
    return {
        key_of(table): _document(
            table, found, named, categories=categories, codes=codes, ratings=ratings, context=context, policy=policy
        )
        for table, found in released.items()
    }


def _satisfaction(columns: Columns, questions: Sequence[Question]) -> dict[str, tuple[Measure, Floats]]:
    """The satisfied among the answers to each rating, the headline first."""
    found = {}
    for question in sorted(questions, key=lambda each: each.name != HEADLINE):
        if question.variable.about_respondent or question.variable.kind != "rating":
            continue
        measure = next((each for each in question.measures if each.name in SATISFIED), None)
        if measure is not None:
            found[question.name] = measure, measure.scores(question.values(columns))
    return found


def _document(
    table: Table,
    found: Protected,
    named: Mapping[str, Group],
    *,
    categories: Mapping[str, tuple[Category, ...]],
    codes: Mapping[str, Codes],
    ratings: Mapping[str, tuple[Measure, Floats]],
    context: Context,
    policy: PublishPolicy,
) -> dict[str, Any]:
    wanted = [name for name in ratings if len(table) == 1 or name == HEADLINE]
    place = np.ravel_multi_index([codes[name] for name in table], found.counts.shape)
    hidden = found.hidden.ravel()
    shares = {}
    for name in wanted if not found.withheld else ():
        measure, scores = ratings[name]
        plan = context.plan
        cells = context.domains.shares(scores, place, found.counts.size, level=plan.level, cap=plan.cap)
        shown = [
            None if hidden[cell] or not count else context.share(cells[cell], policy)
            for cell, count in enumerate(found.counts.ravel().tolist())
        ]
        shares[name] = {"measure": measure.name, "cells": _shaped(shown, found.counts.shape)}
    return {
        "by": list(table),
        "variables": [
            {
                "name": name,
                "source": named[name].source,
                "label": dict(named[name].label),
                "categories": [{"code": each.code, "label": dict(each.label)} for each in categories[name]],
            }
            for name in table
        ],
        "withheld": found.withheld,
        "counts": None if found.withheld else found.shown(),
        "shares": shares,
    }


def _shaped(cells: list[Any], shape: tuple[int, ...]) -> list[Any]:
    """A flat list as rows."""
    if len(shape) == 1:
        return cells
    return [cells[start : start + shape[1]] for start in range(0, len(cells), shape[1])]


def _hidden(verdict: Published) -> dict[str, Any]:
    return {"percent": None, "text": None, "status": verdict.status, "reasons": list(verdict.reasons)}
