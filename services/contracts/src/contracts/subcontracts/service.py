"""Proposing, consenting to, refusing and ending subcontracts.

GPL art. 48: parts of the contract may be given to others with the purchaser's consent, and the provider stays liable
for the subject and its subcontracted parts. MOF-102 art. 26: the project is not passed on (转包). A subcontract is of a
part by its meaning, so what takes the whole is refused whatever the rule set says; the pinned set's rule is named where
it has one.
"""

from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractStateConflict
from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.service import ContractHead, open_for_fact, rules_for
from contracts.contracts.transitions import allowed_actions
from contracts.organisations.queries import get_organisation, require_role
from contracts.subcontracts.errors import (
    SubcontractNotFound,
    SubcontractNotOpen,
    SubcontractOfTheWhole,
    SubcontractorNotEligible,
    SubcontractOutOfTerm,
)
from contracts.subcontracts.models import Subcontract
from contracts.subcontracts.queries import consented_value, find_subcontract
from contracts.subcontracts.schemas import SubcontractIn
from shared import audit, clock, outbox
from shared.concurrency import check_version
from shared.db import principal_in
from shared.events import PartyRef, SubcontractChanged
from shared.ids import new_id
from shared.problems import Unprocessable

__all__ = [
    "consent_to_subcontract",
    "end_subcontract",
    "propose_subcontract",
    "refuse_subcontract",
    "subcontract_event",
]

_BOTH = ("purchaser", "provider")
_RULE = "no-assignment"  # code of the rule in the shipped sets
_DEFAULT_RULE = "a subcontract is of a part; the whole is not passed on"


async def propose_subcontract(session: AsyncSession, body: SubcontractIn, *, contract_id: UUID) -> Subcontract:
    """Propose to give a part of a contract in force to another; without the purchaser's consent it has no effect.

    ContractStateConflict, OrganisationUnknown, OrganisationEnded, SubcontractorNotEligible, SubcontractOutOfTerm,
    SubcontractOfTheWhole.
    """
    head, record = await _opened(session, contract_id=contract_id, sides=_BOTH)
    organisation = await require_role(session, organisation_id=body.subcontractor_id, role="provider")
    state = record.state
    parties = {party.organisation_id for party in (state.purchaser, state.provider) if party}
    if organisation.id in parties | {member.organisation_id for member in state.members}:
        raise SubcontractorNotEligible(f"{organisation.name} is a party of the contract; a subcontractor is another.")
    late = body.ends_on and state.ends_on and body.ends_on > state.ends_on
    early = body.starts_on and state.starts_on and body.starts_on < state.starts_on
    if late or early:
        raise SubcontractOutOfTerm(
            f"The contract runs from {state.starts_on} to {state.ends_on}; the part lies inside. "
            "If the contract shall run longer, amend it first."
        )
    await _require_part(session, head, record, body.value)
    warnings = []
    if not organisation.uscc and not organisation.individual:
        warnings.append(
            {
                "what": "subcontractor.uscc",
                "rule": "MOF-102 art. 6: whoever performs is of a kind that may",
                "how": "record the organisation's credit code: POST /v1/organisations:bulk with uscc",
            }
        )
    subcontract = Subcontract(
        id=new_id(),
        contract_id=contract_id,
        region=head.region,
        version=1,
        state="proposed",
        subcontractor_id=organisation.id,
        title=body.title,
        value=body.value,
        currency=head.currency,
        starts_on=body.starts_on,
        ends_on=body.ends_on,
        document_sha256=body.document_sha256,
        warnings=warnings,
        proposed_by=principal_in(session).subject,
        proposed_at=clock.now(),
    )
    session.add(subcontract)
    return await _told(session, subcontract, "subcontract.proposed")


async def consent_to_subcontract(
    session: AsyncSession, *, contract_id: UUID, subcontract_id: UUID, document_sha256: str | None, if_match: int | None
) -> Subcontract:
    """Consent, as the purchaser. SubcontractNotFound, SubcontractNotOpen; SubcontractOfTheWhole."""
    head, record = await _opened(session, contract_id=contract_id)
    subcontract = await _in_state(
        session, "proposed", contract_id=contract_id, subcontract_id=subcontract_id, if_match=if_match
    )
    await _require_part(session, head, record, subcontract.value)
    subcontract.decision_document_sha256 = document_sha256
    _decide(session, subcontract, "consented")
    return await _told(session, subcontract, "subcontract.consented")


async def refuse_subcontract(
    session: AsyncSession, *, contract_id: UUID, subcontract_id: UUID, reason: str, if_match: int | None
) -> Subcontract:
    """Refuse, as the purchaser, with a reason. SubcontractNotFound, SubcontractNotOpen."""
    await _opened(session, contract_id=contract_id)
    subcontract = await _in_state(
        session, "proposed", contract_id=contract_id, subcontract_id=subcontract_id, if_match=if_match
    )
    subcontract.reason = reason
    _decide(session, subcontract, "refused")
    return await _told(session, subcontract, "subcontract.refused")


async def end_subcontract(
    session: AsyncSession, *, contract_id: UUID, subcontract_id: UUID, reason: str, if_match: int | None
) -> Subcontract:
    """End a subcontract, or withdraw its proposal; after the contract's end too. Either side may."""
    await open_for_fact(session, contract_id=contract_id, sides=_BOTH)
    subcontract = await _in_state(
        session, "proposed", "consented", contract_id=contract_id, subcontract_id=subcontract_id, if_match=if_match
    )
    subcontract.state, subcontract.reason = "ended", reason
    subcontract.ended_by, subcontract.ended_at = principal_in(session).subject, clock.now()
    subcontract.version += 1
    return await _told(session, subcontract, "subcontract.ended")


async def subcontract_event(session: AsyncSession, subcontract: Subcontract) -> SubcontractChanged:
    """The subcontract as its event carries it."""
    organisation = await get_organisation(session, organisation_id=subcontract.subcontractor_id)
    same = ("version", "contract_id", "region", "state", "value", "currency", "starts_on", "ends_on", "proposed_at")
    return SubcontractChanged(
        subcontract_id=subcontract.id,
        subcontractor=PartyRef(organisation_id=organisation.id, name=organisation.name, uscc=organisation.uscc),
        **{name: getattr(subcontract, name) for name in (*same, "decided_at", "ended_at")},
    )


async def _opened(
    session: AsyncSession, *, contract_id: UUID, sides: tuple[str, ...] = ("purchaser",)
) -> tuple[ContractHead, ContractRecord]:
    head = await open_for_fact(session, contract_id=contract_id, sides=sides)
    if head.state not in ("active", "suspended"):
        raise ContractStateConflict(
            f"The contract is {head.state}; parts of a contract in force are given to others.",
            state=head.state,
            actions=allowed_actions(head.state),
        )
    return head, await get_contract(session, contract_id=contract_id)


async def _in_state(
    session: AsyncSession, *states: str, contract_id: UUID, subcontract_id: UUID, if_match: int | None
) -> Subcontract:
    subcontract = await find_subcontract(session, contract_id=contract_id, subcontract_id=subcontract_id)
    if subcontract is None:
        raise SubcontractNotFound(f"Contract {contract_id} has no subcontract {subcontract_id}.")
    check_version(if_match, subcontract.version)
    if subcontract.state not in states:
        raise SubcontractNotOpen(
            f"It is {subcontract.state}; this is done while it is {' or '.join(states)}.", state=subcontract.state
        )
    return subcontract


async def _require_part(session: AsyncSession, head: ContractHead, record: ContractRecord, value: Decimal) -> None:
    if head.value is None:
        detail = "the contract's value is not known, so no part of it can be told from the whole"
        raise Unprocessable(f"{detail}.", errors=[{"pointer": "/value", "detail": detail}])
    given = await consented_value(session, contract_id=head.contract_id)
    if given + value < head.value:
        return
    rules = (await rules_for(session, record)).rules
    found = next((rule for rule in rules.rules if rule.code == _RULE), None)
    rule = f"{found.source or rules.name}: {found.text.en}" if found else _DEFAULT_RULE
    raise SubcontractOfTheWhole(
        f"{given:.2f} {head.currency} of {head.value:.2f} are given to others; with {value:.2f} more nothing would be "
        "left that the provider performs itself. Leave it a part, or end the contract and procure anew.",
        rule=rule,
        left=f"{head.value - given:.2f}",
    )


def _decide(session: AsyncSession, subcontract: Subcontract, state: str) -> None:
    subcontract.state, subcontract.version = state, subcontract.version + 1
    subcontract.decided_by, subcontract.decided_at = principal_in(session).subject, clock.now()


async def _told(session: AsyncSession, subcontract: Subcontract, action: str) -> Subcontract:
    await session.flush()
    contract_id, region = subcontract.contract_id, subcontract.region
    event = await subcontract_event(session, subcontract)
    outbox.emit(session, event, subject=contract_id, region=region)
    fields = {"subcontract_id": str(subcontract.id), "state": subcontract.state}
    audit.record(session, action, noun="contract", noun_id=contract_id, region=region, fields=fields)
    return subcontract
