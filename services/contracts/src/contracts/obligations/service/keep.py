"""Keeping the stored rows: made anew for every contract that changed, and told when their last day comes.

No write of a contract waits for it: the sweep follows the log of changes, which triggers write in the transaction of
each change, below the oldest running transaction, so that it loses none.
"""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

import structlog
from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.clocks import shortened
from contracts.contracts.queries import get_contract
from contracts.obligations.concerned import members_of
from contracts.obligations.duties import Duty, obligation_id
from contracts.obligations.models import Obligation, ObligationPosition
from contracts.obligations.parameters import obligation_settings
from contracts.obligations.queries import untold
from contracts.obligations.register import Register, register_of
from shared import clock, outbox
from shared.events import ObligationDue, ObligationMember, ObligationNotice, ObligationOverdue
from shared.problems import Problem
from shared.savepoint import savepoint

__all__ = ["notice_of", "refresh_contract", "sweep_changes", "tell_due"]

_log = structlog.get_logger(__name__)

# One making of a contract's rows at a time: what is read after the lock is newer than what was written before it.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('obligations:' || CAST(:contract_id AS text), 0))")
_HORIZON = text(
    "SELECT epoch, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest FROM relay_state "
    "WHERE source = 'contracts'"
)
# Of many changes of one contract only the last counts.
_CHANGED = text(
    """
    SELECT epoch, xid, n, contract_id FROM contract_changes AS change
    WHERE (epoch, xid, n) > (:epoch, :xid, :n) AND (epoch < :now_epoch OR (epoch = :now_epoch AND xid < :oldest))
      AND NOT EXISTS (
          SELECT FROM contract_changes AS later WHERE later.contract_id = change.contract_id
            AND (later.epoch, later.xid, later.n) > (change.epoch, change.xid, change.n))
    ORDER BY epoch, xid, n LIMIT :limit
    """
)


# What came in as it had ended elsewhere: nothing in it is still to be done, and a mass import has many.
_PAST = text(
    "SELECT id FROM contracts WHERE id = ANY(:ids) AND origin = 'import' AND moved_at IS NULL "
    "AND state IN ('completed', 'terminated', 'cancelled')"
)


async def refresh_contract(session: AsyncSession, *, contract_id: UUID) -> None:
    """Make the stored rows of a contract anew. A row whose last day did not change keeps its notices."""
    await session.execute(_LOCK, {"contract_id": str(contract_id)})
    record = await get_contract(session, contract_id=contract_id)
    register = await register_of(session, record)
    rows = [_row(register, duty) for duty in register.duties if duty.due_on is not None]
    await session.execute(
        delete(Obligation).where(
            Obligation.contract_id == contract_id, Obligation.id.not_in([row["id"] for row in rows])
        )
    )
    if not rows:
        return
    statement = insert(Obligation.__table__)  # type: ignore[arg-type]  # a Table, as declarative has it
    changed = {name: statement.excluded[name] for name in rows[0] if name != "id"}
    connection = await session.connection()
    await connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed), rows)


def _row(register: Register, duty: Duty) -> dict[str, Any]:
    state = register.record.state
    parties = {
        "purchaser": state.purchaser.organisation_id,
        "provider": state.provider.organisation_id if state.provider else None,
    }
    return {
        "id": obligation_id(state.contract_id, duty.code),
        "contract_id": state.contract_id,
        "region": state.region,
        "code": duty.code,
        "side": duty.side,
        "organisation_id": duty.organisation_id or parties.get(duty.side),
        "nature": duty.nature,
        "text_zh": duty.text.zh,
        "text_en": duty.text.en,
        "about": duty.about,
        "amount": duty.amount,
        "rule": duty.rule,
        "source": duty.source,
        "confidence": duty.confidence,
        "due_on": duty.due_on,
        "done_on": duty.proof.on if duty.proof else None,
        "proof_kind": duty.proof.kind if duty.proof else None,
        "proof_id": duty.proof.id if duty.proof else None,
        "waived": duty.waiver is not None,
        "lapsed": duty.lapsed,
        "simulated": state.simulated,
        "refreshed_at": clock.now(),
    }


async def sweep_changes(session: AsyncSession) -> int:
    """Make the rows of a chunk of changed contracts anew; how many changes were read.

    One chunk a run and no more: the job shares its process with whoever answers requests, and a single contract's
    register is worked out when it is asked for.
    """
    limit = obligation_settings().chunk
    position = (
        await session.execute(select(ObligationPosition).where(ObligationPosition.id == 1).with_for_update())
    ).scalar_one_or_none()
    if position is None:
        position = ObligationPosition(id=1, epoch=0, xid=0, n=0)
        session.add(position)
    horizon = (await session.execute(_HORIZON)).one_or_none()
    if horizon is None:
        return 0
    values = {"epoch": position.epoch, "xid": position.xid, "n": position.n, "limit": limit}
    bounds = {"now_epoch": horizon.epoch, "oldest": horizon.oldest}
    changes = (await session.execute(_CHANGED, values | bounds)).all()
    changed = {change.contract_id for change in changes}
    past = set((await session.execute(_PAST, {"ids": list(changed)})).scalars()) if changed else set()
    for contract_id in sorted(changed - past):
        try:
            async with savepoint(session):
                await refresh_contract(session, contract_id=contract_id)
        except Problem as problem:
            # One contract that cannot be worked out (its rule set is gone) must not hold up the others.
            _log.warning("register not made", contract_id=str(contract_id), problem=problem.detail)
    if changes:
        position.epoch, position.xid, position.n = changes[-1].epoch, changes[-1].xid, changes[-1].n
    await session.flush()
    return len(changes)


def notice_of(
    row: Obligation, event: type[ObligationNotice], *, due_on: date, members: tuple[ObligationMember, ...]
) -> ObligationNotice:
    """The notice about a last day; its id is the same whenever it is told. `members`: `concerned.members_of`."""
    plain = ("contract_id", "region", "simulated", "code", "side", "nature", "organisation_id", "text_zh", "text_en")
    return event(
        notice_id=uuid5(row.id, f"{event.TYPE}/{due_on}"),
        obligation_id=row.id,
        **{name: getattr(row, name) for name in plain},
        source=row.source,
        confidence=row.confidence,
        due_on=due_on,
        members=members,
    )


async def tell_due(session: AsyncSession) -> bool:
    """Tell a chunk of the duties whose last day is near or past, each once per last day; True when more may be."""
    settings, today = obligation_settings(), clock.today()
    near = today + timedelta(days=shortened(settings.notice_days))
    rows = await untold(session, until=near, today=today, limit=settings.chunk)
    members = await members_of(session, rows) if rows else {}
    for row in rows:
        event: type[ObligationNotice]
        if row.due_on < today:
            event, row.overdue_told = ObligationOverdue, row.due_on
        else:
            event, row.due_told = ObligationDue, row.due_on
        notice = notice_of(row, event, due_on=row.due_on, members=members[row.id])
        outbox.emit(session, notice, subject=row.contract_id, region=row.region)
    await session.flush()
    return len(rows) == settings.chunk
