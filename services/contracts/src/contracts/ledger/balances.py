"""Closing balances of a contract: all sums over its ledger, never stored."""

from collections import defaultdict
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.budgets.queries import rate
from contracts.contracts.queries import get_contract
from contracts.ledger.accounts import Totals
from contracts.ledger.budget import Line
from contracts.ledger.queries import accounts_of, savings_of, standing_lines, totals_in, totals_of, totals_of_parts
from contracts.ledger.schemas import (
    AccountOut,
    BalancesOut,
    BudgetYearOut,
    PartBalanceOut,
    ProjectShareOut,
    ScoredExecutionOut,
)
from contracts.structure.queries import parts_of
from shared.events import ContractState

__all__ = ["balances_of", "year_figures"]

_NONE = Decimal(0)


def year_figures(lines: list[Line], year: int | None) -> BudgetYearOut:
    """The figures of one budget year."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.year == year:
            sums[line.kind] += line.amount
    executed = sums["payment"] - sums["refund"]
    return BudgetYearOut(
        budget_year=year,
        budget=sums["budget"],
        committed=sums["commitment"],
        accepted=sums["acceptance"],
        executed=executed,
        deducted=sums["deduction"],
        execution_rate=rate(executed, sums["budget"]),
    )


def _share(lines: list[Line], project_id: UUID) -> ProjectShareOut:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.project_id == project_id:
            sums[line.kind] += line.amount
    executed = sums["payment"] - sums["refund"]
    return ProjectShareOut(
        budget_project_id=project_id, share=sums["budget"], executed=executed, left=sums["budget"] - executed
    )


async def _parts(session: AsyncSession, state: ContractState) -> list[PartBalanceOut]:
    """What each lot, member and call-off has taken; nothing is asked about a contract without any."""
    values: dict[tuple[str, UUID], Decimal | None] = {("lot", lot.lot_id): lot.value for lot in state.lots}
    for side in ("purchaser", "provider"):
        members = [member for member in state.members if member.side == side]
        parts: list[Decimal] | list[None] = [None] * len(members)
        if state.value is not None:
            parts = parts_of(state.value, [member.share for member in members])
        values |= {("member", member.member_id): part for member, part in zip(members, parts, strict=True)}
    if not values and state.kind != "framework":
        return []
    totals = await totals_of_parts(session, contract_id=state.contract_id)
    found = []
    for key in [*values, *sorted(totals.keys() - values.keys())]:
        sums, value = totals.get(key, Totals()), values.get(key)
        found.append(
            PartBalanceOut(
                part=key[0],
                id=key[1],
                value=value,
                committed=sums.commitment,
                executed=sums.payment - sums.refund,
                deducted=sums.deduction,
                left=None if value is None else value - sums.executed,
            )
        )
    return found


async def balances_of(session: AsyncSession, *, contract_id: UUID) -> tuple[str, BalancesOut]:
    """(region, balances) of a contract in the caller's scope; ContractNotFound.

    The execution that a score may count is the accepted value payable before deductions that a poor result caused,
    over the contract value less lawful savings: no indicator depends on a consequence of its own contract's score.
    """
    state = (await get_contract(session, contract_id=contract_id)).state
    lines = await standing_lines(session, contract_id=contract_id)
    accounts = await accounts_of(session, contract_id=contract_id)
    entries, savings = await savings_of(session, contract_id=contract_id)
    totals = totals_in(lines)
    own = totals if state.kind == "single" else await totals_of(session, contract_id=contract_id)
    projects = {line.project_id for line in lines if line.project_id is not None}
    payable = totals.acceptance - savings
    base = None if state.value is None else state.value - savings
    return state.region, BalancesOut(
        contract_id=contract_id,
        currency=state.currency,
        entries=entries,
        balanced=sum((row["debit"] - row["credit"] for row in accounts), _NONE) == 0,
        accounts=[AccountOut(**row, balance=row["debit"] - row["credit"]) for row in accounts],
        years=[
            year_figures(lines, year)
            for year in sorted({line.year for line in lines}, key=lambda year: (year is None, year))
        ],
        projects=[_share(lines, project_id) for project_id in sorted(projects)],
        parts=await _parts(session, state),
        scored=ScoredExecutionOut(
            payable=payable,
            savings=savings,
            base=base,
            percent=None if base is None else rate(payable, base),
        ),
        uncovered=max(own.deduction - own.acceptance, _NONE),
        interest_owed=totals.interest - totals.interest_payment,
        penalties_owed=totals.penalty - totals.penalty_receipt,
        compensation_owed=totals.compensation - totals.compensation_payment,
    )
