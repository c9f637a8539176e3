"""From the counts of a frozen wave to its estimates: pure, so that a recomputation gives the same numbers."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.events import Estimate
from surveys.instruments.queries import Instrument
from surveys.kernel.estimates import ItemEstimate, Plan, item_estimates
from surveys.kernel.gate import SCORE_V1
from surveys.kernel.rates import Dispositions, OutcomeRates, outcome_rates
from surveys.responses.queries import Tally

__all__ = ["HEADLINE", "Estimation", "as_document", "estimate_wave"]

HEADLINE = "overall"  # how the instrument's headline item is called in events, whatever its code

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimation:
    """What a closed wave says. `no_opinion` is the share per item that had no opinion; null below ten responses."""

    n: int
    dispositions: dict[str, int]
    rates: dict[str, float | None]
    estimates: tuple[Estimate, ...]
    no_opinion: dict[str, float | None]
    policy: str

    @property
    def response_rate(self) -> float | None:
        """AAPOR RR1; null when there is no frame."""
        return self.rates["rr1"]


def estimate_wave(tally: Tally, instrument: Instrument, plan: Plan, *, strata: tuple[str, ...]) -> Estimation:
    """Estimate every rating item of a wave and its outcome rates."""
    codes = {code: index for index, code in enumerate(strata)}
    estimates: list[Estimate] = []
    no_opinion: dict[str, float | None] = {}
    for item in instrument.ratings:
        scale = instrument.scale_of(item)
        values, stratum = _answers(tally, item.code, lowest=scale.values[0], codes=codes)
        name = HEADLINE if item.headline else item.code
        found = item_estimates(values, stratum, plan, points=len(scale.points))
        estimates.extend(_estimate(name, each) for each in found)
        silent = float(np.isnan(values).mean()) if values.size >= SCORE_V1.suppressed_below else None
        no_opinion[name] = silent
    counts, rates = _rates(tally, plan)
    return Estimation(
        n=tally.n,
        dispositions=counts,
        rates=rates.as_dict(),
        estimates=tuple(estimates),
        no_opinion=no_opinion,
        policy=SCORE_V1.name,
    )


def _answers(tally: Tally, item: str, *, lowest: int, codes: dict[str, int]) -> tuple[Floats, Codes]:
    """One value 1..points per response (NaN without an opinion) and its stratum; the order carries no meaning."""
    values: list[Floats] = []
    strata: list[Codes] = []
    rated: dict[str | None, int] = {}
    for stratum, code, answer, count in tally.answers:
        if code == item and answer.isdigit():
            values.append(np.full(count, float(answer) - lowest + 1.0))
            strata.append(np.full(count, codes.get(stratum or "", 0), dtype=np.int64))
            rated[stratum] = rated.get(stratum, 0) + count
    for stratum, respondents in tally.respondents.items():
        silent = respondents - rated.get(stratum, 0)
        values.append(np.full(silent, np.nan))
        strata.append(np.full(silent, codes.get(stratum or "", 0), dtype=np.int64))
    if not values:
        return np.empty(0), np.empty(0, dtype=np.int64)
    return np.concatenate(values), np.concatenate(strata)


def _rates(tally: Tally, plan: Plan) -> tuple[dict[str, int], OutcomeRates]:
    """Dispositions and rates; who was asked and did not answer is a non-contact: the frame is known to be eligible."""
    asked = plan.asked if plan.design != "open_link" else None
    complete, partial = tally.dispositions.get("complete", 0), tally.dispositions.get("partial", 0)
    refusal = tally.dispositions.get("break_off", 0)
    silent = 0 if asked is None else max(0, asked - tally.n)
    counts = Dispositions(complete=complete, partial=partial, refusal=refusal, non_contact=silent)
    shown = {"complete": complete, "partial": partial, "refusal": refusal, "non_contact": silent}
    # Without a frame nobody knows how many did not answer: every rate is null.
    return shown, outcome_rates(Dispositions() if asked is None else counts)


def _estimate(item: str, found: ItemEstimate) -> Estimate:
    return Estimate(
        item=item,
        measure=found.measure,
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
    )


def as_document(estimation: Estimation) -> dict[str, Any]:
    """The estimation as JSON."""
    document = asdict(estimation)
    document["estimates"] = [estimate.model_dump(mode="json") for estimate in estimation.estimates]
    return document
