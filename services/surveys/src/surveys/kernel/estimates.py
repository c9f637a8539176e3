"""The estimates of one item of a closed wave: top-2 share and index100 with their intervals and the gate's verdict."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surveys.kernel.bounds import worst_case_bounds
from surveys.kernel.gate import SCORE_V1, DesignKind, ScorePolicy, Status, score_gate, takes_bounds
from surveys.kernel.intervals import Interval, korn_graubard, t_interval, wilson
from surveys.kernel.measures import index100, top2
from surveys.kernel.variance import Design, MeanEstimate, collapse_lonely_strata, mean
from surveys.kernel.weights import kish, stratum_weights

__all__ = ["ItemEstimate", "Plan", "item_estimates"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
NO_SPREAD = 1e-18  # what rounding leaves of the variance, as a share of the scale, when all answers are equal


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
    """One estimate; top2 is a share 0-1, index100 runs from 0 to 100, and so do its error and limits."""

    measure: str
    estimate: float | None
    se: float | None
    df: float | None
    interval: Interval | None
    method: str | None
    n: int | None
    n_eff: float | None
    status: Status
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """The answers with their weights; `flaws` make an estimate unusable, `notes` only have to be told."""

    values: Floats
    answered: Flags
    design: Design
    weighting: float
    n_eff: float
    flaws: tuple[str, ...]
    notes: tuple[str, ...]


def item_estimates(
    values: Floats, strata: Codes, plan: Plan, *, points: int = 5, policy: ScorePolicy = SCORE_V1
) -> tuple[ItemEstimate, ...]:
    """Estimate the top-2 share and index100 of an item.

    Arguments:
        values: the answers 1..points, NaN where there is no opinion ("don't know", "not used", left out).
        strata: stratum code of each answer, zeros without strata.
        plan: the declared design.
        points: length of the scale.
        policy: thresholds of the gate.

    A census has no finite population correction (n/N is a response rate there), a probability sample has one when N is
    known, and an open link gets neither error nor interval: nothing is known about who came.
    """
    n = int((~np.isnan(values)).sum())
    if n < policy.suppressed_below or (plan.population is not None and plan.population < policy.suppressed_below):
        verdict = score_gate(
            design=plan.design, n=n, width=None, population=plan.population, invited=plan.asked, policy=policy
        )
        return tuple(_suppressed(measure, verdict.reasons) for measure in ("top2", "index100"))
    sample = _sample(values, strata, plan)
    return (
        _estimate("top2", top2(values, points=points), 1.0, sample, plan, policy=policy),
        _estimate("index100", index100(values, points=points), 100.0, sample, plan, policy=policy),
    )


def _suppressed(measure: str, reasons: tuple[str, ...]) -> ItemEstimate:
    return ItemEstimate(
        measure=measure,
        estimate=None,
        se=None,
        df=None,
        interval=None,
        method=None,
        n=None,
        n_eff=None,
        status="suppressed",
        reasons=reasons,
    )


def _sample(values: Floats, strata: Codes, plan: Plan) -> _Sample:
    answered = ~np.isnan(values)
    if plan.design != "probability" or not plan.stratum_population:
        size = float(plan.population or values.size)
        population = np.array([size]) if plan.design == "probability" and plan.population else None
        whole = Design(
            weights=np.full(values.size, size / values.size), strata=np.zeros_like(strata), population=population
        )
        n = float(answered.sum())
        return _Sample(values=values, answered=answered, design=whole, weighting=1.0, n_eff=n, flaws=(), notes=())
    sizes = np.array(plan.stratum_population, dtype=np.float64)
    flaws = tuple(f"no-answers-in-stratum-{code}" for code in range(sizes.size) if not (strata[answered] == code).any())
    weights = stratum_weights(strata, sizes)
    design, merged = collapse_lonely_strata(Design(weights=weights, strata=strata, population=sizes))
    loss = kish(weights[answered])
    return _Sample(
        values=values,
        answered=answered,
        design=design,
        weighting=loss.deff,
        n_eff=loss.n_eff,
        flaws=flaws,
        notes=tuple(f"stratum-{code}-collapsed" for code in merged),
    )


def _estimate(
    measure: str, scores: Floats, scale: float, sample: _Sample, plan: Plan, *, policy: ScorePolicy
) -> ItemEstimate:
    """One measure; `scale` is the length of its scale, so that widths are compared as shares of it."""
    found = mean(scores, sample.design)
    interval, method = _interval(found, scale, plan, policy=policy)
    verdict = score_gate(
        design=plan.design,
        n=found.n,
        width=None if interval is None else interval.width / scale,
        population=plan.population,
        invited=plan.asked,
        weighting=sample.weighting,
        flaws=sample.flaws,
        policy=policy,
    )
    sampled = interval is not None and method != "bounds"
    return ItemEstimate(
        measure=measure,
        estimate=found.estimate,
        se=found.se if sampled else None,
        df=float(found.df) if sampled else None,
        interval=interval,
        method=method,
        n=found.n,
        n_eff=sample.n_eff,
        status=verdict.status,
        reasons=(*verdict.reasons, *sample.notes),
    )


def _interval(
    found: MeanEstimate, scale: float, plan: Plan, *, policy: ScorePolicy
) -> tuple[Interval | None, str | None]:
    """The interval and its method: bounds of a small census, Wilson for a simple random sample, Korn-Graubard, t."""
    if plan.design == "open_link":
        return None, None
    if takes_bounds(design=plan.design, n=found.n, population=plan.population, policy=policy) and plan.population:
        response = found.n / plan.population
        return worst_case_bounds(found.estimate, response_rate=response, low=0.0, high=scale), "bounds"
    if found.df < 1:
        return None, None
    share = found.estimate / scale
    if scale != 1.0 and found.variance > NO_SPREAD * scale**2:
        limits = t_interval(found.estimate, found.se, df=found.df, level=plan.level)
        return Interval(max(0.0, limits.low), min(scale, limits.high)), "t"
    simple = plan.design == "probability" and not plan.stratum_population and plan.population is not None
    if simple and scale == 1.0 and plan.population:
        fraction = found.n / plan.population
        effective = (found.n - 1) / (1.0 - fraction) if fraction < 1.0 else float("inf")
        return wilson(share, effective, level=plan.level), "wilson"
    # An index without any spread (all gave the same answer) has no t interval worth the name. On a bounded scale its
    # variance is at most that of a share, so that the share's interval is a safe one.
    limits = korn_graubard(share, found.variance / scale**2, n=found.n, df=found.df, level=plan.level, cap=plan.cap)
    return Interval(limits.low * scale, limits.high * scale), "korn-graubard"
