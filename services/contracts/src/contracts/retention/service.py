"""Setting periods, holding contracts, and erasing what is over.

Nothing is erased before a tenant has confirmed a period by a second person: the shipped ones are proposals. A hold, or
an appeal that is not decided, keeps everything of its contract.
"""

import secrets
from datetime import date
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.queries import get_contract
from contracts.contracts.service import raise_version, rules_for, tell_again
from contracts.documents.erasing import erase_personal_documents
from contracts.organisations.service import change_organisation
from contracts.regions.queries import NATIONAL
from contracts.retention import queries
from contracts.retention.deletion import allow_erasing, delete_contracts
from contracts.retention.erasing import empty_free_text, empty_personal_fields
from contracts.retention.errors import HoldReleased, PeriodConflict
from contracts.retention.models import Erasure, LegalHold, RetentionPeriod
from contracts.retention.schemas import HoldIn, PeriodIn
from contracts.tabular.erasing import erase_import, forget_rows
from shared import audit, clock, outbox
from shared.auth import normalise_scope, require_region
from shared.concurrency import check_version
from shared.db import principal_in
from shared.events import ContractErased
from shared.ids import new_id
from shared.problems import Forbidden, Unprocessable
from shared.savepoint import savepoint

__all__ = ["confirm_period", "erase_due", "erasure_event", "place_hold", "release_hold", "set_period"]

_log = structlog.get_logger(__name__)
_LOCK = text("SELECT FROM contracts WHERE id = :id FOR UPDATE")
_UNNAME = text("DELETE FROM organisation_external_ids WHERE organisation_id = :id")


async def set_period(session: AsyncSession, body: PeriodIn) -> RetentionPeriod:
    """Propose a period for a scope; it has no effect until a second person confirms it."""
    scope = "*" if body.scope == "*" else normalise_scope(body.scope)
    _require_scope(session, scope)
    period = RetentionPeriod(
        id=new_id(),
        scope=scope,
        noun=body.noun,
        years=body.years,
        basis=body.basis,
        set_by=principal_in(session).subject,
        set_at=clock.now(),
    )
    session.add(period)
    await session.flush()
    _noted(session, period, "retention.period-set")
    return period


async def confirm_period(session: AsyncSession, *, period_id: UUID) -> RetentionPeriod:
    """The second person confirms a period: from now on the job erases by it. PeriodConflict for the one who set it."""
    period = await queries.get_period(session, period_id=period_id)
    _require_scope(session, period.scope)
    subject = principal_in(session).subject
    if period.confirmed_at is not None:
        raise PeriodConflict(f"It was confirmed on {period.confirmed_at} by {period.confirmed_by}.")
    if period.set_by == subject:
        raise PeriodConflict("A period is confirmed by a second person, not by the one who set it.")
    period.confirmed_by, period.confirmed_at = subject, clock.now()
    await session.flush()
    _noted(session, period, "retention.period-confirmed")
    return period


def _require_scope(session: AsyncSession, scope: str) -> None:
    principal = principal_in(session)
    if scope == "*" and not principal.unlimited:
        raise Forbidden("A period for every region is set by who may see every region.")
    if scope != "*":
        require_region(principal, scope)


def _noted(session: AsyncSession, period: RetentionPeriod, act: str) -> None:
    fields = {"noun": period.noun, "scope": period.scope, "years": period.years}
    audit.record(session, act, noun="retention_period", noun_id=period.id, fields=fields)


async def place_hold(session: AsyncSession, body: HoldIn, *, contract_id: UUID) -> LegalHold:
    """Hold a contract: nothing of it is erased as long as the hold stands."""
    state = (await get_contract(session, contract_id=contract_id)).state
    if body.until is not None and body.until < clock.today():
        raise Unprocessable(
            "The last day has passed.", errors=[{"pointer": "/until", "detail": f"is before {clock.today()}"}]
        )
    hold = LegalHold(
        id=new_id(),
        version=1,
        contract_id=contract_id,
        region=state.region,
        kind=body.kind,
        reason=body.reason,
        document=body.document,
        until=body.until,
        placed_by=principal_in(session).subject,
        placed_at=clock.now(),
    )
    session.add(hold)
    await session.flush()
    _held(session, hold, "hold.placed")
    return hold


async def release_hold(
    session: AsyncSession, *, contract_id: UUID, hold_id: UUID, reason: str, if_match: int | None
) -> LegalHold:
    """Release a hold; HoldReleased when it was released before."""
    await get_contract(session, contract_id=contract_id)
    hold = await queries.get_hold(session, contract_id=contract_id, hold_id=hold_id)
    check_version(if_match, hold.version)
    if hold.released_at is not None:
        raise HoldReleased(f"It was released on {hold.released_at} by {hold.released_by}: {hold.release_reason}")
    hold.released_by, hold.released_at = principal_in(session).subject, clock.now()
    hold.release_reason, hold.version = reason, hold.version + 1
    await session.flush()
    _held(session, hold, "hold.released")
    return hold


def _held(session: AsyncSession, hold: LegalHold, act: str) -> None:
    fields = {"hold_id": str(hold.id), "kind": hold.kind, "until": str(hold.until) if hold.until else None}
    audit.record(session, act, noun="contract", noun_id=hold.contract_id, region=hold.region, fields=fields)


async def erase_due(session: AsyncSession, *, noun: str, after: UUID | None, limit: int) -> UUID | None:
    """Erase a chunk of what is due of a noun, each contract in a savepoint; answers the last id, None when done."""
    if noun == "individuals":
        persons = await queries.due_individuals(session, limit=limit)
        for person in persons:
            await _forget(session, person.id)
            _erased(
                session,
                noun,
                about=person.id,
                region=NATIONAL,
                simulated=person.simulated,
                rows={"organisations": 1},
                rule="individuals: every contract is over",
            )
        return persons[-1].id if len(persons) == limit else None
    if noun == "imports":
        return await _erase_imports(session, after=after)
    due = await queries.due_contracts(session, noun=noun, limit=limit, after=after)
    await allow_erasing(session, on=True)
    for row in due:
        try:
            async with savepoint(session):
                await _erase(session, noun, row)
        except IntegrityError as error:
            # Something else needs a row of it (a shared file, a successor): it stays, and is tried again next time.
            _log.warning("contract kept", contract_id=str(row.id), noun=noun, error=str(error.orig))
    await allow_erasing(session, on=False)
    return due[-1].id if len(due) == limit else None


async def _erase_imports(session: AsyncSession, *, after: UUID | None) -> UUID | None:
    """One import in a transaction: it may have a million rows."""
    found = await queries.due_imports(session, limit=1, after=after)
    for row in found:
        rule = f"imports: {row.years} years in {row.scope}"
        rows = await erase_import(session, import_id=row.id)
        if rows:
            about = {"about": row.id, "region": row.region, "simulated": row.simulated}
            _erased(session, "imports", rows=rows, rule=rule, **about)
    return found[-1].id if found else None


async def _forget(session: AsyncSession, person_id: UUID) -> None:
    """Put a random name in the place of the keyed hash: nobody can find the person by it any more."""
    await session.execute(_UNNAME, {"id": person_id})
    name = f"IND-{secrets.token_hex(12).upper()}"
    await change_organisation(
        session, organisation_id=person_id, action="organisation.forgotten", name=name, pseudonym=name
    )


async def _erase(session: AsyncSession, noun: str, row: Any) -> None:  # noqa: ANN401 - a row of `due_contracts`
    rule = f"{noun}: {row.years} years in {row.scope}"
    await session.execute(_LOCK, {"id": row.id})
    if await queries.is_held(session, contract_id=row.id):
        return  # a hold that was placed, or an appeal that came, since the list was read
    if noun == "records":
        if not await _old_enough(session, row.id):
            return
        call_offs = await queries.call_offs_due(session, contract_id=row.id)
        if call_offs is None:
            return
        rows = await delete_contracts(session, [row.id, *call_offs])
        for call_off in call_offs:
            _erased(
                session,
                noun,
                about=call_off,
                region=row.region,
                simulated=row.simulated,
                rows={"contracts": 1},
                rule=rule,
            )
    elif noun == "freeText":
        rows = await empty_free_text(session, contract_id=row.id) | await _unstage(session, row.id)
    else:
        rows = await empty_personal_fields(session, contract_id=row.id)
        rows |= await erase_personal_documents(session, contract_id=row.id) | await _unstage(session, row.id)
        await raise_version(session, contract_id=row.id)
        await tell_again(session, contract_id=row.id, action="contract.erased", fields=rows)
    _erased(session, noun, about=row.id, region=row.region, simulated=row.simulated, rows=rows, rule=rule)


async def _unstage(session: AsyncSession, contract_id: UUID) -> dict[str, int]:
    """The rows of files that were imported say the same words once more."""
    staged = await forget_rows(session, contract_id=contract_id)
    return {"table_import_rows": staged} if staged else {}


async def _old_enough(session: AsyncSession, contract_id: UUID) -> bool:
    """Whether the contract's own rule set lets it go: `records-kept` is the least that any setting can say."""
    record = await get_contract(session, contract_id=contract_id)
    kept = (await rules_for(session, record)).rules.rule("records-kept")
    years: int | None = getattr(kept.parameters, "years", None) if kept is not None else None
    ended: date | None = clock.day_of(record.state.ended_at) if record.state.ended_at else record.state.ends_on
    return years is None or (ended is not None and _years_after(ended, years) <= clock.today())


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, month=3, day=1)


def _erased(
    session: AsyncSession,
    noun: str,
    *,
    about: UUID,
    region: str,
    simulated: bool,
    rows: dict[str, int],
    rule: str,
) -> None:
    erasure = Erasure(
        id=new_id(),
        noun=noun,
        about_id=about,
        region=region,
        simulated=simulated,
        rows=rows,
        rule=rule,
        erased_at=clock.now(),
    )
    session.add(erasure)
    outbox.emit(session, erasure_event(erasure), subject=about, region=region)
    kind = {"individuals": "organisation", "imports": "table_import"}.get(noun, "contract")
    audit.record(session, "retention.erased", noun=kind, noun_id=about, region=region, fields={"noun": noun})


def erasure_event(erasure: Erasure) -> ContractErased:
    """What was erased as its event carries it."""
    return ContractErased(
        erasure_id=erasure.id,
        noun=erasure.noun,
        about_id=erasure.about_id,
        region=erasure.region,
        rule=erasure.rule,
        recorded_at=erasure.erased_at,
    )
