"""Opening a campaign, and what becomes of the units' returns: submit, return, submit again, extend, lock, remind."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.campaigns import queries
from contracts.campaigns.errors import CampaignLocked, ReturnIncomplete, ReturnStateConflict
from contracts.campaigns.models import Campaign, CampaignReturn
from contracts.campaigns.queries import OF_CAMPAIGN, Completeness, campaign_values
from contracts.campaigns.requirements import requirements
from contracts.campaigns.schemas import CampaignIn
from contracts.campaigns.telling import change_campaign, change_return, note_campaign, tell_return
from contracts.contracts.service import require_party
from shared import clock
from shared.auth import normalise_scope
from shared.concurrency import check_version
from shared.db import principal_in
from shared.ids import new_id
from shared.problems import Forbidden, Unprocessable

__all__ = [
    "create_campaign",
    "extend_campaign",
    "extend_return",
    "lock_campaign",
    "open_late_returns",
    "open_returns",
    "send_back",
    "submit_return",
]

_SHOWN = 50  # contracts that a refusal names


async def create_campaign(session: AsyncSession, body: CampaignIn) -> Campaign:
    """Open a campaign, with a return for every unit that has contracts of the year in the scope."""
    scope = normalise_scope(body.region)
    _require_scope(session, scope)
    known = requirements()
    asked = {one.code: one.severity for one in body.requirements} or dict.fromkeys(known, "warn")
    unknown = sorted(asked.keys() - known.keys())
    if unknown:
        raise Unprocessable(
            f"Unknown requirements: {', '.join(unknown)}; known: {', '.join(known)}.",
            errors=[{"pointer": "/requirements", "detail": f"unknown: {', '.join(unknown)}"}],
        )
    moment = clock.now()
    campaign = Campaign(
        id=new_id(),
        version=1,
        scope=scope,
        year=body.year,
        title=body.title,
        categories=list(body.categories),
        units=[str(unit) for unit in body.units],
        opens_on=body.opens_on,
        due_on=body.due_on,
        remind_days=body.remind_days,
        requirements=[known[code].model_dump() | {"severity": asked[code]} for code in known if code in asked],
        state="open",
        simulated=body.simulated,
        created_by=principal_in(session).subject,
        created_at=moment,
        updated_at=moment,
    )
    session.add(campaign)
    await session.flush()
    opened = await open_returns(session, campaign)
    note_campaign(session, campaign, "campaign.opened", {"returns": opened})
    return campaign


def _require_scope(session: AsyncSession, scope: str) -> None:
    principal = principal_in(session)
    if not (principal.may_see(scope) or principal.may_see(f"{scope}-")):
        raise Forbidden(f"The scope {scope} is not within your regions ({', '.join(principal.regions) or 'none'}).")


async def open_returns(session: AsyncSession, campaign: Campaign) -> int:
    """Returns of units that have none yet; answers how many. Contracts may be recorded after the campaign began."""
    # The opener sees the whole scope, and so does the job: this is the campaign's own list, not an answer.
    units = text(
        f"SELECT DISTINCT contract.purchaser_id, contract.region FROM contracts AS contract WHERE {OF_CAMPAIGN} "  # noqa: S608 - constants
        "AND NOT EXISTS (SELECT FROM campaign_returns AS owed WHERE owed.campaign_id = :campaign_id "
        "AND owed.organisation_id = contract.purchaser_id AND owed.region = contract.region) ORDER BY 1, 2"
    )
    rows = (await session.execute(units, campaign_values(campaign) | {"campaign_id": campaign.id})).all()
    moment = clock.now()
    returns = [
        CampaignReturn(
            id=new_id(),
            version=1,
            campaign_id=campaign.id,
            organisation_id=row.purchaser_id,
            region=row.region,
            state="open",
            due_on=campaign.due_on,
            rounds=0,
            updated_at=moment,
        )
        for row in rows
    ]
    session.add_all(returns)
    await session.flush()
    for owed in returns:
        tell_return(session, campaign, owed)
    return len(returns)


async def open_late_returns(session: AsyncSession, *, after: UUID | None) -> UUID | None:
    """Returns of units that came later, for the next open campaign; answers its id, None when there is none left."""
    statement = select(Campaign).where(Campaign.state == "open").order_by(Campaign.id).limit(1)
    if after is not None:
        statement = statement.where(Campaign.id > after)
    campaign = (await session.execute(statement.with_for_update())).scalar_one_or_none()
    if campaign is None:
        return None
    await open_returns(session, campaign)
    return campaign.id


async def lock_campaign(session: AsyncSession, *, campaign_id: UUID, if_match: int | None) -> Campaign:
    """End a campaign: its returns take nothing more."""
    campaign = await _open(session, campaign_id=campaign_id, if_match=if_match)
    change_campaign(campaign, state="locked")
    for owed in await _returns_in(session, campaign, states=("open", "submitted", "returned")):
        change_return(session, campaign, owed, act="campaign_return.locked", state="locked")
    await session.flush()
    note_campaign(session, campaign, "campaign.locked", {})
    return campaign


async def extend_campaign(
    session: AsyncSession, *, campaign_id: UUID, due_on: date, reason: str, if_match: int | None
) -> Campaign:
    """Give everybody who has not submitted more time."""
    campaign = await _open(session, campaign_id=campaign_id, if_match=if_match)
    _require_later(campaign.due_on, due_on)
    change_campaign(campaign, due_on=due_on)
    for owed in await _returns_in(session, campaign, states=("open", "returned")):
        if owed.due_on < due_on:
            change_return(session, campaign, owed, act="campaign_return.extended", due_on=due_on, reason=reason)
    await session.flush()
    note_campaign(session, campaign, "campaign.extended", {"due_on": str(due_on)})
    return campaign


async def submit_return(
    session: AsyncSession,
    *,
    campaign_id: UUID,
    return_id: UUID,
    reason: str | None,
    if_match: int | None,
) -> tuple[CampaignReturn, str]:
    """Submit a return, again too after it was sent back; answers it and submitted|unchanged.

    ReturnIncomplete names what the campaign demands and is missing. Gaps that only warn need a reason.
    """
    campaign, owed = await _owed(session, campaign_id=campaign_id, return_id=return_id, if_match=if_match)
    require_party(principal_in(session), purchaser_id=owed.organisation_id, provider_id=None)
    if owed.state == "submitted":
        return owed, "unchanged"
    _require_state(owed, "open", "returned")
    if clock.today() < campaign.opens_on:
        raise ReturnStateConflict(f"The campaign begins on {campaign.opens_on}.", opens_on=str(campaign.opens_on))
    found = (await queries.completeness_of(session, campaign, returns=[owed])).get(owed.id, Completeness(0, 0, {}))
    await _require_complete(session, campaign, owed, found, reason)
    figures = {"contracts": found.contracts, "complete": found.complete, "missing": found.missing}
    change_return(
        session,
        campaign,
        owed,
        act="campaign_return.submitted",
        state="submitted",
        rounds=owed.rounds + 1,
        figures=figures | {"late": clock.today() > owed.due_on},
        reason=reason,
        submitted_by=principal_in(session).subject,
        submitted_at=clock.now(),
    )
    await session.flush()
    return owed, "updated"


async def _require_complete(
    session: AsyncSession, campaign: Campaign, owed: CampaignReturn, found: Completeness, reason: str | None
) -> None:
    severity = {str(one["code"]): str(one["severity"]) for one in campaign.requirements}
    blocking = sorted(code for code in found.missing if severity.get(code) == "block")
    if not blocking and (not found.missing or reason):
        return
    lacking = blocking or sorted(found.missing)
    rows = await queries.contracts_of_return(session, campaign, owed=owed, limit=_SHOWN, after=None, lacking=lacking)
    rules = {str(one["code"]): one for one in campaign.requirements}
    raise ReturnIncomplete(
        f"{found.contracts - found.complete} of {found.contracts} contracts lack something: {', '.join(lacking)}. "
        + ("They are demanded." if blocking else "Mend it, or say in `reason` why it is missing."),
        missing=[
            {
                "what": code,
                "contracts": found.missing[code],
                "rule": f"{rules[code]['source']} ({rules[code]['confidence']}): {rules[code]['en']}",
                "how": rules[code]["how"],
            }
            for code in lacking
        ],
        contracts=[{"contract_id": str(row.id), "missing": list(row.missing)} for row in rows[:_SHOWN]],
    )


async def send_back(
    session: AsyncSession, *, campaign_id: UUID, return_id: UUID, reason: str, if_match: int | None
) -> CampaignReturn:
    """Send a submitted return back to its unit, with the reason."""
    campaign, owed = await _owed(session, campaign_id=campaign_id, return_id=return_id, if_match=if_match)
    _require_state(owed, "submitted")
    change_return(session, campaign, owed, act="campaign_return.returned", state="returned", reason=reason)
    await session.flush()
    return owed


async def extend_return(
    session: AsyncSession, *, campaign_id: UUID, return_id: UUID, due_on: date, reason: str, if_match: int | None
) -> CampaignReturn:
    """Give one unit more time."""
    campaign, owed = await _owed(session, campaign_id=campaign_id, return_id=return_id, if_match=if_match)
    _require_state(owed, "open", "returned")
    _require_later(owed.due_on, due_on)
    change_return(session, campaign, owed, act="campaign_return.extended", due_on=due_on, reason=reason)
    await session.flush()
    return owed


async def _open(session: AsyncSession, *, campaign_id: UUID, if_match: int | None) -> Campaign:
    campaign = await queries.get_campaign(session, campaign_id=campaign_id, lock=True)
    _require_scope(session, campaign.scope)
    check_version(if_match, campaign.version)
    _require_unlocked(campaign)
    return campaign


async def _owed(
    session: AsyncSession, *, campaign_id: UUID, return_id: UUID, if_match: int | None
) -> tuple[Campaign, CampaignReturn]:
    campaign = await queries.get_campaign(session, campaign_id=campaign_id)
    owed = await queries.get_return(session, campaign_id=campaign_id, return_id=return_id, lock=True)
    check_version(if_match, owed.version)
    _require_unlocked(campaign)
    return campaign, owed


def _require_unlocked(campaign: Campaign) -> None:
    if campaign.state == "locked":
        raise CampaignLocked(f"The campaign {campaign.title} ({campaign.year}) is locked; nothing more is taken.")


def _require_state(owed: CampaignReturn, *states: str) -> None:
    if owed.state not in states:
        raise ReturnStateConflict(f"The return is {owed.state}; this needs {' or '.join(states)}.", state=owed.state)


def _require_later(before: date, after: date) -> None:
    if after <= before or after > before + timedelta(days=366):
        raise Unprocessable(
            "An extension ends after the deadline and at most a year later.",
            errors=[{"pointer": "/due_on", "detail": f"the deadline is {before}"}],
        )


async def _returns_in(
    session: AsyncSession, campaign: Campaign, *, states: tuple[str, ...]
) -> Sequence[CampaignReturn]:
    statement = select(CampaignReturn).where(
        CampaignReturn.campaign_id == campaign.id, CampaignReturn.state.in_(states)
    )
    return (await session.execute(statement.order_by(CampaignReturn.id).with_for_update())).scalars().all()
