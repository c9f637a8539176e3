from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from scoring.evidence.queries import evidence_bodies
from scoring.frameworks.queries import find_framework, framework_by_hash
from scoring.scores import queries
from scoring.scores.explanation import explain, indicators_in
from scoring.scores.schemas import ExplanationOut, ScoreOut, ScoreRowOut, ScoresOut
from shared.auth import Principal, allow
from shared.db import ReadSession
from shared.pagination import Page, PageQuery, Paging, encode_cursor, page_response
from shared.problems import Unprocessable
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["scores"])

# A live score is provisional: the officers of the tenant only. Evaluators see none before they rate, providers and the
# public see determinations.
Officer = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
FrameworkId = Annotated[str, Query(description="Id of the framework.", max_length=64)]


@routes.get("/scores/{contract_id}", summary="The live scores of a contract")
async def get_scores(contract_id: UUID, session: ReadSession, _: Officer, response: Response) -> ScoresOut:
    """One per framework, always provisional; 404 while the contract has none."""
    heads = await queries.heads_of(session, contract_id)
    set_region(response, heads[0].region)
    return ScoresOut(contract_id=contract_id, items=[ScoreOut.model_validate(head) for head in heads])


@routes.get("/scores/{contract_id}/history", summary="Every score row of a contract under a framework")
async def list_score_rows(
    *,
    contract_id: UUID,
    framework_id: FrameworkId,
    session: ReadSession,
    _: Officer,
    page: PageQuery,
    request: Request,
    response: Response,
) -> Page[ScoreRowOut]:
    """Newest first, each with its canonical content and its place in the chain."""
    find_framework(framework_id)
    found = await queries.rows_of(
        session, contract_id=contract_id, framework_id=framework_id, before=_before(page), limit=page.limit + 1
    )
    if not found:
        # Nothing on this page: either the list ends here or there is no such score at all, which answers 404.
        set_region(response, (await queries.row_of(session, contract_id=contract_id, framework_id=framework_id)).region)
    else:
        set_region(response, found[0].region)
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].version) if len(found) > page.limit else None
    return page_response(request, response, [ScoreRowOut.model_validate(row) for row in shown], next_cursor=next_cursor)


def _before(page: Paging) -> int | None:
    if page.cursor is None:
        return None
    match page.cursor:
        case [int(version)] if abs(version) < 2**31:
            return version
        case _:
            raise Unprocessable(
                "The cursor is not one of this list.", errors=[{"pointer": "query:cursor", "detail": "of another list"}]
            )


@routes.get("/scores/{contract_id}/explanation", summary="Why a score is what it is")
async def explain_score(
    contract_id: UUID,
    framework_id: FrameworkId,
    session: ReadSession,
    _: Officer,
    response: Response,
    version: Annotated[
        int | None, Query(ge=1, lt=2**31, description="Number of a score row; by default the newest.")
    ] = None,
) -> ExplanationOut:
    """The framework's tree with raw values, scores, points earned and points lost; those add up to 100 - score."""
    find_framework(framework_id)
    row = await queries.row_of(session, contract_id=contract_id, framework_id=framework_id, version=version)
    set_region(response, row.region)
    terms = [(UUID(item), sha256) for item, sha256 in row.content["evidence"] if item == str(contract_id)]
    bodies = [each.body for each in await evidence_bodies(session, items=terms)]
    result = row.content["result"]
    return ExplanationOut(
        contract_id=contract_id,
        framework_id=framework_id,
        framework_version=row.framework_version,
        version=row.version,
        simulated=row.simulated,
        provisional=True,
        stage=result["stage"],
        score=result["score"],
        grade=result["grade"],
        content_hash=row.content_hash,
        tree=explain(framework_by_hash(row.framework_hash), row.content, indicators=indicators_in(bodies)),
    )
