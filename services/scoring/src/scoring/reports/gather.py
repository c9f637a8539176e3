"""Bringing together what a contract's report says, from the other slices' records."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.catalogue.queries import category_name
from scoring.determinations.queries import Found, standings
from scoring.evidence.queries import contract_of, evidence_bodies
from scoring.frameworks.document import Framework
from scoring.frameworks.service import registry
from scoring.reports.content import (
    Chance,
    ContractReport,
    Determined,
    EvidenceLine,
    GateLine,
    Line,
    Named,
    PartCertainty,
    SoftenedTarget,
    Step,
    TargetLine,
)
from scoring.scores.explanation import explain, indicators_in
from scoring.scores.parts import parts_in
from scoring.scores.queries import part_uncertainty_of, row_of, uncertainty_of
from scoring.scores.schemas import ExplanationNode
from scoring.scores.targets.comparison import Compared
from scoring.scores.targets.service import compared_targets
from shared import clock

__all__ = ["determined_report", "live_report"]


async def determined_report(session: AsyncSession, found: Found, *, public_url: str) -> ContractReport:
    """The report of a determination: the pinned row and what was pinned with it, whatever has come since."""
    determination, _ = found
    standing = (await standings(session, [found]))[determination.id]
    report = await _report(
        session,
        contract_id=determination.contract_id,
        framework_id=determination.framework_id,
        content_hash=determination.content_hash,
        softened=determination.softened_targets,
    )
    chances = [Chance(grade=grade, probability=p) for grade, p in (determination.probabilities or {}).items()]
    drawn = await uncertainty_of(session, determination.content_hash)
    likely = None
    if determination.interval_lower is not None and determination.interval_upper is not None:
        likely = (f"{determination.interval_lower:.6f}", f"{determination.interval_upper:.6f}")
    return report.model_copy(
        update={
            "score": f"{determination.score:.6f}",
            "grade": determination.grade,
            "simulated": determination.simulated,
            "median": _six(determination.median),
            "interval": likely,
            "label": determination.label,
            "chances": chances,
            **_sources(drawn),
            "provider_score": _six(determination.provider_score),
            "provider_grade": determination.provider_grade,
            "purchaser_score": _six(determination.purchaser_score),
            "purchaser_grade": determination.purchaser_grade,
            "part_certainty": _certainties(determination.part_certainty),
            "evaluator_dependent": determination.evaluator_dependent,
            "chain_hash": determination.chain_hash,
            "determined": Determined(
                id=determination.id,
                document_number=determination.document_number,
                signed_by=determination.signed_by,
                issued_at=determination.issued_at,
                evidence_cutoff=determination.evidence_cutoff,
                effective_at=standing.effective_at,
                binding=determination.binding,
                point_grade=determination.point_grade,
                capped_by=list(determination.capped_by or ()),
                replaces=determination.replaces,
                reason=determination.reason,
            ),
            "verify_at": f"{public_url.rstrip('/')}/v1/determinations/{determination.id}"
            f"#sha256={determination.content_hash}",
        }
    )


def _certainties(parts: Mapping[str, Mapping[str, Any] | None] | None) -> dict[str, PartCertainty]:
    return {
        party: PartCertainty(low=part["low"], high=part["high"], label=part["label"])
        for party, part in (parts or {}).items()
        if part is not None and party in {"provider", "purchaser"}
    }


def _softened(each: Compared, told: Sequence[Mapping[str, Any]] | None) -> SoftenedTarget | None:
    """What was compared when the determination was signed (`told`); without one, what is so now."""
    if told is not None:
        kept = next((one for one in told if one["indicator_id"] == each.agreed.indicator_id), None)
        return None if kept is None else SoftenedTarget.model_validate(kept)
    if (found := each.softened) is None:
        return None
    medians = {"median_target": f"{found.asked:.6f}", "median_result": _six(found.reached)}
    return SoftenedTarget(against=found.name, reason=None, unit_before=found.unit, **medians)


async def _targets(
    session: AsyncSession,
    contract_id: UUID,
    terms: Mapping[str, Any] | None,
    told: Sequence[Mapping[str, Any]] | None,
) -> list[TargetLine]:
    _, _, compared = await compared_targets(session, contract_id, terms=terms)
    lines = []
    for each in compared:
        group = next(group for group in each.groups if group.name == (each.compared_with or "sector"))
        lines.append(
            TargetLine(
                name=each.agreed.name,
                unit=each.agreed.unit,
                target=f"{each.agreed.target:.6f}",
                compared_with=each.compared_with,
                targets=group.targets,
                median_target=None if group.target_quartiles is None else f"{group.target_quartiles[1]:.6f}",
                results=group.results,
                reached=None if group.reached is None else f"{group.reached:.6f}",
                flags=list(each.flags),
                softened=_softened(each, told),
            )
        )
    return lines


def _six(value: object) -> str | None:
    return None if value is None else f"{value:.6f}"


def _sources(drawn: Any) -> dict[str, Any]:  # noqa: ANN401 - the scores slice's record, or None
    """Where the uncertainty comes from and what to do about it, as the record of the content says."""
    if drawn is None:
        return {}
    steps = [
        Step(action=each["action"], nodes=each["nodes"].split(), points=each.get("points"), reduces=each.get("reduces"))
        for each in drawn.advice
    ]
    return {"shares": dict(drawn.shares), "steps": steps}


async def live_report(
    session: AsyncSession, *, contract_id: UUID, framework_id: str, public_url: str
) -> ContractReport:
    """The report of the live score: provisional, for officers only; ScoreNotFound."""
    report = await _report(session, contract_id=contract_id, framework_id=framework_id, content_hash=None)
    drawn = await uncertainty_of(session, report.content_hash)
    update: dict[str, Any] = {
        "verify_at": f"{public_url.rstrip('/')}/v1/scores/{contract_id}#sha256={report.content_hash}"
    }
    if drawn is not None:
        update |= {
            "median": f"{drawn.median:.6f}",
            "interval": (f"{drawn.low:.6f}", f"{drawn.high:.6f}"),
            "label": drawn.label,
            "chances": [Chance(grade=grade, probability=p) for grade, p in drawn.probabilities.items()],
            **_sources(drawn),
        }
    parts = await part_uncertainty_of(session, report.content_hash)
    update["part_certainty"] = _certainties(None if parts is None else parts.parts)
    return report.model_copy(update=update)


async def _report(
    session: AsyncSession,
    *,
    contract_id: UUID,
    framework_id: str,
    content_hash: str | None,
    softened: Sequence[Mapping[str, Any]] | None = None,
) -> ContractReport:
    row = await row_of(session, contract_id=contract_id, framework_id=framework_id, content_hash=content_hash)
    contract = await contract_of(session, contract_id)
    framework = (await registry(session)).by_hash(row.framework_hash)
    content: Mapping[str, Any] = row.content
    result = content["result"]
    named = [(UUID(item), digest) for item, digest in content["evidence"]]
    bodies = await evidence_bodies(session, items=named)
    terms = [each.body for each in bodies if each.kind == "contract"]
    indicators = indicators_in(terms)
    tree = explain(framework, content, indicators=indicators)
    kinds = {str(each.id): each.kind for each in bodies}
    parts = parts_in(framework, content, indicators=indicators)
    provider, purchaser = parts.get("provider", {}), parts.get("purchaser", {})
    return ContractReport(
        number=None,
        region=row.region,
        simulated=row.simulated,
        contract_id=contract_id,
        contract_title=contract.title if contract else None,
        service_category=contract.service_category if contract else None,
        category_name=await category_name(
            session, contract.service_category if contract else None, region=row.region, signed_on=_signed_on(terms)
        ),
        purchaser_id=contract.purchaser_id if contract else None,
        provider_id=contract.provider_id if contract else None,
        purchaser_name=contract.purchaser_name if contract else None,
        provider_name=contract.provider_name if contract else None,
        value=None if contract is None or contract.value is None else f"{contract.value:.2f}",
        currency=contract.currency if contract else None,
        framework_id=row.framework_id,
        framework_version=row.framework_version,
        framework_hash=row.framework_hash,
        framework_title=dict(framework.title),
        framework_source=dict(framework.source),
        stage=result["stage"],
        score=result["score"],
        lower=result["lower"],
        upper=result["upper"],
        grade=result["grade"],
        coverage=result["coverage"],
        held=list(result["held"]),
        grades=[
            Named(code=grade.code, title=dict(grade.title), minimum=f"{grade.minimum:g}") for grade in framework.grades
        ],
        lines=_lines(tree.children, depth=0),
        gates=_gates(framework, result),
        ungated_score=result.get("ungated"),
        median=None,
        interval=None,
        label=None,
        chances=[],
        provider_score=provider.get("score"),
        provider_grade=provider.get("grade"),
        purchaser_score=purchaser.get("score"),
        purchaser_grade=purchaser.get("grade"),
        targets=await _targets(session, contract_id, terms[0] if terms else None, softened),
        evidence=[EvidenceLine(id=item, kind=kinds.get(str(item), "unknown"), sha256=digest) for item, digest in named],
        content_hash=row.content_hash,
        chain_hash=row.chain_hash,
        score_version=row.version,
        recorded_at=row.recorded_at,
        determined=None,
        made_at=clock.now(),
        verify_at="",
    )


def _signed_on(terms: Sequence[Mapping[str, Any]]) -> str | None:
    return next((each.get("signed_on") or each.get("starts_on") for each in terms), None)


def _lines(nodes: Sequence[ExplanationNode], *, depth: int) -> list[Line]:
    made: list[Line] = []
    for node in nodes:
        made.append(
            Line(
                path=node.node,
                depth=depth,
                title=node.title,
                weight=node.weight,
                points=node.points,
                lost=node.lost,
                normalised=node.normalised,
                raw=node.raw,
                unit=node.unit,
                target=node.target,
                state=node.state,
                accountable=node.accountable,
                over_attained=node.over_attained,
                source=node.source,
            )
        )
        made += _lines(node.children, depth=depth + 1)
    return made


def _gates(framework: Framework, result: Mapping[str, Any]) -> list[GateLine]:
    """The gates that hold the grade down, with what the framework says about them."""
    known = {gate.code: gate for gate in framework.gates}
    made = []
    for fired in result.get("gates", ()):
        gate = known.get(fired["code"])
        if gate is not None and fired["crossed"]:
            made.append(
                GateLine(
                    code=gate.code,
                    node=gate.node,
                    cap=gate.cap,
                    value=fired["value"],
                    reason=dict(gate.reason),
                    title=dict(gate.title),
                    below=f"{gate.below:g}",
                )
            )
    return made
