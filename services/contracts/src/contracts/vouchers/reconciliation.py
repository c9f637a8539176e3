"""A treasury against the ledger, month by month."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.clocks import day_sql
from contracts.vouchers.schemas import MonthOut, QueueOut
from shared.db import principal_in, scope_sql

__all__ = ["reconcile"]

_SIGNED = "CASE WHEN kind IN ('payment', 'interestPayment', 'compensationPayment') THEN amount ELSE -amount END"
_OPEN = ("unmatched", "partlyMatched")
_LEFT_OUT = ("duplicate", "dismissed")


async def reconcile(session: AsyncSession, *, region: str, source: str, year: int, currency: str) -> list[MonthOut]:
    """Every month of a year in which the treasury or the ledger has something, in order.

    Three independent sums: what the files state, what their lines say, what the ledger has. Vouchers are those of one
    region's treasury and source; the ledger's payments those of the region and everything below it.
    """
    scope, parameters = scope_sql(principal_in(session))
    bounds = {"region": region, "below": f"{region}%", "source": source, "year": year, "currency": currency}
    parameters |= bounds
    files = text(
        "SELECT month, count(*) AS files, sum(total) AS stated FROM voucher_files "  # noqa: S608 - scope is ours
        "WHERE region = :region AND source = :source AND currency = :currency "
        f"AND extract(year FROM month) = :year AND {scope} GROUP BY month"
    )
    lines = text(
        f"SELECT month, queue, count(*) AS count, sum({_SIGNED}) AS amount FROM vouchers "  # noqa: S608
        "WHERE region = :region AND source = :source AND currency = :currency "
        f"AND extract(year FROM month) = :year AND {scope} GROUP BY month, queue ORDER BY month, queue"
    )
    booked = text(
        "SELECT date_trunc('month', on_day)::date AS month, sum(signed) AS ledger, "  # noqa: S608
        "count(*) FILTER (WHERE NOT proved) AS open, coalesce(sum(signed) FILTER (WHERE NOT proved), 0) AS unproved "
        f"FROM (SELECT {_SIGNED} AS signed, coalesce(booked_on, {day_sql('recorded_at')}) AS on_day, "
        "EXISTS (SELECT FROM voucher_matches AS proof WHERE proof.entry_id = entry.id "
        "AND proof.unmatching_id IS NULL) AS proved "
        "FROM ledger_entries AS entry "
        "WHERE kind IN ('payment', 'refund', 'interestPayment', 'penaltyReceipt', "
        "'compensationPayment') AND region LIKE :below "
        f"AND currency = :currency AND {scope} "
        "AND NOT EXISTS (SELECT FROM ledger_entries AS taken_back WHERE taken_back.reverses = entry.id)) AS standing "
        "WHERE extract(year FROM on_day) = :year GROUP BY 1"
    )
    months: defaultdict[Any, dict[str, Any]] = defaultdict(
        lambda: {"files": 0, "stated": Decimal(0), "queues": [], "ledger": Decimal(0), "unproved": (0, Decimal(0))}
    )
    for row in await session.execute(files, parameters):
        months[row.month] |= {"files": row.files, "stated": row.stated}
    for row in await session.execute(lines, parameters):
        months[row.month]["queues"].append(QueueOut(queue=row.queue, count=row.count, amount=row.amount))
    for row in await session.execute(booked, parameters):
        months[row.month] |= {"ledger": row.ledger, "unproved": (row.open, row.unproved)}
    return [_month(month, months[month], currency) for month in sorted(months)]


def _month(month: Any, sums: dict[str, Any], currency: str) -> MonthOut:  # noqa: ANN401 - a date from a row
    queues: list[QueueOut] = sums["queues"]
    lines = sum((queue.amount for queue in queues), Decimal(0))
    counted = sum((queue.amount for queue in queues if queue.queue not in _LEFT_OUT), Decimal(0))
    unproved_count, unproved = sums["unproved"]
    difference = counted - sums["ledger"]
    still_open = any(queue.queue in _OPEN for queue in queues)
    return MonthOut(
        month=month,
        currency=currency,
        files=sums["files"],
        stated=sums["stated"],
        lines=lines,
        queues=queues,
        vouchers=counted,
        ledger=sums["ledger"],
        unproved=QueueOut(queue="unproved", count=unproved_count, amount=unproved),
        difference=difference,
        reconciled=not still_open and unproved_count == 0 and difference == 0 and sums["stated"] == lines,
    )
