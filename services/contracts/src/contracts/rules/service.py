"""Writing rules: a tenant's own set with its second person, confirmations, overrides, and what a contract pins."""

from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.rules.document import Rule, RuleSet
from contracts.rules.errors import (
    OverrideNeedsSecondPerson,
    OverrideNotFound,
    RuleNotFound,
    RuleNotOverridable,
    RuleSetAlreadyApproved,
    RuleSetIdTaken,
    RuleSetNeedsSecondPerson,
    RuleSetNotApproved,
    RuleSetNotFound,
    RuleSetVersionTaken,
)
from contracts.rules.models import RuleConfirmation, RuleOverride, StoredRuleSet
from contracts.rules.queries import KnownRuleSet, find_rule_set, may_keep, overrides_of
from contracts.rules.shipped import shipped
from shared import audit, clock
from shared.auth import Principal
from shared.db import principal_in
from shared.ids import new_id
from shared.problems import Forbidden, Unprocessable

__all__ = [
    "approve_override",
    "approve_rule_set",
    "confirm_rules",
    "mistakes_in",
    "mistakes_of_base",
    "pin_rule_set",
    "request_override",
    "upload_rule_set",
    "withdraw_confirmations",
]


def mistakes_in(document: object) -> tuple[RuleSet | None, list[dict[str, str]]]:
    """The rule set that a document is, or what is wrong with it."""
    try:
        return RuleSet.model_validate(document), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        return None, [{"pointer": "".join(f"/{part}" for part in each["loc"]), "detail": each["msg"]} for each in found]


async def mistakes_of_base(session: AsyncSession, rules: RuleSet) -> list[dict[str, str]]:
    """What is wrong with `based_on`: it must name a rule set that the caller can see."""
    if rules.based_on is None:
        return []
    rule_set_id, _, version = rules.based_on.partition("@")
    try:
        await find_rule_set(session, rule_set_id, version=version, viewer=principal_in(session))
    except RuleSetNotFound as error:
        return [{"pointer": "/based_on", "detail": error.detail}]
    return []


def _require_scope(principal: Principal, scope: str) -> None:
    if not may_keep(principal, scope):
        raise Forbidden(f"{scope} is outside your scope ({', '.join(principal.regions) or 'none'}).", region=scope)


async def upload_rule_set(session: AsyncSession, rules: RuleSet) -> tuple[KnownRuleSet, bool]:
    """Keep a tenant's rule set as a draft; False when the same one was kept before.

    Raises:
        Forbidden: its scope is outside the caller's.
        Unprocessable: `based_on` names no rule set.
        RuleSetIdTaken: the code is a shipped set's, or was first used for another scope.
        RuleSetVersionTaken: the version is kept with other content.
    """
    principal = principal_in(session)
    _require_scope(principal, rules.scope)
    wrong = await mistakes_of_base(session, rules)
    if wrong:
        raise Unprocessable(f"{wrong[0]['pointer']}: {wrong[0]['detail']}", errors=wrong)
    if rules.id in {each.id for each in shipped().values()}:
        raise RuleSetIdTaken(
            f"{rules.id} is a shipped rule set; give yours a code of its own, for example {rules.id}-23."
        )
    # Two uploads of a new code at the same time: the second one waits and is compared with the first.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("rule set " + rules.id, 0))))
    others = (
        await session.execute(
            select(StoredRuleSet.version, StoredRuleSet.scope, StoredRuleSet.sha256).where(StoredRuleSet.id == rules.id)
        )
    ).all()
    if any(row.scope != rules.scope for row in others):
        raise RuleSetIdTaken(
            f"{rules.id} belongs to {others[0].scope}; give the set of {rules.scope} a code of its own."
        )
    same = next((row for row in others if row.version == rules.version), None)
    if same is not None and same.sha256 != rules.sha256:
        raise RuleSetVersionTaken(f"{rules.name} is recorded with other content; give the changed one a new version.")
    if same is None:
        await _insert(session, rules, origin="uploaded", state="draft", uploaded_by=principal.subject)
        audit.record(session, "rule-set.uploaded", noun="rule-set", noun_id=rules.sha256, fields=[rules.name])
    return await find_rule_set(session, rules.id, version=rules.version, viewer=principal), same is None


async def approve_rule_set(session: AsyncSession, rule_set_id: str, *, version: str, basis: str) -> KnownRuleSet:
    """Put a tenant's rule set into force, by a second person.

    Raises:
        Forbidden: its scope is outside the caller's.
        RuleSetNotFound: there is no such draft.
        RuleSetAlreadyApproved: it is in force, or a shipped one.
        RuleSetNeedsSecondPerson: the caller uploaded it.
    """
    principal = principal_in(session)
    known = await find_rule_set(session, rule_set_id, version=version, viewer=principal)
    _require_scope(principal, known.rules.scope)
    if known.state == "approved":
        raise RuleSetAlreadyApproved(f"{known.rules.name} is approved; a change is a new version.")
    if known.uploaded_by == principal.subject:
        raise RuleSetNeedsSecondPerson(f"You uploaded {known.rules.name}; somebody else approves it.")
    changed = await session.execute(
        update(StoredRuleSet)
        .where(StoredRuleSet.sha256 == known.rules.sha256, StoredRuleSet.state == "draft")
        .values(state="approved", approved_by=principal.subject, approved_at=clock.now(), approval_basis=basis)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise RuleSetAlreadyApproved(f"{known.rules.name} was approved at the same moment.")
    audit.record(session, "rule-set.approved", noun="rule-set", noun_id=known.rules.sha256, fields=[known.rules.name])
    return await find_rule_set(session, rule_set_id, version=version, viewer=principal)


async def confirm_rules(
    session: AsyncSession, rule_set_id: str, *, version: str, rules: list[str], scope: str, person: str, basis: str
) -> KnownRuleSet:
    """Note that a named person answers for rules in a region; from now on those of severity block can refuse.

    A rule that is confirmed for the region already stays as it was confirmed first.

    Raises:
        Forbidden: the region is outside the caller's scope.
        RuleSetNotApproved: the set is a draft.
        RuleNotFound: the set has no such rule.
    """
    principal = principal_in(session)
    _require_scope(principal, scope)
    known = await find_rule_set(session, rule_set_id, version=version, viewer=principal)
    if known.state != "approved":
        raise RuleSetNotApproved(f"{known.rules.name} is a draft; POST /v1/rules/{rule_set_id}/approve comes first.")
    chosen = [_rule_of(known.rules, code) for code in dict.fromkeys(rules)]
    rows = [
        {
            "id": new_id(),
            "set_id": known.rules.id,
            "rule": rule.code,
            "rule_sha256": rule.sha256,
            "scope": scope,
            "person": person,
            "basis": basis,
            "confirmed_by": principal.subject,
            "confirmed_at": clock.now(),
        }
        for rule in chosen
    ]
    await session.execute(insert(RuleConfirmation).values(rows).on_conflict_do_nothing())
    # The person's name stands in the confirmation, where it belongs; audit rows hold no names.
    fields = {"set": known.rules.name, "rules": [rule.code for rule in chosen], "scope": scope}
    audit.record(session, "rule-set.confirmed", noun="rule-set", noun_id=known.rules.sha256, fields=fields)
    return known


async def withdraw_confirmations(
    session: AsyncSession, rule_set_id: str, *, version: str, rules: list[str], scope: str, reason: str
) -> KnownRuleSet:
    """Take confirmations of a region back: the rules warn again. One that is not confirmed there stays as it is.

    Raises:
        Forbidden: the region is outside the caller's scope.
        RuleNotFound: the set has no such rule.
    """
    principal = principal_in(session)
    _require_scope(principal, scope)
    known = await find_rule_set(session, rule_set_id, version=version, viewer=principal)
    chosen = [_rule_of(known.rules, code) for code in dict.fromkeys(rules)]
    await session.execute(
        update(RuleConfirmation)
        .where(
            RuleConfirmation.rule_sha256.in_([rule.sha256 for rule in chosen]),
            RuleConfirmation.scope == scope,
            RuleConfirmation.withdrawn_at.is_(None),
        )
        .values(withdrawn_by=principal.subject, withdrawn_at=clock.now(), withdrawal_reason=reason)
        .execution_options(synchronize_session=False)
    )
    fields = {"set": known.rules.name, "rules": [rule.code for rule in chosen], "scope": scope}
    audit.record(session, "rule-set.confirmation-withdrawn", noun="rule-set", noun_id=known.rules.sha256, fields=fields)
    return known


def _rule_of(rules: RuleSet, code: str) -> Rule:
    rule = rules.rule(code)
    if rule is None:
        raise RuleNotFound(f"{rules.name} has no rule {code}.", rule=code)
    return rule


async def pin_rule_set(session: AsyncSession, known: KnownRuleSet) -> None:
    """Store a shipped set as a contract pins it; a stored one stays as it is.

    Raises:
        RuleSetVersionTaken: the version was pinned with other content before.
    """
    if known.stored:
        return
    if not await _insert(session, known.rules, origin="shipped", state="approved", uploaded_by=None):
        stored = await session.scalar(
            select(StoredRuleSet.sha256).where(
                StoredRuleSet.id == known.rules.id, StoredRuleSet.version == known.rules.version
            )
        )
        if stored != known.rules.sha256:
            raise RuleSetVersionTaken(f"{known.rules.name} was pinned with other content; it needs a new version.")


async def _insert(session: AsyncSession, rules: RuleSet, *, origin: str, state: str, uploaded_by: str | None) -> bool:
    moment = clock.now()
    values: dict[str, Any] = {
        "sha256": rules.sha256,
        "id": rules.id,
        "version": rules.version,
        "jurisdiction": rules.jurisdiction,
        "scope": rules.scope,
        "in_force_from": rules.in_force_from,
        "origin": origin,
        "state": state,
        "document": rules.document,
        "stored_at": moment,
        "uploaded_by": uploaded_by,
        "approved_at": moment if state == "approved" else None,
    }
    statement = insert(StoredRuleSet).values(values).on_conflict_do_nothing().returning(StoredRuleSet.sha256)
    return (await session.execute(statement)).first() is not None


async def request_override(session: AsyncSession, rule: Rule, *, contract_id: UUID, region: str, reason: str) -> UUID:
    """Ask that a rule be set aside for a contract; it has no effect until a second person approves it."""
    same = [each for each in await overrides_of(session, contract_id=contract_id) if each.rule_sha256 == rule.sha256]
    if same:
        state = "in force" if any(each.approved_by for each in same) else "waiting for its second person"
        raise RuleNotOverridable(f"An override of {rule.code} is {state}.", override_id=str(same[0].id))
    override = RuleOverride(
        id=new_id(),
        contract_id=contract_id,
        region=region,
        rule=rule.code,
        rule_sha256=rule.sha256,
        reason=reason,
        requested_by=principal_in(session).subject,
        requested_at=clock.now(),
    )
    session.add(override)
    await session.flush()
    _audit_override(session, "contract.override-requested", contract_id, region, rule.code)
    return override.id


async def approve_override(
    session: AsyncSession, *, contract_id: UUID, region: str, override_id: UUID, note: str | None
) -> None:
    """Put an override into force, by a second person; approving it again changes nothing."""
    subject = principal_in(session).subject
    found = next(
        (each for each in await overrides_of(session, contract_id=contract_id) if each.id == override_id), None
    )
    if found is None:
        raise OverrideNotFound(f"The contract has no override {override_id}.")
    if found.requested_by == subject:
        raise OverrideNeedsSecondPerson("You asked for this override; somebody else approves it.")
    changed = await session.execute(
        update(RuleOverride)
        .where(RuleOverride.id == override_id, RuleOverride.approved_by.is_(None))
        .values(approved_by=subject, approved_at=clock.now(), approval_note=note)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount == 1:  # type: ignore[attr-defined]
        _audit_override(session, "contract.override-approved", contract_id, region, found.rule)


def _audit_override(session: AsyncSession, action: str, contract_id: UUID, region: str, rule: str) -> None:
    audit.record(session, action, noun="contract", noun_id=contract_id, region=region, fields={"rule": rule})
