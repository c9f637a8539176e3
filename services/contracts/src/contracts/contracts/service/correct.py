"""Writing a corrected term (更正) into the aggregate, in any state after the draft, the end included."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Table, update
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractNotCorrectable
from contracts.contracts.models import Contract, Indicator, Milestone
from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.service.facts import require_party
from contracts.contracts.service.framework import called_off, missing_by_framework
from contracts.contracts.service.store import announce, lock_contract, require_period
from contracts.contracts.transitions import allowed_actions
from contracts.disclosure.service import secrecy_warnings
from shared import clock
from shared.concurrency import check_version
from shared.db import principal_in
from shared.events import ContractCorrected
from shared.problems import Unprocessable

__all__ = ["CorrectedTerm", "correct_contract", "require_correctable", "require_purchaser"]

_TABLES: dict[str, Table] = {
    "indicators": Indicator.__table__,  # type: ignore[dict-item]
    "milestones": Milestone.__table__,  # type: ignore[dict-item]
}


@dataclass(frozen=True, slots=True)
class CorrectedTerm:
    """Where a corrected value is stored: a column of the contract, or of one of its indicators or milestones."""

    field: str
    column: str
    value: Any
    part: str | None = None
    part_id: UUID | None = None


def require_purchaser(session: AsyncSession, record: ContractRecord) -> None:
    """Refuse (NotAParty) a caller who does not act for the purchaser; before anything is said about stored values."""
    state = record.state
    require_party(
        principal_in(session),
        purchaser_id=state.purchaser.organisation_id,
        provider_id=state.provider.organisation_id if state.provider else None,
        members=state.members,
    )


def require_correctable(session: AsyncSession, record: ContractRecord, term: CorrectedTerm) -> None:
    """Refuse what may not be corrected so.

    Raises:
        NotAParty: the caller is not the purchaser.
        ContractNotCorrectable: the contract is a draft or was cancelled, or the figure contradicts the ledger or lots.
        Unprocessable: the term would end before it begins, or was signed in the future.
    """
    require_purchaser(session, record)
    state = record.state
    if state.state in ("draft", "cancelled"):
        how = "change it with PATCH /v1/contracts/{id}" if state.state == "draft" else "it never came into force"
        raise ContractNotCorrectable(
            f"The contract is {state.state}: {how}.", state=state.state, actions=allowed_actions(state.state)
        )
    if term.part is not None:
        return
    if term.column in ("starts_on", "ends_on"):
        dates = {"starts_on": state.starts_on, "ends_on": state.ends_on} | {term.column: term.value}
        require_period(dates["starts_on"], dates["ends_on"])
    if term.column == "signed_on" and term.value > clock.today():
        raise Unprocessable(
            f"{term.value} is in the future.", errors=[{"pointer": "/new", "detail": "is in the future"}]
        )
    if term.column == "value":
        _require_value(record, term)


def _require_value(record: ContractRecord, term: CorrectedTerm) -> None:
    if record.state.lots:
        raise ContractNotCorrectable(
            "The contract's lots sum to its value, so the value alone is not corrected: amend the contract."
        )
    standing = max(record.facts.committed, record.facts.accepted, record.facts.executed)
    if term.value < standing:
        raise ContractNotCorrectable(
            f"{standing:.2f} {record.state.currency} are committed, accepted or paid: the value was at least that, or "
            "the entries are taken back first (POST .../ledger, kind reversal).",
            standing=f"{standing:.2f}",
        )


async def _require_inside_framework(session: AsyncSession, record: ContractRecord, term: CorrectedTerm) -> None:
    if term.part is not None or term.column not in ("value", "starts_on", "ends_on"):
        return
    if record.state.kind == "framework" and record.state.ceiling is None and term.column == "value":
        called = await called_off(session, framework_id=record.state.contract_id)
        if called > term.value:
            raise ContractNotCorrectable(
                f"{called:.2f} {record.state.currency} are called off: the framework was worth at least that.",
                called_off=f"{called:.2f}",
            )
    found = await missing_by_framework(session, record.state.model_copy(update={term.column: term.value}))
    outside = [item for item in found if item["what"] in ("framework.ceiling", "framework.term")]
    if outside:
        raise ContractNotCorrectable(
            f"The call-off would leave its framework agreement: {outside[0]['rule']}.", missing=outside
        )


async def correct_contract(
    session: AsyncSession,
    *,
    contract_id: UUID,
    correction_id: UUID,
    term_of: Callable[[ContractRecord], CorrectedTerm],
    if_match: int | None = None,
) -> ContractRecord:
    """Write the corrected value under the contract's lock and announce it; the record at its new version.

    `term_of` sees the contract as it is stored and raises what it refuses. A value that was wrong from the beginning is
    corrected in the value at signing too, from which the amendments' cap is reckoned.
    """
    await lock_contract(session, contract_id=contract_id)
    record = await get_contract(session, contract_id=contract_id)
    check_version(if_match, record.state.version)
    require_purchaser(session, record)
    term = term_of(record)
    require_correctable(session, record, term)
    await _require_inside_framework(session, record, term)
    columns: dict[str, Any] = {}
    suspected = secrecy_warnings({term.field: term.value})
    if suspected:
        columns["warnings"] = [*(each for each in record.warnings if each not in suspected), *suspected]
    if term.part is None:
        columns[term.column] = term.value
        if term.column == "value" and record.value_at_signing == record.state.value:
            columns["value_at_signing"] = term.value
    else:
        table = _TABLES[term.part]
        await session.execute(update(table).where(table.c.id == term.part_id).values({term.column: term.value}))
    await session.execute(
        update(Contract)
        .where(Contract.id == contract_id)
        .values(**columns, version=Contract.version + 1, updated_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    corrected = await get_contract(session, contract_id=contract_id)
    announce(
        session,
        ContractCorrected,
        corrected.state,
        action="contract.corrected",
        fields={"field": term.field, "correction_id": str(correction_id)},
        correction_id=correction_id,
        corrected=(term.field,),
    )
    return corrected
