"""The gate `publish-v1`: what of a closed wave everybody may see.

It protects the persons behind small numbers and the readers from figures that say nothing. The tests stand in this
order: suppressed, unreliable, caution, ok. What scoring may use is decided by another gate (`gate`), which does not ask
for the width relative to p.
"""

import math
from dataclasses import dataclass
from typing import Literal

from surveys.kernel.gate import DesignKind, Status

__all__ = ["PUBLISH_V1", "Figures", "PublishPolicy", "Published", "percent", "publish_gate"]

Measure = Literal["share", "index"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPolicy:
    """Thresholds of the gate; immutable once something was published under its name.

    Sources: n < 10 of the GP Patient Survey, the UK National Student Survey and the ONS-LS; n_eff < 30, widths of 0.05,
    0.30 and 1.30 relative to p, and df < 8 of the National Center for Health Statistics (2017); n < 100 of HCAHPS; a
    response of half of the National Student Survey. R-indicator, weighting effect and band are choices of this product.
    """

    name: str = "publish-v1"
    threshold: int = 10
    unreliable_n_eff: float = 30.0
    unreliable_width: float = 0.30
    fine_width: float = 0.05
    relative_width: float = 1.30
    caution_below: int = 100
    caution_response: float = 0.5
    caution_df: float = 8.0
    caution_weighting: float = 1.5
    caution_r_indicator: float = 0.8
    tipping_band: float = 0.10
    keyphrase_respondents: int = 10
    crossing_variables: int = 2


PUBLISH_V1 = PublishPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """An estimate and what has to be known to judge it.

    Arguments:
        design: as declared when the wave was opened.
        n: answers to the item.
        estimate: of a share 0-1, or an index as a share of its scale; None where there is none.
        low, high: of its interval, on the same scale; None for an open link.
        n_eff: effective number of answers.
        df: degrees of freedom of the variance; None where there is no sampling variance.
        population: N, recipients in the frame; None when unknown.
        response_rate: AAPOR RR1, 0-1; None without a frame.
        weighting: Kish's design effect of the weights.
        r_indicator: representativity of the response, 0-1; None when it cannot be computed.
        tipping_point: share of the satisfied among those who did not answer at which the verdict on the target turns.
        measure: only a share has a width relative to p.
        flaws: reasons found elsewhere that alone make the estimate unreliable, such as weights that could not be made.
        cautions: reasons found elsewhere for care, such as a frame that does not agree with the paid service units.
    """

    design: DesignKind
    n: int
    estimate: float | None
    low: float | None = None
    high: float | None = None
    n_eff: float | None = None
    df: float | None = None
    population: int | None = None
    response_rate: float | None = None
    weighting: float = 1.0
    r_indicator: float | None = None
    tipping_point: float | None = None
    measure: Measure = "share"
    flaws: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()

    @property
    def width(self) -> float | None:
        """Of the interval, as a share of the scale."""
        return None if self.low is None or self.high is None else self.high - self.low


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """`ok` and `caution` are shown to everybody, `unreliable` to officers only, `suppressed` to nobody."""

    status: Status
    reasons: tuple[str, ...]

    @property
    def public(self) -> bool:
        """Whether the value is shown to everybody."""
        return self.status in ("ok", "caution")


def publish_gate(figures: Figures, policy: PublishPolicy = PUBLISH_V1) -> Published:
    """Decide who may see an estimate, and with which reasons for care.

    The width relative to p is not asked for where p is 0: only the interval's limit is shown there ("< x %").
    """
    too_small = figures.population is not None and figures.population < policy.threshold
    if figures.n < policy.threshold or too_small or figures.estimate is None:
        return Published(status="suppressed", reasons=(f"fewer-than-{policy.threshold}",))
    unreliable = _unreliable(figures, policy)
    if unreliable:
        return Published(status="unreliable", reasons=tuple(unreliable))
    caution = _caution(figures, policy)
    return Published(status="caution" if caution else "ok", reasons=tuple(caution))


def percent(estimate: float, *, low: float | None = None, high: float | None = None) -> str:
    """A share as it is published: a whole number of per cent, and a limit where all or nobody agreed.

    "0 %" and "100 %" would say what every single respondent answered. Rounded figures at the ends get the limit too,
    since they read the same; without an interval the nearest whole number inside stands for it.
    """
    shown = round(estimate * 100)
    if shown <= 0:
        return f"< {max(1, math.ceil((0.01 if high is None else high) * 100))} %"
    if shown >= 100:
        return f"> {min(99, math.floor((0.99 if low is None else low) * 100))} %"
    return f"{shown} %"


def _unreliable(figures: Figures, policy: PublishPolicy) -> list[str]:
    reasons = list(figures.flaws)
    n_eff = figures.n if figures.n_eff is None else figures.n_eff
    if n_eff < policy.unreliable_n_eff:
        reasons.append("n-eff-below-30")
    width = figures.width
    if width is None:
        if figures.design != "open_link":
            reasons.append("no-interval")
        return reasons
    width = round(width, 9)
    if width >= policy.unreliable_width:
        reasons.append("interval-0.30-or-wider")
    estimate = figures.estimate or 0.0
    relative = figures.measure == "share" and estimate > 0 and width > policy.fine_width
    if relative and width / estimate > policy.relative_width:
        reasons.append("interval-wider-than-1.30-of-the-share")
    return reasons


def _caution(figures: Figures, policy: PublishPolicy) -> list[str]:
    reasons = ["open-link"] if figures.design == "open_link" else []
    if figures.n < policy.caution_below:
        reasons.append("n-below-100")
    if figures.response_rate is None:
        if figures.design != "open_link":
            reasons.append("response-rate-unknown")
    elif figures.response_rate < policy.caution_response:
        reasons.append("response-below-half")
    if figures.df is not None and figures.df < policy.caution_df:
        reasons.append("df-below-8")
    if figures.weighting > policy.caution_weighting:
        reasons.append("weighting-effect-above-1.5")
    if figures.r_indicator is not None and figures.r_indicator < policy.caution_r_indicator:
        reasons.append("r-indicator-below-0.8")
    if _tips(figures, policy):
        reasons.append("non-response-can-turn-the-verdict")
    return [*reasons, *figures.cautions]


def _tips(figures: Figures, policy: PublishPolicy) -> bool:
    """Whether it takes little: those who did not answer need differ from the others by no more than the band."""
    if figures.tipping_point is None or figures.estimate is None:
        return False
    return 0 <= figures.tipping_point <= 1 and abs(figures.tipping_point - figures.estimate) <= policy.tipping_band
