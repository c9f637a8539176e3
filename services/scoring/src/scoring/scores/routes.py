from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from sqlalchemy import Row

from scoring.frameworks.document import LINEAR, Framework
from scoring.frameworks.service import registry
from scoring.kernel.montecarlo import DRAWS
from scoring.scores import queries
from scoring.scores.explanation import explain, indicators_in
from scoring.scores.ladder import next_grade
from scoring.scores.parts import parts_in
from scoring.scores.recompute import recompute_with
from scoring.scores.schemas import ExplanationOut, RetiredScoreOut, ScoreOut, ScoreRowOut, ScoresOut, UncertaintyOut
from scoring.scores.targets.schemas import targets_out
from scoring.scores.targets.service import compared_targets
from scoring.scores.uncertainty import ensure_parts, ensure_uncertainty, preview, preview_parts
from shared.auth import Principal, allow
from shared.db import ReadSession, WriteSession
from shared.pagination import Page, PageQuery, Paging, encode_cursor, page_response
from shared.problems import Unprocessable
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["scores"])

# A live score is provisional: the officers of the tenant only. Evaluators see none before they rate, providers and the
# public see determinations.
Officer = Annotated[Principal, allow("finance", "purchaser", "auditor", "operator")]
Version = Annotated[int | None, Query(ge=1, lt=2**31, description="Number of a score row; by default the newest.")]
FrameworkId = Annotated[str, Query(description="Id of the framework.", max_length=64)]


@routes.get("/scores/{contract_id}", summary="The live scores of a contract")
async def get_scores(contract_id: UUID, session: ReadSession, _: Officer, response: Response) -> ScoresOut:
    """One per framework in force, always provisional; 404 while the contract has none.

    Scores under frameworks that were retired stand apart, each with what took the framework's place.
    """
    heads = await queries.heads_of(session, contract_id)
    set_region(response, heads[0].region)
    items = [ScoreOut.model_validate(head) for head in heads if head.retired_at is None]
    retired = await _retired(session, [head for head in heads if head.retired_at is not None])
    return ScoresOut(contract_id=contract_id, items=items, retired=retired)


async def _retired(session: ReadSession, heads: list[Row[Any]]) -> list[RetiredScoreOut]:
    if not heads:
        return []
    known = await registry(session)
    return [
        RetiredScoreOut(
            replaced_by=known.replacement(head.framework_hash),
            **{name: getattr(head, name) for name in RetiredScoreOut.model_fields if name != "replaced_by"},
        )
        for head in heads
    ]


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
    (await registry(session)).find(framework_id)
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
    version: Version = None,
) -> ExplanationOut:
    """The framework's tree with raw values, scores, points earned and lost, sub-scores, gates and the next grade."""
    known = await registry(session)
    known.find(framework_id)
    row = await queries.row_of(session, contract_id=contract_id, framework_id=framework_id, version=version)
    set_region(response, row.region)
    framework, result = known.by_hash(row.framework_hash), row.content["result"]
    items = await queries.items_of(session, row.content)
    indicators = indicators_in([each[4] for each in items if each[1] == "contract"])
    again = recompute_with(row.content, items, framework)
    terms = next((each[4] for each in items if each[1] == "contract"), None)
    compared = (await compared_targets(session, contract_id, terms=terms))[2]
    return ExplanationOut(
        contract_id=contract_id,
        framework_id=framework_id,
        framework_version=row.framework_version,
        version=row.version,
        simulated=row.simulated,
        provisional=True,
        stage=result["stage"],
        score=result["score"],
        lower=result["lower"],
        upper=result["upper"],
        ungated=result.get("ungated"),
        grade=result["grade"],
        content_hash=row.content_hash,
        gates=result.get("gates", []),
        thin=result.get("thin", []),
        method="weighted shares" if _linear(framework) else "Aumann-Shapley, node by node",
        parts=row.parts or parts_in(framework, row.content, indicators=indicators),
        next_grade=[] if again is None or again.outcomes[0] is None else next_grade(again),
        targets=targets_out(compared),
        tree=explain(framework, row.content, indicators=indicators),
    )


def _linear(framework: Framework) -> bool:
    return framework.exponent == LINEAR and all(node.exponent == LINEAR for node in framework.walk())


@routes.get("/scores/{contract_id}/uncertainty", summary="How sure a score is, and what should be measured next")
async def read_uncertainty(
    *,
    contract_id: UUID,
    framework_id: FrameworkId,
    session: WriteSession,
    _: Officer,
    response: Response,
    version: Version = None,
    draws: Annotated[
        int | None,
        Query(ge=1000, le=100_000, description="Draws of a preview that is not stored; by default the record's 1,000."),
    ] = None,
) -> UncertaintyOut:
    """The record of one score row; made now when it is asked for before the job has come to it."""
    (await registry(session)).find(framework_id)
    row = await queries.row_of(session, contract_id=contract_id, framework_id=framework_id, version=version)
    set_region(response, row.region)
    stored = draws is None or draws == DRAWS
    found = await ensure_uncertainty(session, row) if stored else await preview(session, row, draws=draws or DRAWS)
    parts = await ensure_parts(session, row) if stored else await preview_parts(session, row, draws=draws or DRAWS)
    named = {"contract_id": contract_id, "framework_id": framework_id, "version": row.version}
    said = {name: getattr(found, name) for name in UncertaintyOut.model_fields if hasattr(found, name)}
    said |= {"parts": parts.parts, "parts_hash": parts.record_hash}
    return UncertaintyOut.model_validate(said | named | {"content_hash": row.content_hash, "stored": stored})
