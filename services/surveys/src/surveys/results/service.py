"""Closing a wave: freeze, weight, estimate, keep, hand over; and computing again."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, clock
from shared.concurrency import check_version
from shared.events import EventData, WaveClosed, WaveWeights
from shared.jobs import enqueue
from shared.outbox import emit
from surveys.frames.queries import cells, find_frame
from surveys.instruments.queries import questionnaire_by_hash
from surveys.instruments.service import canonical_sha256
from surveys.kernel.change import incomparable
from surveys.kernel.gate import SCORE_V1
from surveys.kernel.merkle import root_of
from surveys.responses.columns import read_leaves
from surveys.responses.mixing import move_rest
from surveys.results import queries
from surveys.results.change import basis_of, changes_between
from surveys.results.dataset import Dataset, read_dataset
from surveys.results.errors import AnswersDeleted, TooFewAnswers, WeightingImpossible
from surveys.results.estimation import HANDED_OVER, Conditions, Estimation, estimate_wave
from surveys.results.models import WaveResult
from surveys.results.queries import results_of
from surveys.results.questions import HEADLINE
from surveys.results.response import Response, response_of
from surveys.settings import policy
from surveys.waves.errors import MarginsUnfit
from surveys.waves.queries import ContractStub, Wave, all_waves
from surveys.waves.service import freeze_wave, unfit_margins, wave_opened, wave_state

__all__ = ["PUBLISH_WAVE", "close_wave", "read_answers", "recompute_wave", "snapshot_of_waves", "wave_closed"]

PUBLISH_WAVE = "surveys.publish_wave"  # the job that makes of a new result what everybody may see

SNAPSHOT_CHUNK = 500
HANDED_MOST = 180  # estimates of about 800 bytes in an event of at most 256 kB
Margins = Sequence[Mapping[str, Any]]


async def close_wave(session: AsyncSession, wave_id: UUID, *, if_match: int | None = None) -> tuple[Wave, ContractStub]:
    """Close a wave: nothing more is accepted, its estimates are kept for good and handed to scoring.

    A wave whose margins cannot be met closes too: its estimates are unreliable and say why.

    Raises:
        WaveNotFound, WaveAlreadyClosed, PreconditionFailed: see `freeze_wave`.
    """
    wave, contract = await freeze_wave(session, wave_id, if_match=if_match)
    await move_rest(session, wave.id)
    dataset = await read_dataset(session, wave)
    response = response_of(dataset.columns, dataset.plan, await cells(session, wave.id))
    frame = await find_frame(session, wave.id)
    by_themselves = sum(number for mode, number in response.modes.items() if mode != "enumerator")
    if wave.design != "open_link" and by_themselves and (frame is None or not frame.issued):
        # Without tokens nobody knows who answered, nor how often.
        wave.cautions = sorted({*wave.cautions, "no_frame"})
    leaves = await read_leaves(session, wave.id)
    root = await asyncio.to_thread(root_of, leaves)
    result = await _computed(session, wave, contract, dataset, response, ledger=(root, len(leaves)))
    emit(session, wave_closed(wave, result), subject=wave.id, region=wave.region)
    return wave, contract


async def recompute_wave(
    session: AsyncSession, wave_id: UUID, *, reason: str, margins: Margins | None = None, if_match: int | None = None
) -> tuple[WaveResult, Wave, ContractStub]:
    """Compute a closed wave again, with other margins or other software, as a new revision; the old ones stay.

    The frame may be deleted by then: who answered is taken from the revision before.

    Raises:
        WaveNotFound, WaveNotClosed, PreconditionFailed: about the wave.
        MarginsUnfit: the margins do not fit the questionnaire, the population or each other.
        WeightingImpossible: they cannot be met; names margin and category.
        AnswersDeleted: the retention has taken the answers.
    """
    before, wave, contract = await queries.get_result(session, wave_id)
    # Under the wave's row lock two recomputations cannot make the same revision.
    await session.refresh(wave, with_for_update=True)
    check_version(if_match, wave.version)
    before = (await results_of(session, [wave_id]))[wave_id]
    wanted = before.weights.get("margins", wave.margins) if margins is None else margins
    if margins is not None:
        instrument = (await questionnaire_by_hash(session, wave.instrument_sha256)).instrument
        errors = unfit_margins(margins, instrument, population=wave.population)
        if errors:
            raise MarginsUnfit(errors[0]["detail"], errors=errors)
    dataset = await read_dataset(session, wave, margins=wanted)
    if dataset.columns.n != before.n:
        raise AnswersDeleted("The answers were deleted when their time was over; nothing can be computed again.")
    error = dataset.weighing.report["error"] if dataset.weighing else None
    if margins is not None and error is not None:
        raise WeightingImpossible(
            f"The answers cannot be weighted: {error['detail']}. Merge or leave out what is named.",
            margin=error["margin"],
            category=error["category"],
        )
    found = response_of(dataset.columns, dataset.plan, await cells(session, wave.id))
    kept = Response(
        dispositions=before.dispositions, rates=found.rates, representativity=before.representativity, modes=found.modes
    )
    wave.version += 1
    ledger = None if before.ledger_root is None else (before.ledger_root, before.ledger_size or 0)
    result = await _computed(
        session,
        wave,
        contract,
        dataset,
        kept,
        ledger=ledger,
        reason=reason,
        revision=before.revision + 1,
        rates=before.rates,
    )
    audit.record(
        session, "wave.recomputed", noun="wave", noun_id=wave.id, region=wave.region, fields=["revision", "reason"]
    )
    emit(session, wave_closed(wave, result), subject=wave.id, region=wave.region)
    return result, wave, contract


async def read_answers(
    session: AsyncSession, wave_id: UUID, *, what: str
) -> tuple[Dataset, WaveResult, Wave, ContractStub]:
    """The answers of a closed wave, weighted as in its newest revision, for a file that leaves the service.

    Who took what stands in the audit trail.

    Raises:
        WaveNotFound, WaveNotClosed: about the wave.
        TooFewAnswers: fewer than ten people answered.
    """
    result, wave, contract = await queries.get_result(session, wave_id)
    if result.n < SCORE_V1.suppressed_below:
        raise TooFewAnswers("Fewer than ten people answered; their answers stay here.")
    dataset = await read_dataset(session, wave, margins=result.weights.get("margins", wave.margins))
    if dataset.columns.n != result.n:
        raise AnswersDeleted("The answers were deleted when their time was over; the results stay.")
    audit.record(session, "answers.exported", noun="wave", noun_id=wave.id, region=wave.region, fields=[what])
    return dataset, result, wave, contract


def wave_closed(wave: Wave, result: WaveResult) -> WaveClosed:
    """The event of a closed wave. Shares of single options stay here: no score is made of them.

    A questionnaire with hundreds of lines hands over the headline and the first of the others: an event has a size.
    """
    handed_over = [each for each in result.estimates if each["measure"] in HANDED_OVER]
    handed_over.sort(key=lambda each: each["item"] != HEADLINE)
    weights = result.weights
    error = weights.get("error")
    handed = {name: weights[name] for name in WaveWeights.model_fields if name in weights} | {
        "margins": tuple(margin["name"] for margin in weights.get("margins", ())),
        "error": None if error is None else error["detail"],
    }
    return WaveClosed.model_validate(
        {
            **wave_state(wave),
            "closed_at": wave.closed_at,
            "n": result.n,
            "response_rate": result.response_rate,
            "estimates": handed_over[:HANDED_MOST],
            "policy": result.policy,
            "revision": result.revision,
            "invited": wave.invited,
            "dispositions": result.dispositions,
            "rates": result.rates,
            "r_indicator": result.representativity.get("r"),
            "weights": handed if "method" in weights else None,
            "changes": result.changes[:HANDED_MOST],
            "quality": result.quality,
            "cautions": result.cautions,
            "supervised": result.supervised,
            "determinable": wave.design != "open_link",
            "ledger_root": None if result.ledger_root is None else result.ledger_root.hex(),
            "ledger_size": result.ledger_size,
            "results_sha256": result.sha256,
            "software_version": result.software_version,
        }
    )


async def snapshot_of_waves(session: AsyncSession) -> AsyncIterator[tuple[EventData, UUID | str, str]]:
    """The current state of every wave, for a listener that starts anew."""
    after: UUID | None = None
    while waves := await all_waves(session, after=after, limit=SNAPSHOT_CHUNK):
        after = waves[-1].id
        results = await results_of(session, [wave.id for wave in waves if wave.state == "closed"])
        for wave in waves:
            result = results.get(wave.id)
            yield (wave_opened(wave) if result is None else wave_closed(wave, result)), wave.id, wave.region


async def _computed(
    session: AsyncSession,
    wave: Wave,
    contract: ContractStub,
    dataset: Dataset,
    response: Response,
    *,
    ledger: tuple[bytes, int] | None,
    revision: int = 1,
    reason: str | None = None,
    rates: Mapping[str, float | None] | None = None,
) -> WaveResult:
    """Estimate, compare with the wave before, and store the result."""
    agreed = contract.satisfaction_target
    target = policy().satisfaction_target if agreed is None else agreed
    conditions = Conditions(
        supervised=bool(wave.independence.get("supervised_by_provider")),
        cautions=tuple(wave.cautions),
        targets={"index100": target, "top2": target / 100.0},
        nonresponse=policy().nonresponse_component,
    )
    estimation = await asyncio.to_thread(
        estimate_wave,
        dataset.columns,
        dataset.instrument,
        dataset.plan,
        dataset.weighing,
        response=response,
        conditions=conditions,
    )
    comparison, changes = await _compared(session, wave, response, estimation)
    weights = {"method": "none"} if dataset.weighing is None else dataset.weighing.report
    known = response.rates.as_dict() if rates is None else dict(rates)
    document = {
        "n": dataset.columns.n,
        "dispositions": response.dispositions,
        "rates": known,
        "response_rate": known["rr1"],
        "estimates": [each.model_dump(mode="json") for each in estimation.estimates],
        "no_opinion": estimation.no_opinion,
        "policy": estimation.policy,
        "level": dataset.plan.level,
        "weights": weights,
        "changes": changes,
        "comparison": comparison,
        "quality": estimation.quality,
        "representativity": response.representativity,
        "modes": response.modes,
        "cautions": list(wave.cautions),
        "supervised": estimation.supervised,
        "target_from": "setting" if agreed is None else "contract",
        "software_version": version("gongping-surveys"),
    }
    made_from = {
        "wave_id": str(wave.id),
        "instrument_sha256": wave.instrument_sha256,
        "design": wave.design,
        "population": wave.population,
        "invited": wave.invited,
        "strata": wave.strata,
        "cap": dataset.plan.cap,
        "ledger_root": None if ledger is None else ledger[0].hex(),
    }
    result = WaveResult(
        wave_id=wave.id,
        revision=revision,
        contract_id=wave.contract_id,
        region=wave.region,
        sha256=canonical_sha256(document | made_from),
        computed_at=clock.now(),
        reason=reason,
        ledger_root=None if ledger is None else ledger[0],
        ledger_size=None if ledger is None else ledger[1],
        **document,
    )
    session.add(result)
    await session.flush()
    await enqueue(session, PUBLISH_WAVE, key=str(wave.id))
    return result


async def _compared(
    session: AsyncSession, wave: Wave, response: Response, estimation: Estimation
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The latest comparable wave and what changed, or why there is none."""
    current = basis_of(wave, response.modes)
    why: tuple[str, ...] = ("no-earlier-wave",)
    earlier = await queries.earlier_results(session, wave.contract_id, before=wave.closed_at or clock.now())
    for place, (other, result) in enumerate(earlier):
        reasons = incomparable(basis_of(other, result.modes), current)
        if not reasons:
            changes = changes_between(result.estimates, estimation.estimates, level=policy().interval_level)
            return {"wave_id": str(other.id), "why_not": []}, [each.model_dump(mode="json") for each in changes]
        if place == 0:
            why = reasons
    return {"wave_id": None, "why_not": list(why)}, []
