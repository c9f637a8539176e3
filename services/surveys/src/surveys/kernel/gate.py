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


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePolicy:
    """Thresholds of the gate; immutable once a wave was closed under its name.

    Sources: n < 10 is the threshold of the GP Patient Survey, the UK National Student Survey and the ONS-LS; n < 30 and
    the absolute width of 0.30 the National Center for Health Statistics' (2017); n < 100 HCAHPS "use with caution"; the
    response rate of 50 % the National Student Survey's. The others are choices of this product.
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
    flaws: tuple[str, ...] = (),
    policy: ScorePolicy = SCORE_V1,
) -> Verdict:
    """Decide what an estimate may be used for.

    Arguments:
        design: as declared when the wave was opened.
        n: answers to the item.
        width: of the 95 % interval (or of the bounds) as a share of the scale, 0-1; None for an open link.
        population: N, recipients in the frame.
        invited: recipients who were asked (N itself in a census), for the response to this item.
        weighting: Kish's design effect of the weights.
        flaws: reasons found in the design that alone make the estimate unreliable, such as an empty stratum.
        policy: the thresholds.
    """
    if n < policy.suppressed_below or (population is not None and population < policy.suppressed_below):
        return Verdict(status="suppressed", reasons=("fewer-than-10",))
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
    caution = _caution(n=n, width=width, weighting=weighting, invited=invited, bounded=bounded, policy=policy)
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


def _caution(
    *, n: int, width: float, weighting: float, invited: int | None, bounded: bool, policy: ScorePolicy
) -> list[str]:
    reasons = []
    if n < policy.caution_below and not bounded:
        reasons.append("n-below-100")
    if bounded and width > policy.caution_bounds:
        reasons.append("bounds-wider-than-0.10")
    if not bounded and width > policy.caution_width:
        reasons.append("interval-wider-than-0.20")
    if weighting > policy.caution_weighting:
        reasons.append("weighting-effect-above-1.5")
    if not invited:
        reasons.append("response-rate-unknown")
    elif n < policy.caution_response * invited:
        reasons.append("response-below-half")
    return reasons
