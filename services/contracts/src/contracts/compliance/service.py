"""Writing about a contract's rules: overrides with their second person, and what was made known."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.compliance.models import Publication
from contracts.compliance.queries import Compliance, compliance_of
from contracts.contracts.queries import get_contract
from contracts.contracts.service import open_for_fact, require_party
from contracts.register_jobs import refresh_register
from contracts.rules import service as rules
from contracts.rules.errors import RuleNotFound, RuleNotOverridable
from shared import audit, clock
from shared.db import principal_in
from shared.ids import new_id
from shared.problems import Unprocessable

__all__ = ["approve_override", "record_publication", "request_override"]

# Kept by the terms as they are, and perhaps not by those that an amendment would agree.
_AHEAD = ("supplementCap", "termLimit", "budgetFirst")


async def request_override(session: AsyncSession, *, contract_id: UUID, rule: str, reason: str) -> Compliance:
    """Ask that a rule be set aside for a contract.

    Raises:
        ContractNotFound: there is none in the caller's scope.
        RuleNotFound: the contract's rule set has no such rule, or it is a risk flag.
        RuleNotOverridable: the rule is not broken and no amendment could break it, or it was asked to be set aside
            before.
    """
    found = await compliance_of(session, contract_id=contract_id)
    _require_purchaser(session, found)
    verdict = next((each for each in found.verdicts if each.rule.code == rule), None)
    if verdict is None:
        raise RuleNotFound(f"{found.rules.rules.name} has no rule {rule} that is checked.", rule=rule)
    if verdict.finding.outcome not in ("broken", "unknown") and verdict.rule.kind not in _AHEAD:
        raise RuleNotOverridable(f"{rule} is {verdict.finding.outcome}: there is nothing to set aside.")
    await rules.request_override(
        session, verdict.rule, contract_id=contract_id, region=found.record.state.region, reason=reason
    )
    return await compliance_of(session, contract_id=contract_id)


async def approve_override(
    session: AsyncSession, *, contract_id: UUID, override_id: UUID, note: str | None
) -> Compliance:
    """Put an override into force.

    Raises:
        ContractNotFound: there is no such contract in the caller's scope.
        OverrideNotFound: the contract has no such override.
        OverrideNeedsSecondPerson: the caller asked for it.
    """
    found = await compliance_of(session, contract_id=contract_id)
    _require_purchaser(session, found)
    await rules.approve_override(
        session, contract_id=contract_id, region=found.record.state.region, override_id=override_id, note=note
    )
    await refresh_register(session, contract_id=contract_id)
    return await compliance_of(session, contract_id=contract_id)


def _require_purchaser(session: AsyncSession, found: Compliance) -> None:
    state = found.record.state
    require_party(
        principal_in(session),
        purchaser_id=state.purchaser.organisation_id,
        provider_id=state.provider.organisation_id if state.provider else None,
        members=state.members,
    )


async def record_publication(
    session: AsyncSession, *, contract_id: UUID, kind: str, published_on: date, reference: str | None
) -> Publication:
    """Note when a contract was published, its copy filed, or its acceptance made known.

    Raises:
        ContractNotFound: there is none in the caller's scope.
        ContractStateConflict: it was never in force.
        Unprocessable: the date is before the signature or in the future.
    """
    head = await open_for_fact(session, contract_id=contract_id)
    signed_on = (await get_contract(session, contract_id=contract_id)).state.signed_on
    wrong = None
    if published_on > clock.today():
        wrong = "is in the future"
    elif signed_on is not None and published_on < signed_on:
        wrong = f"is before the signature ({signed_on})"
    if wrong:
        raise Unprocessable(f"published_on {wrong}.", errors=[{"pointer": "/published_on", "detail": wrong}])
    publication = Publication(
        id=new_id(),
        contract_id=contract_id,
        region=head.region,
        kind=kind,
        published_on=published_on,
        reference=reference,
        recorded_by=principal_in(session).subject,
        recorded_at=clock.now(),
    )
    session.add(publication)
    await session.flush()
    await refresh_register(session, contract_id=contract_id)
    audit.record(
        session, "contract.published", noun="contract", noun_id=contract_id, region=head.region, fields={"kind": kind}
    )
    return publication
