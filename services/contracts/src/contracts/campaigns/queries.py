"""Reading campaigns, returns, and what their contracts lack."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.campaigns.errors import CampaignNotFound, ReturnNotFound
from contracts.campaigns.models import Campaign, CampaignReminder, CampaignReturn
from contracts.campaigns.requirements import missing_sql
from contracts.clocks import day_sql
from shared.auth import Principal
from shared.db import principal_in, scope_sql

__all__ = [
    "OF_CAMPAIGN",
    "Completeness",
    "campaign_values",
    "completeness_of",
    "contracts_of_return",
    "get_campaign",
    "get_return",
    "list_campaigns",
    "list_reminders",
    "list_returns",
    "own_unit",
]

# A contract of the year: published, and in force on some day of the year, as far as its dates are known.
OF_CAMPAIGN = f"""
    contract.state IN ('active', 'suspended', 'completed', 'terminated')
    AND starts_with(contract.region, :scope)
    AND coalesce(contract.starts_on, contract.signed_on) <= make_date(:year, 12, 31)
    AND coalesce({day_sql("contract.ended_at")}, contract.ends_on, make_date(:year, 1, 1)) >= make_date(:year, 1, 1)
    AND (CAST(:categories AS text[]) = '{{}}' OR EXISTS (
        SELECT FROM unnest(CAST(:categories AS text[])) AS part WHERE starts_with(contract.service_category, part)))
    AND (CAST(:units AS text[]) = '{{}}' OR contract.purchaser_id::text = ANY(CAST(:units AS text[])))
"""


@dataclass(frozen=True, slots=True)
class Completeness:
    """The contracts of a return: how many, how many without any gap, and how often each requirement is missing."""

    contracts: int
    complete: int
    missing: dict[str, int]


def campaign_values(campaign: Campaign) -> dict[str, Any]:
    """The parameters of `OF_CAMPAIGN`."""
    return {
        "scope": campaign.scope,
        "year": campaign.year,
        "categories": list(campaign.categories),
        "units": list(campaign.units),
    }


def own_unit(principal: Principal) -> UUID | None:
    """The unit that a caller's view is held to: a purchaser whose token names its organisation sees its own."""
    return None if principal.roles & {"finance", "auditor", "operator"} else principal.organisation


async def get_campaign(session: AsyncSession, *, campaign_id: UUID, lock: bool = False) -> Campaign:
    """One campaign; CampaignNotFound. Campaigns are announced to all, whatever their regions."""
    statement = select(Campaign).where(Campaign.id == campaign_id)
    campaign = (await session.execute(statement.with_for_update() if lock else statement)).scalar_one_or_none()
    if campaign is None:
        raise CampaignNotFound(f"There is no campaign {campaign_id}.")
    return campaign


async def list_campaigns(
    session: AsyncSession, *, limit: int, after: UUID | None, year: int | None
) -> Sequence[Campaign]:
    """Campaigns in the order of opening; one more than `limit` when there are more."""
    statement = select(Campaign).order_by(Campaign.id).limit(limit + 1)
    if year is not None:
        statement = statement.where(Campaign.year == year)
    if after is not None:
        statement = statement.where(Campaign.id > after)
    return (await session.execute(statement)).scalars().all()


async def get_return(
    session: AsyncSession, *, campaign_id: UUID, return_id: UUID, lock: bool = False
) -> CampaignReturn:
    """One return of a campaign in the caller's regions; ReturnNotFound."""
    statement = select(CampaignReturn).where(CampaignReturn.id == return_id, CampaignReturn.campaign_id == campaign_id)
    unit = own_unit(principal_in(session))
    if unit is not None:
        statement = statement.where(CampaignReturn.organisation_id == unit)
    found = (await session.execute(statement.with_for_update() if lock else statement)).scalar_one_or_none()
    if found is None:
        raise ReturnNotFound(f"The campaign {campaign_id} has no return {return_id} in your regions.")
    return found


async def list_returns(
    session: AsyncSession, *, campaign_id: UUID, limit: int, after: UUID | None, state: str | None
) -> Sequence[CampaignReturn]:
    """Returns of a campaign in the caller's regions, in order; one more than `limit` when there are more."""
    statement = select(CampaignReturn).where(CampaignReturn.campaign_id == campaign_id)
    unit = own_unit(principal_in(session))
    if unit is not None:
        statement = statement.where(CampaignReturn.organisation_id == unit)
    if state is not None:
        statement = statement.where(CampaignReturn.state == state)
    if after is not None:
        statement = statement.where(CampaignReturn.id > after)
    return (await session.execute(statement.order_by(CampaignReturn.id).limit(limit + 1))).scalars().all()


async def completeness_of(
    session: AsyncSession, campaign: Campaign, *, returns: Sequence[CampaignReturn]
) -> dict[UUID, Completeness]:
    """What the contracts of these returns lack today, by return; the caller has found the returns in its scope."""
    scope, parameters = scope_sql(principal_in(session), "contract.region")
    codes = [str(one["code"]) for one in campaign.requirements]
    statement = text(
        f"""
        WITH found AS (
            SELECT wanted.id, {missing_sql(codes)} AS missing
            FROM unnest(CAST(:ids AS uuid[]), CAST(:unit_ids AS uuid[]), CAST(:regions AS text[]))
                AS wanted(id, unit_id, region)
            JOIN contracts AS contract ON contract.purchaser_id = wanted.unit_id AND contract.region = wanted.region
            WHERE {OF_CAMPAIGN} AND {scope})
        SELECT found.id, count(*) AS contracts, count(*) FILTER (WHERE missing = '{{}}') AS complete,
            (SELECT json_object_agg(code, times) FROM (
                SELECT code, count(*) AS times FROM found AS same, unnest(same.missing) AS code
                WHERE same.id = found.id GROUP BY code) AS counted) AS lacking
        FROM found GROUP BY found.id
        """  # noqa: S608 - constants and our scope
    )
    values = campaign_values(campaign) | {
        "ids": [one.id for one in returns],
        "unit_ids": [one.organisation_id for one in returns],
        "regions": [one.region for one in returns],
    }
    rows = await session.execute(statement, parameters | values)
    return {row.id: Completeness(row.contracts, row.complete, dict(row.lacking or {})) for row in rows}


async def contracts_of_return(
    session: AsyncSession,
    campaign: Campaign,
    *,
    owed: CampaignReturn,
    limit: int,
    after: UUID | None,
    lacking: Sequence[str] = (),
) -> Sequence[Row[Any]]:
    """(id, title, state, missing) of a return's contracts in the order of their ids.

    With `lacking` only those that lack one of these; one more than `limit` when there are more.
    """
    scope, parameters = scope_sql(principal_in(session), "contract.region")
    codes = [str(one["code"]) for one in campaign.requirements]
    statement = text(
        f"""
        SELECT id, title, state, missing FROM (
            SELECT contract.id, contract.title, contract.state, {missing_sql(codes)} AS missing
            FROM contracts AS contract
            WHERE {OF_CAMPAIGN} AND {scope} AND contract.purchaser_id = :unit_id AND contract.region = :region
              AND (CAST(:after AS uuid) IS NULL OR contract.id > :after)) AS found
        WHERE CAST(:lacking AS text[]) = '{{}}' OR missing && CAST(:lacking AS text[])
        ORDER BY id LIMIT :limit
        """  # noqa: S608 - constants and our scope
    )
    values = campaign_values(campaign) | {
        "unit_id": owed.organisation_id,
        "region": owed.region,
        "after": after,
        "lacking": list(lacking),
        "limit": limit + 1,
    }
    return (await session.execute(statement, parameters | values)).all()


async def list_reminders(
    session: AsyncSession, *, campaign_id: UUID, limit: int, after: UUID | None
) -> Sequence[tuple[CampaignReminder, CampaignReturn]]:
    """Reminders of a campaign in the caller's regions with their returns, in order; one more than `limit`."""
    statement = (
        select(CampaignReminder, CampaignReturn)
        .join(CampaignReturn, CampaignReturn.id == CampaignReminder.return_id)
        .where(CampaignReturn.campaign_id == campaign_id)
    )
    unit = own_unit(principal_in(session))
    if unit is not None:
        statement = statement.where(CampaignReturn.organisation_id == unit)
    if after is not None:
        statement = statement.where(CampaignReminder.id > after)
    rows = await session.execute(statement.order_by(CampaignReminder.id).limit(limit + 1))
    return [(row[0], row[1]) for row in rows]
