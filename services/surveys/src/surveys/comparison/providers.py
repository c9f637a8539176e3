"""Providers compared by single answers: as they stand, adjusted for mode and mix of recipients, and shrunken."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy.ext.asyncio import AsyncSession

from surveys.comparison.errors import NothingToCompare, TooMuchToCompare, UnknownMeasure
from surveys.comparison.queries import Asked, Closed, closed_waves
from surveys.instruments.queries import questionnaire_by_hash
from surveys.kernel.areas import Shrunk, empirical_bayes
from surveys.kernel.comparison import NotSeparable, ProviderEstimate, compare_providers
from surveys.kernel.gate import SCORE_V1
from surveys.kernel.measures import Measure
from surveys.kernel.variance import Design, LonelyClusterError, collapse_lonely_strata
from surveys.responses.columns import Coded
from surveys.responses.queries import attribute_values
from surveys.results.dataset import read_dataset
from surveys.results.questions import Question, questions_of
from surveys.results.response import MODE
from surveys.results.weighing import sampling_strata
from surveys.settings import policy

__all__ = ["Compared", "Standing", "compare", "measure_of"]

MOST_WAVES, MOST_ANSWERS = 500, 200_000
FEWEST = SCORE_V1.suppressed_below  # answers of a provider below which nothing is told about it
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One provider. `estimate` and `shrunken` are None where too few people answered."""

    provider_id: UUID
    provider_name: str | None
    contracts: int
    waves: int
    estimate: ProviderEstimate | None
    shrunken: float | None
    reliability: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Providers in the order of their names; `unadjusted_because` says why there are no adjusted means."""

    waves: int
    answers: int
    mix: tuple[str, ...]
    unadjusted_because: str | None
    overall: float | None
    standings: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class _Answers:
    scores: Floats
    weights: Floats
    strata: Codes
    providers: Codes
    mix: Codes  # answers x variables; code 0 is "unknown"


async def measure_of(session: AsyncSession, sha256: str, *, item: str, measure: str) -> tuple[Question, Measure]:
    """The question and the measure that are compared.

    Raises:
        UnknownMeasure: the questionnaire has no such question, or the question no such measure.
    """
    questions = questions_of((await questionnaire_by_hash(session, sha256)).instrument)
    for question in questions:
        for each in question.measures:
            if question.name == item and each.name == measure:
                return question, each
    known = sorted({f"{question.name}.{each.name}" for question in questions for each in question.measures})
    raise UnknownMeasure(
        f"The questionnaire has no measure {item}.{measure}. It has: {', '.join(known[:40])}.",
        errors=[{"pointer": "query:item", "detail": "no such question and measure"}],
    )


async def compare(session: AsyncSession, asked: Asked, *, item: str, measure: str, mix: Sequence[str]) -> Compared:
    """Compare the providers whose waves fit.

    `mix` names attributes of the frames (age group, district, ...); the way to answer is always part of the mix. Each
    wave keeps its own weights and is a stratum of the joint sample.

    Raises:
        UnknownMeasure, NothingToCompare, TooMuchToCompare: as their names say.
    """
    wanted = await measure_of(session, asked.instrument_sha256, item=item, measure=measure)
    waves = [each for each in await closed_waves(session, asked, limit=MOST_WAVES + 1) if each.contract.provider_id]
    answers = sum(each.result.n for each in waves)
    if not answers:
        raise NothingToCompare("No closed wave with answers fits; widen region, category or time.")
    if len(waves) > MOST_WAVES or answers > MOST_ANSWERS:
        raise TooMuchToCompare(
            f"{len(waves)} waves with {answers} answers fit; name a smaller region, category or time "
            f"(at most {MOST_WAVES} waves and {MOST_ANSWERS} answers)."
        )
    providers = sorted({each.contract.provider_id for each in waves if each.contract.provider_id})
    found = await _read(session, waves, providers, wanted, mix)
    return await _compared(waves, providers, found, tuple(mix))


async def _read(
    session: AsyncSession,
    waves: Sequence[Closed],
    providers: Sequence[UUID],
    wanted: tuple[Question, Measure],
    mix: Sequence[str],
) -> _Answers:
    question, measure = wanted
    codes: dict[str, list[str]] = {name: [] for name in mix}
    for each in waves if mix else ():
        for name, values in (await attribute_values(session, each.wave.id)).items():
            if name in codes:
                codes[name] = sorted({*codes[name], *values})
    further = [Coded(f"mix:{name}", (name,), tuple(values), "attributes") for name, values in codes.items()]
    parts: list[_Answers] = []
    first = 0
    for each in waves:
        margins = each.result.weights.get("margins", each.wave.margins)
        dataset = await read_dataset(session, each.wave, margins=margins, further=further)
        columns, weighing = dataset.columns, dataset.weighing
        if weighing is None or columns.n != each.result.n:
            continue  # nobody answered, or the retention has taken the answers
        strata = sampling_strata(columns, dataset.plan) + first
        first = int(strata.max()) + 1
        parts.append(
            _Answers(
                measure.scores(question.values(columns)),
                weighing.weighted.design.weights,
                strata,
                np.full(columns.n, providers.index(each.contract.provider_id)),
                np.column_stack([columns.codes[name] for name in (MODE, *(f"mix:{name}" for name in mix))]).astype(
                    np.int64
                ),
            )
        )
    if not parts:
        raise NothingToCompare("The answers of the waves that fit were deleted when their time was over.")
    return _Answers(
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.weights for part in parts]),
        np.concatenate([part.strata for part in parts]),
        np.concatenate([part.providers for part in parts]),
        np.concatenate([part.mix for part in parts]),
    )


async def _compared(
    waves: Sequence[Closed], providers: Sequence[UUID], found: _Answers, mix: tuple[str, ...]
) -> Compared:
    told = ~np.isnan(found.scores)
    counts = np.bincount(found.providers[told], minlength=len(providers))
    enough = np.flatnonzero(counts >= FEWEST)
    kept = np.isin(found.providers, enough)
    estimates: dict[int, ProviderEstimate] = {}
    shrunken: Shrunk | None = None
    reason: str | None = None
    if enough.size:
        design, scores = _design(found, kept), found.scores[kept]
        try:
            made, reason = _estimates(scores, found.providers[kept], found.mix[kept], design)
            estimates = {each.provider: each for each in made}
        except LonelyClusterError:
            reason = "a-wave-has-one-answer"
        shrunken = _shrunken(found, told & kept, enough)
    places = {int(code): place for place, code in enumerate(enough)}
    names = {each.contract.provider_id: each.contract.provider_name for each in waves}
    standings = [
        Standing(
            provider_id=provider,
            provider_name=names[provider],
            contracts=len({each.contract.id for each in waves if each.contract.provider_id == provider}),
            waves=sum(each.contract.provider_id == provider for each in waves),
            estimate=estimates.get(code),
            shrunken=_at(None if shrunken is None else shrunken.estimates, places.get(code)),
            reliability=_at(None if shrunken is None else shrunken.reliability, places.get(code)),
        )
        for code, provider in enumerate(providers)
    ]
    return Compared(
        waves=len(waves),
        answers=int(told.sum()),
        mix=("mode", *mix),
        unadjusted_because=reason,
        overall=None if shrunken is None else shrunken.overall,
        standings=tuple(sorted(standings, key=lambda each: (each.provider_name or "", each.provider_id))),
    )


def _estimates(
    scores: Floats, providers: Codes, mix: Codes, design: Design
) -> tuple[tuple[ProviderEstimate, ...], str | None]:
    """Adjusted where provider and mix can be told apart, else with the adjusted figures equal to the plain ones."""
    level = policy().interval_level
    try:
        return compare_providers(scores, providers, _dummies(mix), design, level=level), None
    except NotSeparable:
        return compare_providers(scores, providers, np.zeros((scores.size, 0)), design, level=level), "not-separable"


def _design(found: _Answers, kept: npt.NDArray[np.bool_]) -> Design:
    _, strata = np.unique(found.strata[kept], return_inverse=True)
    design = Design(weights=found.weights[kept], strata=strata.astype(np.int64))
    return collapse_lonely_strata(design)[0]


def _dummies(mix: Codes) -> Floats:
    """A column for every value of every variable but the most frequent one, which the others are compared with."""
    columns: list[Floats] = []
    for variable in mix.T:
        values, counts = np.unique(variable, return_counts=True)
        usual = values[np.argmax(counts)]
        columns += [(variable == value).astype(np.float64) for value in values if value != usual]
    return np.column_stack(columns) if columns else np.zeros((mix.shape[0], 0))


def _shrunken(found: _Answers, told: npt.NDArray[np.bool_], enough: Codes) -> Shrunk | None:
    """Means drawn towards all, from the unweighted answers; None for fewer than two providers."""
    scores, providers = found.scores[told], found.providers[told]
    n = np.bincount(providers, minlength=int(enough.max()) + 1)[enough].astype(np.float64)
    means = np.array([scores[providers == code].mean() for code in enough])
    variances = np.array([scores[providers == code].var(ddof=1) for code in enough])
    return empirical_bayes(means, variances, n) if enough.size >= 2 else None


def _at(values: Floats | None, place: int | None) -> float | None:
    return None if values is None or place is None else float(values[place])
