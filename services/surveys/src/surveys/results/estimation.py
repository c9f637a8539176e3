"""From the answers of a frozen wave to its estimates: pure, so that a recomputation gives the same numbers."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.events import Estimate
from surveys.instruments.document import Instrument
from surveys.kernel.cells import Cells, cell_counts, cell_estimate, cells_of
from surveys.kernel.estimates import ItemEstimate, Plan, judged, weighting_notes
from surveys.kernel.gate import SCORE_V1, score_gate
from surveys.kernel.measures import Measure
from surveys.responses.columns import Columns
from surveys.results.quality import Quality, quality_of
from surveys.results.questions import Question, questions_of
from surveys.results.response import MODE, Response
from surveys.results.weighing import Weighing, sampling_strata

__all__ = ["HANDED_OVER", "Conditions", "Estimation", "estimate_wave"]

HANDED_OVER = ("top2", "top1", "bottom2", "index100", "nps", "ces")  # measures that go to scoring
COUNTER = 2  # code of the mode

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What decides besides the answers what may be said.

    `supervised`: the wave declares that the provider supervised the answers. `cautions`: reasons found on the wave.
    `targets` per measure. `nonresponse`: declared component as a share of the scale, None for the policy's.
    """

    supervised: bool = False
    cautions: tuple[str, ...] = ()
    targets: Mapping[str, float] = field(default_factory=dict)
    nonresponse: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimation:
    """What a closed wave says. `no_opinion` is the share per item that had no opinion; null below ten responses."""

    estimates: tuple[Estimate, ...]
    no_opinion: dict[str, float | None]
    quality: dict[str, Any]
    supervised: bool
    policy: str = SCORE_V1.name


def estimate_wave(
    columns: Columns,
    instrument: Instrument,
    plan: Plan,
    weighing: Weighing | None,
    *,
    response: Response,
    conditions: Conditions,
) -> Estimation:
    """Estimate every question of a wave; `weighing` is None when nobody answered."""
    questions = questions_of(instrument)
    quality = quality_of(columns, instrument, questions)
    by_counter = bool(columns.n) and bool((columns.codes[MODE] == COUNTER).all())
    supervised = conditions.supervised or by_counter
    bench = None if weighing is None else _bench(columns, plan, weighing, quality)
    told = tuple(caution.replace("_", "-") for caution in conditions.cautions)
    conditions = replace(conditions, supervised=supervised, cautions=told)
    estimates: list[Estimate] = []
    no_opinion: dict[str, float | None] = {}
    enough = columns.n >= SCORE_V1.suppressed_below
    for question in questions:
        answers = Answers.of(question, columns, bench)
        estimates.extend(_estimates(question, answers, plan, bench, response=response, conditions=conditions))
        no_opinion.setdefault(question.name, 1.0 - answers.n / columns.n if enough else None)
    return Estimation(
        estimates=tuple(estimates),
        no_opinion=no_opinion,
        quality={
            "flagged": quality.count if enough else None,
            "flagged_share": quality.count / columns.n if enough else None,
            "flags": quality.flags if enough else {},
        },
        supervised=supervised,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The wave's weights as cells, which of them belong to which declared stratum, and the flagged answers."""

    cells: Cells
    weighing: Weighing
    declared: Codes
    flagged: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The answers to one question as counts per cell and code, all of them and the flagged ones."""

    counts: Floats
    flagged: Floats
    values: Floats

    @classmethod
    def of(cls, question: Question, columns: Columns, bench: Bench | None) -> "Answers":
        """Count them."""
        size = question.table.size
        if bench is None:
            nothing = np.zeros((1, size))
            return cls(counts=nothing, flagged=nothing, values=question.table)
        codes = columns.codes[question.column].astype(np.int64)
        marked = np.zeros((bench.cells.base.size, size))
        if bench.flagged.any():
            marked = cell_counts(bench.cells, codes, size, only=bench.flagged)
        return cls(counts=cell_counts(bench.cells, codes, size), flagged=marked, values=question.table)

    @property
    def n(self) -> int:
        """Answers that are an opinion."""
        return int(self.counts[:, ~np.isnan(self.values)].sum())


def _bench(columns: Columns, plan: Plan, weighing: Weighing, quality: Quality) -> Bench:
    strata = sampling_strata(columns, plan)
    cells = cells_of(weighing.weighted, within=strata)
    declared = np.zeros(cells.base.size, dtype=np.int64)
    declared[cells.place] = strata
    return Bench(cells=cells, weighing=weighing, declared=declared, flagged=quality.flagged)


def _estimates(
    question: Question,
    answers: Answers,
    plan: Plan,
    bench: Bench | None,
    *,
    response: Response,
    conditions: Conditions,
) -> list[Estimate]:
    """The measures of one question with their verdicts."""
    few = SCORE_V1.suppressed_below
    if bench is None or answers.n < few or (plan.population is not None and plan.population < few):
        verdict = score_gate(
            design=plan.design, n=0, width=None, population=plan.population, invited=plan.asked, policy=SCORE_V1
        )
        nothing = (
            ItemEstimate(measure=each.name, status="suppressed", reasons=verdict.reasons) for each in question.measures
        )
        return [
            _estimate(question, measure, each, conditions)
            for measure, each in zip(question.measures, nothing, strict=True)
        ]
    found = []
    flaws = (*bench.weighing.flaws, *_empty_strata(answers, bench, plan))
    for measure in question.measures:
        scores = measure.scores(question.table)
        one = cell_estimate(
            bench.cells, answers.counts, scores, scale=(measure.low, measure.high), level=plan.level, cap=plan.cap
        )
        judgement = judged(
            measure,
            one,
            plan,
            respondents=_base_mean(bench.cells, answers.counts, scores),
            flaws=flaws,
            notes=weighting_notes(bench.weighing.weighted),
            target=conditions.targets.get(measure.name),
            nonresponse=conditions.nonresponse,
            representativity=response.r_indicator,
            supervised=conditions.supervised,
            cautions=(*conditions.cautions, *bench.weighing.cautions),
        )
        shown = _estimate(question, measure, judgement, conditions)
        shown = shown.model_copy(update={"unweighted_se": _unweighted_se(answers.counts.sum(axis=0), scores)})
        found.append(_with_flagged(shown, scores, answers, bench))
    return found


def _estimate(question: Question, measure: Measure, found: ItemEstimate, conditions: Conditions) -> Estimate:
    option = measure.name if question.shares else question.option
    if option is None and measure.name == "share":
        option = "yes"
    target = conditions.targets.get(measure.name) if found.estimate is not None else None
    error = found.se if found.nonresponse_se is None or found.se is None else math.hypot(found.se, found.nonresponse_se)
    return Estimate(
        item=question.name,
        measure="share" if question.shares else measure.name,
        option=option,
        estimate=found.estimate,
        se=found.se,
        df=found.df,
        ci_low=None if found.interval is None else found.interval.low,
        ci_high=None if found.interval is None else found.interval.high,
        ci_method=found.method,
        n=found.n,
        n_eff=found.n_eff,
        status=found.status,
        reasons=found.reasons,
        weighting=found.weighting,
        unweighted=found.unweighted,
        bounds_low=None if found.bounds is None else found.bounds.low,
        bounds_high=None if found.bounds is None else found.bounds.high,
        nonresponse_se=found.nonresponse_se,
        se_total=error,
        target=target,
        tipping_point=found.tipping_point,
        p_ge_target=found.p_ge_target,
        p_ge_target_sampling=found.p_ge_target_sampling,
    )


def _base_mean(cells: Cells, counts: Floats, scores: Floats) -> float:
    """The mean of those who answered, with their base weights."""
    inside = ~np.isnan(scores)
    weight = cells.base @ counts[:, inside]
    return float(weight @ scores[inside]) / float(weight.sum())


def _unweighted_se(counts: Floats, scores: Floats) -> float | None:
    """The error of the unweighted mean, from the answers per code: sqrt(sum c (s - m)^2 / (n - 1) / n)."""
    inside = ~np.isnan(scores)
    own, values = counts[inside], scores[inside]
    n = float(own.sum())
    mean = float(own @ values) / n
    return None if n < 2 else math.sqrt(float(own @ (values - mean) ** 2) / (n - 1) / n)


def _with_flagged(one: Estimate, scores: Floats, answers: Answers, bench: Bench) -> Estimate:
    """The estimate without the flagged answers, and `caution` when they move it by more than a standard error.

    The number itself is given for ten flagged answers or more: with fewer it would tell what those few said.
    """
    inside = ~np.isnan(scores)
    marked = float(answers.flagged[:, inside].sum())
    if not marked or one.estimate is None:
        return one
    kept = bench.cells.weights @ (answers.counts - answers.flagged)[:, inside]
    left = float((answers.counts - answers.flagged)[:, inside].sum())
    without = float(kept @ scores[inside]) / float(kept.sum()) if left else None
    update: dict[str, Any] = {}
    if without is not None and min(marked, left) >= SCORE_V1.suppressed_below:
        update["without_flagged"] = without
    if without is None or (one.se is not None and abs(without - one.estimate) > one.se):
        update["status"] = "caution" if one.status == "ok" else one.status
        update["reasons"] = (*one.reasons, "flagged-answers-matter")
    return one.model_copy(update=update)


def _empty_strata(answers: Answers, bench: Bench, plan: Plan) -> list[str]:
    if not plan.stratum_population:
        return []
    own = answers.counts[:, ~np.isnan(answers.values)].sum(axis=1)
    count = np.bincount(bench.declared, weights=own, minlength=len(plan.stratum_population))
    return [f"no-answers-in-stratum-{code}" for code in np.flatnonzero(count == 0.0)]
