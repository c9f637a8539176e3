"""Reading the register's stored rows, acts and calendar feeds."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.disclosure.queries import sight_sql
from contracts.obligations.duties import VISIT, obligation_id
from contracts.obligations.models import FINANCE, CalendarFeed, Obligation, ObligationAct
from contracts.structure.shares import WHOLE, part_of
from shared.db import principal_in, scope_sql

__all__ = [
    "ALONE",
    "NAMED",
    "Standing",
    "Whose",
    "calendar_entries",
    "feed_of_secret",
    "feeds_of",
    "finance_of",
    "find_feed",
    "find_waiver",
    "organisation_of",
    "standings_of",
    "stored_obligations",
    "titles_of",
    "todo_of",
    "unannounced_of",
    "untold",
]

OPEN = (Obligation.done_on.is_(None), Obligation.waived.is_(False), Obligation.lapsed.is_(False))


NAMED = "inspection:"  # of whoever the plan names, and not of its side
# Joint providers and several purchasers: a member that does not lead its side has its side's duties too.
_MEMBER_OF = text(
    "SELECT contract_id, side FROM contract_members WHERE organisation_id = :organisation_id AND NOT lead"
)


_STANDINGS = text(
    "SELECT contract_id, side, share, share_before, lead FROM contract_members "
    "WHERE organisation_id = :organisation_id AND contract_id = ANY(:ids) ORDER BY contract_id, side, position"
)


class Standing(NamedTuple):
    """How an organisation stands on a side: its share of the money in per cent, and whether it leads.

    `places`: (share before, share) of each member that it stands for; after a merger it may stand for several.
    """

    share: Decimal
    places: tuple[tuple[Decimal, Decimal], ...]
    lead: bool

    def part(self, amount: Decimal | None) -> Decimal | None:
        """Its part of an amount; over the members of the side each cent once."""
        if amount is None:
            return None
        return sum((part_of(amount, share_before=before, share=share) for before, share in self.places), Decimal(0))


ALONE = Standing(WHOLE, ((Decimal(0), WHOLE),), lead=True)
"""A party without others on its side."""

Whose = ColumnElement[bool]
"""Which rows a list or a calendar is about."""


async def organisation_of(session: AsyncSession, organisation_id: UUID) -> Whose:
    """What an organisation has to do or may ask for."""
    own = Obligation.organisation_id == organisation_id
    joined = (await session.execute(_MEMBER_OF, {"organisation_id": organisation_id})).all()
    if not joined:
        return own
    pairs = [(row.contract_id, row.side) for row in joined]
    of_side = and_(tuple_(Obligation.contract_id, Obligation.side).in_(pairs), ~Obligation.code.startswith(NAMED))
    return or_(own, of_side)


async def standings_of(
    session: AsyncSession, *, organisation_id: UUID, contract_ids: Iterable[UUID]
) -> dict[tuple[UUID, str], Standing]:
    """By contract and side, where an organisation is one of several; the caller has found the contracts' rows."""
    values = {"organisation_id": organisation_id, "ids": list(set(contract_ids))}
    found: dict[tuple[UUID, str], Standing] = {}
    for row in await session.execute(_STANDINGS, values):
        key = (row.contract_id, row.side)
        before = found.get(key, Standing(Decimal(0), (), lead=False))
        places = (*before.places, (row.share_before, row.share))
        found[key] = Standing(before.share + row.share, places, before.lead or row.lead)
    return found


def finance_of(region: str) -> Whose:
    """What the finance department of a region does or watches over: `obligations.models.FINANCE`."""
    return and_(text(f"({FINANCE})"), Obligation.region.startswith(region, autoescape=True))


async def todo_of(
    session: AsyncSession,
    *,
    whose: Whose,
    limit: int,
    after: tuple[date, UUID] | None,
    until: date | None,
    nature: str | None,
) -> Sequence[Obligation]:
    """What is to be done or may be asked for, by its last day; one more than `limit` when there is more."""
    statement = select(Obligation).where(whose, *OPEN)
    if until is not None:
        statement = statement.where(Obligation.due_on <= until)
    if nature is not None:
        statement = statement.where(Obligation.nature == nature)
    if after is not None:
        statement = statement.where(tuple_(Obligation.due_on, Obligation.id) > after)
    statement = statement.order_by(Obligation.due_on, Obligation.id).limit(limit + 1)
    return (await session.execute(statement)).scalars().all()


# In no register, for that is the provider's too: only on the list of who carries the visit out.
_UNANNOUNCED = """
    SELECT inspection.id, inspection.contract_id, inspection.region, inspection.title, inspection.planned_on,
        inspection.updated_at, contract.simulated, inspector.number,
        CASE WHEN contract.purchaser_id = :organisation_id OR EXISTS (
            SELECT FROM contract_members AS member WHERE member.contract_id = contract.id
              AND member.organisation_id = :organisation_id AND member.side = 'purchaser')
            THEN 'purchaser' ELSE 'evaluator' END AS side
    FROM inspections AS inspection JOIN contracts AS contract ON contract.id = inspection.contract_id
    CROSS JOIN LATERAL jsonb_array_elements(inspection.inspectors) WITH ORDINALITY AS inspector(told, number)
    WHERE inspection.state = 'planned' AND NOT inspection.announced AND {scope}
      AND inspector.told ->> 'organisation_id' = CAST(:organisation_id AS text)
      AND contract.provider_id IS DISTINCT FROM :organisation_id AND NOT EXISTS (
          SELECT FROM contract_members AS member WHERE member.contract_id = contract.id
            AND member.organisation_id = :organisation_id AND member.side = 'provider')
    ORDER BY inspection.planned_on, inspection.id LIMIT :limit
"""


async def unannounced_of(session: AsyncSession, organisation_id: UUID, *, limit: int) -> list[Obligation]:
    """Unannounced inspections that an organisation has to carry out, as rows of its list that are stored nowhere.

    For itself and for who supervises the region; nobody else learns that there is one, and no provider of its own
    contract.
    """
    principal = principal_in(session)
    own = principal.organisation == organisation_id and bool(principal.roles & {"evaluator", "purchaser"})
    if not own and not principal.roles & {"finance", "auditor", "operator"}:
        return []
    scope, parameters = scope_sql(principal, "inspection.region")
    values = parameters | {"organisation_id": organisation_id, "limit": limit}
    rows = await session.execute(text(_UNANNOUNCED.format(scope=scope)), values)
    return [_visit(row, organisation_id) for row in rows]


def _visit(row: Any, organisation_id: UUID) -> Obligation:  # noqa: ANN401 - a database row
    code = f"{NAMED}{row.id}:{row.number}"
    return Obligation(
        id=obligation_id(row.contract_id, code),
        contract_id=row.contract_id,
        region=row.region,
        code=code,
        side=row.side,
        organisation_id=organisation_id,
        nature="duty",
        text_zh=VISIT.zh,
        text_en=VISIT.en,
        about=row.title,
        source="plan of the inspection",
        confidence="agreed",
        due_on=row.planned_on,
        waived=False,
        lapsed=False,
        simulated=row.simulated,
        refreshed_at=row.updated_at,
    )


async def calendar_entries(session: AsyncSession, *, whose: Whose, past: date, limit: int) -> Sequence[Obligation]:
    """What is open, and what was done or waived with a last day since `past`; the open ones first, then by day."""
    is_open = (Obligation.done_on.is_(None)) & Obligation.waived.is_(False)
    statement = (
        select(Obligation)
        .where(
            whose,
            Obligation.lapsed.is_(False),
            or_(is_open, Obligation.due_on >= past),
        )
        .order_by(case((is_open, 0), else_=1), Obligation.due_on, Obligation.id)
        .limit(limit)
    )
    return (await session.execute(statement)).scalars().all()


async def stored_obligations(session: AsyncSession, *, contract_id: UUID) -> dict[UUID, Obligation]:
    """The stored rows of a contract by id; the caller has found the contract in its scope."""
    statement = select(Obligation).where(Obligation.contract_id == contract_id)
    return {row.id: row for row in (await session.execute(statement)).scalars()}


async def titles_of(session: AsyncSession, contract_ids: Iterable[UUID]) -> dict[UUID, Any]:
    """Number and title of those contracts in the caller's scope that are disclosed to it, by id."""
    scope, parameters = scope_sql(principal_in(session), "contract.region")
    sight, seen = sight_sql(principal_in(session), "title", "contractNumber", "money", "milestones")
    statement = text(
        "SELECT contract.id, contract.contract_number, contract.title FROM contracts AS contract "  # noqa: S608 - ours
        f"WHERE contract.id = ANY(:ids) AND {scope} AND {sight}"
    )
    rows = await session.execute(statement, parameters | seen | {"ids": list(set(contract_ids))})
    return {row.id: row for row in rows}


async def untold(session: AsyncSession, *, until: date, today: date, limit: int) -> Sequence[Obligation]:
    """Duties in any region whose last day is near or past and whose notice was not given, locked (the system's job)."""
    statement = (
        select(Obligation)
        .where(
            Obligation.nature == "duty",
            *OPEN,
            Obligation.overdue_told.is_distinct_from(Obligation.due_on),
            Obligation.due_on <= until,
            or_(Obligation.due_on < today, Obligation.due_told.is_distinct_from(Obligation.due_on)),
        )
        .order_by(Obligation.due_on, Obligation.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.execute(statement)).scalars().all()


async def find_waiver(session: AsyncSession, *, obligation_id: UUID) -> ObligationAct | None:
    """The waiver that was asked for, locked."""
    statement = select(ObligationAct).where(
        ObligationAct.obligation_id == obligation_id, ObligationAct.kind == "waiver"
    )
    return (await session.execute(statement.with_for_update())).scalar_one_or_none()


def _owned(owner: UUID | str) -> ColumnElement[bool]:
    return CalendarFeed.organisation_id == owner if isinstance(owner, UUID) else CalendarFeed.finance_of == owner


async def feeds_of(session: AsyncSession, *, owner: UUID | str) -> Sequence[CalendarFeed]:
    """The calendar feeds of an organisation, or of a region's finance department, in the order of making."""
    statement = select(CalendarFeed).where(_owned(owner)).order_by(CalendarFeed.id)
    return (await session.execute(statement)).scalars().all()


async def find_feed(session: AsyncSession, *, owner: UUID | str, feed_id: UUID) -> CalendarFeed | None:
    """A feed of an organisation, or of a region's finance department, locked."""
    statement = select(CalendarFeed).where(CalendarFeed.id == feed_id, _owned(owner))
    return (await session.execute(statement.with_for_update())).scalar_one_or_none()


async def feed_of_secret(session: AsyncSession, *, secret_sha256: str) -> CalendarFeed | None:
    """The feed whose address holds a secret with this hash, unless it was revoked."""
    statement = select(CalendarFeed).where(
        CalendarFeed.secret_sha256 == secret_sha256, CalendarFeed.revoked_at.is_(None)
    )
    return (await session.execute(statement)).scalar_one_or_none()
