"""The publication over HTTP: readable by all, the public included, but for the report on quality."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from shared.auth import Principal, allow
from shared.db import ReadSession, WriteSession
from shared.web import router, set_region
from surveys.publication import queries, service
from surveys.publication.export import Part, csv_of
from surveys.publication.schemas import (
    CommentsOut,
    KeyphrasesOut,
    LedgerOut,
    ProofOut,
    PublicationOut,
    QualityOut,
    TablesOut,
    comments_out,
    keyphrases_out,
    ledger_out,
    proof_out,
    publication_out,
    quality_out,
    tables_out,
)
from surveys.waves.queries import get_wave

__all__ = ["routes"]

routes = router(tags=["publication"])
Anybody = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")]
Officers = Annotated[Principal, allow("finance", "purchaser", "evaluator", "auditor", "operator")]
Publishers = Annotated[Principal, allow("finance", "operator")]
Number = Annotated[int | None, Query(ge=1, le=2_000_000_000, description="Number of a release; by default the newest.")]


@routes.get("/waves/{wave_id}/publication", summary="What everybody may see of a closed wave")
async def get_publication(
    wave_id: UUID,
    session: ReadSession,
    principal: Anybody,  # noqa: ARG001
    release: Number = None,
) -> PublicationOut:
    """Every figure that passes the gate `publish-v1`, with interval and reasons for care.

    Below ten answers no figure is told; unreliable figures are named without their number. The same gate holds for the
    tables, the exports and the public page.
    """
    found = await queries.get_release(session, wave_id, number=release)
    return publication_out(found, await queries.releases_of(session, wave_id))


@routes.post("/waves/{wave_id}/publication", summary="Publish a closed wave again")
async def publish_wave(
    wave_id: UUID,
    response: Response,
    session: WriteSession,
    principal: Publishers,  # noqa: ARG001
) -> PublicationOut:
    """Make a release of the newest revision of the results; a closed wave is published by itself once.

    A release that would differ from an earlier one by one to nine respondents is refused with 409.
    """
    wave, _ = await get_wave(session, wave_id)
    set_region(response, wave.region)
    found = await service.publish_wave(session, wave_id)
    return publication_out(found, await queries.releases_of(session, wave_id))


@routes.get("/waves/{wave_id}/publication/tables", summary="Breakdowns of a published wave")
async def get_tables(
    wave_id: UUID,
    session: ReadSession,
    principal: Anybody,  # noqa: ARG001
    by: Annotated[
        list[str] | None,
        Query(
            max_length=2,
            description="One or two variables: by=sex&by=age. Without it every table of one variable.",
            examples=[["sex", "age"]],
        ),
    ] = None,
    release: Number = None,
) -> TablesOut:
    """Respondents and the satisfied among them by one or two variables of the frame or of the questionnaire.

    Counts below ten are hidden, with what would give them back by subtraction; the pattern holds over all tables of the
    release together. Shares are whole per cents.
    """
    found = await queries.get_release(session, wave_id, number=release)
    if by:
        return tables_out(found, [queries.breakdown_key(found, by)])
    return tables_out(found, [key for key, table in found.tables.items() if len(table["by"]) == 1])


@routes.get("/waves/{wave_id}/publication/export", summary="A published wave as CSV", response_class=Response)
async def export_publication(
    *,
    wave_id: UUID,
    session: ReadSession,
    principal: Anybody,  # noqa: ARG001
    part: Annotated[Part, Query(description="figures, or tables with one line per cell and question.")] = "figures",
    language: Annotated[str, Query(max_length=35, description="Language of the questions (BCP 47).")] = "zh-Hans",
    release: Number = None,
) -> Response:
    """The figures or the tables of a release as a CSV file: what the interface shows, and nothing more."""
    found = await queries.get_release(session, wave_id, number=release)
    name = f"wave-{wave_id}-release-{found.number}-{part}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(csv_of(found, part, language=language), media_type="text/csv; charset=utf-8", headers=headers)


@routes.get("/waves/{wave_id}/keyphrases", summary="What respondents wrote about, in keyphrases")
async def get_keyphrases(
    wave_id: UUID,
    session: ReadSession,
    principal: Anybody,  # noqa: ARG001
    release: Number = None,
) -> KeyphrasesOut:
    """Words and pairs of words that at least ten distinct respondents used. No answer is ever shown."""
    return keyphrases_out(await queries.get_release(session, wave_id, number=release))


@routes.get("/waves/{wave_id}/comments", summary="What respondents wrote, redacted, for officers")
async def get_comments(
    wave_id: UUID,
    response: Response,
    session: ReadSession,
    principal: Officers,  # noqa: ARG001
) -> CommentsOut:
    """A random sample of the comments of a closed wave, without anything else of the answers beside them.

    Telephone, identity and account numbers, e-mail addresses and number plates are taken out. Names cannot be found
    surely: the comments are for reading, are never published, and the provider does not see them.
    """
    wave, found = await queries.comments_of(session, wave_id)
    set_region(response, wave.region)
    return comments_out(wave_id, found)


@routes.get("/waves/{wave_id}/quality", summary="Report on the quality of a wave's answers")
async def get_quality(
    wave_id: UUID,
    response: Response,
    session: ReadSession,
    principal: Officers,  # noqa: ARG001
) -> QualityOut:
    """Flags, effects of enumerators and modes, near duplicates, and the figures with and without flagged answers."""
    found = await queries.get_quality(session, wave_id)
    set_region(response, found.region)
    return quality_out(found)


@routes.get("/waves/{wave_id}/ledger", summary="The ledger of a closed wave's answers")
async def get_ledger(wave_id: UUID, session: ReadSession, principal: Anybody) -> LedgerOut:  # noqa: ARG001
    """Root and size of the Merkle tree over the salted hashes of all answers, fixed when the wave closed."""
    return ledger_out(await queries.get_ledger(session, wave_id))


@routes.get("/waves/{wave_id}/ledger/{receipt}", summary="Check a receipt")
async def check_receipt(
    wave_id: UUID,
    session: ReadSession,
    principal: Anybody,  # noqa: ARG001
    receipt: Annotated[
        str,
        Path(
            max_length=64,
            description="The receipt that came with the answer.",
            examples=["7Q2KM-0D9XZ-VT4E1-HB6CR-8WNAJ"],
        ),
    ],
) -> ProofOut:
    """The proof that the answer with this receipt is counted, unchanged. It cannot show what the answer was."""
    return proof_out(wave_id, await queries.get_proof(session, wave_id, receipt))
