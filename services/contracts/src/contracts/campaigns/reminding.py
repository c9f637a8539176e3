"""Reminders: an event and a row for each deadline that comes near or has passed."""

from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.campaigns.models import Campaign, CampaignReminder, CampaignReturn
from contracts.campaigns.telling import reminder_event
from shared import clock, outbox
from shared.ids import new_id

__all__ = ["remind"]

_REMINDED = text(
    "(campaign_returns.due_on < :today OR campaign_returns.due_on - campaigns.remind_days <= :today) "
    "AND NOT EXISTS (SELECT FROM campaign_reminders AS made WHERE made.return_id = campaign_returns.id "
    "AND made.due_on = campaign_returns.due_on "
    "AND made.kind = CASE WHEN campaign_returns.due_on < :today THEN 'overdue' ELSE 'dueSoon' END)"
)


async def remind(session: AsyncSession, *, limit: int) -> int:
    """Remind of deadlines that come near or have passed, each once; answers how many."""
    today = clock.today()
    statement = (
        select(CampaignReturn, Campaign)
        .join(Campaign, Campaign.id == CampaignReturn.campaign_id)
        .where(CampaignReturn.state.in_(("open", "returned")), Campaign.state == "open", Campaign.opens_on <= today)
        .where(_REMINDED)
        .order_by(CampaignReturn.id)
        .limit(limit)
    )
    rows = (await session.execute(statement, {"today": today})).all()
    for owed, campaign in rows:
        kind = "overdue" if owed.due_on < today else "dueSoon"
        values: dict[str, Any] = {
            "id": new_id(),
            "return_id": owed.id,
            "region": owed.region,
            "kind": kind,
            "due_on": owed.due_on,
            "recorded_at": clock.now(),
        }
        made = insert(CampaignReminder).values(values).on_conflict_do_nothing().returning(CampaignReminder.id)
        if (await session.execute(made)).scalar_one_or_none() is not None:
            told = reminder_event(
                campaign,
                owed,
                reminder_id=values["id"],
                kind=kind,
                due_on=owed.due_on,
                recorded_at=values["recorded_at"],
            )
            outbox.emit(session, told, subject=owed.id, region=owed.region)
    return len(rows)
