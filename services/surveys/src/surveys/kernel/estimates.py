"""The estimates of one item of a closed wave with the gate's verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surveys.kernel.bounds import manski, nonresponse_component, p_at_least, tipping_point
from surveys.kernel.gate import SCORE_V1, DesignKind, ScorePolicy, Status, score_gate, takes_bounds
from surveys.kernel.intervals import Interval
from surveys.kernel.means import Estimate, estimate
from surveys.kernel.measures import Measure, rating_measures
from surveys.kernel.variance import Design, collapse_lonely_strata
from surveys.kernel.weighting import Weighted
from surveys.kernel.weights import stratum_weights

__all__ = ["Estimate", "ItemEstimate", "Plan", "estimate", "item_estimates", "judged", "weighting_notes"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The wave's declared design.

    Arguments:
        design: census (all recipients invited), probability, or open_link.
        population: N, recipients in the frame; None when unknown.
        invited: recipients who were asked in a probability sample; None when unknown.
        stratum_population: N_h per stratum code in order; empty for an unstratified sample.
        level: of the intervals.
        cap: whether the Korn-Graubard effective size is held at n (R does not, see `korn_graubard_n`).
    """

    design: DesignKind
    population: int | None = None
    invited: int | None = None
    stratum_population: tuple[int, ...] = ()
    level: float = 0.95
    cap: bool = True

    @property
    def asked(self) -> int | None:
        """Denominator of the response: N in a census, those invited in a probability sample."""
        return self.population if self.design == "census" else self.invited


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemEstimate:
    """One estimate with what it may be used for; all numbers but counts and probabilities are on the measure's scale.

    `bounds` are Manski's for the response to the item, `tipping_point` the mean of the silent that would put the
    population exactly at the target, `nonresponse_se` the declared component (at least |weighted - unweighted|), and
    the two probabilities say how sure the target is met, without and with that component. Null where it is unknown.
    """

    measure: str
    estimate: float | None = None
    se: float | None = None
    df: float | None = None
    interval: Interval | None = None
    method: str | None = None
    n: int | None = None
    n_eff: float | None = None
    weighting: float | None = None
    unweighted: float | None = None
    bounds: Interval | None = None
    tipping_point: float | None = None
    nonresponse_se: float | None = None
    p_ge_target: float | None = None
    p_ge_target_sampling: float | None = None
    status: Status
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """The design; `flaws` make an estimate unusable, `notes` only have to be told."""

    design: Design
    flaws: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def item_estimates(
    values: Floats,
    strata: Codes,
    plan: Plan,
    *,
    points: int = 5,
    measures: Sequence[Measure] | None = None,
    weighted: Weighted | None = None,
    targets: Mapping[str, float] | None = None,
    nonresponse: float | None = None,
    representativity: float | None = None,
    supervised: bool = False,
    cautions: tuple[str, ...] = (),
    policy: ScorePolicy = SCORE_V1,
) -> tuple[ItemEstimate, ...]:
    """Estimate the measures of an item; for a rating the top-2 share and index100.

    A census has no finite population correction (n/N is a response rate there), a probability sample has one when N is
    known, and an open link gets neither error nor interval: nothing is known about who came.

    Arguments:
        values: the answers 1..points, NaN where there is no opinion ("don't know", "not used", left out).
        strata: stratum code of each answer, zeros without strata.
        plan: the declared design.
        points: length of the scale.
        measures: what to estimate; None for the two of a rating.
        weighted: weights, raked or not, with their design; None takes the base weights of the plan.
        targets: per measure, for the tipping point and the probability to meet it.
        nonresponse: declared non-response component as a share of the scale (0-1); None is (1 - RR) times the policy's
            `silent_difference`.
        representativity: R-indicator of the wave, for the gate.
        supervised: the provider stood by at every answer, for the gate.
        cautions: reasons found elsewhere, for the gate.
        policy: thresholds of the gate.
    """
    wanted = rating_measures(points) if measures is None else tuple(measures)
    n = int((~np.isnan(values)).sum())
    if n < policy.suppressed_below or (plan.population is not None and plan.population < policy.suppressed_below):
        verdict = score_gate(
            design=plan.design, n=n, width=None, population=plan.population, invited=plan.asked, policy=policy
        )
        return tuple(ItemEstimate(measure=each.name, status="suppressed", reasons=verdict.reasons) for each in wanted)
    weighed = None if weighted is None else _Sample(design=weighted.design, notes=weighting_notes(weighted))
    sample = weighed or _sample(values, strata, plan)
    return tuple(
        _measured(
            each,
            values,
            sample,
            plan,
            target=None if targets is None else targets.get(each.name),
            nonresponse=nonresponse,
            representativity=representativity,
            supervised=supervised,
            cautions=cautions,
            policy=policy,
        )
        for each in wanted
    )


def _sample(values: Floats, strata: Codes, plan: Plan) -> _Sample:
    """The base weights of the plan."""
    if plan.design != "probability" or not plan.stratum_population:
        size = float(plan.population or values.size)
        population = np.array([size]) if plan.design == "probability" and plan.population else None
        weights = np.full(values.size, size / values.size)
        return _Sample(design=Design(weights=weights, strata=np.zeros_like(strata), population=population))
    answered = ~np.isnan(values)
    sizes = np.array(plan.stratum_population, dtype=np.float64)
    flaws = tuple(f"no-answers-in-stratum-{code}" for code in range(sizes.size) if not (strata[answered] == code).any())
    weights = stratum_weights(strata, sizes)
    design, merged = collapse_lonely_strata(Design(weights=weights, strata=strata, population=sizes))
    return _Sample(design=design, flaws=flaws, notes=tuple(f"stratum-{code}-collapsed" for code in merged))


def weighting_notes(weighted: Weighted) -> tuple[str, ...]:
    """What has to be told of the weights beside every estimate."""
    merged = tuple(f"margin-{name}-categories-merged" for name in weighted.merged)
    trimmed = ("weights-trimmed",) if weighted.trimmed_share > 0.0 else ()
    return (*merged, *trimmed, *(f"stratum-{code}-collapsed" for code in weighted.collapsed))


def _measured(
    measure: Measure,
    values: Floats,
    sample: _Sample,
    plan: Plan,
    *,
    target: float | None,
    nonresponse: float | None,
    representativity: float | None,
    supervised: bool,
    cautions: tuple[str, ...],
    policy: ScorePolicy,
) -> ItemEstimate:
    one = estimate(
        measure.scores(values), sample.design, low=measure.low, high=measure.high, level=plan.level, cap=plan.cap
    )
    return judged(
        measure,
        one,
        plan,
        flaws=sample.flaws,
        notes=sample.notes,
        target=target,
        nonresponse=nonresponse,
        representativity=representativity,
        supervised=supervised,
        cautions=cautions,
        policy=policy,
    )


def judged(
    measure: Measure,
    one: Estimate,
    plan: Plan,
    *,
    respondents: float | None = None,
    flaws: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    target: float | None = None,
    nonresponse: float | None = None,
    representativity: float | None = None,
    supervised: bool = False,
    cautions: tuple[str, ...] = (),
    policy: ScorePolicy = SCORE_V1,
) -> ItemEstimate:
    """The gate's verdict and the limits of an estimate; widths are compared as shares of the measure's scale.

    `respondents` is the mean of those who answered with their base weights: what is certain about the population rests
    on it, and not on what raking made of it. None takes the estimate. `flaws` and `notes` are reasons from the weights;
    the others as in `item_estimates`.
    """
    seen = one.estimate if respondents is None else respondents
    interval, method = _limits(one, measure, plan, seen=seen, policy=policy)
    verdict = score_gate(
        design=plan.design,
        n=one.n,
        width=None if interval is None else interval.width / measure.span,
        population=plan.population,
        invited=plan.asked,
        weighting=one.weighting,
        df=one.df,
        representativity=representativity,
        supervised=supervised,
        flaws=flaws,
        cautions=cautions,
        policy=policy,
    )
    sampled = interval is not None and method != "bounds"
    rate = min(1.0, one.n / plan.asked) if plan.asked and plan.design != "open_link" else None
    declared = (1.0 - (rate or 0.0)) * policy.silent_difference if nonresponse is None else nonresponse
    component = nonresponse_component(one.estimate, one.unweighted, declared=declared * measure.span)
    return ItemEstimate(
        measure=measure.name,
        estimate=one.estimate,
        se=one.se if sampled else None,
        df=float(one.df) if sampled else None,
        interval=interval,
        method=method,
        n=one.n,
        n_eff=one.n_eff,
        weighting=one.weighting,
        unweighted=one.unweighted,
        bounds=None if rate is None else manski(seen, rate, low=measure.low, high=measure.high),
        tipping_point=None if rate is None or target is None else tipping_point(seen, rate, target),
        nonresponse_se=component if sampled else None,
        p_ge_target=_sure(one, target, nonresponse_se=component) if sampled else None,
        p_ge_target_sampling=_sure(one, target, nonresponse_se=0.0) if sampled else None,
        status=verdict.status,
        reasons=(*verdict.reasons, *notes),
    )


def _limits(
    one: Estimate, measure: Measure, plan: Plan, *, seen: float, policy: ScorePolicy
) -> tuple[Interval | None, str | None]:
    """The interval that is handed over: none for an open link, the bounds of a small census, else the sampling one."""
    if plan.design == "open_link":
        return None, None
    if takes_bounds(design=plan.design, n=one.n, population=plan.population, policy=policy) and plan.population:
        return manski(seen, one.n / plan.population, low=measure.low, high=measure.high), "bounds"
    return one.interval, one.method


def _sure(one: Estimate, target: float | None, *, nonresponse_se: float) -> float | None:
    return None if target is None else p_at_least(target, one.estimate, one.se, one.df, nonresponse_se)
