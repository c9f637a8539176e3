"""What is done with a determination after it was signed: service, publication, suspension, release, annulment."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.determinations import queries
from scoring.determinations.checks import check_signer
from scoring.determinations.errors import (
    AlreadyDone,
    DeterminationNotInForce,
    DeterminationNotServed,
    DeterminationSuspended,
)
from scoring.determinations.models import Determination, DeterminationAct
from scoring.determinations.queries import Standing
from scoring.determinations.schemas import PublicationIn, ServiceIn
from scoring.determinations.service.issue import IN_EFFECT, record
from scoring.evidence.queries import lock_contracts
from shared import clock
from shared.db import principal_in
from shared.events import DeterminationActed
from shared.ids import new_id
from shared.jobs import enqueue
from shared.outbox import emit
from shared.periods import shortened
from shared.problems import Unprocessable

__all__ = ["acted_event", "annul", "publish", "release", "serve", "suspend"]

NOTICE_DAYS: Final = 30
"""Days after which a public notice counts as served. Source: Civil Procedure Law art. 95 (2023), by analogy; from
memory 85 %, to be checked with a lawyer. `effective_at` states another."""


async def serve(session: AsyncSession, determination_id: UUID, body: ServiceIn) -> DeterminationAct:
    """Record that the document was handed over; on the party concerned the determination takes effect.

    Raises:
        DeterminationNotFound: no such determination in the caller's scope.
        DeterminationNotInForce: it was replaced or annulled.
        NotThePurchaser: another purchaser's contract.
        AlreadyDone: this party received it already.
        Unprocessable: served before it was issued, or in the future.
    """
    determination, _ = await _in_force(session, determination_id)
    check_signer(principal_in(session), purchaser_id=determination.purchaser_id)
    if body.party == "provider" and determination.provider_id is None:
        raise Unprocessable(
            "The contract has no provider.", errors=[{"pointer": "/party", "detail": "serve it on the purchaser"}]
        )
    for act in await queries.acts_of(session, [determination_id]):
        if act.kind == "service" and act.party == body.party:
            raise AlreadyDone(
                f"It was served on the {body.party} at {act.acted_at.isoformat()}.", acted_at=act.acted_at.isoformat()
            )
    if not determination.issued_at <= body.served_at <= clock.now():
        raise Unprocessable(
            "A document is served after it was issued and before it is reported.",
            errors=[{"pointer": "/served_at", "detail": f"issued at {determination.issued_at.isoformat()}"}],
        )
    wait = timedelta(days=shortened(NOTICE_DAYS)) if body.method == "public_notice" else timedelta()
    effective_at = body.effective_at or body.served_at + wait
    if effective_at < body.served_at:
        raise Unprocessable(
            "It cannot take effect before it is served.",
            errors=[{"pointer": "/effective_at", "detail": "before served_at"}],
        )
    act = await _act(
        session,
        determination,
        "service",
        acted_at=body.served_at,
        effective_at=effective_at,
        party=body.party,
        method=body.method,
        proof=body.proof.model_dump(mode="json"),
    )
    if body.party == queries.party_concerned(determination):
        await enqueue(session, IN_EFFECT, key=str(determination_id), run_at=effective_at)
    return act


async def publish(session: AsyncSession, determination_id: UUID, body: PublicationIn) -> DeterminationAct:
    """Make a determination known to everybody.

    Raises:
        DeterminationNotFound, DeterminationNotInForce, NotThePurchaser, AlreadyDone: as `serve` says.
        DeterminationNotServed: it has no effect yet.
        DeterminationSuspended: an appeal withholds it.
        Unprocessable: published before it took effect, or in the future.
    """
    determination, standing = await _in_force(session, determination_id)
    check_signer(principal_in(session), purchaser_id=determination.purchaser_id)
    moment = clock.now()
    if standing.published_at is not None:
        raise AlreadyDone(f"It was published at {standing.published_at.isoformat()}.")
    if standing.effective_at is None or standing.effective_at > moment:
        raise DeterminationNotServed("Serve the document first: a determination takes effect on service.")
    if standing.suspended_by:
        appeals = [str(appeal) for appeal in standing.suspended_by]
        raise DeterminationSuspended(
            f"Withheld until these appeals are decided: {', '.join(appeals)}.", appeals=appeals
        )
    acted_at = body.published_at or moment
    if not standing.effective_at <= acted_at <= moment:
        raise Unprocessable(
            "A determination is published after it took effect and before this is reported.",
            errors=[{"pointer": "/published_at", "detail": f"in effect since {standing.effective_at.isoformat()}"}],
        )
    act = await _act(session, determination, "publication", acted_at=acted_at, reason=body.link)
    await enqueue(session, IN_EFFECT, key=str(determination_id))  # the demand to publish it is met
    return act


async def suspend(session: AsyncSession, determination_id: UUID, *, appeal_id: UUID, reason: str) -> DeterminationAct:
    """An appeal withholds publication and money effects until it is decided; DeterminationNotInForce."""
    determination, standing = await _in_force(session, determination_id)
    if appeal_id in standing.suspended_by:
        raise AlreadyDone(f"Appeal {appeal_id} suspends it already.")
    return await _act(session, determination, "suspension", appeal_id=appeal_id, reason=reason)


async def release(session: AsyncSession, determination_id: UUID, *, appeal_id: UUID, reason: str) -> DeterminationAct:
    """The end of the suspension by that appeal: it was decided, or a reasoned order lifts it; AlreadyDone."""
    await _lock(session, determination_id)
    determination, successor = await queries.find_determination(session, determination_id)
    standing = (await queries.standings(session, [(determination, successor)]))[determination_id]
    if appeal_id not in standing.suspended_by:
        raise AlreadyDone(f"Appeal {appeal_id} does not suspend determination {determination_id}.")
    return await _act(session, determination, "release", appeal_id=appeal_id, reason=reason)


async def annul(session: AsyncSession, determination_id: UUID, *, appeal_id: UUID, reason: str) -> DeterminationAct:
    """An appeal's decision takes the determination out of force; a new one names it. DeterminationNotInForce."""
    determination, _ = await _in_force(session, determination_id)
    return await _act(session, determination, "annulment", appeal_id=appeal_id, reason=reason)


async def _lock(session: AsyncSession, determination_id: UUID) -> None:
    """Acts on a determination follow each other: they hold the lock of its contract."""
    determination, _ = await queries.find_determination(session, determination_id)
    await lock_contracts(session, [determination.contract_id])


async def _in_force(session: AsyncSession, determination_id: UUID) -> tuple[Determination, Standing]:
    await _lock(session, determination_id)
    found = await queries.find_determination(session, determination_id)
    standing = (await queries.standings(session, [found]))[determination_id]
    if standing.replaced_by is not None:
        raise DeterminationNotInForce(
            f"Determination {determination_id} was replaced by {standing.replaced_by}; act on that one.",
            determination_id=str(standing.replaced_by),
        )
    if standing.annulled_at is not None:
        raise DeterminationNotInForce(f"Determination {determination_id} was annulled.")
    return found[0], standing


async def _act(session: AsyncSession, determination: Determination, kind: str, **fields: Any) -> DeterminationAct:  # noqa: ANN401 - columns
    moment = clock.now()
    act = DeterminationAct(
        id=new_id(),
        determination_id=determination.id,
        region=determination.region,
        kind=kind,
        recorded_by=principal_in(session).subject,
        recorded_at=moment,
        **({"acted_at": moment} | fields),
    )
    session.add(act)
    await session.flush()
    emit(session, acted_event(determination, act), subject=determination.contract_id, region=determination.region)
    record(session, determination, kind, {"act_id": str(act.id)})
    return act


def acted_event(determination: Determination, act: DeterminationAct) -> DeterminationActed:
    """The event of an act on a determination."""
    return DeterminationActed(
        act_id=act.id,
        determination_id=determination.id,
        contract_id=determination.contract_id,
        region=determination.region,
        simulated=determination.simulated,
        kind=act.kind,
        acted_at=act.acted_at,
        effective_at=act.effective_at,
        party=act.party,
        appeal_id=act.appeal_id,
    )
