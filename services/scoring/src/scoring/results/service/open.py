"""From a determination that takes effect to what it demands."""

from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.determinations.queries import find_determination
from scoring.evidence.queries import contract_of, lock_contracts
from scoring.results import queries
from scoring.results.calendar import Calendar
from scoring.results.effect import Effect, effect_of, why_blocked
from scoring.results.models import ResultOpening, ResultUse
from scoring.results.rules import Demand, RuleSet
from scoring.results.service.close import close_publication
from scoring.results.service.store import announce, change_state
from shared import clock
from shared.events import ResultUseChanged, ResultUseOpened
from shared.ids import new_id
from shared.jobs import enqueue

__all__ = ["OPEN_RECTIFICATION", "open_after_rectification", "open_results", "void_uses"]

OPEN_RECTIFICATION = "scoring.open_rectification"
"""Kind of the job that opens the rectification which a use of results asks for, or stops it when the use is void; its
key is the use's id."""


async def open_results(session: AsyncSession, determination_id: UUID) -> list[ResultUse]:
    """Open what the rule set demands of a determination in effect; safe to repeat. Returns what is new.

    What the determination does not bear (undetermined, an adverse consequence with P < .90 and no panel) is recorded as
    blocked with its reason. A determination that was replaced or annulled demands nothing: what is open of it is void,
    and what its successor demands names what was already applied.
    """
    effect = await _locked(session, determination_id)
    standing = effect.standing
    if not standing.in_force:
        reason = f"Replaced by determination {standing.replaced_by}." if standing.replaced_by else "Annulled on appeal."
        await void_uses(session, determination_id, reason=reason, replaced_by=standing.replaced_by)
        return []
    if not standing.in_effect(clock.now()):
        return []
    applied: dict[str, UUID] = {}
    if effect.replaces is not None:
        reason = f"Replaced by determination {effect.determination_id}."
        applied = await void_uses(session, effect.replaces, reason=reason, replaced_by=effect.determination_id)
    opening = await queries.opening_of(session, determination_id)
    if opening is not None:
        if standing.published_at is not None:
            await close_publication(session, determination_id)
        return []
    rule_set = await queries.rule_set_for(session, effect.region)
    session.add(
        ResultOpening(
            determination_id=determination_id,
            contract_id=effect.contract_id,
            region=effect.region,
            purchaser_id=effect.purchaser_id,
            rule_set_id=rule_set.id,
            rule_set_version=rule_set.version,
            replaced_by=None,
            opened_at=clock.now(),
        )
    )
    demands = [demand for demand in rule_set.demands if _demanded(demand, effect)]
    return await _open(session, effect, rule_set, demands, applied=applied)


async def _locked(session: AsyncSession, determination_id: UUID) -> Effect:
    """The determination as it stands under its contract's lock.

    Two workers never open the same twice, and an appeal that was filed meanwhile is seen: it suspends what opens.
    """
    found, _ = await find_determination(session, determination_id)
    await lock_contracts(session, [found.contract_id])
    return await effect_of(session, determination_id)


def _demanded(demand: Demand, effect: Effect) -> bool:
    if demand.stages is not None and effect.stage not in demand.stages:
        return False
    grade = effect.grade if demand.basis == "grade" else effect.provider_grade
    # Without a grade of the provider's own it cannot be said that nothing is demanded: it is shown as blocked.
    return grade is None or grade in demand.grades


async def open_after_rectification(
    session: AsyncSession, *, determination_id: UUID, rectification_id: UUID, resolution: str
) -> list[ResultUse]:
    """Open what the rule set demands of a rectification that succeeded partly or not at all."""
    effect = await _locked(session, determination_id)
    if not effect.standing.in_force:
        return []
    opening = await queries.opening_of(session, determination_id)
    if opening is None:
        return []
    rule_set = await queries.find_rule_set(session, opening.rule_set_id, opening.rule_set_version)
    demands = [
        demand
        for demand in rule_set.after_rectification
        if resolution in (demand.resolutions or ()) and _demanded(demand, effect)
    ]
    return await _open(session, effect, rule_set, demands, applied={}, rectification_id=rectification_id)


async def _open(
    session: AsyncSession,
    effect: Effect,
    rule_set: RuleSet,
    demands: list[Demand],
    *,
    applied: dict[str, UUID],
    rectification_id: UUID | None = None,
) -> list[ResultUse]:
    calendar = await queries.calendar_for(session, effect.region)
    contract = await contract_of(session, effect.contract_id)
    value, currency = (contract.value, contract.currency) if contract is not None else (None, None)
    made = []
    for demand in demands:
        use = _use(effect, rule_set, demand, calendar=calendar, rectification_id=rectification_id)
        use.previous_id, use.currency = applied.get(demand.code), currency
        if demand.percent is not None and value is not None:
            use.proposed = (value * demand.percent / 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
        session.add(use)
        announce(session, use, ResultUseOpened, action="opened")
        if demand.rectification and use.state == "open":
            await enqueue(session, OPEN_RECTIFICATION, key=str(use.id))
        made.append(use)
    await session.flush()
    return made


def _use(
    effect: Effect, rule_set: RuleSet, demand: Demand, *, calendar: Calendar, rectification_id: UUID | None
) -> ResultUse:
    by_provider = demand.basis == "provider"
    published = demand.kind == "publish"
    blocked = None if published else why_blocked(effect, adverse=demand.adverse, by_provider=by_provider)
    waits = (demand.money or published) and blocked is None
    suspended = next(iter(effect.standing.suspended_by), None) if waits else None
    now = clock.now()
    begin = effect.standing.effective_at if rectification_id is None else now
    state = "blocked" if blocked else "suspended" if suspended else "open"
    return ResultUse(
        id=new_id(),
        version=1,
        determination_id=effect.determination_id,
        contract_id=effect.contract_id,
        rectification_id=rectification_id,
        region=effect.region,
        simulated=effect.simulated,
        purchaser_id=effect.purchaser_id,
        provider_id=effect.provider_id,
        rule_set_id=rule_set.id,
        rule_set_version=rule_set.version,
        rule=demand.code,
        kind=demand.kind,
        basis=demand.basis,
        grade=effect.provider_grade if by_provider else effect.grade,
        adverse=demand.adverse,
        bears_adverse=effect.bears_adverse_for_provider if by_provider else effect.bears_adverse,
        money=demand.money,
        owner=demand.owner,
        state=state,
        reason=blocked or (f"Appeal {suspended} suspends publication and what moves money." if suspended else None),
        opened_at=now,
        due_on=None if blocked else calendar.limit(calendar.day_of(begin or now), demand.working_days),
        suspended_on=calendar.day_of(now) if suspended else None,
        appeal_id=suspended,
    )


async def void_uses(
    session: AsyncSession, determination_id: UUID, *, reason: str, replaced_by: UUID | None = None
) -> dict[str, UUID]:
    """End what is open of a determination that is no longer in force; returns what was applied of it, by rule.

    What was applied stays: whoever acts on the successor sees it and decides whether it must be taken back.
    """
    opening = await queries.opening_of(session, determination_id)
    if opening is not None and replaced_by is not None and opening.replaced_by is None:
        opening.replaced_by = replaced_by
    applied: dict[str, UUID] = {}
    for use in await queries.uses_of(session, determination_id, for_update=True):
        if use.state == "applied":
            applied[use.rule] = use.id
        elif use.state in queries.OPEN_STATES:
            change_state(use, "void", reason=reason, due_on=None)
            announce(session, use, ResultUseChanged, action="voided")
            if use.kind == "improve":
                await enqueue(session, OPEN_RECTIFICATION, key=str(use.id))
    return applied
