from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import Row, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evidence.queries import IN_FORCE, evidence_bodies
from scoring.scores.errors import ScoreNotEvaluable, ScoreNotFound
from scoring.scores.models import PartUncertainty, ScoreHead, ScoreRow, ScoreUncertainty
from shared.db import principal_in, scope_sql

__all__ = [
    "Head",
    "Read",
    "head_of",
    "heads_of",
    "items_of",
    "next_heads",
    "part_uncertainty_of",
    "read_evidence",
    "require_evaluable",
    "retired_framework_of",
    "row_of",
    "rows_of",
    "uncertainty_of",
]


@dataclass(frozen=True, slots=True)
class Head:
    """What a new score is compared with."""

    version: int
    content_hash: str
    chain_hash: str
    score: str
    grade: str
    contributions: Mapping[str, str]
    live: bool = True
    """False: the contract is not scored under that framework any more."""


@dataclass(frozen=True, slots=True)
class Read:
    """A contract with its evidence in force and its heads by framework."""

    contract_id: UUID
    region: str
    evidence: Sequence[Sequence[Any]]
    heads: Mapping[str, Head]
    stamp: UUID
    """Of the frameworks' registry."""


_READ = text(
    f"""
    SELECT c.contract_id, c.region, CAST({IN_FORCE} AS text) AS evidence,
        CAST((SELECT json_agg(json_build_array(h.framework_id, h.version, h.content_hash, h.chain_hash,
            CAST(h.score AS text), h.grade, h.contributions, h.retired_at IS NULL))
         FROM score_heads h WHERE h.contract_id = c.contract_id) AS text) AS heads,
        (SELECT stamp FROM framework_registry) AS stamp
    FROM contracts c WHERE c.contract_id = ANY(CAST(:ids AS uuid[])) AND c.version > 0 ORDER BY c.contract_id
    """  # noqa: S608 - a constant
)


async def read_evidence(session: AsyncSession, contract_ids: Sequence[UUID]) -> list[Read]:
    """Evidence and heads of contracts in one statement; stubs are left out.

    The arrays come as text: pydantic's parser reads them in half the time that the driver's codec takes.
    """
    rows = await session.execute(_READ, {"ids": list(contract_ids)})
    return [
        Read(
            contract_id,
            region,
            from_json(evidence) if evidence else (),
            {head[0]: Head(*head[1:]) for head in from_json(heads)} if heads else {},
            stamp,
        )
        for contract_id, region, evidence, heads, stamp in rows
    ]


async def heads_of(session: AsyncSession, contract_id: UUID) -> list[Row[Any]]:
    """The scores of a contract by framework; ScoreNotFound when there is none in the caller's scope.

    Those with `retired_at` are not live any more: their framework is out of force for the contract.

    Plain SQL: this is what waiting clients ask again and again, and the ORM would cost as much as all the rest.
    """
    condition, parameters = scope_sql(principal_in(session))
    statement = text(f"{_HEADS} AND {condition} ORDER BY framework_id")
    found = list(await session.execute(statement, {"contract_id": contract_id, **parameters}))
    if not found or found[0].not_evaluable is not None:
        await require_evaluable(session, contract_id)
    if not found:
        raise ScoreNotFound(
            f"There is no score of contract {contract_id}: it is unknown here, not in force yet, or of another region."
        )
    return found


_EVALUABLE = """
    SELECT item.body ->> 'not_evaluable' AS reason
    FROM contracts AS known
    JOIN evidence AS item ON item.id = known.contract_id AND item.version = known.version AND item.kind = 'contract'
    WHERE known.contract_id = :contract_id"""


async def require_evaluable(session: AsyncSession, contract_id: UUID) -> None:
    """Refuse a contract of the past that was closed as not evaluable; one that is unknown or out of scope passes."""
    condition, parameters = scope_sql(principal_in(session), "known.region")
    statement = text(f"{_EVALUABLE} AND {condition}")
    reason = (await session.execute(statement, {"contract_id": contract_id, **parameters})).scalar()
    if reason is not None:
        raise ScoreNotEvaluable(
            f"Contract {contract_id} was closed as not evaluable: {reason}. It counts as a gap and has no score; "
            "DELETE /v1/contracts/{id}/not-evaluable opens it again when evidence is found.",
            evaluation="notEvaluable",
            reason=reason,
        )


_HEADS = f"""
    SELECT contract_id, framework_id, framework_version, framework_hash, version, region, simulated,
        true AS provisional, stage, CAST(score AS text) AS score, CAST(lower AS text) AS lower,
        CAST(upper AS text) AS upper, CAST(coverage AS text) AS coverage, grade, grade_lower, grade_upper, held,
        content_hash, chain_hash, recorded_at, retired_at, CAST(ungated AS text) AS ungated, gates, thin,
        (SELECT r.parts FROM score_rows r WHERE (r.contract_id, r.framework_id, r.version)
            = (score_heads.contract_id, score_heads.framework_id, score_heads.version)) AS parts,
        (SELECT json_build_object('label', u.label, 'low', CAST(u.low AS text), 'median', CAST(u.median AS text),
            'high', CAST(u.high AS text), 'probability', CAST(u.probability AS text),
            'probabilities', u.probabilities)
         FROM score_uncertainty u WHERE u.content_hash = score_heads.content_hash) AS uncertainty,
        ({_EVALUABLE}) AS not_evaluable
    FROM score_heads WHERE contract_id = :contract_id
"""  # noqa: S608 - constants


async def head_of(session: AsyncSession, *, contract_id: UUID, framework_id: str) -> ScoreHead | None:
    """The live score of a contract under a framework, None where the caller may see none, or it is retired."""
    return (
        await session.execute(
            select(ScoreHead).where(
                ScoreHead.contract_id == contract_id,
                ScoreHead.framework_id == framework_id,
                ScoreHead.retired_at.is_(None),
            )
        )
    ).scalar_one_or_none()


async def retired_framework_of(session: AsyncSession, *, contract_id: UUID, framework_id: str) -> str | None:
    """Hash of the framework of a score that is not live any more; None where it is live, or there is none."""
    statement = select(ScoreHead.framework_hash).where(
        ScoreHead.contract_id == contract_id,
        ScoreHead.framework_id == framework_id,
        ScoreHead.retired_at.is_not(None),
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def rows_of(
    session: AsyncSession, *, contract_id: UUID, framework_id: str, before: int | None, limit: int
) -> list[ScoreRow]:
    """Score rows of a contract under a framework, newest first."""
    statement = select(ScoreRow).where(ScoreRow.contract_id == contract_id, ScoreRow.framework_id == framework_id)
    if before is not None:
        statement = statement.where(ScoreRow.version < before)
    return list((await session.execute(statement.order_by(ScoreRow.version.desc()).limit(limit))).scalars())


async def row_of(
    session: AsyncSession,
    *,
    contract_id: UUID,
    framework_id: str,
    version: int | None = None,
    content_hash: str | None = None,
) -> ScoreRow:
    """One score row: the newest, or the newest with that version or content hash; ScoreNotFound."""
    statement = select(ScoreRow).where(ScoreRow.contract_id == contract_id, ScoreRow.framework_id == framework_id)
    if version is not None:
        statement = statement.where(ScoreRow.version == version)
    if content_hash is not None:
        statement = statement.where(ScoreRow.content_hash == content_hash)
    row = (await session.execute(statement.order_by(ScoreRow.version.desc()).limit(1))).scalar_one_or_none()
    if row is None:
        which = f" version {version}" if version is not None else f" {content_hash}" if content_hash is not None else ""
        raise ScoreNotFound(f"There is no score row{which} of contract {contract_id} under {framework_id}.")
    return row


async def next_heads(session: AsyncSession, *, after: tuple[UUID, str], limit: int) -> list[ScoreHead]:
    """Live heads by contract and framework, for a snapshot."""
    key = tuple_(ScoreHead.contract_id, ScoreHead.framework_id)
    statement = (
        select(ScoreHead)
        .where(key > after, ScoreHead.retired_at.is_(None))
        .order_by(ScoreHead.contract_id, ScoreHead.framework_id)
        .limit(limit)
    )
    return list((await session.execute(statement)).scalars())


async def uncertainty_of(session: AsyncSession, content_hash: str) -> ScoreUncertainty | None:
    """How sure the score of that content is; None while the record has not been made, or outside the caller's scope."""
    statement = select(ScoreUncertainty).where(ScoreUncertainty.content_hash == content_hash)
    return (await session.execute(statement)).scalar_one_or_none()


async def part_uncertainty_of(session: AsyncSession, content_hash: str) -> PartUncertainty | None:
    """How sure the sub-scores of that content are; None likewise."""
    statement = select(PartUncertainty).where(PartUncertainty.content_hash == content_hash)
    return (await session.execute(statement)).scalar_one_or_none()


async def items_of(session: AsyncSession, content: Mapping[str, Any]) -> list[list[Any]]:
    """The evidence that a score row's content names, as rows (id, kind, version, sha256, body)."""
    named = [(UUID(item), digest) for item, digest in content["evidence"]]
    return [
        [str(each.id), each.kind, 1, each.sha256, each.body] for each in await evidence_bodies(session, items=named)
    ]
