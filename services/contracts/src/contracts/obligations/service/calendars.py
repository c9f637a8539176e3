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
from contracts.obligations.queries import calendar_entries, feed_of_secret, find_feed, titles_of
from contracts.obligations.register import reading_as
from contracts.organisations.queries import get_organisation
from contracts.regions.queries import NATIONAL
from shared import audit, clock
from shared.auth import Principal
from shared.db import principal_in
from shared.ids import new_id

__all__ = ["create_feed", "read_feed", "require_own", "revoke_feed"]

_SECRET_BYTES = 32


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def require_own(principal: Principal, organisation_id: UUID) -> None:
    """Refuse (403) a token that names another organisation; finance, auditors and operators see those of the region."""
    if principal.organisation in {None, organisation_id} or principal.roles & {"finance", "auditor", "operator"}:
        return
    raise NotAParty("This is another organisation's.")


async def create_feed(
    session: AsyncSession, *, organisation_id: UUID, language: str, note: str | None
) -> tuple[CalendarFeed, str]:
    """(feed, secret): a new address of an organisation's calendar. The secret is shown now and never again."""
    principal = principal_in(session)
    await get_organisation(session, organisation_id=organisation_id)
    require_own(principal, organisation_id)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    feed = CalendarFeed(
        id=new_id(),
        organisation_id=organisation_id,
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


async def revoke_feed(session: AsyncSession, *, organisation_id: UUID, feed_id: UUID) -> CalendarFeed:
    """Shut an address for good; doing it again changes nothing. CalendarNotFound, NotAParty."""
    principal = principal_in(session)
    require_own(principal, organisation_id)
    feed = await find_feed(session, organisation_id=organisation_id, feed_id=feed_id)
    if feed is None:
        raise CalendarNotFound(f"The organisation has no calendar {feed_id}.")
    if feed.revoked_at is None:
        feed.revoked_at, feed.revoked_by = clock.now(), principal.subject
        await session.flush()
        _noted(session, feed, "calendar.revoked")
    return feed


def _noted(session: AsyncSession, feed: CalendarFeed, act: str) -> None:
    fields = {"calendar_id": str(feed.id)}
    audit.record(session, act, noun="organisation", noun_id=feed.organisation_id, region=NATIONAL, fields=fields)


async def read_feed(session: AsyncSession, *, secret: str) -> bytes:
    """The calendar behind an address; CalendarNotFound when there is none, or it was revoked."""
    feed = await feed_of_secret(session, secret_sha256=_hash(secret))
    if feed is None:
        raise CalendarNotFound("There is no such calendar, or its address was revoked.")
    settings, today = obligation_settings(), clock.today()
    organisation = await get_organisation(session, organisation_id=feed.organisation_id)
    # As the organisation itself, with the regions of who made the feed, whoever asks for it.
    reader = Principal(
        f"calendar:{feed.id}",
        frozenset({"purchaser", "provider"}),
        tuple(feed.regions),
        organisation=feed.organisation_id,
    )
    with reading_as(session, reader):
        rows = await calendar_entries(
            session,
            organisation_id=feed.organisation_id,
            past=today - timedelta(days=settings.calendar_past_days),
            limit=settings.calendar_items,
        )
        titles = await titles_of(session, (row.contract_id for row in rows))

    def entry(row: Obligation) -> Entry:
        contract = titles.get(row.contract_id)
        return Entry(
            id=row.id,
            due_on=row.due_on,
            nature=row.nature,
            state=state_of(row.due_on, row.done_on, waived=row.waived, today=today, notice_days=settings.notice_days),
            text=row.text_zh if feed.language == "zh" else row.text_en,
            about=row.about if contract else None,
            contract=(contract.contract_number or contract.title) if contract else str(row.contract_id),
            title=contract.title if contract else "",
            source=row.source,
            confidence=row.confidence,
            changed_at=row.refreshed_at,
        )

    return calendar_text(organisation.name, [entry(row) for row in rows], language=feed.language)
