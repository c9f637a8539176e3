"""Rule sets over HTTP: reference data, readable by all; drafts are seen by their own region."""

from datetime import date
from typing import Annotated, Any

from fastapi import Body, Path, Query, Response

from contracts.regions.queries import parse_region
from contracts.rules import queries, service
from contracts.rules.document import RuleSet
from contracts.rules.queries import KnownRuleSet
from contracts.rules.schemas import (
    ApproveIn,
    ConfirmIn,
    DiffOut,
    RuleChangeOut,
    RuleSetOut,
    RuleSetsOut,
    ValidationOut,
    WithdrawIn,
    rule_set_out,
    rule_set_summary,
)
from shared import clock
from shared.auth import Principal, allow
from shared.db import ReadSession, WriteSession
from shared.problems import Unprocessable
from shared.web import router

__all__ = ["routes"]

routes = router(tags=["rules"])
Anybody = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")]
Keepers = Annotated[Principal, allow("finance", "operator")]
RuleSetId = Annotated[str, Path(max_length=48, description="Code of the rule set.", examples=["cn-2020"])]
Named = Annotated[
    str,
    Query(
        max_length=81,
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*(@[0-9]+\.[0-9]+\.[0-9]+)?$",
        description="id@version; without a version the newest approved one.",
        examples=["cn-2020@1.0.0"],
    ),
]


def _viewer(principal: Principal) -> Principal | None:
    """Who may see drafts: everybody but the public, within the own scope."""
    return None if _is_public(principal) else principal


def _is_public(principal: Principal) -> bool:
    return principal.roles <= {"public"}


async def _answer(session: ReadSession, known: KnownRuleSet, principal: Principal) -> RuleSetOut:
    confirmations = await queries.confirmations_of(session, known.rules)
    return rule_set_out(known, confirmations, public=_is_public(principal))


@routes.get("/rules", summary="The rule sets, and which one applies")
async def list_rule_sets(
    session: ReadSession,
    principal: Anybody,
    region: Annotated[str | None, Query(description="Region of a contract.", max_length=16)] = None,
    on: Annotated[date | None, Query(description="Day of its signature; today by default.")] = None,
) -> RuleSetsOut:
    """Every set at every version. With `region`, `applicable` names the one that a contract signed there would pin."""
    found = await queries.list_rule_sets(session, viewer=_viewer(principal))
    chosen = None
    if region is not None:
        try:
            region = parse_region(region)
        except ValueError as error:
            raise Unprocessable(
                f"region: {error}", errors=[{"pointer": "query:region", "detail": str(error)}]
            ) from error
        chosen = (await queries.applicable(session, region=region, signed_on=on or clock.today())).rules.name
    return RuleSetsOut(items=[rule_set_summary(known) for known in found], applicable=chosen)


@routes.get("/rules/diff", summary="What changed between two rule sets")
async def diff_rule_sets(
    session: ReadSession,
    principal: Anybody,
    before: Annotated[Named, Query(alias="from")],
    after: Annotated[Named, Query(alias="to")],
) -> DiffOut:
    """Rule by rule: added, removed, changed with the old and new value of each field."""
    sets = []
    for name in (before, after):
        rule_set_id, _, version = name.partition("@")
        known = await queries.find_rule_set(session, rule_set_id, version=version or None, viewer=_viewer(principal))
        sets.append(known.rules)
    first, second = sets
    heads = [rules.model_dump(mode="json", exclude={"rules", "instruments"}) for rules in sets]
    return DiffOut(
        before=first.name,
        after=second.name,
        head={
            name: {"from": heads[0][name], "to": heads[1][name]}
            for name in heads[0]
            if heads[0][name] != heads[1][name]
        },
        rules=[RuleChangeOut(**change) for change in queries.differences(first, second)],
    )


@routes.get("/rules/{rule_set_id}", summary="A rule set with its rules and their confirmations")
async def show_rule_set(
    rule_set_id: RuleSetId,
    session: ReadSession,
    principal: Anybody,
    version: Annotated[
        str | None, Query(max_length=32, description="By default the newest approved one.", examples=["1.0.0"])
    ] = None,
) -> RuleSetOut:
    """Of each rule its figures, its source and how surely it is known; `unconfirmed` names those that only warn yet."""
    known = await queries.find_rule_set(session, rule_set_id, version=version, viewer=_viewer(principal))
    return await _answer(session, known, principal)


@routes.post(
    "/rules",
    summary="Upload a tenant's own rule set",
    status_code=201,
    responses={200: {"model": RuleSetOut, "description": "The same rule set was kept before."}},
)
async def upload_rule_set(body: RuleSet, response: Response, session: WriteSession, principal: Keepers) -> RuleSetOut:
    """It is a draft until a second person approves it, and never changes: a changed figure is a new version."""
    known, created = await service.upload_rule_set(session, body)
    if not created:
        response.status_code = 200
    return await _answer(session, known, principal)


@routes.post("/rules:validate", summary="Check a rule set without keeping it")
async def validate_rule_set(
    body: Annotated[dict[str, Any], Body(description="A rule set, by the JSON Schema in the package.")],
    session: ReadSession,
    principal: Keepers,
) -> ValidationOut:
    """Everything that is wrong with its place; if `based_on` names a known set, what changed against it."""
    rules, errors = service.mistakes_in(body)
    changes = None
    if rules is not None:
        errors = await service.mistakes_of_base(session, rules)
    if rules is not None and rules.based_on is not None and not errors:
        rule_set_id, _, version = rules.based_on.partition("@")
        known = await queries.find_rule_set(session, rule_set_id, version=version, viewer=principal)
        changes = queries.differences(known.rules, rules)
    return ValidationOut.model_validate(
        {"valid": not errors, "errors": errors, "sha256": rules.sha256 if rules else None, "changes": changes}
    )


@routes.post("/rules/{rule_set_id}/approve", summary="Approve a rule set as the second person")
async def approve_rule_set(
    rule_set_id: RuleSetId, body: ApproveIn, session: WriteSession, principal: Keepers
) -> RuleSetOut:
    """From then on contracts that are signed in its scope from `in_force_from` on pin it; older ones keep theirs."""
    known = await service.approve_rule_set(session, rule_set_id, version=body.version, basis=body.basis)
    return await _answer(session, known, principal)


@routes.post("/rules/{rule_set_id}/confirmations", summary="Confirm rules by a named person")
async def confirm_rules(
    rule_set_id: RuleSetId, body: ConfirmIn, session: WriteSession, principal: Keepers
) -> RuleSetOut:
    """A rule that nobody has confirmed can only warn. A confirmation belongs to the rule's exact text and figures."""
    known = await service.confirm_rules(session, rule_set_id, **body.model_dump())
    return await _answer(session, known, principal)


@routes.post("/rules/{rule_set_id}/confirmations:withdraw", summary="Withdraw confirmations")
async def withdraw_confirmations(
    rule_set_id: RuleSetId, body: WithdrawIn, session: WriteSession, principal: Keepers
) -> RuleSetOut:
    """The rules warn again in that region; what was confirmed and why it was withdrawn stays on record."""
    known = await service.withdraw_confirmations(session, rule_set_id, **body.model_dump())
    return await _answer(session, known, principal)
