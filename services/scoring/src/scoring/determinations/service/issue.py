from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.calibrations.dependence import dependent, without_evaluators
from scoring.determinations.certainty import certainty_of
from scoring.determinations.checks import (
    check_evidence,
    check_gates,
    check_marks,
    check_panel,
    check_predecessor,
    check_reweighted,
    check_signer,
)
from scoring.determinations.errors import ScoreNotHead
from scoring.determinations.models import Determination
from scoring.determinations.schemas import DeterminationIn
from scoring.determinations.softened import softened_targets
from scoring.evidence.queries import contract_of, lock_contracts
from scoring.frameworks.service import registry
from scoring.scores.errors import ScoreNotFound
from scoring.scores.part_simulation import part_grade_or_worse
from scoring.scores.queries import require_evaluable, retired_framework_of, row_of
from scoring.scores.uncertainty import ensure_parts, ensure_uncertainty
from shared import audit, clock
from shared.db import principal_in
from shared.events import DeterminationIssued
from shared.ids import new_id
from shared.jobs import enqueue
from shared.outbox import emit

__all__ = ["IN_EFFECT", "issue_determination", "issued_event", "record"]

IN_EFFECT: Final = "determination-in-effect"
"""Kind of the job that is due when a determination takes effect, or is out of force; its key is the determination's id.
The results slice runs it: it opens what the rule set demands, or ends it."""


async def issue_determination(
    session: AsyncSession, body: DeterminationIn, *, appeal_id: UUID | None = None
) -> Determination:
    """Pin one score row by a signed act of the caller; later events never change it.

    `appeal_id` is the appeal whose decision it carries out; it then replaces the determination appealed against.

    Raises:
        ScoreNotFound: no such contract, score or row in the caller's scope.
        ScoreNotEvaluable: the contract of the past was closed as not evaluable.
        NotThePurchaser: another purchaser's contract.
        EvidenceHeld, CoverageTooLow, EvidenceNotDeterminable: the evidence does not allow it.
        Unprocessable: what the contract reweights is not justified, or something else is.
        TargetsSoftened: a target below earlier ones has no reason.
        DeterminationBlocked: the calibration of the evaluators' marks is not done with.
        ScoreNotReproducible: the row does not come out again from what it names.
        GateUncertain: a gate is crossed as likely as not, and no panel has decided.
        PanelUnfounded: the panel had no third evaluation before it.
        ScoreNotHead: `score_version` is not the newest row, or the framework retired, and no `content_hash` is given.
        DeterminationExists: determined already, and `replaces` is not given.
        DeterminationReplaced, ReplacesAnother: `replaces` cannot be replaced by this one.
        DeterminationSuspended: an appeal against `replaces` awaits its decision, or its new determination.
    """
    contract = await contract_of(session, body.contract_id)
    if contract is None:
        raise ScoreNotFound(f"Contract {body.contract_id} is unknown here, or of another region.")
    await require_evaluable(session, body.contract_id)
    known = await registry(session)
    known.find(body.framework_id)
    # Under the contract's lock no new score row comes between reading the newest and pinning it.
    await lock_contracts(session, [body.contract_id])
    await session.refresh(contract)  # its parties as they are under the lock
    check_signer(principal_in(session), purchaser_id=contract.purchaser_id)
    row = await row_of(
        session,
        contract_id=body.contract_id,
        framework_id=body.framework_id,
        version=body.score_version if body.content_hash is not None else None,
        content_hash=body.content_hash,
    )
    _check_head(body, version=row.version, content_hash=row.content_hash)
    await _check_live(session, body)
    framework, result = known.by_hash(row.framework_hash), row.content["result"]
    await check_evidence(session, row.content, framework=framework, contract_id=body.contract_id)
    check_reweighted(framework, result, body.reweighted)
    softened = await softened_targets(session, row.content, framework=framework, body=body)
    await check_marks(session, body.contract_id, framework_id=body.framework_id, stage=result["stage"])
    if body.panel is not None:
        await check_panel(session, body.panel, contract_id=body.contract_id)
    sure = await ensure_uncertainty(session, row)
    parts = await ensure_parts(session, row)
    left_out = await without_evaluators(
        session, row.contract_id, content=row.content, framework_hash=row.framework_hash
    )
    if body.panel is None:
        check_gates(framework, result, sure.gates)
    await check_predecessor(session, body, stage=result["stage"], appeal_id=appeal_id)
    certainty = certainty_of(
        framework,
        result,
        probabilities=sure.probabilities,
        label=sure.label,
        panel=body.panel is not None,
    )
    made = Determination(
        id=new_id(),
        contract_id=body.contract_id,
        framework_id=row.framework_id,
        framework_version=row.framework_version,
        framework_hash=row.framework_hash,
        stage=result["stage"],
        score_version=row.version,
        score=Decimal(result["score"]),
        grade=certainty.grade,
        point_grade=certainty.point_grade,
        capped_by=list(certainty.capped_by),
        label=certainty.label,
        probabilities=sure.probabilities,
        p_grade=certainty.p_grade,
        p_grade_or_worse=certainty.p_grade_or_worse,
        interval_lower=sure.low,
        interval_upper=sure.high,
        median=sure.median,
        uncertainty_hash=sure.record_hash,
        binding=certainty.binding,
        adverse_allowed=certainty.adverse_allowed,
        panel=None if body.panel is None else body.panel.model_dump(mode="json"),
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
        appeal_id=appeal_id,
        evaluator_dependent=dependent(left_out),
        reweighted=body.reweighted or None,
        softened_targets=softened,
        **_parts(row.parts or {}, parts.parts),
    )
    session.add(made)
    await session.flush()
    emit(session, issued_event(made), subject=made.contract_id, region=made.region)
    record(session, made, "issued", {"contract_id": str(made.contract_id), "content_hash": made.content_hash})
    if made.replaces is not None:
        # What the replaced one demanded is void from now on, not only when this one takes effect.
        await enqueue(session, IN_EFFECT, key=str(made.replaces))
    return made


def _check_head(body: DeterminationIn, *, version: int, content_hash: str) -> None:
    """Whoever named no content read the newest row."""
    if body.content_hash is None and body.score_version not in {None, version}:
        raise ScoreNotHead(
            f"You read score row {body.score_version}; the newest is {version}. Read it, or name the row that you "
            "mean by its content_hash.",
            version=version,
            content_hash=content_hash,
        )


async def _check_live(session: AsyncSession, body: DeterminationIn) -> None:
    """Under a retired framework nothing is determined by chance: name the row, or the determination to be corrected."""
    if body.content_hash is not None or body.replaces is not None:
        return
    retired = await retired_framework_of(session, contract_id=body.contract_id, framework_id=body.framework_id)
    if retired is not None:
        raise ScoreNotHead(
            f"{body.framework_id} is out of force for this contract: determine its score under the framework in force, "
            "or name the row that you mean by its content_hash."
        )


def _parts(parts: Mapping[str, Mapping[str, Any]], drawn: Mapping[str, Mapping[str, Any] | None]) -> dict[str, Any]:
    """The sub-scores of those who answer for indicators of their own, each with its own certainty; null for others."""
    found: dict[str, Any] = {}
    certainty: dict[str, Any] = {}
    for party in ("provider", "purchaser"):
        part, sure = parts.get(party) or {}, drawn.get(party)
        score = part.get("score")
        found |= {f"{party}_score": None if score is None else Decimal(score), f"{party}_grade": part.get("grade")}
        if score is None or sure is None:
            certainty[party] = None
            continue
        found |= {f"{party}_lower": Decimal(sure["low"]), f"{party}_upper": Decimal(sure["high"])}
        worse = f"{min(part_grade_or_worse(sure, part['grade']), 1.0):.6f}"
        certainty[party] = dict(sure) | {"probability_or_worse": worse}
    return found | {"part_certainty": certainty}


def record(session: AsyncSession, determination: Determination, action: str, fields: Mapping[str, str]) -> None:
    """The audit row of what was done with a determination."""
    audit.record(
        session,
        f"determination.{action}",
        noun="determination",
        noun_id=determination.id,
        region=determination.region,
        fields=fields,
    )


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
        point_grade=determination.point_grade,
        capped_by=tuple(determination.capped_by or ()),
        label=determination.label,
        binding=determination.binding,
        adverse_allowed=determination.adverse_allowed,
        p_grade=_six(determination.p_grade),
        p_grade_or_worse=_six(determination.p_grade_or_worse),
        provider_score=_six(determination.provider_score),
        provider_grade=determination.provider_grade,
        purchaser_score=_six(determination.purchaser_score),
        purchaser_grade=determination.purchaser_grade,
        uncertainty_hash=determination.uncertainty_hash,
        appeal_id=determination.appeal_id,
    )


def _six(figure: Decimal | None) -> str | None:
    return None if figure is None else f"{figure:.6f}"
