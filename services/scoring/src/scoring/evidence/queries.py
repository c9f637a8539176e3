from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    String,
    Text,
    and_,
    cast,
    column,
    func,
    or_,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from scoring.evidence.models import Contract, Evidence

__all__ = [
    "IN_FORCE",
    "contract_ids",
    "contract_of",
    "contract_totals",
    "contracts_after",
    "contracts_like",
    "contracts_of",
    "corrections_of",
    "evidence_as_of",
    "evidence_bodies",
    "item_of",
    "ledger_entries",
    "list_evidence",
    "lock_contracts",
    "next_contracts",
    "purchase_evidence",
    "standing_statement",
    "successor_of",
]

IN_FORCE: Final = """
    (SELECT json_agg(json_build_array(e.id, e.kind, e.version, e.sha256, e.body))
     FROM evidence e WHERE e.contract_id = c.contract_id AND (e.kind <> 'contract' OR e.version = c.version))
"""
"""SQL expression: the evidence of contract `c` as an array of (id, kind, version, sha256, body), of the contract's own
versions only the newest. For statements that read several contracts in one round trip."""

_LOCK = text(
    "SELECT contract_id FROM contracts WHERE contract_id = ANY(CAST(:ids AS uuid[])) ORDER BY contract_id FOR UPDATE"
)
_NEXT = text(
    "SELECT contract_id FROM contracts WHERE contract_id > :after AND version > 0 "
    "AND get_byte(uuid_send(contract_id), 15) % :lanes = :lane ORDER BY contract_id LIMIT :limit FOR UPDATE"
)


async def lock_contracts(session: AsyncSession, contract_ids: list[UUID]) -> list[UUID]:
    """Lock known contracts in the order of their ids for the rest of the transaction."""
    return list((await session.execute(_LOCK, {"ids": contract_ids})).scalars())


async def next_contracts(session: AsyncSession, *, after: UUID, limit: int, lane: int, lanes: int) -> list[UUID]:
    """The next contracts of a lane by id, locked: the chunks of a bulk re-scoring.

    The last byte of an id is random, so that the lanes are of one size, and no contract is in two.
    """
    values = {"after": after, "limit": limit, "lane": lane, "lanes": lanes}
    return list((await session.execute(_NEXT, values)).scalars())


async def contracts_after(session: AsyncSession, *, after: UUID, scope: str, limit: int) -> list[UUID]:
    """The next known contracts of a region by id, not locked; `scope` is a prefix, empty for every region."""
    statement = select(Contract.contract_id).where(
        Contract.contract_id > after, Contract.version > 0, Contract.region.startswith(scope, autoescape=True)
    )
    return list((await session.execute(statement.order_by(Contract.contract_id).limit(limit))).scalars())


async def contract_of(session: AsyncSession, contract_id: UUID) -> Contract | None:
    """What is known of a contract, None when it is unknown or of a region outside the caller's scope."""
    return (
        await session.execute(select(Contract).where(Contract.contract_id == contract_id, Contract.version > 0))
    ).scalar_one_or_none()


async def contracts_of(session: AsyncSession, contract_ids: Collection[UUID]) -> dict[UUID, Contract]:
    """What is known of some contracts, by id; without those that are unknown or outside the caller's scope."""
    statement = select(Contract).where(Contract.contract_id.in_(contract_ids), Contract.version > 0)
    return {each.contract_id: each for each in (await session.execute(statement)).scalars()}


async def evidence_bodies(session: AsyncSession, *, items: list[tuple[UUID, str]]) -> list[Row[Any]]:
    """Kind, id, hash and body of the items that a score row names; a state once per version that says the same."""
    if not items:
        return []
    statement = select(Evidence.id, Evidence.kind, Evidence.sha256, Evidence.body).where(
        tuple_(Evidence.id, Evidence.sha256).in_(items)
    )
    return list(await session.execute(statement))


async def list_evidence(
    session: AsyncSession,
    *,
    contract_id: UUID,
    kind: str | None,
    known_at: datetime | None,
    valid_at: date | None = None,
    in_force: bool = False,
    after: tuple[datetime, UUID, int] | None,
    limit: int,
) -> list[Evidence]:
    """Evidence of a contract in the order in which it came in; `known_at` asks what was known at an instant.

    `valid_at` asks what held on a day; `in_force` leaves out what a later item, known by then, replaces: an older
    version, or a statement or observation that another supersedes.
    """
    statement = select(Evidence).where(Evidence.contract_id == contract_id)
    if kind is not None:
        statement = statement.where(Evidence.kind == kind)
    if known_at is not None:
        statement = statement.where(Evidence.received_at <= known_at)
    if valid_at is not None:
        statement = statement.where(*_valid(valid_at))
    if in_force:
        statement = statement.where(~_replaced(known_at))
    if after is not None:
        statement = statement.where(tuple_(Evidence.received_at, Evidence.id, Evidence.version) > after)
    order = (Evidence.received_at, Evidence.id, Evidence.version)
    return list((await session.execute(statement.order_by(*order).limit(limit))).scalars())


async def evidence_as_of(
    session: AsyncSession, contract_id: UUID, *, known_at: datetime, valid_at: date | None = None
) -> list[list[Any]]:
    """The evidence in force as it was known at an instant, as rows (id, kind, version, sha256, body).

    The rows are what `IN_FORCE` gives for now, in no order that means anything: of the contract's own versions the
    newest one known then. `valid_at` leaves out what speaks of later days, and statements that had run out by then.
    """
    statement = select(Evidence).where(Evidence.contract_id == contract_id, Evidence.received_at <= known_at)
    if valid_at is not None:
        statement = statement.where(*_valid(valid_at))
    found = list((await session.execute(statement)).scalars())
    newest = max((item.version for item in found if item.kind == "contract"), default=0)
    return [
        [str(item.id), item.kind, item.version, item.sha256, item.body]
        for item in found
        if item.kind != "contract" or item.version == newest
    ]


def _replaced(known_at: datetime | None) -> ColumnElement[bool]:
    later = aliased(Evidence)
    newer = and_(later.id == Evidence.id, later.version > Evidence.version)
    supersedes = or_(
        later.supersedes == Evidence.id,
        and_(later.kind == "observation", later.body["supersedes"].as_string() == cast(Evidence.id, String)),
    )
    known = true() if known_at is None else later.received_at <= known_at
    return select(later.id).where(later.contract_id == Evidence.contract_id, or_(newer, supersedes), known).exists()


def _valid(valid_at: date) -> tuple[ColumnElement[bool], ...]:
    return Evidence.valid_on <= valid_at, or_(Evidence.valid_until.is_(None), Evidence.valid_until > valid_at)


async def corrections_of(session: AsyncSession, contract_ids: Collection[UUID]) -> list[Row[Any]]:
    """Corrections (更正) of terms that are evidence, of these contracts: contract_id, received_at, corrected.

    `corrected` names the correction and its fields. In the order in which they came in.
    """
    if not contract_ids:
        return []
    statement = (
        select(Evidence.contract_id, Evidence.received_at, Evidence.body["corrected"].label("corrected"))
        .where(
            Evidence.contract_id.in_(contract_ids),
            Evidence.kind == "contract",
            Evidence.body["corrected"].as_string().is_not(None),
        )
        .order_by(Evidence.received_at, Evidence.version)
    )
    return list(await session.execute(statement))


async def standing_statement(
    session: AsyncSession, *, contract_id: UUID, kind: str, measure: str, stage: str | None
) -> UUID | None:
    """The newest statement of a kind about a measure and stage that nothing supersedes: what a new one supersedes."""
    later = aliased(Evidence)
    statement = (
        select(Evidence.id)
        .where(
            Evidence.contract_id == contract_id,
            Evidence.kind == kind,
            Evidence.measure == measure,
            Evidence.body["stage"].as_string() == stage
            if stage is not None
            else Evidence.body["stage"].as_string().is_(None),
            ~select(later.id).where(later.supersedes == Evidence.id).exists(),
        )
        .order_by(Evidence.received_at.desc(), Evidence.id.desc())
        .limit(1)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def item_of(session: AsyncSession, item_id: UUID) -> Evidence | None:
    """One item by its id, the newest version of it, in the caller's scope."""
    statement = select(Evidence).where(Evidence.id == item_id).order_by(Evidence.version.desc()).limit(1)
    return (await session.execute(statement)).scalar_one_or_none()


async def successor_of(session: AsyncSession, item_id: UUID) -> UUID | None:
    """The statement that supersedes this one."""
    return (await session.execute(select(Evidence.id).where(Evidence.supersedes == item_id))).scalar_one_or_none()


async def ledger_entries(session: AsyncSession, contract_id: UUID, entry_ids: Sequence[UUID]) -> list[Evidence]:
    """The entries of a contract's ledger among these ids, and those that took one of them back."""
    takes_back = Evidence.body["reverses"].as_string().in_([str(each) for each in entry_ids])
    statement = select(Evidence).where(
        Evidence.contract_id == contract_id, Evidence.kind == "ledger", Evidence.id.in_(entry_ids) | takes_back
    )
    return list((await session.execute(statement)).scalars())


_IN_LIFE: Final = ("active", "suspended", "completed", "terminated")


def contract_ids(*, service_category: str) -> Select[UUID]:
    """Ids of the contracts of a kind of service (a prefix of the catalogue's codes), for another statement."""
    return select(Contract.contract_id).where(Contract.service_category.startswith(service_category, autoescape=True))


async def contracts_like(
    session: AsyncSession,
    *,
    service_category: str,
    simulated: bool,
    limit: int,
    purchaser_id: UUID | None = None,
    region: str = "",
) -> list[Contract]:
    """Contracts in force or ended of exactly one kind of service in the caller's scope, by id; `region` is a prefix."""
    statement = select(Contract).where(
        Contract.service_category == service_category,
        Contract.simulated == simulated,
        Contract.state.in_(_IN_LIFE),
        Contract.region.startswith(region, autoescape=True),
    )
    if purchaser_id is not None:
        statement = statement.where(Contract.purchaser_id == purchaser_id)
    return list((await session.execute(statement.order_by(Contract.contract_id).limit(limit))).scalars())


async def contract_totals(
    session: AsyncSession, *, year: int, currency: str, service_category: str | None, simulated: bool
) -> list[Row[Any]]:
    """Contracts in force or ended that began in a year, by region.

    Columns: region, their number, their value, the beneficiaries that they state, how many state them, and how many
    hold ratings of a third party.
    """
    # The terms are long: they are parsed once, not once per field.
    terms = (
        func.json_to_record(Evidence.body)
        .table_valued(
            column("starts_on", Text),
            column("signed_on", Text),
            column("beneficiary_population", BigInteger),
            name="terms",
        )
        .render_derived(with_types=True)
    )
    began = func.coalesce(terms.c.starts_on, terms.c.signed_on)
    rating = aliased(Evidence)
    rated = select(rating.id).where(rating.contract_id == Contract.contract_id, rating.kind == "rating").exists()
    people = terms.c.beneficiary_population
    statement = (
        select(
            Contract.region,
            func.count().label("contracts"),
            func.coalesce(func.sum(Contract.value), 0).label("value"),
            func.coalesce(func.sum(people), 0).label("beneficiaries"),
            func.count(people).label("stated"),
            func.count().filter(rated).label("rated"),
        )
        .join(
            Evidence,
            and_(
                Evidence.id == Contract.contract_id,
                Evidence.version == Contract.version,
                Evidence.kind == "contract",
            ),
        )
        .join(terms, true())
        .where(
            Contract.state.in_(_IN_LIFE),
            Contract.simulated == simulated,
            Contract.currency == currency,
            func.left(began, 4) == f"{year:04d}",
        )
        .group_by(Contract.region)
        .order_by(Contract.region)
    )
    if service_category is not None:
        statement = statement.where(Contract.service_category.startswith(service_category, autoescape=True))
    return list(await session.execute(statement))


async def purchase_evidence(session: AsyncSession, contracts: Sequence[UUID]) -> list[Row[Any]]:
    """What was agreed, delivered, accepted and paid of contracts: (contract_id, id, kind, body)."""
    statement = (
        select(Evidence.contract_id, Evidence.id, Evidence.kind, Evidence.body)
        .join(Contract, Contract.contract_id == Evidence.contract_id)
        .where(
            Evidence.contract_id.in_(contracts),
            or_(
                Evidence.kind.in_(("observation", "ledger", "acceptance")),
                and_(Evidence.kind == "contract", Evidence.version == Contract.version),
            ),
        )
        .order_by(Evidence.contract_id, Evidence.id)
    )
    return list(await session.execute(statement))
