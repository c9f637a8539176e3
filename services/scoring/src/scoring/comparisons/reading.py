"""What the routes ask for, read and compared: who may see which results, and the answers about money."""

import asyncio
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.comparisons import costs, equity, queries
from scoring.comparisons.errors import ContractNotComparable
from scoring.comparisons.purchases import read_bought
from scoring.comparisons.queries import Ask
from scoring.comparisons.results import By, Level
from scoring.evidence.queries import contract_of, contract_totals, contracts_like, purchase_evidence
from shared import clock
from shared.auth import Principal
from shared.problems import Forbidden

__all__ = ["OFFICERS", "answer", "cost_efficiency", "regional_equity", "seen_by", "unit_costs"]

OFFICERS: Final = frozenset({"finance", "purchaser", "auditor", "operator"})

_CONTRACTS: Final = 2000
"""Contracts of one kind of service that are looked at; fewer are compared with each other."""


def seen_by(principal: Principal, ask: Ask, *, by: By, level: Level = "county") -> tuple[Ask, str | None]:
    """The peer group that a caller may compare, and the unit that it is limited to.

    Officers: all of their regions. A provider: itself among its peers. Everybody else, and a provider that looks at
    others: what was published.
    """
    officer = bool(principal.roles & OFFICERS)
    own = None
    if not officer and "provider" in principal.roles and by == "provider":
        if principal.organisation is None:
            raise Forbidden("Your token names no organisation, so there is nothing that is about you.")
        own = str(principal.organisation)
    return replace(ask, by=by, level=level, published=not officer and own is None), own


def answer(ask: Ask, found: queries.Determined, made: dict[str, Any], *, own: str | None = None) -> dict[str, Any]:
    """The fields that name the peer group, with what was computed of it; of the items those that the caller may see."""
    items = made["items"]
    if own is not None:
        items = [item for item in items if item["unit"] == own]
    head = {
        "framework_id": ask.framework_id,
        "framework_versions": found.versions,
        "stage": ask.stage,
        "by": ask.by,
        "level": ask.level if ask.by == "region" else None,
        "service_category": ask.service_category,
        "region": ask.region,
        "simulated": ask.simulated,
        "published_only": ask.published,
        "results": len(found.results),
        "left_out": found.left_out,
    }
    return head | made | {"items": items}


async def regional_equity(
    session: AsyncSession, principal: Principal, ask: Ask, *, year: int, currency: str
) -> dict[str, Any]:
    """Gaps of scores, money per head, coverage and third parties of the regions of a level."""
    found = await queries.results_of(session, ask)
    totals = await contract_totals(
        session, year=year, currency=currency, service_category=ask.service_category, simulated=ask.simulated
    )
    figures = await queries.figures_in_force(session, kinds=["population"], year=year)
    part = ask.region or ""
    made = await asyncio.to_thread(
        equity.regional_equity,
        found.results,
        [row for row in totals if row.region.startswith(part)],
        figures,
        level=ask.level,
        now=clock.now(),
        visible=lambda place: principal.may_see(place) and place.startswith(part),
    )
    return answer(ask, found, made) | {"year": year, "currency": currency}


async def cost_efficiency(
    session: AsyncSession, ask: Ask, *, category: str, measure: str | None, indicator: str | None, currency: str
) -> dict[str, Any]:
    """Data envelopment analysis of the contracts of exactly one kind of service."""
    found = await queries.results_of(session, ask)
    contracts = await contracts_like(
        session,
        service_category=category,
        simulated=ask.simulated,
        region=ask.region or "",
        limit=_CONTRACTS,
    )
    rows = await purchase_evidence(session, [contract.contract_id for contract in contracts])
    figures = await queries.figures_in_force(session, kinds=["price_index"])
    bought = read_bought(rows, contracts, indicator=indicator)
    made = await asyncio.to_thread(costs.efficiency, bought, found.results, figures, measure=measure, currency=currency)
    return answer(ask, found, made)


async def unit_costs(session: AsyncSession, contract_id: UUID, *, indicator: str | None) -> dict[str, Any]:
    """The unit cost of a contract with what it is compared with; ContractNotComparable."""
    contract = await contract_of(session, contract_id)
    if contract is None:
        raise ContractNotComparable(f"Contract {contract_id} is unknown here, or of another region.")
    contracts = [contract]
    if contract.service_category is not None and contract.purchaser_id is not None:
        like = await contracts_like(
            session,
            service_category=contract.service_category,
            simulated=contract.simulated,
            purchaser_id=contract.purchaser_id,
            limit=_CONTRACTS,
        )
        contracts += [each for each in like if each.contract_id != contract_id]
    rows = await purchase_evidence(session, [each.contract_id for each in contracts])
    figures = await queries.figures_in_force(session, kinds=["price_index", "direct_cost"])
    now, *others = read_bought(rows, contracts, indicator=indicator)
    head = {"contract_id": contract_id, "region": contract.region, "service_category": contract.service_category}
    return head | costs.unit_costs(now, others, figures)
