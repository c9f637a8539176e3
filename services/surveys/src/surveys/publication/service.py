"""Publishing a closed wave: the ledger, the gated figures, the protected tables, keyphrases, the report on quality."""

import asyncio
from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, clock
from surveys.instruments.queries import questionnaire_by_hash
from surveys.instruments.service import canonical_sha256
from surveys.instruments.variables import variables_of
from surveys.kernel.differencing import differencing_conflict
from surveys.kernel.publish import PUBLISH_V1, PublishPolicy
from surveys.kernel.text import Comment, keyphrases
from surveys.publication import queries
from surveys.publication.document import flaws_and_cautions, public_document
from surveys.publication.errors import LedgerDisagrees, ReleaseTooClose
from surveys.publication.groups import Group, groups_of
from surveys.publication.ledger import cut
from surveys.publication.models import LedgerChunk, WaveLedger, WaveRelease
from surveys.publication.quality import quality_report
from surveys.publication.tables import Context, release_tables
from surveys.responses.columns import read_leaves
from surveys.responses.queries import attribute_values, free_texts
from surveys.results.dataset import Dataset, read_dataset
from surveys.results.errors import AnswersDeleted
from surveys.results.queries import WaveResult, get_result
from surveys.results.questions import Question, questions_of
from surveys.waves.queries import ContractStub, Wave

__all__ = ["publish_wave", "published"]

POLICIES = {PUBLISH_V1.name: PUBLISH_V1}
Document = dict[str, Any]
Side = Literal["low", "high", "neither"]


async def published(session: AsyncSession, wave_id: UUID) -> Document:
    """What everybody may see of a wave, the same for the interface, the exports and the page.

    Raises:
        WaveNotFound, WaveNotClosed, PublicationPending: see `queries.get_release`.
    """
    return (await queries.get_release(session, wave_id)).document


async def publish_wave(session: AsyncSession, wave_id: UUID) -> WaveRelease:
    """Publish the newest result of a closed wave; what is published already is returned as it is.

    Raises:
        WaveNotFound, WaveNotClosed: about the wave.
        LedgerDisagrees: there are answers that the ledger of the closing does not have.
        AnswersDeleted: the result rests on answers that are not there any more.
        ReleaseTooClose: the release would differ from an earlier one by one to nine respondents.
    """
    result, wave, contract = await get_result(session, wave_id)
    # Two publications of the same wave at once would make the same number.
    await session.execute(select(func.pg_advisory_xact_lock(_lock_key(wave_id))))
    earlier = await queries.releases_of(session, wave_id)
    if earlier and earlier[-1].result_revision == result.revision:
        return await queries.get_release(session, wave_id)
    policy = POLICIES[wave.publication_policy]
    left_out, counted = await _left_out(session, result)
    if counted != result.n:
        raise AnswersDeleted("The answers behind this result were deleted; what is published of them stays.")
    before = await queries.left_out_before(session, wave_id)
    conflict = differencing_conflict(left_out, before, threshold=policy.threshold)
    if conflict is not None:
        raise ReleaseTooClose(
            f"It would differ from release {earlier[conflict.position].number} by {conflict.persons} respondents, and "
            f"the difference of the figures would tell what these answered. Publish again when {policy.threshold} or "
            "more differ; the earlier release stands until then.",
            release=earlier[conflict.position].number,
        )
    release = await _release(session, wave, contract, result, policy, number=len(earlier) + 1, left_out=left_out)
    session.add(release)
    audit.record(
        session, "wave.published", noun="wave", noun_id=wave.id, region=wave.region, fields=[policy.name, "release"]
    )
    await session.flush()
    return release


async def _left_out(session: AsyncSession, result: WaveResult) -> tuple[frozenset[bytes], int]:
    """The ledger's leaves whose answers are not there any more, and how many are; makes the ledger when there is none.

    Raises:
        LedgerDisagrees: there are answers that it does not have.
    """
    leaves = await read_leaves(session, result.wave_id)
    known = await queries.find_ledger(session, result.wave_id)
    if known is not None:
        listed = await queries.all_leaves(session, result.wave_id)
        added = set(leaves).difference(listed)
        if added:
            raise LedgerDisagrees(
                f"{len(added)} answers are not in the ledger that was published when the wave closed. Nothing may be "
                "added after the freeze: have the database looked into."
            )
        return frozenset(listed).difference(leaves), len(leaves)
    ledger = await asyncio.to_thread(cut, leaves)
    if result.ledger_root is not None and ledger.root != result.ledger_root:
        raise LedgerDisagrees(
            "The answers are not those that the wave was closed with: their root is another. Have the database looked "
            "into; nothing is published of this wave until then."
        )
    session.add(
        WaveLedger(
            wave_id=result.wave_id,
            size=ledger.size,
            root=ledger.root,
            chunk_roots=b"".join(chunk.root for chunk in ledger.chunks),
            made_at=clock.now(),
        )
    )
    await session.flush()
    session.add_all(
        LedgerChunk(wave_id=result.wave_id, number=number, first=chunk.first, leaves=chunk.leaves)
        for number, chunk in enumerate(ledger.chunks)
    )
    return frozenset(), len(leaves)


async def _release(
    session: AsyncSession,
    wave: Wave,
    contract: ContractStub,
    result: WaveResult,
    policy: PublishPolicy,
    *,
    number: int,
    left_out: frozenset[bytes],
) -> WaveRelease:
    """Everything of a release, from the answers and the result."""
    strata = [stratum["code"] for stratum in wave.strata]
    attributes = await attribute_values(session, wave.id)
    instrument = (await questionnaire_by_hash(session, wave.instrument_sha256)).instrument
    groups = groups_of(instrument, strata=strata, attributes=attributes)
    margins = result.weights.get("margins")
    dataset = await read_dataset(session, wave, margins=margins, further=[group.read for group in groups])
    questions = questions_of(instrument)
    enough = dataset.columns.n >= policy.threshold and (wave.population is None or wave.population >= policy.threshold)
    tables: Document = {}
    if enough and dataset.weighing is not None:
        tables = await asyncio.to_thread(_tables, dataset, groups, questions, result, policy)
    phrases = await _keyphrases(session, dataset, wave, policy) if enough else {"items": []}
    design = None if dataset.weighing is None else dataset.weighing.weighted.design
    quality = await asyncio.to_thread(quality_report, dataset.columns, questions, design, result, policy)
    document = public_document(
        wave,
        contract,
        result,
        instrument=instrument,
        questions=questions,
        policy=policy,
        number=number,
        tables=list(tables),
    )
    return WaveRelease(
        wave_id=wave.id,
        number=number,
        result_revision=result.revision,
        policy=policy.name,
        document=document,
        tables=tables,
        keyphrases=phrases,
        quality=quality,
        left_out=sorted(left_out),
        sha256=canonical_sha256({"document": document, "tables": tables, "keyphrases": phrases}),
        region=wave.region,
        published_at=clock.now(),
    )


def _tables(
    dataset: Dataset, groups: Sequence[Group], questions: Sequence[Question], result: WaveResult, policy: PublishPolicy
) -> Document:
    """The tables of a release; takes seconds, so that it runs in a thread."""
    if dataset.weighing is None:
        return {}
    error = dataset.weighing.report["error"]
    failed = () if error is None else (f"weighting-failed-{error['kind']}",)
    flaws, cautions = flaws_and_cautions(result, failed)
    context = Context(
        dataset.plan,
        dataset.weighing.weighted.design,
        response_rate=result.response_rate,
        r_indicator=result.representativity.get("r"),
        flaws=flaws,
        cautions=cautions,
    )
    return release_tables(dataset.columns, groups, questions, context, policy)


async def _keyphrases(session: AsyncSession, dataset: Dataset, wave: Wave, policy: PublishPolicy) -> Document:
    """The keyphrases of each question that is answered in own words."""
    instrument = dataset.instrument
    headline = next(variable for variable in variables_of(instrument) if variable.headline)
    lowest, highest = headline.lowest, headline.lowest + headline.points - 1
    found = []
    for variable in variables_of(instrument):
        if variable.kind != "text" or variable.about_respondent:
            continue
        texts = await free_texts(session, wave.id, variable.item, beside=headline.item)
        comments = [Comment(written, _side(rated, lowest, highest)) for written, rated in texts]
        phrases = await asyncio.to_thread(keyphrases, comments, respondents=policy.keyphrase_respondents)
        found.append(
            {
                "item": variable.code,
                "question": dict(variable.text),
                "phrases": [
                    {"text": each.text, "respondents": each.respondents, "z": each.z, "side": each.side}
                    for each in phrases
                ],
            }
        )
    return {"items": found}


def _side(rated: str | None, lowest: int, highest: int) -> Side:
    """The side of a rating: `low` the two worst points of the headline's scale, `high` the two best."""
    if rated is None or not rated.lstrip("-").isdigit():
        return "neither"
    value = int(rated)
    if value >= highest - 1:
        return "high"
    return "low" if value <= lowest + 1 else "neither"


def _lock_key(wave_id: UUID) -> int:
    """The key of the publication's advisory lock: the first 64 bits of the wave's id, as a signed number."""
    return int.from_bytes(wave_id.bytes[:8], "big", signed=True)
