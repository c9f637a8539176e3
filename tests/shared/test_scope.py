"""The region scope is on every statement, whatever its form."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Select, column, func, select, table, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from tests.shared.conftest import ToyDatabases
from tests.shared.toys import Note, Thing

from shared.auth import SYSTEM, Principal
from shared.db import Database, principal_in, scope_clause, scope_sql
from shared.ids import new_id

REGIONS = ("CN-230102", "CN-230103", "CN-220102", "XK-0", "ZZ-0")
OTHER = aliased(Thing)
CORE = table("thing", column("id"), column("region"))
SCOPES: list[tuple[tuple[str, ...], set[str]]] = [
    (("*",), set(REGIONS)),
    ((), set()),
    (("CN",), {"CN-230102", "CN-230103", "CN-220102"}),
    (("CN-230000",), {"CN-230102", "CN-230103"}),
    (("CN-2301",), {"CN-230102", "CN-230103"}),
    (("CN-230102", "XK"), {"CN-230102", "XK-0"}),
    (("ZZ-0",), {"ZZ-0"}),
    (("CN-23%", "CN-2_", "%"), set()),  # what LIKE would take for anything
]
scopes = pytest.mark.parametrize(("regions", "seen"), SCOPES, ids=[",".join(each) or "none" for each, _ in SCOPES])


def scoped(*regions: str) -> Principal:
    return Principal("client", frozenset({"finance"}), regions)


@pytest.fixture(scope="module")
async def database(databases: ToyDatabases) -> AsyncIterator[Database]:
    """One thing of each region, and a note on each."""
    async with databases.lent() as take:
        database = Database(await take())
        async with database.transaction() as session:
            for region in REGIONS:
                thing = Thing(id=new_id(), region=region, name=f"thing in {region}")
                session.add(thing)
                await session.flush()
                session.add(Note(id=new_id(), thing_id=thing.id))
        yield database
        await database.dispose()


async def one_in(session: AsyncSession, region: str) -> UUID:
    """The id of a thing, whoever may see it."""
    found: UUID = (
        await session.execute(text("SELECT id FROM thing WHERE region = :region"), {"region": region})
    ).scalar_one()
    return found


STATEMENTS: dict[str, Select[*tuple[Any, ...]]] = {
    "entity": select(Thing.region, Thing),
    "column": select(Thing.region),
    "own criterion": select(Thing.region).where((Thing.region == "ZZ-0") | (Thing.version == 1)),
    "joined from an unscoped table": select(Thing.region, Note).join(Thing, Thing.id == Note.thing_id),
    "implicit join": select(Thing.region).where(Thing.id == Note.thing_id),
    "alias": select(OTHER.region),
    "join of an alias": select(OTHER.region).join(Note, OTHER.id == Note.thing_id),
    "self join": select(OTHER.region).join(Thing, Thing.id == OTHER.id),
    "subquery": select(select(Thing.region).subquery().c.region),
    "common table expression": select(select(Thing.region).cte("seen").c.region),
    "count": select(Thing.region).group_by(Thing.region).having(func.count() > 0),
    "ordered and limited": select(Thing.region).order_by(Thing.region).limit(100).with_for_update(),
}


@scopes
@pytest.mark.parametrize("form", STATEMENTS)
async def test_orm_select_is_scoped(database: Database, form: str, regions: tuple[str, ...], seen: set[str]) -> None:
    async with database.session(principal=scoped(*regions), write=True) as session:
        rows = (await session.execute(STATEMENTS[form])).all()
    assert len(rows) == len(seen)
    assert {row[0] for row in rows} == seen


@scopes
async def test_counts_and_existence_are_scoped(database: Database, regions: tuple[str, ...], seen: set[str]) -> None:
    async with database.reading(principal=scoped(*regions)) as session:
        assert await session.scalar(select(func.count()).select_from(Thing)) == len(seen)
        assert await session.scalar(select(func.count(Thing.id))) == len(seen)
        inner = select(Thing.id).where(Thing.id == Note.thing_id)
        assert await session.scalar(select(func.count()).select_from(Note).where(inner.exists())) == len(seen)
        inside = select(func.count()).select_from(Note).where(Note.thing_id.in_(select(Thing.id)))
        assert await session.scalar(inside) == len(seen)
        scalar = select(select(func.count(Thing.id)).scalar_subquery())
        assert await session.scalar(scalar) == len(seen)
        # An outer join keeps the row of the unscoped table and shows nothing of the other.
        outer = select(Note.id, Thing.region).outerjoin(Thing, Thing.id == Note.thing_id)
        rows = (await session.execute(outer)).all()
        assert len(rows) == len(REGIONS)
        assert set(filter(None, (region for _, region in rows))) == seen


async def test_get_by_id_is_scoped(database: Database) -> None:
    async with database.reading(principal=scoped("CN-23")) as session:
        assert await session.get(Thing, await one_in(session, "CN-220102")) is None
        found = await session.get(Thing, await one_in(session, "CN-230102"))
        assert found is not None
        assert found.region == "CN-230102"
        assert await session.scalar(select(Thing).where(Thing.id == await one_in(session, "ZZ-0"))) is None


async def test_sessions_of_two_principals_do_not_share_a_scope(database: Database) -> None:
    """The statement is compiled once; whose patterns it is sent with must not be."""
    for _ in range(2):
        for regions, seen in SCOPES:
            async with database.reading(principal=scoped(*regions)) as session:
                assert principal_in(session).regions == regions
                assert set(await session.scalars(select(Thing.region))) == seen


async def test_without_a_principal_the_system_asks(database: Database) -> None:
    async with database.reading() as session:
        assert principal_in(session) is SYSTEM
        assert set(await session.scalars(select(Thing.region))) == set(REGIONS)


@scopes
async def test_core_and_text_are_scoped_by_clause(database: Database, regions: tuple[str, ...], seen: set[str]) -> None:
    principal = scoped(*regions)
    other = CORE.alias("t")
    async with database.reading(principal=principal) as session:
        assert set(await session.scalars(select(CORE.c.region).where(scope_clause(principal)))) == seen
        named = select(other.c.region).where(scope_clause(principal, other.c.region))
        assert set(await session.scalars(named)) == seen
        mapped = select(Thing.region).where(scope_clause(principal, Thing.region))
        assert set(await session.scalars(mapped)) == seen
        twice = select(CORE.c.region).join(other, CORE.c.id == other.c.id)
        twice = twice.where(scope_clause(principal, CORE.c.region), scope_clause(scoped("CN"), other.c.region))
        assert set(await session.scalars(twice)) == {region for region in seen if region.startswith("CN-")}
        condition, parameters = scope_sql(principal)
        assert set(await session.scalars(text(f"SELECT region FROM thing WHERE {condition}"), parameters)) == seen
        condition, parameters = scope_sql(principal, "t.region")
        written = text(f"SELECT t.region FROM note JOIN thing AS t ON t.id = thing_id WHERE {condition}")
        assert set(await session.scalars(written, parameters)) == seen


async def test_text_and_core_alone_are_not_scoped(database: Database) -> None:
    """Why scope_sql and scope_clause exist: the hook knows mapped classes only."""
    async with database.reading(principal=scoped()) as session:
        assert await session.scalar(text("SELECT count(*) FROM thing")) == len(REGIONS)
        assert await session.scalar(select(func.count()).select_from(CORE)) == len(REGIONS)
