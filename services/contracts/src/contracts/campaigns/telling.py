"""Changing a campaign or a return, and telling of it: the event with the whole, and the audit row."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.campaigns.models import Campaign, CampaignReturn
from shared import audit, clock, outbox
from shared.events import CampaignReminded, CampaignReturnChanged

__all__ = ["change_campaign", "change_return", "note_campaign", "reminder_event", "return_event", "tell_return"]


def change_campaign(campaign: Campaign, **values: Any) -> None:  # noqa: ANN401 - any column
    """Set columns of a campaign and count the change."""
    for name, value in values.items():
        setattr(campaign, name, value)
    campaign.version += 1
    campaign.updated_at = clock.now()


def change_return(
    session: AsyncSession,
    campaign: Campaign,
    owed: CampaignReturn,
    *,
    act: str,
    **values: Any,  # noqa: ANN401 - any column
) -> None:
    """Set columns of a return, count the change, and tell it."""
    for name, value in values.items():
        setattr(owed, name, value)
    owed.version += 1
    owed.updated_at = clock.now()
    tell_return(session, campaign, owed)
    audit.record(
        session, act, noun="campaign_return", noun_id=owed.id, region=owed.region, fields={"rounds": owed.rounds}
    )


def return_event(campaign: Campaign, owed: CampaignReturn) -> CampaignReturnChanged:
    """The return as its event carries it."""
    figures = owed.figures or {}
    return CampaignReturnChanged(
        return_id=owed.id,
        version=owed.version,
        campaign_id=campaign.id,
        organisation_id=owed.organisation_id,
        region=owed.region,
        year=campaign.year,
        state=owed.state,
        due_on=owed.due_on,
        rounds=owed.rounds,
        contracts=figures.get("contracts"),
        complete=figures.get("complete"),
        reason=owed.reason,
        simulated=campaign.simulated,
        recorded_at=owed.updated_at,
    )


def tell_return(session: AsyncSession, campaign: Campaign, owed: CampaignReturn) -> None:
    """Emit the whole return."""
    outbox.emit(session, return_event(campaign, owed), subject=owed.id, region=owed.region)


def note_campaign(session: AsyncSession, campaign: Campaign, act: str, fields: dict[str, Any]) -> None:
    """Leave the audit row of an act on a campaign."""
    audit.record(session, act, noun="campaign", noun_id=campaign.id, region=campaign.scope, fields=fields)


def reminder_event(
    campaign: Campaign, owed: CampaignReturn, *, reminder_id: UUID, kind: str, due_on: date, recorded_at: datetime
) -> CampaignReminded:
    """A reminder as its event carries it."""
    return CampaignReminded(
        reminder_id=reminder_id,
        return_id=owed.id,
        campaign_id=campaign.id,
        organisation_id=owed.organisation_id,
        region=owed.region,
        kind=kind,
        due_on=due_on,
        simulated=campaign.simulated,
        recorded_at=recorded_at,
    )
