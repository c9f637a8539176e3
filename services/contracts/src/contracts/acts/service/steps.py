"""What every step of an act has in common: the lock, the persons, the row that stays and the audit."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.acts.errors import ActNamesAnother, ActNeedsOtherPerson, ActNotReady
from contracts.acts.models import Act, ActStep
from contracts.acts.queries import lock_act
from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.service import lock_contract, require_purchaser
from contracts.deputies.service import person_in
from shared import audit, clock
from shared.concurrency import check_version
from shared.db import principal_in
from shared.ids import new_id

__all__ = ["note_step", "open_act", "require_person"]

_DONE = {"prepare": "prepared", "review": "reviewed", "sign": "signed", "return": "returned", "withdraw": "withdrawn"}


async def open_act(
    session: AsyncSession, *, act_id: UUID, states: tuple[str, ...], if_match: int | None
) -> tuple[Act, ContractRecord]:
    """An act that is at one of these steps, and its contract; both locked.

    Raises:
        ActNotFound: there is none in the caller's scope.
        NotAParty: the caller does not act for the purchaser.
        PreconditionFailed: `if_match` is not the act's version.
        ActNotReady: the act is at another step.
    """
    act = await lock_act(session, act_id=act_id)
    await lock_contract(session, contract_id=act.contract_id)
    record = await get_contract(session, contract_id=act.contract_id)
    require_purchaser(session, record)
    check_version(if_match, act.version)
    if act.state not in states:
        raise ActNotReady(f"The act is {act.state}; this wants one that is {' or '.join(states)}.", state=act.state)
    return act, record


async def require_person(session: AsyncSession, act: Act, *, step: str, on_behalf_of: str | None) -> tuple[str, str]:
    """(who acts, whose act it is) of a review or a signature.

    Raises:
        NoDeputyOf, DeputiesNotAllowed: the caller may not act for that person.
        ActNeedsOtherPerson: one of the two has had the act in hand before.
        ActNamesAnother: the step is a named person's.
    """
    caller = principal_in(session).subject
    person = await person_in(session, on_behalf_of=on_behalf_of, action=act.action, region=act.region)
    before = {act.prepared_by, act.prepared_for}
    if step == "sign":
        before |= {act.reviewed_by, act.reviewed_for}
    if before & {caller, person}:
        done = "prepared or reviewed" if step == "sign" else "prepared"
        raise ActNeedsOtherPerson(
            f"Who has {done} an act does not {step} it, for nobody: three persons (经办, 审核, 签发) see it.", step=step
        )
    named = act.signer if step == "sign" else act.reviewer
    if named is not None and named != person:
        raise ActNamesAnother(
            f"Somebody else is named to {step} this act; that person, a deputy (on_behalf_of) or a handover does it.",
            step=step,
        )
    return caller, person


def note_step(
    session: AsyncSession,
    act: Act,
    *,
    step: str,
    by: str,
    on_behalf_of: str | None = None,
    note: str | None = None,
) -> None:
    """Leave the row and the audit row of a step; a deputy's names both persons."""
    represented = on_behalf_of if on_behalf_of != by else None
    session.add(
        ActStep(
            id=new_id(),
            act_id=act.id,
            step=step,
            by=by,
            on_behalf_of=represented,
            note=note,
            contract_version=act.contract_version,
            at=clock.now(),
        )
    )
    told = {"act_id": str(act.id), "action": act.action} | ({"on_behalf_of": represented} if represented else {})
    audit.record(
        session,
        f"act.{_DONE.get(step, 'handed-over')}",
        noun="contract",
        noun_id=act.contract_id,
        region=act.region,
        fields=told,
    )
