"""What stands in the way of a determination."""

from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.calibrations.queries import blocks_determination
from scoring.determinations import queries
from scoring.determinations.awaited import appeals_awaited
from scoring.determinations.certainty import uncertain_gates
from scoring.determinations.errors import (
    CoverageTooLow,
    DeterminationBlocked,
    DeterminationExists,
    DeterminationReplaced,
    DeterminationSuspended,
    EvidenceHeld,
    EvidenceNotDeterminable,
    GateUncertain,
    NotThePurchaser,
    PanelUnfounded,
    ReplacesAnother,
)
from scoring.determinations.missing import missing_evidence
from scoring.determinations.schemas import DeterminationIn, Panel
from scoring.evaluations.queries import (
    assignments_of,
    evaluations_of,
    evaluators_by_id,
    list_cases,
    submitted_marks,
)
from scoring.evidence.queries import evidence_bodies
from scoring.frameworks.document import Framework
from shared.auth import Principal
from shared.db import principal_in
from shared.problems import Unprocessable

__all__ = [
    "check_evidence",
    "check_gates",
    "check_marks",
    "check_panel",
    "check_predecessor",
    "check_reweighted",
    "check_signer",
]

THIRD: Final = 3
_CASES: Final = 200
_UNDER_WAY: Final = {
    "rating": "it is being rated. Close the rating first, POST /v1/evaluations/{id}/close.",
    "review": "a party disagreed, and the level above has not decided: POST /v1/evaluations/cases/{id}/review.",
}
"""States of a case in which nobody knows yet what its marks will be."""


def check_signer(principal: Principal, *, purchaser_id: UUID | None) -> None:
    """A purchaser's token that names its organisation acts upon that organisation's contracts; NotThePurchaser.

    A token without an organisation belongs to a system of the region; finance departments and operators act for it too.
    """
    if principal.organisation is None or principal.roles & {"finance", "operator"}:
        return
    if principal.organisation != purchaser_id:
        raise NotThePurchaser("Your organisation does not purchase this contract; its purchaser or finance does this.")


async def check_evidence(
    session: AsyncSession, content: Mapping[str, Any], *, framework: Framework, contract_id: UUID
) -> None:
    """Everything that holds a determination is there, and enough of it, and it may be determined upon.

    Raises:
        EvidenceHeld: evidence is missing whose absence holds the determination.
        CoverageTooLow: a node has too little evidence for a value.
        EvidenceNotDeterminable: an open link says nothing about those who did not come: no margin of error.
    """
    result = content["result"]
    if result["held"]:
        raise EvidenceHeld(
            f"No evidence of {', '.join(result['held'])}. Supply it where `missing` says; the score follows by itself.",
            missing=missing_evidence(framework, result, contract_id=contract_id),
        )
    if thin := result.get("thin"):
        raise CoverageTooLow(
            f"Too little evidence of {', '.join(thin)}: less of the weight is covered than the framework asks. Supply "
            "more; the score follows by itself.",
            nodes=list(thin),
        )
    named = [(UUID(item), digest) for item, digest in content["evidence"]]
    bodies = await evidence_bodies(session, items=named)
    waves = sorted(str(each.id) for each in bodies if each.kind == "wave" and not _determinable(each.body))
    if waves:
        raise EvidenceNotDeterminable(
            "The recipients' opinion comes from an open link, or a wave upon which the surveys let nobody determine. "
            "Close a wave of the same kind that asked everybody or a random sample; the score follows by itself.",
            waves=waves,
        )


def _determinable(wave: Mapping[str, Any]) -> bool:
    """As the surveys say; what they say nothing of is judged by its design."""
    return bool(wave.get("determinable", True)) and wave["design"] != "open_link"


def check_reweighted(framework: Framework, result: Mapping[str, Any], stated: Mapping[str, str]) -> None:
    """Missing evidence gives its weight to others only where that is justified, one by one; Unprocessable.

    A framework that reweights an indicator justifies it and is approved by two persons. What a contract agreed so is
    justified by whoever signs: that the evidence was impossible by nature, and not merely not collected.
    """
    agreed = {node.path for node in framework.walk() if node.rule is not None and node.rule.missing == "agreed"}
    needed = {
        leaf["node"]
        for leaf in result["leaves"]
        if leaf["state"] == "reweight" and "indicator" in leaf and _under(leaf["node"], agreed)
    }
    errors = [
        {"pointer": f"/reweighted/{node}", "detail": "say why its evidence was impossible to obtain, or record it"}
        for node in sorted(needed - stated.keys())
    ] + [
        {"pointer": f"/reweighted/{node}", "detail": "this indicator was not reweighted by the contract"}
        for node in sorted(stated.keys() - needed)
    ]
    if errors:
        raise Unprocessable(
            "The contract gives the weight of missing evidence to other indicators: each needs its justification.",
            errors=errors,
        )


def _under(node: str, paths: Collection[str]) -> bool:
    return any(node.startswith(f"{path}.") for path in paths)


async def check_marks(session: AsyncSession, contract_id: UUID, *, framework_id: str, stage: str) -> None:
    """The evaluators' marks are done with: nobody rates, no disagreement is open, calibration is done.

    Raises:
        DeterminationBlocked: the caller rated the contract or led its evaluation, which somebody else determines; the
            contract is being rated under this framework for this stage, a party's disagreement
            with that waits for the level above, or its calibration is not done with.
    """
    cases = await list_cases(session, contract_id=contract_id, after=None, limit=_CASES)
    evaluations = await evaluations_of(session, cases)
    raters = {each.lead_id for each in evaluations.values()}
    for case in cases:
        raters |= {each.evaluator_id for each in await assignments_of(session, case_id=case.id)}
    if principal_in(session).subject in {each.subject for each in (await evaluators_by_id(session, raters)).values()}:
        raise DeterminationBlocked("You took part in the evaluation of this contract: somebody else determines it.")
    for case in cases:
        evaluation = evaluations[case.evaluation_id]
        if (evaluation.framework_id, evaluation.stage) != (framework_id, stage):
            continue
        if case.state in _UNDER_WAY and case.reviewed_at is None:
            raise DeterminationBlocked(
                f"Evaluation {evaluation.id} ({evaluation.title}) has this contract in hand: {_UNDER_WAY[case.state]}"
            )
    if (reason := await blocks_determination(session, contract_id)) is not None:
        raise DeterminationBlocked(reason)


def check_gates(framework: Framework, result: Mapping[str, Any], probabilities: Mapping[str, str]) -> None:
    """No gate is crossed as likely as not; GateUncertain."""
    if held := uncertain_gates(framework, result, probabilities):
        named = "; ".join(f"{each['gate']} ({each['node']}): {each['probability']}" for each in held)
        raise GateUncertain(
            f"Nobody can say whether these gates are crossed: {named}. Measure the node better, or have a panel decide "
            "upon a third evaluation and name its decision in `panel`.",
            gates=held,
        )


async def check_panel(session: AsyncSession, panel: Panel, *, contract_id: UUID) -> None:
    """The panel had a third evaluation before it: concluded, and three evaluators have rated the contract.

    PanelUnfounded otherwise.
    """
    cases = await list_cases(session, contract_id=contract_id, after=None, limit=_CASES)
    if not any(case.evaluation_id == panel.evaluation_id and case.concluded_at is not None for case in cases):
        raise PanelUnfounded(
            f"Evaluation {panel.evaluation_id} has no conclusion about contract {contract_id}. Conclude it, or name "
            "the evaluation that the panel had before it."
        )
    marks = await submitted_marks(session, {case.evaluation_id for case in cases})
    raters = {rater for rater, contract in zip(marks.rater, marks.contract, strict=True) if contract == contract_id}
    if len(raters) < THIRD:
        raise PanelUnfounded(
            f"{len(raters)} evaluators have rated contract {contract_id}; a panel decides upon a third evaluation."
        )


async def check_predecessor(
    session: AsyncSession, body: DeterminationIn, *, stage: str, appeal_id: UUID | None = None
) -> None:
    """One determination per contract, framework and stage; a further one replaces the one in force, by name.

    What an appeal is about is not replaced past it (DeterminationSuspended): the suspension would end with it, and the
    decision is other people's. `appeal_id` is the appeal whose decision the further one carries out.
    """
    newest = await queries.determination_in_force(
        session, contract_id=body.contract_id, framework_id=body.framework_id, stage=stage
    )
    if body.replaces is None:
        if newest is not None:
            raise DeterminationExists(
                f"Determination {newest.id} stands for this contract, framework and stage. To correct it, name it in "
                "`replaces` and give the reason.",
                determination_id=str(newest.id),
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
            determination_id=str(newest.id if newest else successor),
        )
    if appeal_id is None and (awaited := await appeals_awaited(session, replaced.id)):
        named, state = awaited[0]
        raise DeterminationSuspended(
            f"Appeal {named} is about determination {replaced.id}: others decide it first, POST "
            f"/v1/appeals/{named}/decide."
            if state == "filed"
            else f"Appeal {named} was decided as changed: its decider issues the new determination, POST "
            f"/v1/appeals/{named}/determination.",
            appeals=[str(each) for each, _ in awaited],
        )
