from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.determinations import queries
from scoring.determinations.errors import (
    DeterminationExists,
    DeterminationReplaced,
    EvidenceHeld,
    EvidenceNotDeterminable,
    ReplacesAnother,
    ScoreNotHead,
)
from scoring.determinations.missing import missing_evidence
from scoring.determinations.models import Determination
from scoring.determinations.schemas import DeterminationIn
from scoring.evidence.queries import contract_of, evidence_bodies, lock_contracts
from scoring.frameworks.queries import find_framework, framework_by_hash
from scoring.scores.errors import ScoreNotFound
from scoring.scores.queries import row_of
from shared import audit, clock
from shared.db import principal_in
from shared.events import DeterminationIssued
from shared.ids import new_id
from shared.outbox import emit

__all__ = ["issue_determination"]


async def issue_determination(session: AsyncSession, body: DeterminationIn) -> Determination:
    """Pin one score row by a signed act of the caller; later events never change it.

    Raises:
        ScoreNotFound: no such contract, score or row in the caller's scope.
        EvidenceHeld: evidence is missing whose absence holds the determination.
        EvidenceNotDeterminable: the score rests on an open link's answers.
        ScoreNotHead: `score_version` is not the newest row and no `content_hash` names it.
        DeterminationExists: determined already, and `replaces` is not given.
        DeterminationReplaced, ReplacesAnother: `replaces` cannot be replaced by this one.
    """
    contract = await contract_of(session, body.contract_id)
    if contract is None:
        raise ScoreNotFound(f"Contract {body.contract_id} is unknown here, or of another region.")
    find_framework(body.framework_id)
    # Under the contract's lock no new score row comes between reading the newest and pinning it.
    await lock_contracts(session, [body.contract_id])
    row = await row_of(
        session,
        contract_id=body.contract_id,
        framework_id=body.framework_id,
        version=body.score_version if body.content_hash is not None else None,
        content_hash=body.content_hash,
    )
    if body.content_hash is None and body.score_version not in {None, row.version}:
        raise ScoreNotHead(
            f"You read score row {body.score_version}; the newest is {row.version}. Read it, or name the row that you "
            "mean by its content_hash.",
            version=row.version,
            content_hash=row.content_hash,
        )
    result: dict[str, Any] = row.content["result"]
    if result["held"]:
        raise EvidenceHeld(
            f"No evidence of {', '.join(result['held'])}. Supply it where `missing` says; the score follows by itself.",
            missing=missing_evidence(framework_by_hash(row.framework_hash), result, contract_id=body.contract_id),
        )
    await _check_determinable(session, row.content)
    await _check_predecessor(session, body, stage=result["stage"])
    made = Determination(
        id=new_id(),
        contract_id=body.contract_id,
        framework_id=row.framework_id,
        framework_version=row.framework_version,
        framework_hash=row.framework_hash,
        stage=result["stage"],
        score_version=row.version,
        score=Decimal(result["score"]),
        grade=result["grade"],
        coverage=Decimal(result["coverage"]),
        content_hash=row.content_hash,
        chain_hash=row.chain_hash,
        region=row.region,
        simulated=row.simulated,
        purchaser_id=contract.purchaser_id,
        provider_id=contract.provider_id,
        evidence_cutoff=row.recorded_at,
        document_number=body.document_number,
        signed_by=principal_in(session).subject,
        issued_at=clock.now(),
        replaces=body.replaces,
        reason=body.reason,
    )
    session.add(made)
    await session.flush()
    emit(session, issued_event(made), subject=made.contract_id, region=made.region)
    audit.record(
        session,
        "determination.issued",
        noun="determination",
        noun_id=made.id,
        region=made.region,
        fields={"contract_id": str(made.contract_id), "content_hash": made.content_hash},
    )
    return made


def issued_event(determination: Determination) -> DeterminationIssued:
    """The event of a determination."""
    return DeterminationIssued(
        determination_id=determination.id,
        contract_id=determination.contract_id,
        region=determination.region,
        simulated=determination.simulated,
        framework_id=determination.framework_id,
        framework_version=determination.framework_version,
        framework_hash=determination.framework_hash,
        stage=determination.stage,
        score=f"{determination.score:.6f}",
        grade=determination.grade,
        content_hash=determination.content_hash,
        evidence_cutoff=determination.evidence_cutoff,
        document_number=determination.document_number,
        signed_by=determination.signed_by,
        issued_at=determination.issued_at,
        replaces=determination.replaces,
    )


async def _check_determinable(session: AsyncSession, content: dict[str, Any]) -> None:
    """An open link says nothing about those who did not come: no margin of error, and no determination upon it."""
    named = [(UUID(item), digest) for item, digest in content["evidence"]]
    bodies = await evidence_bodies(session, items=named)
    waves = sorted(str(each.id) for each in bodies if each.kind == "wave" and each.body["design"] == "open_link")
    if waves:
        raise EvidenceNotDeterminable(
            "The recipients' opinion comes from an open link. Close a wave of the same kind that asked everybody or a "
            "random sample; the score follows by itself.",
            waves=waves,
        )


async def _check_predecessor(session: AsyncSession, body: DeterminationIn, *, stage: str) -> None:
    """One determination per contract, framework and stage; a further one replaces the one in force, by name."""
    standing = await queries.determination_in_force(
        session, contract_id=body.contract_id, framework_id=body.framework_id, stage=stage
    )
    if body.replaces is None:
        if standing is not None:
            raise DeterminationExists(
                f"Determination {standing.id} stands for this contract, framework and stage. To correct it, name it in "
                "`replaces` and give the reason.",
                determination_id=str(standing.id),
            )
        return
    replaced, successor = await queries.find_determination(session, body.replaces)
    if (replaced.contract_id, replaced.framework_id, replaced.stage) != (body.contract_id, body.framework_id, stage):
        raise ReplacesAnother(
            f"Determination {replaced.id} is about contract {replaced.contract_id}, {replaced.framework_id}, stage "
            f"{replaced.stage}; the score row is of stage {stage}."
        )
    if successor is not None:
        raise DeterminationReplaced(
            f"Determination {replaced.id} was replaced by {successor}; name the one in force.",
            determination_id=str(standing.id if standing else successor),
        )
