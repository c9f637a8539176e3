"""Drafting a contract."""

from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractAlreadyRecorded
from contracts.contracts.models import Contract, ContractExternalId
from contracts.contracts.queries import ContractRecord, find_contract_id, get_contract
from contracts.contracts.schemas import ContractIn, ContractTerms
from contracts.contracts.service.facts import require_party
from contracts.contracts.service.store import announce, put_indicators, put_milestones, require_period
from contracts.disclosure.service import secrecy_warnings
from contracts.organisations.queries import require_role
from contracts.regions.queries import region_warnings
from shared import clock
from shared.auth import require_region
from shared.db import principal_in
from shared.events import ContractCreated
from shared.ids import new_id

__all__ = ["create_contract", "insert_draft", "plain_terms", "require_parties"]


async def create_contract(session: AsyncSession, body: ContractIn) -> ContractRecord:
    """Draft a contract.

    403 for a region outside the scope; OrganisationUnknown for parties that are not recorded; ContractAlreadyRecorded
    for a known external id.
    """
    if body.external_id:
        known = await find_contract_id(session, source=body.external_id.source, external_id=body.external_id.id)
        if known is not None:
            raise ContractAlreadyRecorded(
                f"{body.external_id.id} of {body.external_id.source} is recorded as contract {known[0]}; "
                "change it there, or use POST /v1/contracts:bulk.",
                contract_id=str(known[0]),
            )
    return await insert_draft(session, body, content_hash=None)


async def insert_draft(session: AsyncSession, body: ContractIn, *, content_hash: str | None) -> ContractRecord:
    """Insert a draft with its parts, its external id and the hash of what the source sent."""
    principal = principal_in(session)
    require_region(principal, body.region)
    require_party(principal, purchaser_id=body.purchaser_id, provider_id=body.provider_id)
    require_period(body.starts_on, body.ends_on)
    await require_parties(session, purchaser_id=body.purchaser_id, provider_id=body.provider_id)
    moment, contract_id = clock.now(), new_id()
    session.add(
        Contract(
            id=contract_id,
            version=1,
            facts_version=0,
            state="draft",
            origin="native",
            region=body.region,
            title=body.title,
            purchaser_id=body.purchaser_id,
            simulated=body.simulated,
            **plain_terms(body),
            gaps=[],
            warnings=[*await region_warnings(session, body.region, on=clock.today()), *secrecy_warnings(body)],
            extras={},
            created_at=moment,
            updated_at=moment,
        )
    )
    await session.flush()
    if body.external_id:
        session.add(
            ContractExternalId(
                source=body.external_id.source,
                external_id=body.external_id.id,
                contract_id=contract_id,
                content_hash=content_hash,
            )
        )
        await _flush_external_id(session)
    await put_indicators(session, contract_id=contract_id, indicators=body.indicators, known={})
    await put_milestones(session, contract_id=contract_id, milestones=body.milestones, known={})
    record = await get_contract(session, contract_id=contract_id)
    announce(session, ContractCreated, record.state, action="contract.created", fields=body.model_fields_set)
    return record


def plain_terms(body: ContractTerms) -> dict[str, Any]:
    """The terms that are columns of the contract's row."""
    parts = {name: getattr(body, name) for name in ("needs_basis", "competition", "clauses")}
    terms = body.model_dump(include=set(ContractTerms.model_fields) - {"indicators", "milestones", *parts})
    return terms | {name: part.model_dump(mode="json") if part else None for name, part in parts.items()}


async def require_parties(session: AsyncSession, *, purchaser_id: UUID, provider_id: UUID | None) -> None:
    """Refuse parties that are not recorded in their role."""
    await require_role(session, organisation_id=purchaser_id, role="purchaser")
    if provider_id is not None:
        await require_role(session, organisation_id=provider_id, role="provider")


async def _flush_external_id(session: AsyncSession) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        raise ContractAlreadyRecorded(
            "Another request recorded this external id at the same moment; look it up by it."
        ) from error
