"""Regions compared: direct estimates, and those of the Fay-Herriot model beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from surveys.comparison.errors import NothingToCompare, TooMuchToCompare
from surveys.comparison.providers import measure_of
from surveys.comparison.queries import Asked, Closed, closed_waves
from surveys.kernel.areas import fay_herriot
from surveys.kernel.margins import NotConverged

__all__ = ["Area", "Areas", "areas"]

MOST_WAVES = 20_000
FEWEST_AREAS = 5  # below it the variance between areas is anybody's guess
LEVELS = {"province": 2, "city": 4, "county": 6}


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """One region: its direct estimate, and what the model makes of it (None: no model)."""

    region: str
    waves: int
    n: int
    direct: float
    direct_se: float
    modelled: float | None
    modelled_rmse: float | None
    weight_of_direct: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Areas:
    """Regions by code. `sd_between` is the standard deviation between regions that the sampling does not explain."""

    waves: int
    sd_between: float | None
    no_model_because: str | None
    areas: tuple[Area, ...]


async def areas(session: AsyncSession, asked: Asked, *, item: str, measure: str, level: str) -> Areas:
    """Compare the regions whose waves fit, each with its error for sampling and non-response.

    The waves of a region count by their populations. The model has no covariates but the common mean: it says how far
    a region with few answers should be drawn towards the others, and is for maps, never for money.

    Raises:
        UnknownMeasure, NothingToCompare, TooMuchToCompare: as their names say.
    """
    await measure_of(session, asked.instrument_sha256, item=item, measure=measure)
    waves = await closed_waves(session, asked, limit=MOST_WAVES + 1)
    if len(waves) > MOST_WAVES:
        raise TooMuchToCompare(f"More than {MOST_WAVES} waves fit; name a smaller region, category or time.")
    grouped: dict[str, list[tuple[Closed, Mapping[str, Any]]]] = {}
    for each in waves:
        found = _estimate(each, item, measure)
        if found is not None:
            grouped.setdefault(_cut(each.wave.region, level), []).append((each, found))
    if not grouped:
        raise NothingToCompare("No closed wave that fits has an estimate with an error; widen region or time.")
    direct = [_direct(region, parts) for region, parts in sorted(grouped.items())]
    return _modelled(direct, waves=sum(len(parts) for parts in grouped.values()))


def _estimate(each: Closed, item: str, measure: str) -> Mapping[str, Any] | None:
    """The wave's estimate, where it may be used and has an error."""
    for found in each.result.estimates:
        if found["item"] == item and found["measure"] == measure and found["option"] is None:
            usable = found["status"] in {"ok", "caution"} and found["estimate"] is not None
            return found if usable and (found["se_total"] or found["se"]) else None
    return None


def _cut(region: str, level: str) -> str:
    country, _, code = region.partition("-")
    return f"{country}-{code[: LEVELS[level]]}" if code else region


def _direct(region: str, parts: list[tuple[Closed, Mapping[str, Any]]]) -> Area:
    sizes = np.array([float(each.wave.population or each.result.n) for each, _ in parts])
    shares = sizes / sizes.sum()
    errors = np.array([float(found["se_total"] or found["se"]) for _, found in parts])
    return Area(
        region=region,
        waves=len(parts),
        n=sum(int(found["n"] or 0) for _, found in parts),
        direct=float(shares @ np.array([float(found["estimate"]) for _, found in parts])),
        direct_se=sqrt(float((shares * errors) @ (shares * errors))),
        modelled=None,
        modelled_rmse=None,
        weight_of_direct=None,
    )


def _modelled(direct: list[Area], *, waves: int) -> Areas:
    if len(direct) < FEWEST_AREAS:
        return Areas(
            waves=waves, sd_between=None, no_model_because=f"fewer-than-{FEWEST_AREAS}-regions", areas=tuple(direct)
        )
    values = np.array([each.direct for each in direct])
    variances = np.array([each.direct_se**2 for each in direct])
    try:
        model = fay_herriot(values, variances, np.ones((values.size, 1)))
    except NotConverged:
        return Areas(waves=waves, sd_between=None, no_model_because="not-converged", areas=tuple(direct))
    return Areas(
        waves=waves,
        sd_between=sqrt(model.model_variance),
        no_model_because=None,
        areas=tuple(
            Area(
                region=each.region,
                waves=each.waves,
                n=each.n,
                direct=each.direct,
                direct_se=each.direct_se,
                modelled=float(model.estimates[place]),
                modelled_rmse=sqrt(float(model.mse[place])),
                weight_of_direct=float(model.gamma[place]),
            )
            for place, each in enumerate(direct)
        ),
    )
