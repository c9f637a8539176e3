"""The rectification that a determination demands, and the notices about its clocks."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.rectifications import queries
from scoring.rectifications.models import Rectification
from scoring.rectifications.service.store import announce, note, run_clock, today_of
from scoring.rectifications.steps import ACTIONS
from scoring.results.effect import effect_of
from scoring.results.queries import find_rule_set, find_use, untold
from scoring.results.service import CHUNK, latest_day, tell
from shared import clock
from shared.events import RectificationChanged, RectificationOpened
from shared.ids import new_id

__all__ = ["follow_use", "tell_due_rectifications"]


async def follow_use(session: AsyncSession, use_id: UUID) -> Rectification | None:
    """Open the rectification that a use of a result asks for; stop it when the use is void. Safe to repeat.

    The determination is the conclusion: the elimination period begins at once. The provider is responsible where its
    own grade demands it or nothing says whose the fault is; else the purchaser.
    """
    use = await find_use(session, use_id, for_update=True)
    known = await queries.rectification_of_use(session, use_id)
    if use.state == "void":
        if known is not None and "stop" in ACTIONS[known.state]:
            known.state, known.version, known.updated_at = "stopped", known.version + 1, clock.now()
            await run_clock(session, known, None)
            note(session, known, "stopped", side="system", words=use.reason)
            announce(session, known, RectificationChanged, action="stopped")
        return known
    if known is not None or use.state != "open":
        return known
    effect = await effect_of(session, use.determination_id)
    rule_set = await find_rule_set(session, use.rule_set_id, use.rule_set_version)
    demand = rule_set.demand(use.rule)
    by_provider = effect.provider_grade is None or effect.provider_grade in demand.grades
    moment = clock.now()
    text = f"{demand.title.zh} / {demand.title.en}"
    made = Rectification(
        id=new_id(),
        version=1,
        contract_id=use.contract_id,
        region=use.region,
        simulated=use.simulated,
        purchaser_id=use.purchaser_id,
        provider_id=use.provider_id,
        cause="determination",
        determination_id=use.determination_id,
        use_id=use.id,
        responsible="provider" if by_provider and use.provider_id is not None else "purchaser",
        rule_set_id=rule_set.id,
        rule_set_version=rule_set.version,
        state="addressed",
        demand=text,
        findings=[
            {"code": "grade", "text": f"Determined grade: {effect.grade} ({effect.score} of 100).", "result": None}
        ],
        effects=[],
        opened_at=moment,
        opened_by="system",
        updated_at=moment,
    )
    await run_clock(session, made, "report", "elimination")
    session.add(made)
    await session.flush()
    note(session, made, "opened", side="system", words=text)
    announce(session, made, RectificationOpened, action="opened")
    return made


async def tell_due_rectifications(session: AsyncSession, *, after: UUID | None) -> UUID | None:
    """Give the notices about rectifications, of a chunk; returns its last id, None at the end."""
    due = await untold(session, Rectification, until=latest_day(), after=after, limit=CHUNK)
    for each in due:
        owner = each.responsible if each.clock == "report" else "finance"
        today = await today_of(session, each)
        await tell(session, each, noun="rectification", limit=each.clock or "report", owner=owner, today=today)
    return due[-1].id if len(due) == CHUNK else None
