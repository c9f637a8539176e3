"""The gate `score-v1`: what scoring may use of a closed wave's estimates.

It decides on the design, the number of answers and the absolute width of the interval, and never on the width relative
to p: a relative rule hides 10 % satisfied and shows 90 % at the same n, so it would protect exactly the bad providers.
Nothing here takes the estimate itself, so that the verdict is the same for p and 1 - p by construction.
"""

from dataclasses import dataclass
from typing import Literal

__all__ = ["SCORE_V1", "DesignKind", "ScorePolicy", "Status", "Verdict", "score_gate", "takes_bounds"]

DesignKind = Literal["census", "probability", "open_link"]
Status = Literal["ok", "caution", "unreliable", "suppressed"]

# A 95 % interval that is shifted by this share of its width covers the truth in 90 % of the samples: the root of
# Phi(1.96 - b) - Phi(-1.96 - b) = 0.90 is b = 0.652 standard errors, and the width is 3.92 of them.
SHIFT_AT_90 = 0.1664


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePolicy:
    """Thresholds of the gate; immutable once a wave was closed under its name.

    Sources: n < 10 is the threshold of the GP Patient Survey, the UK National Student Survey and the ONS-LS; n < 30,
    df < 8 and the absolute width of 0.30 the National Center for Health Statistics' (2017); n < 100 HCAHPS "use with
    caution"; the response rate of 50 % the National Student Survey's. The others are choices of this product.
    `silent_difference` is how far, as a share of the scale, those who did not answer are taken to differ from those who
    did: 0.09 in the Copenhagen frame of the golden vectors. At 0.15 simulated censuses with a response of 80 % or less
    are not `ok` where their interval covers less than 90 %, up to a difference of 0.30 (docs/survey-quality.md).
    """

    name: str = "score-v1"
    suppressed_below: int = 10
    unreliable_below: int = 30
    caution_below: int = 100
    unreliable_width: float = 0.30
    caution_width: float = 0.20
    unreliable_weighting: float = 3.0
    caution_weighting: float = 1.5
    caution_response: float = 0.5
    caution_degrees: float = 8.0
    caution_representativity: float = 0.8
    silent_difference: float = 0.15
    census_response: float = 0.8
    census_population: int = 100
    caution_bounds: float = 0.10


SCORE_V1 = ScorePolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`ok` and `caution` enter a live score, the others do not; an open link never enters a determined one."""

    status: Status
    reasons: tuple[str, ...]


def takes_bounds(*, design: DesignKind, n: int, population: int | None, policy: ScorePolicy = SCORE_V1) -> bool:
    """Whether an estimate is handed over with the bounds of its finite population instead of a sampling interval.

    True for a census of at most `census_population` recipients of whom at least `census_response` answered: it has no
    sampling error, and a sampling interval would be too wide for a small N however many answer.
    """
    if design != "census" or population is None or not 0 < population <= policy.census_population:
        return False
    return n <= population and n >= policy.census_response * population


def score_gate(
    *,
    design: DesignKind,
    n: int,
    width: float | None,
    population: int | None,
    invited: int | None,
    weighting: float = 1.0,
    df: float | None = None,
    representativity: float | None = None,
    supervised: bool = False,
    flaws: tuple[str, ...] = (),
    cautions: tuple[str, ...] = (),
    policy: ScorePolicy = SCORE_V1,
) -> Verdict:
    """Decide what an estimate may be used for.

    Below ten answers there is no number: the contract's other agreed source of evidence has to serve.

    Arguments:
        design: as declared when the wave was opened.
        n: answers to the item.
        width: of the 95 % interval (or of the bounds) as a share of the scale, 0-1; None for an open link.
        population: N, recipients in the frame.
        invited: recipients who were asked (N itself in a census), for the response to this item.
        weighting: Kish's design effect of the weights.
        df: degrees of freedom of the standard error; None leaves the rule out.
        representativity: R-indicator of the response; None when the frame is too small or says nothing.
        supervised: the provider chose who was asked or stood by at every answer; such a wave alone makes no score.
        flaws: reasons found in the design that alone make the estimate unreliable, such as an empty stratum.
        cautions: reasons found elsewhere, such as a frame that does not agree with the paid service units.
        policy: the thresholds.
    """
    if n < policy.suppressed_below or (population is not None and population < policy.suppressed_below):
        return Verdict(status="suppressed", reasons=("fewer-than-10",))
    if supervised:
        flaws = (*flaws, "provider-supervised-alone")
    if design == "open_link":
        few = ("n-below-30",) if n < policy.unreliable_below else ()
        return Verdict(status="unreliable" if few or flaws else "caution", reasons=(*flaws, *few, "open-link"))
    if width is None:
        return Verdict(status="unreliable", reasons=(*flaws, "no-interval"))
    width = round(width, 9)  # rounding noise must not put p and 1 - p on different sides of a threshold
    bounded = takes_bounds(design=design, n=n, population=population, policy=policy)
    unreliable = [*flaws, *_unreliable(n=n, width=width, weighting=weighting, bounded=bounded, policy=policy)]
    if population is not None and n > population:
        unreliable.append("more-answers-than-recipients")
    caution = [
        *_caution_width(n=n, width=width, bounded=bounded, policy=policy),
        *_caution_response(n=n, width=width, invited=invited, bounded=bounded, policy=policy),
    ]
    if weighting > policy.caution_weighting:
        caution.append("weighting-effect-above-1.5")
    if df is not None and df < policy.caution_degrees and not bounded:
        caution.append("fewer-than-8-degrees-of-freedom")
    if representativity is not None and representativity < policy.caution_representativity:
        caution.append("r-indicator-below-0.8")
    caution.extend(cautions)
    if unreliable:
        return Verdict(status="unreliable", reasons=(*unreliable, *caution))
    return Verdict(status="caution" if caution else "ok", reasons=tuple(caution))


def _unreliable(*, n: int, width: float, weighting: float, bounded: bool, policy: ScorePolicy) -> list[str]:
    reasons = []
    if n < policy.unreliable_below and not bounded:
        reasons.append("n-below-30")
    if width >= policy.unreliable_width:
        reasons.append("interval-0.30-or-wider")
    if weighting > policy.unreliable_weighting:
        reasons.append("weighting-effect-above-3")
    return reasons


def _caution_width(*, n: int, width: float, bounded: bool, policy: ScorePolicy) -> list[str]:
    reasons = []
    if n < policy.caution_below and not bounded:
        reasons.append("n-below-100")
    if bounded and width > policy.caution_bounds:
        reasons.append("bounds-wider-than-0.10")
    if not bounded and width > policy.caution_width:
        reasons.append("interval-wider-than-0.20")
    return reasons


def _caution_response(*, n: int, width: float, invited: int | None, bounded: bool, policy: ScorePolicy) -> list[str]:
    """The response rate, and whether the interval still covers the truth in 90 % of the samples.

    If those who did not answer differ by d, the estimate is off by (1 - RR) d. An interval that is short beside that
    covers less than it says, the more so the larger n is.
    """
    if not invited:
        return ["response-rate-unknown"]
    reasons = []
    if n < policy.caution_response * invited:
        reasons.append("response-below-half")
    silent = max(0.0, 1.0 - n / invited)
    if not bounded and silent * policy.silent_difference > SHIFT_AT_90 * width + 1e-9:
        reasons.append("non-response-exceeds-interval")
    return reasons
