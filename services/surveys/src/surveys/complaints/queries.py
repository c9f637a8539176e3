"""Reading complaints: the case, its history, what is due, and the rates."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Principal
from surveys.complaints.errors import ComplaintNotFound
from surveys.complaints.models import Complaint, Contact, Entry
from surveys.waves.queries import ContractStub, get_contract

__all__ = [
    "Case",
    "Counts",
    "Entry",
    "beneficiaries",
    "count_complaints",
    "get_by_code_key",
    "get_case",
    "get_contact",
    "get_contract",
    "history",
    "is_provider",
    "list_cases",
    "next_complaints",
    "search_contracts",
]

STAFF_SIDE = frozenset({"finance", "purchaser", "evaluator", "auditor", "operator"})


@dataclass(frozen=True, slots=True)
class Case:
    """A complaint with the contract that it is about."""

    complaint: Complaint
    contract: ContractStub


@dataclass(frozen=True, slots=True)
class Counts:
    """Cases of a kind.

    `exposed` are those of contracts that name their beneficiaries, `due` those that were answered or are overdue.
    """

    kind: str
    received: int
    exposed: int
    due: int
    on_time: int
    closed: int
    resolved: int
    unconfirmed: int
    reopened: int


def is_provider(principal: Principal) -> bool:
    """Whether the caller is on the provider's side only."""
    return "provider" in principal.roles and not principal.roles & STAFF_SIDE


def _visible(principal: Principal) -> ColumnElement[bool]:
    """A provider sees its own contracts' cases, but no report: those are about wrongdoing and name who speaks up."""
    if not is_provider(principal):
        return true()
    return and_(ContractStub.provider_id == principal.organisation, Complaint.kind != "report")


async def get_case(
    session: AsyncSession, complaint_id: UUID, *, principal: Principal, for_update: bool = False
) -> Case:
    """A case as a member of staff or the provider sees it.

    Raises:
        ComplaintNotFound: there is none in the caller's regions, or it is not the provider's.
    """
    statement = (
        select(Complaint, ContractStub)
        .join(ContractStub, ContractStub.id == Complaint.contract_id)
        .where(Complaint.id == complaint_id, _visible(principal))
    )
    row = (await session.execute(statement.with_for_update(of=Complaint) if for_update else statement)).first()
    if row is None:
        raise ComplaintNotFound(f"There is no complaint {complaint_id}.")
    return Case(row.Complaint, row.ContractStub)


async def get_by_code_key(session: AsyncSession, code_key: bytes, *, for_update: bool = False) -> Case:
    """The case of a receipt code.

    Raises:
        ComplaintNotFound: no case has that code.
    """
    statement = (
        select(Complaint, ContractStub)
        .join(ContractStub, ContractStub.id == Complaint.contract_id)
        .where(Complaint.code_key == code_key)
    )
    row = (await session.execute(statement.with_for_update(of=Complaint) if for_update else statement)).first()
    if row is None:
        raise ComplaintNotFound("No case has this code. Compare it with your receipt, symbol by symbol.")
    return Case(row.Complaint, row.ContractStub)


async def list_cases(
    session: AsyncSession,
    *,
    principal: Principal,
    contract_id: UUID | None,
    provider_id: UUID | None,
    kind: str | None,
    status: str | None,
    overdue_at: datetime | None,
    asked_since: bool,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Case]:
    """Cases in order of reception; `overdue_at` keeps those without a reply whose time had run out then."""
    statement = (
        select(Complaint, ContractStub)
        .join(ContractStub, ContractStub.id == Complaint.contract_id)
        .where(_visible(principal))
    )
    if contract_id is not None:
        statement = statement.where(Complaint.contract_id == contract_id)
    if provider_id is not None:
        statement = statement.where(ContractStub.provider_id == provider_id)
    if kind is not None:
        statement = statement.where(Complaint.kind == kind)
    if status is not None:
        statement = statement.where(Complaint.status == status)
    if overdue_at is not None:
        statement = statement.where(Complaint.replied_at.is_(None), Complaint.expected_at < overdue_at)
    if asked_since:
        statement = statement.where(Complaint.asked > 0, Complaint.outcome.is_(None), Complaint.status == "closed")
    if after is not None:
        at, last = after
        statement = statement.where(
            (Complaint.requested_at > at) | and_(Complaint.requested_at == at, Complaint.id > last)
        )
    rows = await session.execute(statement.order_by(Complaint.requested_at, Complaint.id).limit(limit))
    return [Case(row.Complaint, row.ContractStub) for row in rows]


async def history(session: AsyncSession, complaint_id: UUID) -> list[Entry]:
    """The steps of a case in order."""
    found = await session.scalars(select(Entry).where(Entry.complaint_id == complaint_id).order_by(Entry.id))
    return list(found)


async def get_contact(session: AsyncSession, complaint_id: UUID) -> Contact | None:
    """The sealed contact data of a case, while there are any."""
    return await session.get(Contact, complaint_id)


async def count_complaints(
    session: AsyncSession, *, contract_id: UUID | None, provider_id: UUID | None, now: datetime
) -> list[Counts]:
    """Cases per kind; one counts as due when it was answered or its time has run out."""
    due = Complaint.expected_at.is_not(None) & (Complaint.replied_at.is_not(None) | (Complaint.expected_at < now))
    statement = (
        select(
            Complaint.kind,
            func.count().label("received"),
            func.count().filter(ContractStub.population > 0).label("exposed"),
            func.count().filter(due).label("due"),
            func.count().filter(due, Complaint.replied_at <= Complaint.expected_at).label("on_time"),
            func.count().filter(Complaint.status == "closed").label("closed"),
            func.count().filter(Complaint.outcome == "resolved").label("resolved"),
            func.count().filter(Complaint.outcome == "unconfirmed").label("unconfirmed"),
            func.count().filter(Complaint.reopened > 0).label("reopened"),
        )
        .join(ContractStub, ContractStub.id == Complaint.contract_id)
        .group_by(Complaint.kind)
        .order_by(Complaint.kind)
    )
    if contract_id is not None:
        statement = statement.where(Complaint.contract_id == contract_id)
    if provider_id is not None:
        statement = statement.where(ContractStub.provider_id == provider_id)
    return [Counts(**row._asdict()) for row in await session.execute(statement)]


async def beneficiaries(
    session: AsyncSession, *, contract_id: UUID | None, provider_id: UUID | None
) -> tuple[int, int, int]:
    """Contracts in question, those that name their beneficiaries, and the sum of these."""
    statement = select(func.count(), func.count(ContractStub.population), func.sum(ContractStub.population))
    if contract_id is not None:
        statement = statement.where(ContractStub.id == contract_id)
    if provider_id is not None:
        statement = statement.where(ContractStub.provider_id == provider_id)
    contracts, named, total = (await session.execute(statement)).one()
    return contracts, named, int(total or 0)


async def next_complaints(session: AsyncSession, *, after: UUID | None, limit: int) -> list[Complaint]:
    """A chunk of every case in order of id, for the snapshot."""
    statement = select(Complaint).order_by(Complaint.id).limit(limit)
    if after is not None:
        statement = statement.where(Complaint.id > after)
    return list(await session.scalars(statement))


async def search_contracts(session: AsyncSession, words: str, *, limit: int = 20) -> list[ContractStub]:
    """Contracts whose title or provider holds the words, newest first: for a citizen who has no link."""
    pattern = words.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    statement = (
        select(ContractStub)
        .where(
            ContractStub.title.ilike(f"%{pattern}%") | ContractStub.provider_name.ilike(f"%{pattern}%"),
            ContractStub.state.not_in(("draft", "pending", "cancelled")),
        )
        .order_by(ContractStub.id.desc())
        .limit(limit)
    )
    return list(await session.scalars(statement))
