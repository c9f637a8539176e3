"""Reading rule sets: the shipped ones, those of the tenant, which one applies, and what stands for a contract."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.rules.checks import Finding, Moment
from contracts.rules.consistency import contradictions
from contracts.rules.document import Rule, RuleSet
from contracts.rules.engine import Standing, Verdict, differences, effect_of, verdicts
from contracts.rules.errors import RuleSetNotFound
from contracts.rules.facts import AgreedMilestone, Clauses, Competition, RecordedTerms, RuleFacts
from contracts.rules.models import RuleConfirmation, RuleOverride, StoredRuleSet
from contracts.rules.periods import due_on
from contracts.rules.shipped import shipped
from contracts.rules.supplements import SuppliedRule, supplied
from shared.auth import Principal

# What other slices may use of the rules: they import it from here.
__all__ = [
    "AgreedMilestone",
    "Clauses",
    "Competition",
    "Confirmation",
    "Finding",
    "KnownRuleSet",
    "Moment",
    "Override",
    "RecordedTerms",
    "Rule",
    "RuleFacts",
    "RuleSet",
    "Standing",
    "SuppliedRule",
    "Verdict",
    "applicable",
    "choose",
    "confirmations_of",
    "contradictions",
    "covers",
    "differences",
    "due_on",
    "effect_of",
    "find_rule_set",
    "list_rule_sets",
    "may_keep",
    "overrides_of",
    "rule_set_by_hash",
    "standing_of",
    "supplied",
    "verdicts",
]


@dataclass(frozen=True, slots=True)
class KnownRuleSet:
    """A rule set with what became of it. Shipped sets are approved from the start: confirmations limit what they do."""

    rules: RuleSet
    origin: str
    state: str
    stored: bool
    uploaded_by: str | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None
    approval_basis: str | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Who answers for a rule, where, and on what basis."""

    rule: str
    rule_sha256: str
    scope: str
    person: str
    basis: str
    confirmed_by: str
    confirmed_at: datetime
    withdrawn_at: datetime | None
    withdrawal_reason: str | None


@dataclass(frozen=True, slots=True)
class Override:
    """A rule set aside for a contract; in force once a second person has approved it."""

    id: UUID
    rule: str
    rule_sha256: str
    reason: str
    requested_by: str
    requested_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    approval_note: str | None


_CACHED = 256  # a document that never changes is parsed once
_read: dict[str, RuleSet] = {}


def covers(scope: str, region: str) -> bool:
    """Whether what is in force in `scope` is in force in `region`: `*` everywhere, `CN-23` with all that is below."""
    return scope in ("*", region) or region.startswith(scope if "-" in scope else f"{scope}-")


async def _documents(session: AsyncSession, hashes: Iterable[str]) -> dict[str, RuleSet]:
    wanted = set(hashes)
    if not _read:
        _read.update({rules.sha256: rules for rules in shipped().values()})
    missing = [sha256 for sha256 in wanted if sha256 not in _read]
    if missing:
        statement = select(StoredRuleSet.sha256, StoredRuleSet.document).where(StoredRuleSet.sha256.in_(missing))
        fresh = {row.sha256: RuleSet.model_validate(row.document) for row in await session.execute(statement)}
        if len(_read) + len(fresh) > _CACHED:
            _read.clear()
        _read.update(fresh)
        return {sha256: _read[sha256] for sha256 in wanted if sha256 in _read} | fresh
    return {sha256: _read[sha256] for sha256 in wanted}


async def rule_set_by_hash(session: AsyncSession, *, sha256: str) -> RuleSet:
    """The rule set that a contract pinned; RuleSetNotFound when none was stored with this hash."""
    found = await _documents(session, [sha256])
    if sha256 not in found:
        raise RuleSetNotFound(f"There is no rule set with the hash {sha256}.")
    return found[sha256]


async def list_rule_sets(session: AsyncSession, *, viewer: Principal | None) -> list[KnownRuleSet]:
    """Every rule set at every version by id, newest version first; drafts only for those whose scope covers them.

    Without a viewer (None) all drafts are left out.
    """
    columns = (
        StoredRuleSet.sha256,
        StoredRuleSet.scope,
        StoredRuleSet.origin,
        StoredRuleSet.state,
        StoredRuleSet.uploaded_by,
        StoredRuleSet.approved_by,
        StoredRuleSet.approved_at,
        StoredRuleSet.approval_basis,
    )
    rows = [
        row
        for row in await session.execute(select(*columns))
        if row.state == "approved" or (viewer is not None and may_keep(viewer, row.scope))
    ]
    documents = await _documents(session, [row.sha256 for row in rows])
    known = [
        KnownRuleSet(
            rules=documents[row.sha256],
            origin=row.origin,
            state=row.state,
            stored=True,
            uploaded_by=row.uploaded_by,
            approved_by=row.approved_by,
            approved_at=row.approved_at,
            approval_basis=row.approval_basis,
        )
        for row in rows
    ]
    names = {each.rules.name for each in known}
    known += [
        KnownRuleSet(rules=rules, origin="shipped", state="approved", stored=False)
        for name, rules in shipped().items()
        if name not in names
    ]
    return sorted(known, key=lambda each: (each.rules.id, [-part for part in _numbers(each.rules.version)]))


def may_keep(principal: Principal, scope: str) -> bool:
    """Whether a caller's regions cover the whole scope of a rule set."""
    return principal.unlimited or (scope != "*" and principal.may_see(scope if "-" in scope else f"{scope}-"))


async def find_rule_set(
    session: AsyncSession, rule_set_id: str, *, version: str | None = None, viewer: Principal | None
) -> KnownRuleSet:
    """A rule set, by default its newest approved version; RuleSetNotFound when there is none."""
    found = [each for each in await list_rule_sets(session, viewer=viewer) if each.rules.id == rule_set_id]
    if version is not None:
        found = [each for each in found if each.rules.version == version]
    if not found:
        wanted = rule_set_id if version is None else f"{rule_set_id}@{version}"
        raise RuleSetNotFound(f"There is no rule set {wanted}; GET /v1/rules lists them.")
    return next((each for each in found if each.state == "approved"), found[0])


async def applicable(session: AsyncSession, *, region: str, signed_on: date) -> KnownRuleSet:
    """The approved set for a contract of a region signed on a day.

    The narrowest scope wins (a county's before its province's before the country's), then the one that came into force
    last, then the tenant's before the shipped one, then the highest version.
    """
    return choose(await list_rule_sets(session, viewer=None), region=region, signed_on=signed_on)


def choose(sets: Iterable[KnownRuleSet], *, region: str, signed_on: date) -> KnownRuleSet:
    """As `applicable`, among approved sets that were read before."""
    known = [each for each in sets if covers(each.rules.scope, region) and each.rules.in_force_from <= signed_on]
    if not known:
        raise RuleSetNotFound(f"No rule set is in force in {region} on {signed_on}.")

    def rank(each: KnownRuleSet) -> tuple[int, date, bool, list[int]]:
        scope = 0 if each.rules.scope == "*" else len(each.rules.scope)
        return scope, each.rules.in_force_from, each.origin == "uploaded", _numbers(each.rules.version)

    return max(known, key=rank)


async def confirmations_of(session: AsyncSession, rules: RuleSet) -> list[Confirmation]:
    """Who has confirmed which rule of a set, in any region, in the order of time, withdrawn ones included."""
    statement = (
        select(RuleConfirmation)
        .where(RuleConfirmation.rule_sha256.in_([rule.sha256 for rule in rules.rules]))
        .order_by(RuleConfirmation.id)
    )
    return [
        Confirmation(
            row.rule,
            row.rule_sha256,
            row.scope,
            row.person,
            row.basis,
            row.confirmed_by,
            row.confirmed_at,
            row.withdrawn_at,
            row.withdrawal_reason,
        )
        for row in (await session.execute(statement)).scalars()
    ]


async def overrides_of(session: AsyncSession, *, contract_id: UUID) -> list[Override]:
    """What was asked to be set aside for a contract, in the order of time."""
    statement = select(RuleOverride).where(RuleOverride.contract_id == contract_id).order_by(RuleOverride.id)
    return [
        Override(
            row.id,
            row.rule,
            row.rule_sha256,
            row.reason,
            row.requested_by,
            row.requested_at,
            row.approved_by,
            row.approved_at,
            row.approval_note,
        )
        for row in (await session.execute(statement)).scalars()
    ]


async def standing_of(session: AsyncSession, rules: RuleSet, *, region: str, contract_id: UUID) -> Standing:
    """Which rules of a set are confirmed for a region, and which are set aside for a contract of it."""
    hashes = [rule.sha256 for rule in rules.rules]
    confirmed = await session.execute(
        select(RuleConfirmation.rule_sha256, RuleConfirmation.scope).where(
            RuleConfirmation.rule_sha256.in_(hashes), RuleConfirmation.withdrawn_at.is_(None)
        )
    )
    overridden = await session.execute(
        select(RuleOverride.rule_sha256).where(
            RuleOverride.contract_id == contract_id, RuleOverride.approved_by.is_not(None)
        )
    )
    return Standing(
        confirmed=frozenset(row.rule_sha256 for row in confirmed if covers(row.scope, region)),
        overridden=frozenset(row.rule_sha256 for row in overridden),
    )


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
