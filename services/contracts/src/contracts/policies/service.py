"""Changing the tenant's settings with four eyes, and asking whether a direct act is allowed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.policies.errors import (
    ActRequired,
    PolicyAlreadyDecided,
    PolicyAlreadyProposed,
    PolicyNeedsSecondPerson,
    PolicyProposalNotFound,
)
from contracts.policies.models import PolicyStamp, StoredPolicy
from contracts.policies.queries import note_stamp, policies_of, policy_for, proposed_policy
from contracts.rules.queries import may_keep
from shared import audit, clock
from shared.auth import SYSTEM
from shared.concurrency import check_version
from shared.db import principal_in
from shared.ids import new_id
from shared.problems import Forbidden

__all__ = ["decide_policy", "propose_policy", "require_direct", "signed"]

_SIGNED = "policies.signed"


@contextmanager
def signed(session: AsyncSession) -> Iterator[None]:
    """What is done inside was put into several hands already: `require_direct` lets it pass."""
    before = session.info.get(_SIGNED, False)
    session.info[_SIGNED] = True
    try:
        yield
    finally:
        session.info[_SIGNED] = before


async def require_direct(session: AsyncSession, action: str, *, region: str) -> None:
    """Refuse (ActRequired) an action that the settings of the region want prepared, reviewed and signed.

    Call it once the contract was read (`get_contract`, `open_for_fact`): then it costs no round trip. The clocks of the
    service itself and whatever runs inside `signed` pass.
    """
    if session.info.get(_SIGNED, False) or principal_in(session) is SYSTEM:
        return
    policy = await policy_for(session, region)
    if action in policy.acts:
        raise ActRequired(
            f"The settings of {policy.scope} want `{action}` prepared, reviewed and signed by three persons: "
            f"prepare it with POST /v1/acts, action {action}.",
            action=action,
            policy={"region": policy.scope, "version": policy.version},
            how="POST /v1/acts",
        )


def _require_scope(session: AsyncSession, scope: str) -> None:
    principal = principal_in(session)
    if not may_keep(principal, scope):
        raise Forbidden(f"{scope} is outside your scope ({', '.join(principal.regions) or 'none'}).", region=scope)


async def propose_policy(
    session: AsyncSession,
    *,
    scope: str,
    acts: Sequence[str],
    confirmations: str,
    deputies: bool,
    basis: str,
    if_match: int | None,
) -> StoredPolicy:
    """Propose settings for a region; they are in force once a second person has approved them.

    Raises:
        Forbidden: the caller's regions do not cover the whole region.
        PreconditionFailed: `if_match` is not the number of the latest version.
        PolicyAlreadyProposed: another proposal waits; it is approved or rejected first.
    """
    _require_scope(session, scope)
    # Two proposals at the same moment: the second one waits and is compared with the first.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("policy " + scope, 0))))
    known = await policies_of(session, scope=scope)
    latest = known[0].version if known else 0
    check_version(if_match, latest)
    if any(each.state == "proposed" for each in known):
        raise PolicyAlreadyProposed(
            f"Version {latest} of the settings of {scope} waits for its second person; approve or reject it first.",
            version=latest,
        )
    policy = StoredPolicy(
        id=new_id(),
        scope=scope,
        version=latest + 1,
        state="proposed",
        acts=sorted(set(acts)),
        confirmations=confirmations,
        deputies=deputies,
        basis=basis,
        proposed_by=principal_in(session).subject,
        proposed_at=clock.now(),
    )
    session.add(policy)
    await session.flush()
    audit.record(session, "policy.proposed", noun="policy", noun_id=scope, fields={"version": policy.version})
    return policy


async def decide_policy(
    session: AsyncSession, *, scope: str, version: int, approve: bool, note: str | None
) -> StoredPolicy:
    """Put proposed settings into force, or reject them, as a second person.

    Raises:
        Forbidden: the caller's regions do not cover the whole region.
        PolicyProposalNotFound: the region never had this version.
        PolicyAlreadyDecided: it does not wait any more.
        PolicyNeedsSecondPerson: the caller proposed it.
    """
    _require_scope(session, scope)
    proposal = await proposed_policy(session, scope=scope)
    if proposal is None or proposal.version != version:
        known = await policies_of(session, scope=scope)
        if version not in {each.version for each in known}:
            raise PolicyProposalNotFound(f"{scope} has no version {version} of its settings.")
        raise PolicyAlreadyDecided(f"Version {version} of the settings of {scope} does not wait for a decision.")
    subject = principal_in(session).subject
    if proposal.proposed_by == subject:
        raise PolicyNeedsSecondPerson("You proposed these settings; somebody else decides about them.")
    if approve:
        await session.execute(
            update(StoredPolicy)
            .where(StoredPolicy.scope == scope, StoredPolicy.state == "inForce")
            .values(state="superseded")
            .execution_options(synchronize_session=False)
        )
        stamp = new_id()
        statement = insert(PolicyStamp).values(one=True, stamp=stamp)
        await session.execute(statement.on_conflict_do_update(index_elements=["one"], set_={"stamp": stamp}))
        note_stamp(session, stamp)
    proposal.state = "inForce" if approve else "rejected"
    proposal.decided_by, proposal.decided_at, proposal.decision_note = subject, clock.now(), note
    await session.flush()
    action = "policy.approved" if approve else "policy.rejected"
    audit.record(session, action, noun="policy", noun_id=scope, fields={"version": version})
    return proposal
