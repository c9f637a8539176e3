"""Audit rows: who did what to which thing, written in the transaction of the write itself.

Rows hold names of fields, never personal data. A job chains them into a hash chain afterwards, so that writes do not
queue behind it.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import rfc8785
from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.copying import copy_in
from shared.db import principal_in
from shared.ids import new_id
from shared.jobs import ClaimedJob, Continue, Job

__all__ = ["CHAIN_JOB", "Chain", "chain", "discard_to", "flush", "mark", "record", "verify"]

_PENDING = "gongping.audit"
_CHUNK = 5000


class _Pending(NamedTuple):
    """A row of the audit log."""

    id: UUID
    at: datetime
    subject: str
    organisation: UUID | None
    action: str
    noun: str
    noun_id: str
    region: str | None
    fields: str


def record(
    session: AsyncSession,
    action: str,
    *,
    noun: str,
    noun_id: UUID | str,
    region: str | None = None,
    fields: Iterable[str] | dict[str, Any] = (),
) -> None:
    """Note an act, for example `contract.completed`; `fields` names what changed, never personal data."""
    principal = principal_in(session)
    noted = fields if isinstance(fields, dict) else sorted(fields)
    pending: list[_Pending] = session.info.setdefault(_PENDING, [])
    pending.append(
        _Pending(
            new_id(),
            clock.now(),
            principal.subject,
            principal.organisation,
            action,
            noun,
            str(noun_id),
            region,
            to_json(noted).decode(),
        )
    )


_INSERT = text(
    """
    INSERT INTO audit (id, at, subject, organisation, action, noun, noun_id, region, fields)
    SELECT id, at, subject, organisation, action, noun, noun_id, region, CAST(fields AS jsonb) FROM unnest(
        CAST(:id AS uuid[]), CAST(:at AS timestamptz[]), CAST(:subject AS text[]), CAST(:organisation AS uuid[]),
        CAST(:action AS text[]), CAST(:noun AS text[]), CAST(:noun_id AS text[]), CAST(:region AS text[]),
        CAST(:fields AS text[])) AS t(id, at, subject, organisation, action, noun, noun_id, region, fields)
    """
)


# From so many rows on COPY is cheaper than arrays, though it may take a round trip more.
COPY_FROM = 100


async def flush(session: AsyncSession) -> None:
    """Write the collected rows; called by `Database.commit`."""
    pending: list[_Pending] | None = session.info.pop(_PENDING, None)
    if not pending:
        return
    if len(pending) >= COPY_FROM:
        await copy_in(session, "audit", columns=_Pending._fields, records=pending)
        return
    columns = dict(zip(_Pending._fields, zip(*pending, strict=True), strict=True))
    await (await session.connection()).execute(_INSERT, {name: list(values) for name, values in columns.items()})


def mark(session: AsyncSession) -> int:
    """Position to hand to `discard_to` when a savepoint is rolled back."""
    return len(session.info.get(_PENDING, []))


def discard_to(session: AsyncSession, position: int) -> None:
    """Forget rows noted since `mark`."""
    del session.info.get(_PENDING, [])[position:]


_COLUMNS = "n, id, at, subject, organisation, action, noun, noun_id, region, fields, link, hash"


def _link(previous: bytes, row: Any) -> bytes:  # noqa: ANN401 - a database row
    body = {
        "id": str(row.id),
        "at": row.at.isoformat(),
        "subject": row.subject,
        "organisation": str(row.organisation) if row.organisation else None,
        "action": row.action,
        "noun": row.noun,
        "noun_id": row.noun_id,
        "region": row.region,
        "fields": row.fields,
    }
    return hashlib.sha256(previous + rfc8785.dumps(body)).digest()


async def chain(session: AsyncSession, _: ClaimedJob) -> Continue | None:
    """Chain the rows that are not chained yet, 5,000 a transaction.

    `link` is the position in the chain. It is not `n`: a row takes `n` when it is written and becomes visible at its
    commit, so that a lower number may appear after a higher one.
    """
    head = (
        await session.execute(text("SELECT link, hash FROM audit WHERE link IS NOT NULL ORDER BY link DESC LIMIT 1"))
    ).first()
    position, previous = (head.link, head.hash) if head else (0, b"")
    rows = (
        await session.execute(text(f"SELECT {_COLUMNS} FROM audit WHERE link IS NULL ORDER BY n LIMIT {_CHUNK}"))  # noqa: S608 - constant
    ).all()
    hashes: list[bytes] = []
    for row in rows:
        previous = _link(previous, row)
        hashes.append(previous)
    if rows:
        await session.execute(
            text(
                "UPDATE audit SET link = t.link, hash = t.hash FROM unnest(CAST(:n AS bigint[]), CAST(:l AS bigint[]), "
                "CAST(:h AS bytea[])) AS t(n, link, hash) WHERE audit.n = t.n"
            ),
            {"n": [row.n for row in rows], "l": [position + i + 1 for i in range(len(rows))], "h": hashes},
        )
    return Continue(None) if len(rows) == _CHUNK else None


CHAIN_JOB = Job("audit.chain", chain, every=timedelta(seconds=30))


_CHAINED = text(f"SELECT {_COLUMNS} FROM audit WHERE link > :after ORDER BY link LIMIT :chunk")  # noqa: S608 - constant


class Chain(NamedTuple):
    """What a look at the chain found: its links, the hash of the last, the first link that is wrong (None: whole)."""

    links: int
    head: bytes
    broken: int | None
    cut: bool = False
    """The chain ends before a link that was noted elsewhere."""


async def verify(session: AsyncSession, *, noted: tuple[int, bytes] | None = None) -> Chain:
    """Recompute the chain.

    A chain whose end was cut off, or that was made anew from a changed row on, is whole by itself. Both show against a
    link (number, hash) that was `noted` before, in a place that who changes the database does not reach.
    """
    previous, expected, after = b"", 0, 0
    while True:
        # By key and not by a cursor of the server, which would need a transaction; a reading session has none.
        rows = (await session.execute(_CHAINED, {"after": after, "chunk": _CHUNK})).all()
        if not rows:
            cut = noted is not None and expected < noted[0]
            return Chain(expected, previous, expected + 1 if cut else None, cut)
        for row in rows:
            expected += 1
            other = noted is not None and expected == noted[0] and row.hash != noted[1]
            if row.link != expected or _link(previous, row) != row.hash or other:
                return Chain(expected - 1, previous, expected)
            previous = row.hash
        after = rows[-1].link
