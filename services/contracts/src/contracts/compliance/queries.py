"""Reading what a contract's rules need beside the contract itself, and the verdicts of today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.acceptances.queries import list_acceptances
from contracts.compliance.models import Publication
from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.service import facts_for_rules, rules_for
from contracts.dues.queries import recorded_terms
from contracts.rules.queries import KnownRuleSet, Moment, Override, Verdict, overrides_of, standing_of, verdicts
from contracts.working_days.queries import exceptions_between
from shared import clock

__all__ = ["Compliance", "compliance_of", "publications_of"]

_ALL = 10_000  # acceptances of one contract; far more than any has


@dataclass(frozen=True, slots=True)
class Compliance:
    """A contract against its rules today."""

    record: ContractRecord
    rules: KnownRuleSet
    verdicts: list[Verdict]
    overrides: list[Override]


async def publications_of(session: AsyncSession, *, contract_id: UUID) -> Sequence[Publication]:
    """What was made known about a contract, in the order of recording."""
    statement = select(Publication).where(Publication.contract_id == contract_id).order_by(Publication.id)
    return (await session.execute(statement)).scalars().all()


async def compliance_of(session: AsyncSession, *, contract_id: UUID) -> Compliance:
    """The verdict on each rule of a contract today; ContractNotFound when there is none in the caller's scope."""
    record = await get_contract(session, contract_id=contract_id)
    known = await rules_for(session, record)
    acceptances = await list_acceptances(session, contract_id=contract_id, limit=_ALL, after=None)
    accepted = [each.accepted_on for each in acceptances if each.result != "rejected"]
    published = {each.kind: each.published_on for each in await publications_of(session, contract_id=contract_id)}
    facts = facts_for_rules(
        record,
        accepted_on=max(accepted, default=None),
        published=published,
        recorded=await recorded_terms(session, contract_id=contract_id),
    )
    today = clock.today()
    # Clocks of working days begin at the signature or later and are weeks long: exceptions before it are of no use.
    first = min([today, *(day for day in (facts.signed_on, facts.accepted_on) if day)])
    calendar = await exceptions_between(session, first=first, last=today + timedelta(days=120))
    standing = await standing_of(session, known.rules, region=record.state.region, contract_id=contract_id)
    return Compliance(
        record=record,
        rules=known,
        verdicts=verdicts(known.rules, facts, Moment(today, calendar), standing),
        overrides=await overrides_of(session, contract_id=contract_id),
    )
