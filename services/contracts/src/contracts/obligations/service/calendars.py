"""Calendar feeds: their addresses, and what stands in them (RFC 5545)."""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import NotAParty
from contracts.obligations.duties import state_of
from contracts.obligations.errors import CalendarNotFound
from contracts.obligations.ical import Entry, calendar_text
from contracts.obligations.models import CalendarFeed, Obligation
from contracts.obligations.parameters import obligation_settings
from contracts.obligations.queries import (
    ALONE,
    Standing,
    calendar_entries,
    feed_of_secret,
    finance_of,
    find_feed,
    organisation_of,
    standings_of,
    titles_of,
)
from contracts.obligations.register import reading_as
from contracts.organisations.queries import get_organisation
from contracts.regions.queries import NATIONAL
from shared import audit, clock
from shared.auth import Principal, require_region
from shared.db import principal_in
from shared.ids import new_id

__all__ = ["create_feed", "read_feed", "require_own", "require_owner", "revoke_feed"]

_SECRET_BYTES = 32
_FINANCE = {"zh": "财政部门", "en": "Finance department"}


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def require_own(principal: Principal, organisation_id: UUID) -> None:
    """Refuse (403) a token that names another organisation; finance, auditors and operators see those of the region.

    A token without an organisation is a system of the region and sees those too, except an evaluators' system:
    evaluators see what is assigned to them.
    """
    if principal.organisation == organisation_id or principal.roles & {"finance", "auditor", "operator"}:
        return
    if principal.organisation is None and principal.roles & {"purchaser", "provider"}:
        return
    raise NotAParty("This is another organisation's.")


async def require_owner(session: AsyncSession, owner: UUID | str) -> None:
    """Refuse an organisation that is unknown or another's, and a region outside the scope (403)."""
    principal = principal_in(session)
    if isinstance(owner, str):
        require_region(principal, owner)
        return
    await get_organisation(session, organisation_id=owner)
    require_own(principal, owner)


async def create_feed(
    session: AsyncSession, *, owner: UUID | str, language: str, note: str | None
) -> tuple[CalendarFeed, str]:
    """(feed, secret): a new address of a calendar. The secret is shown now and never again.

    `owner` is an organisation, or the region of a finance department.
    """
    principal = principal_in(session)
    await require_owner(session, owner)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    feed = CalendarFeed(
        id=new_id(),
        organisation_id=owner if isinstance(owner, UUID) else None,
        finance_of=owner if isinstance(owner, str) else None,
        secret_sha256=_hash(secret),
        language=language,
        regions=list(principal.regions),
        note=note,
        created_by=principal.subject,
        created_at=clock.now(),
    )
    session.add(feed)
    await session.flush()
    _noted(session, feed, "calendar.created")
    return feed, secret


async def revoke_feed(session: AsyncSession, *, owner: UUID | str, feed_id: UUID) -> CalendarFeed:
    """Shut an address for good; doing it again changes nothing. CalendarNotFound, NotAParty."""
    await require_owner(session, owner)
    feed = await find_feed(session, owner=owner, feed_id=feed_id)
    if feed is None:
        raise CalendarNotFound(f"There is no calendar {feed_id} of {owner}.")
    if feed.revoked_at is None:
        feed.revoked_at, feed.revoked_by = clock.now(), principal_in(session).subject
        await session.flush()
        _noted(session, feed, "calendar.revoked")
    return feed


def _noted(session: AsyncSession, feed: CalendarFeed, act: str) -> None:
    fields = {"calendar_id": str(feed.id)}
    if feed.organisation_id is None:
        region = feed.finance_of
        audit.record(session, act, noun="finance_calendar", noun_id=feed.id, region=region, fields=fields)
        return
    audit.record(session, act, noun="organisation", noun_id=feed.organisation_id, region=NATIONAL, fields=fields)


async def _reader_of(session: AsyncSession, feed: CalendarFeed) -> tuple[str, Principal]:
    """The calendar's name, and as whom it is read: with the regions of who made it, whoever asks for it."""
    subject, regions = f"calendar:{feed.id}", tuple(feed.regions)
    if feed.organisation_id is None:
        return f"{_FINANCE[feed.language]} {feed.finance_of}", Principal(subject, frozenset({"finance"}), regions)
    organisation = await get_organisation(session, organisation_id=feed.organisation_id)
    roles = frozenset({"purchaser", "provider"})
    return organisation.name, Principal(subject, roles, regions, organisation=feed.organisation_id)


def _about(row: Obligation, standing: Standing) -> str | None:
    """What a row is about; for one of several parties with its own part of the money."""
    if standing.share == ALONE.share or row.amount is None:
        return row.about
    return f"{row.about}; {standing.share.normalize():f} %: {standing.part(row.amount):.2f}"


async def read_feed(session: AsyncSession, *, secret: str) -> bytes:
    """The calendar behind an address; CalendarNotFound when there is none, or it was revoked."""
    feed = await feed_of_secret(session, secret_sha256=_hash(secret))
    if feed is None:
        raise CalendarNotFound("There is no such calendar, or its address was revoked.")
    settings, today = obligation_settings(), clock.today()
    name, reader = await _reader_of(session, feed)
    with reading_as(session, reader):
        rows = await calendar_entries(
            session,
            whose=finance_of(feed.finance_of)
            if feed.finance_of is not None
            else await organisation_of(session, reader.organisation or feed.id),
            past=today - timedelta(days=settings.calendar_past_days),
            limit=settings.calendar_items,
        )
        ids = [row.contract_id for row in rows]
        titles = await titles_of(session, ids)
        standings = {}
        if reader.organisation is not None:
            standings = await standings_of(session, organisation_id=reader.organisation, contract_ids=ids)

    def entry(row: Obligation) -> Entry:
        contract = titles.get(row.contract_id)
        return Entry(
            id=row.id,
            due_on=row.due_on,
            nature=row.nature,
            state=state_of(row.due_on, row.done_on, waived=row.waived, today=today, notice_days=settings.notice_days),
            text=row.text_zh if feed.language == "zh" else row.text_en,
            about=_about(row, standings.get((row.contract_id, row.side), ALONE)) if contract else None,
            contract=(contract.contract_number or contract.title) if contract else str(row.contract_id),
            title=contract.title if contract else "",
            source=row.source,
            confidence=row.confidence,
            changed_at=row.refreshed_at,
        )

    return calendar_text(name, [entry(row) for row in rows], language=feed.language)
