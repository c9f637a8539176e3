"""The report on the quality of a wave's answers, for officers: signs to look at, and what they do to the figures."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from surveys.kernel.flags import enumerator_effect, near_duplicates
from surveys.kernel.publish import PublishPolicy
from surveys.kernel.variance import Design, difference
from surveys.responses.columns import Columns
from surveys.results.queries import WaveResult
from surveys.results.questions import HEADLINE, Question
from surveys.results.response import MODE

__all__ = ["quality_report"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
MODES = ("web", "counter", "enumerator")
COUNTER = 2
SHOWN = ("item", "measure", "option", "status", "estimate", "without_flagged", "se")


def quality_report(
    columns: Columns, questions: Sequence[Question], design: Design | None, result: WaveResult, policy: PublishPolicy
) -> dict[str, Any]:
    """What the checks found. Nothing is deleted: figures stand with and without the flagged answers.

    A figure without the flagged answers is given only where ten or more are flagged and ten or more are left: the
    difference of the two figures would tell what a handful said. `matters` says in any case whether they move it by
    more than its standard error.
    """
    report: dict[str, Any] = {
        "n": result.n if result.n >= policy.threshold else None,
        "flagged": result.quality.get("flagged"),
        "flagged_share": result.quality.get("flagged_share"),
        "flags": result.quality.get("flags") or {},
        "estimates": [
            {name: estimate.get(name) for name in SHOWN}
            | {"matters": "flagged-answers-matter" in (estimate.get("reasons") or ())}
            for estimate in result.estimates
            if estimate.get("estimate") is not None
        ],
        "enumerators": None,
        "modes": None,
        "near_duplicates": None,
    }
    headline = next((each for each in questions if each.name == HEADLINE), None)
    if headline is None or design is None or columns.n < policy.threshold:
        return report
    scores = headline.measures[0].scores(headline.values(columns))
    report["enumerators"] = _enumerators(scores, columns, policy)
    report["modes"] = _modes(scores, columns, design, policy)
    report["near_duplicates"] = _near_duplicates(columns, questions, headline)
    return report


def _enumerators(scores: Floats, columns: Columns, policy: PublishPolicy) -> dict[str, Any] | None:
    """How much the headline depends on who asked; None with fewer than two enumerators."""
    _, numbers = np.unique(columns.enumerators, return_inverse=True)
    codes = np.where(columns.enumerators == 0, -1, numbers).astype(np.int64)
    effect = enumerator_effect(scores, codes)
    if effect is None:
        return None
    load = np.bincount(codes[codes >= 0])
    return {
        "enumerators": len(effect.without),
        "icc": effect.icc,
        "design_effect": effect.deff,
        "largest_change": effect.largest if int(load[load > 0].min()) >= policy.threshold else None,
    }


def _modes(scores: Floats, columns: Columns, design: Design, policy: PublishPolicy) -> dict[str, Any]:
    """Answers by mode, and the gap between those given at the provider's counter and all others."""
    counts = np.bincount(columns.codes[MODE], minlength=len(MODES) + 1)[1:]
    answered = ~np.isnan(scores)
    counter: Flags = (columns.codes[MODE] == COUNTER) & answered
    others: Flags = (columns.codes[MODE] != COUNTER) & answered
    gap = None
    if min(int(counter.sum()), int(others.sum())) >= policy.threshold:
        found = difference(scores, design, one=counter, other=others)
        gap = {"counter_less_others": found.estimate, "se": found.se, "df": found.df}
    return {"answers": dict(zip(MODES, counts.tolist(), strict=True)), "counter_gap": gap}


def _near_duplicates(columns: Columns, questions: Sequence[Question], headline: Question) -> dict[str, Any]:
    """Answers that equal another more than chance explains; a pointer only, since short questionnaires repeat."""
    ratings = [each for each in questions if each.variable.kind == "rating" and not each.variable.about_respondent]
    coded = np.column_stack([columns.codes[each.column].astype(np.int64) - 1 for each in ratings])
    found = near_duplicates(coded, groups=columns.codes[headline.column].astype(np.int64))
    compared = int((~np.isnan(found.match)).sum())
    return {"compared": compared, "flagged": int(found.flagged.sum()), "limit": found.limit}
