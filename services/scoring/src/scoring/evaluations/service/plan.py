"""Planning an evaluation: everything that can be refused is refused before anybody rates."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evaluations import queries
from scoring.evaluations.criteria import check_form, every_rating_node, rating_nodes
from scoring.evaluations.errors import EvaluatorNotFound
from scoring.evaluations.models import Case, Evaluation
from scoring.evaluations.schemas import EvaluationIn
from scoring.evaluations.service.exclusions import refuse_conflicts
from scoring.evaluations.service.steps import expect, note_case, note_evaluation
from scoring.evidence.queries import contracts_of
from scoring.frameworks.service import registry
from shared import clock
from shared.auth import Principal, require_region
from shared.db import principal_in
from shared.ids import new_id
from shared.problems import Unprocessable

__all__ = ["cancel_evaluation", "plan_evaluation"]


async def plan_evaluation(session: AsyncSession, body: EvaluationIn) -> Evaluation:
    """Plan an evaluation of contracts by a pool of evaluators.

    Raises:
        Forbidden: the region is outside the caller's scope.
        Unprocessable: a contract is unknown, outside the region, or was never performed; each is named.
        EvaluatorNotFound: an evaluator is unknown, retired, or of a suspended organisation; each is named.
        FormRefused: form and framework do not ask for the same criteria; each criterion or node is named.
        EvaluatorHasConflict: the lead evaluator has a conflict with a case; each is named.
    """
    require_region(principal_in(session), body.region)
    contracts = await contracts_of(session, body.contract_ids)
    _check_contracts(body, contracts)
    known = await registry(session)
    categories = {contract.service_category for contract in contracts.values()}
    framework = known.find(body.framework_id, version=body.framework_version)
    form = await queries.find_form(session, body.form_id, body.form_version)
    nodes: dict[str, str] = {}
    for category in sorted(categories, key=str):
        nodes |= rating_nodes(known.find(framework.id, version=framework.version, category=category))
    check_form(form, nodes, known=every_rating_node(known, framework))
    await _check_evaluators(session, body)
    made = Evaluation(
        id=new_id(),
        version=0,
        title=body.title,
        region=body.region,
        framework_id=framework.id,
        framework_version=framework.version,
        framework_hash=framework.written_hash or framework.hash,
        form_id=form.id,
        form_version=form.version,
        form_sha256=form.sha256,
        stage=body.stage,
        state="planned",
        per_case=body.per_case,
        evaluator_ids=[str(each) for each in sorted(body.evaluator_ids)],
        lead_id=body.lead_id,
        rating_until=body.rating_until,
        planned_by=principal_in(session).subject,
        planned_at=clock.now(),
    )
    session.add(made)
    anchors = set(body.anchor_ids)
    cases = [
        Case(
            id=new_id(),
            evaluation_id=made.id,
            contract_id=contract_id,
            region=contracts[contract_id].region,
            version=0,
            state="planned",
            anchor=contract_id in anchors,
            simulated=contracts[contract_id].simulated,
            purchaser_id=contracts[contract_id].purchaser_id,
            provider_id=contracts[contract_id].provider_id,
            service_category=contracts[contract_id].service_category,
        )
        for contract_id in sorted(body.contract_ids)
    ]
    lead = await queries.find_evaluator(session, body.lead_id)
    await refuse_conflicts(session, lead, cases)
    # One statement after the other: the cases refer to the evaluation.
    await session.flush()
    session.add_all(cases)
    note_evaluation(session, made, cases, "planned")
    for case in cases:
        note_case(session, made, case, "planned")
    return made


def _check_contracts(body: EvaluationIn, contracts: Mapping[UUID, Any]) -> None:
    scope = Principal("scope", frozenset(), (body.region,))
    errors = []
    for place, contract_id in enumerate(body.contract_ids):
        contract = contracts.get(contract_id)
        if contract is None:
            detail = f"contract {contract_id} is unknown here, or of another region"
        elif not scope.may_see(contract.region):
            detail = f"contract {contract_id} lies in {contract.region}, outside of {body.region}"
        elif contract.state in {"draft", "pending", "cancelled"}:
            detail = f"contract {contract_id} is {contract.state}: there is no service to evaluate"
        else:
            continue
        errors.append({"pointer": f"/contract_ids/{place}", "detail": detail})
    if errors:
        raise Unprocessable("; ".join(error["detail"] for error in errors[:5]), errors=errors)


async def _check_evaluators(session: AsyncSession, body: EvaluationIn) -> None:
    wanted = {*body.evaluator_ids, body.lead_id}
    found = await queries.evaluators_by_id(session, wanted)
    organisations = await queries.organisations_by_id(session, {each.organisation_id for each in found.values()})
    faults = [f"{each} is not on the register, or outside your scope" for each in sorted(wanted - set(found))]
    faults += [f"{each.code} is retired" for each in found.values() if each.state != "active"]
    faults += [
        f"the organisation of {each.code} is suspended"
        for each in found.values()
        if organisations[each.organisation_id].state != "active"
    ]
    if faults:
        raise EvaluatorNotFound(f"Evaluators that cannot take part: {'; '.join(faults)}.", evaluators=faults)


async def cancel_evaluation(session: AsyncSession, evaluation_id: UUID, *, reason: str) -> Evaluation:
    """Cancel an evaluation none of whose cases was closed yet; what was rated stays on record and enters nothing."""
    evaluation = await queries.find_evaluation(session, evaluation_id, lock=True)
    expect(evaluation, "planned", "rating")
    cases = await queries.cases_of(session, evaluation_id, lock=True)
    for case in cases:
        expect(case, "planned", "rating")
    evaluation.state = "cancelled"
    for case in cases:
        case.state = "cancelled"
        note_case(session, evaluation, case, "cancelled", reason=reason)
    note_evaluation(session, evaluation, cases, "cancelled", reason=reason)
    return evaluation
