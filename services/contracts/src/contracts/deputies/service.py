"""Naming deputies and responsible persons, and what a deputy must show to act for somebody."""

from datetime import date
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.queries import get_contract
from contracts.contracts.service import lock_contract, require_purchaser
from contracts.deputies.errors import DeputiesNotAllowed, DeputyNotYours, NoDeputyOf
from contracts.deputies.models import Deputy, Responsibility
from contracts.deputies.queries import deputy_for, get_deputy, lies_in
from contracts.policies.queries import policy_for
from contracts.rules.queries import may_keep
from shared import audit, clock
from shared.db import principal_in
from shared.ids import new_id
from shared.problems import Forbidden, Unprocessable

__all__ = ["end_deputies", "move_responsibilities", "name_deputy", "name_responsible", "person_in", "revoke_deputy"]


async def name_deputy(
    session: AsyncSession,
    *,
    subject: str,
    deputy: str,
    scope: str,
    actions: list[str],
    starts_on: date,
    ends_on: date,
    reason: str,
) -> Deputy:
    """Let one person act for another from a day to a day.

    Raises:
        DeputyNotYours: the caller is neither the person nor an operator.
        Forbidden: the region is not wholly within the caller's.
        DeputiesNotAllowed: the settings of the region allow none.
        Unprocessable: the days are in the wrong order or past, or the two are one person.
    """
    principal = principal_in(session)
    _require_own(session, subject)
    if not may_keep(principal, scope):
        raise Forbidden(f"{scope} is outside your scope ({', '.join(principal.regions) or 'none'}).", region=scope)
    wrong = None
    if deputy == subject:
        wrong = ("/deputy", "is the person itself")
    elif ends_on < starts_on:
        wrong = ("/ends_on", f"is before starts_on ({starts_on})")
    elif starts_on < clock.today():
        wrong = ("/starts_on", "is past: nobody becomes a deputy afterwards")
    if wrong:
        raise Unprocessable(f"{wrong[0][1:]} {wrong[1]}.", errors=[{"pointer": wrong[0], "detail": wrong[1]}])
    await _require_allowed(session, scope)
    entry = Deputy(
        id=new_id(),
        subject=subject,
        deputy=deputy,
        scope=scope,
        actions=sorted(set(actions)),
        starts_on=starts_on,
        ends_on=ends_on,
        reason=reason,
        named_by=principal.subject,
        named_at=clock.now(),
    )
    session.add(entry)
    await session.flush()
    audit.record(session, "deputy.named", noun="deputy", noun_id=entry.id, fields=["actions", "period", "scope"])
    return entry


async def revoke_deputy(session: AsyncSession, *, deputy_id: UUID, reason: str) -> Deputy:
    """End a deputy's right at once; what was done by it stands. Revoking twice changes nothing."""
    entry = await get_deputy(session, deputy_id=deputy_id)
    _require_own(session, entry.subject, entry.deputy)
    if entry.revoked_at is None:
        entry.revoked_by, entry.revoked_at = principal_in(session).subject, clock.now()
        entry.revocation_reason = reason
        await session.flush()
        audit.record(session, "deputy.revoked", noun="deputy", noun_id=entry.id)
    return entry


def _require_own(session: AsyncSession, *persons: str) -> None:
    principal = principal_in(session)
    if principal.subject not in persons and "operator" not in principal.roles:
        raise DeputyNotYours("A deputy is named by the person itself or by an operator.")


async def _require_allowed(session: AsyncSession, region: str) -> None:
    policy = await policy_for(session, region)
    if not policy.deputies:
        raise DeputiesNotAllowed(
            f"The settings of {policy.scope} allow no deputies; hand the work over instead (POST /v1/handovers).",
            policy={"region": policy.scope, "version": policy.version},
        )


async def person_in(session: AsyncSession, *, on_behalf_of: str | None, action: str, region: str) -> str:
    """The person whose act this is: the caller, or whom the caller may act for today.

    Raises:
        DeputiesNotAllowed: the settings of the region allow none (any more).
        NoDeputyOf: the caller is not that person's deputy today, for this action and region.
    """
    caller = principal_in(session).subject
    if on_behalf_of is None or on_behalf_of == caller:
        return caller
    await _require_allowed(session, region)
    on = clock.today()
    found = await deputy_for(session, deputy=caller, subject=on_behalf_of, action=action, region=region, on=on)
    if found is None:
        raise NoDeputyOf(
            f"Nobody made you deputy for `{action}` in {region} on {on}; the person or an operator does it "
            "(POST /v1/deputies)."
        )
    return on_behalf_of


async def name_responsible(session: AsyncSession, *, contract_id: UUID, duty: str, subject: str) -> Responsibility:
    """Say who answers for a duty in a contract from now on; who did before stays in the list.

    Raises:
        ContractNotFound: there is none in the caller's scope.
        NotAParty: the caller does not act for the purchaser.
    """
    await lock_contract(session, contract_id=contract_id)
    record = await get_contract(session, contract_id=contract_id)
    require_purchaser(session, record)
    moment, caller = clock.now(), principal_in(session).subject
    await session.execute(
        update(Responsibility)
        .where(
            Responsibility.contract_id == contract_id, Responsibility.duty == duty, Responsibility.ended_at.is_(None)
        )
        .values(ended_at=moment, ended_by=caller)
        .execution_options(synchronize_session=False)
    )
    named = Responsibility(
        id=new_id(),
        contract_id=contract_id,
        region=record.state.region,
        duty=duty,
        subject=subject,
        named_by=caller,
        named_at=moment,
    )
    session.add(named)
    await session.flush()
    fields = {"duty": duty}
    region = record.state.region
    audit.record(session, "contract.responsible", noun="contract", noun_id=contract_id, region=region, fields=fields)
    return named


async def move_responsibilities(
    session: AsyncSession, *, from_subject: str, to_subject: str, scope: str, handover_id: UUID
) -> int:
    """Put one person in another's place wherever that one answers for something in a region; how often."""
    statement = (
        select(Responsibility)
        .where(
            Responsibility.subject == from_subject,
            Responsibility.ended_at.is_(None),
            lies_in(Responsibility.region, scope),
        )
        .order_by(Responsibility.id)
        .with_for_update()
    )
    found = (await session.execute(statement)).scalars().all()
    moment, caller = clock.now(), principal_in(session).subject
    for each in found:
        each.ended_at, each.ended_by = moment, caller
    # The ends come first: a duty has one person at a time.
    await session.flush()
    for each in found:
        session.add(
            Responsibility(
                id=new_id(),
                contract_id=each.contract_id,
                region=each.region,
                duty=each.duty,
                subject=to_subject,
                named_by=caller,
                named_at=moment,
                handover_id=handover_id,
            )
        )
    await session.flush()
    return len(found)


async def end_deputies(session: AsyncSession, *, subject: str, scope: str, reason: str) -> int:
    """Revoke every running entry of a person who leaves, on either side, in a region; how many."""
    principal = principal_in(session)
    statement = (
        select(Deputy)
        .where(
            (Deputy.subject == subject) | (Deputy.deputy == subject),
            Deputy.ends_on >= clock.today(),
            Deputy.revoked_at.is_(None),
            lies_in(Deputy.scope, scope),
        )
        .with_for_update()
    )
    found = (await session.execute(statement)).scalars().all()
    for each in found:
        each.revoked_by, each.revoked_at, each.revocation_reason = principal.subject, clock.now(), reason
    await session.flush()
    return len(found)
