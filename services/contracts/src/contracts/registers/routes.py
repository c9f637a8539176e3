"""What the registers add up to, over HTTP: public facts of published contracts, readable by all."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path, Query, Request, Response

from contracts.lists import id_after
from contracts.organisations.queries import former_codes_of, get_organisation
from contracts.places import region_of
from contracts.regions.queries import changes_of_divisions, names_of
from contracts.registers import queries, sums
from contracts.registers.places import COUNTRY, Placed, place_regions
from contracts.registers.queries import RecordRow
from contracts.registers.schemas import (
    MoneyTotal,
    Participation,
    ParticipationRow,
    PublicContractOut,
    PublicRecord,
    RecordPart,
    RegionTotals,
    StateCount,
    TotalItem,
)
from contracts.registers.sums import TotalRow
from contracts.successions.queries import decisions_of, record_sources, successions_of
from shared import clock
from shared.auth import Principal, allow
from shared.db import AsyncSession, ReadSession
from shared.pagination import Page, PageQuery, encode_cursor, page_response
from shared.web import router

__all__ = ["routes"]

routes = router(tags=["registers"])

Anyone = Annotated[Principal, allow("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")]
RegionPath = Annotated[str, Path(description="Region code, or CN for the whole country.", max_length=16)]
By = Annotated[Literal["self", "province", "prefecture", "county"], Query(description="Divisions that the items are.")]
Boundaries = Annotated[
    Literal["then", "now"],
    Query(description="then: by the code of each contract's time | now: by the codes in its place on `on`."),
]
OnDay = Annotated[date | None, Query(description="Day whose boundaries are `now`; today by default.")]


@routes.get("/regions/{code}/totals", summary="Contracts and money of a region, as then or as now")
async def show_totals(
    *,
    code: RegionPath,
    session: ReadSession,
    _: Anyone,
    by: By = "self",
    boundaries: Boundaries = "now",
    on: OnDay = None,
    year: Annotated[int | None, Query(ge=1900, le=2200, description="Year of signature; all by default.")] = None,
) -> RegionTotals:
    """A contract stands under the code of its time. `now` follows each former code to what is in its place.

    A former division that went only partly to the region is listed apart: no share of it is known.
    """
    inside = _inside(code)
    placed = await _place(session, inside=inside, by=by, boundaries=boundaries, on=on)
    rows = await sums.total_rows(session, places=placed.items, year=year)
    apart = await sums.total_rows(session, places={one: one for one in placed.uncertain}, year=year)
    names = await names_of(session, {inside, *(row.item for row in (*rows, *apart))})
    return RegionTotals(
        region=inside,
        boundaries=boundaries,
        on=on or clock.today(),
        year=year,
        items=[_item(item, rows, names) for item in dict.fromkeys(row.item for row in rows)],
        uncertain=[_item(item, apart, names) for item in dict.fromkeys(row.item for row in apart)],
        total=_item(inside, [row._replace(item=inside) for row in rows], names),
    )


@routes.get("/regions/{code}/participation", summary="Growth of participating organisations by region and year")
async def show_participation(
    *,
    code: RegionPath,
    session: ReadSession,
    _: Anyone,
    by: By = "self",
    boundaries: Boundaries = "now",
    on: OnDay = None,
) -> Participation:
    """Purchasers and providers of published contracts, each once a year; who is new is new in that region.

    A contract that moved to a successor counts for the successor; ended ones count for the party that they had.
    """
    inside = _inside(code)
    placed = await _place(session, inside=inside, by=by, boundaries=boundaries, on=on)
    items: list[ParticipationRow] = []
    for row in await sums.participation_rows(session, places=placed.items):
        before = items[-1] if items and (items[-1].region, items[-1].role) == (row.item, row.role) else None
        gone = before is not None and before.year < row.year - 1
        items.append(
            ParticipationRow(
                region=row.item,
                role=row.role,
                year=row.year,
                active=row.active,
                new=row.new,
                cumulative=row.new + (before.cumulative if before else 0),
                growth=None if before is None else row.active - (0 if gone else before.active),
                individuals=row.individuals,
            )
        )
    return Participation(region=inside, boundaries=boundaries, items=items, uncertain=list(placed.uncertain))


@routes.get("/organisations/{organisation_id}/record", summary="A provider's public record")
async def show_record(organisation_id: UUID, session: ReadSession, _: Anyone) -> PublicRecord:
    """Contracts in force and ended, money, milestones; the record of predecessors only where that was decided."""
    organisation = await get_organisation(session, organisation_id=organisation_id)
    successions = await successions_of(session, organisation_id=organisation_id)
    decisions = await decisions_of(session, succession_ids=[one.id for one in successions])
    decided = {
        decision.predecessor_id
        for found in decisions.values()
        for decision in found
        if decision.successor_id == organisation_id
    }
    followed = [
        predecessor
        for one in successions
        if organisation_id in one.successors
        for predecessor in one.predecessors
        if predecessor != organisation_id and predecessor not in decided
    ]
    sources = await record_sources(session, organisation_id=organisation_id)
    return PublicRecord(
        organisation_id=organisation_id,
        status=organisation.status,
        former_names=[one.before["name"] for one in successions if one.kind == "rename"],
        former_codes=list(await former_codes_of(session, organisation_id=organisation_id)),
        own=await _part(session, organisation_id, organisation.name),
        inherited=[
            await _part(session, one, (await get_organisation(session, organisation_id=one)).name)
            for one in sources[1:]
        ],
        undecided=list(dict.fromkeys(followed)),
    )


@routes.get("/organisations/{organisation_id}/record/contracts", summary="The contracts of a provider's public record")
async def list_record_contracts(
    organisation_id: UUID, session: ReadSession, page: PageQuery, request: Request, response: Response, _: Anyone
) -> Page[PublicContractOut]:
    """Published contracts as the provider, the latest recorded first."""
    await get_organisation(session, organisation_id=organisation_id)
    found = await queries.contracts_of_provider(
        session, provider_id=organisation_id, limit=page.limit, before=id_after(page)
    )
    shown = found[: page.limit]
    next_cursor = encode_cursor(shown[-1].contract_id) if len(found) > page.limit else None
    items = [PublicContractOut.model_validate(one) for one in shown]
    return page_response(request, response, items, next_cursor=next_cursor)


def _inside(code: str) -> str:
    return COUNTRY if code == COUNTRY else region_of(code, pointer="path:code")


async def _place(session: AsyncSession, *, inside: str, by: str, boundaries: str, on: date | None) -> Placed:
    regions = await sums.published_regions(session)
    changes = await changes_of_divisions(session)
    return place_regions(regions, inside=inside, by=by, boundaries=boundaries, changes=changes, on=on or clock.today())


def _item(region: str, rows: Sequence[TotalRow], names: Mapping[str, str]) -> TotalItem:
    own = [row for row in rows if row.item == region]
    return TotalItem(
        region=region,
        name=names.get(region),
        contracts=sum(row.contracts for row in own),
        ended=sum(row.ended for row in own),
        simulated=sum(row.simulated for row in own),
        money=_money(own),
    )


def _money(rows: Sequence[TotalRow] | Sequence[RecordRow]) -> list[MoneyTotal]:
    return [
        MoneyTotal(
            currency=currency,
            value=sum(row.value for row in rows if row.currency == currency),
            paid=sum(row.paid for row in rows if row.currency == currency),
        )
        for currency in sorted({row.currency for row in rows})
    ]


async def _part(session: AsyncSession, organisation_id: UUID, name: str) -> RecordPart:
    rows = await queries.record_rows(session, provider_id=organisation_id)
    states: dict[tuple[str, str | None], int] = {}
    for row in rows:
        key = (row.state, row.end_reason)
        states[key] = states.get(key, 0) + row.contracts
    return RecordPart(
        organisation_id=organisation_id,
        name=name,
        contracts=sum(row.contracts for row in rows),
        simulated=sum(row.simulated for row in rows),
        states=[
            StateCount(state=state, end_reason=reason, contracts=count) for (state, reason), count in states.items()
        ],
        money=_money(rows),
        milestones_met=sum(row.met for row in rows),
        milestones_partly_met=sum(row.partly_met for row in rows),
        milestones_not_met=sum(row.not_met for row in rows),
        milestones_late=sum(row.late for row in rows),
    )
