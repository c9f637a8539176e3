"""Reading payment terms, and the ledger's rows that clocks depend on."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.clocks import day_sql
from contracts.dues.errors import PaymentTermsNotFound
from contracts.dues.interest import Charge, Settlement
from contracts.dues.models import PaymentTerms
from contracts.ledger.queries import OWN_MONEY
from contracts.rules.queries import RecordedTerms

__all__ = ["charges_of", "find_terms", "get_terms", "recorded_of", "recorded_terms", "settlements_of"]

# What is of the contract; the caller has made sure that the contract is visible.
_MOVES = text(
    f"""
    SELECT id, kind, amount, coalesce(booked_on, {day_sql("recorded_at")}) AS on_day, delivered_on
    FROM ledger_entries AS entry
    WHERE {OWN_MONEY} AND kind IN ('acceptance', 'payment', 'deduction', 'refund')
      AND NOT EXISTS (SELECT FROM ledger_entries AS taken_back WHERE taken_back.reverses = entry.id)
    ORDER BY on_day, id
    """  # noqa: S608 - constants
)


async def find_terms(session: AsyncSession, *, contract_id: UUID, lock: bool = False) -> PaymentTerms | None:
    """The payment terms of a contract of the caller's regions."""
    statement = select(PaymentTerms).where(PaymentTerms.contract_id == contract_id)
    if lock:
        statement = statement.with_for_update()
    return (await session.execute(statement)).scalar_one_or_none()


async def get_terms(session: AsyncSession, *, contract_id: UUID) -> PaymentTerms:
    """As `find_terms`; PaymentTermsNotFound when none are recorded."""
    terms = await find_terms(session, contract_id=contract_id)
    if terms is None:
        raise PaymentTermsNotFound(f'Record them with PUT /v1/contracts/{contract_id}/payment-terms and If-Match: "0".')
    return terms


def recorded_of(terms: PaymentTerms) -> RecordedTerms:
    """Payment terms as the contract's rules see them."""
    return RecordedTerms(terms.small_enterprise, terms.days, terms.daily_rate, terms.lpr_annual)


async def recorded_terms(session: AsyncSession, *, contract_id: UUID) -> RecordedTerms | None:
    """As `recorded_of`, of a contract of the caller's regions; None where none are recorded."""
    terms = await find_terms(session, contract_id=contract_id)
    return None if terms is None else recorded_of(terms)


async def charges_of(session: AsyncSession, *, contract_id: UUID, as_of: date) -> list[Charge]:
    """Accepted parts up to a day."""
    rows = await session.execute(_MOVES, {"contract_id": contract_id})
    return [
        Charge(row.id, row.amount, row.on_day, row.delivered_on)
        for row in rows
        if row.kind == "acceptance" and row.on_day <= as_of
    ]


async def settlements_of(session: AsyncSession, *, contract_id: UUID) -> list[Settlement]:
    """Payments, deductions and (negative) refunds."""
    rows = await session.execute(_MOVES, {"contract_id": contract_id})
    sign = {"payment": Decimal(1), "deduction": Decimal(1), "refund": Decimal(-1)}
    return [Settlement(row.on_day, sign[row.kind] * row.amount) for row in rows if row.kind in sign]
