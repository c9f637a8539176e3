"""Writing the aggregate: insert it, replace its parts, move it to another state, announce it."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import delete, insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractAlreadyCompleted, ContractStateConflict
from contracts.contracts.models import Indicator, Milestone
from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.schemas import IndicatorIn, MilestoneIn
from contracts.contracts.service.facts import require_party
from contracts.contracts.service.pin import NO_PIN, Pin
from contracts.contracts.transitions import ACTIONS, allowed_actions, permits
from contracts.disclosure.service import redact_event
from contracts.policies.queries import ACTIONS as SIGNABLE
from contracts.policies.service import require_direct
from shared import audit, clock, outbox
from shared.concurrency import check_version
from shared.db import principal_in
from shared.events import ContractState
from shared.ids import new_id
from shared.problems import Unprocessable

__all__ = ["announce", "lock_contract", "move", "put_indicators", "put_milestones", "require_period"]

Event = TypeVar("Event", bound=ContractState)
Changes = dict[str, Any]

_LOCK = text("SELECT FROM contracts WHERE id = :contract_id FOR UPDATE")

# Compare and swap: what the guard has read must still be what is stored, the facts included. That makes one read enough
# for a guard over six tables, without a lock that other writers of facts would have to wait for.
_MOVE = text(
    """
    UPDATE contracts
    SET state = :state, state_reason = :state_reason, contract_number = :contract_number, signed_on = :signed_on,
        ended_at = :ended_at, end_reason = :end_reason, moved_at = :now, updated_at = :now, version = version + 1,
        value_at_signing = coalesce(CAST(:value_at_signing AS numeric), value_at_signing),
        rules_id = coalesce(:rules_id, rules_id), rules_version = coalesce(:rules_version, rules_version),
        rules_sha256 = coalesce(:rules_sha256, rules_sha256),
        rules_pinned_at = CASE WHEN CAST(:rules_sha256 AS text) IS NULL THEN rules_pinned_at ELSE :now END,
        rules_at_signing = coalesce(CAST(:rules_at_signing AS jsonb), rules_at_signing),
        final_value = coalesce(CAST(:final_value AS numeric), final_value)
    WHERE id = :contract_id AND version = :version AND facts_version = :facts_version
    """
)


async def lock_contract(session: AsyncSession, *, contract_id: UUID) -> None:
    """Take the contract's row lock, so that what is read next stays true until the commit."""
    await session.execute(_LOCK, {"contract_id": contract_id})


def announce(
    session: AsyncSession,
    event: type[Event],
    state: ContractState,
    *,
    action: str,
    fields: Iterable[str] | Changes,
    **more: Any,  # noqa: ANN401
) -> None:
    """Emit the whole aggregate and leave the audit row."""
    told = redact_event(state)
    data = event(**{name: getattr(told, name) for name in ContractState.model_fields}, **more)
    outbox.emit(session, data, subject=state.contract_id, region=state.region)
    audit.record(session, action, noun="contract", noun_id=state.contract_id, region=state.region, fields=fields)


async def move(
    session: AsyncSession,
    *,
    contract_id: UUID,
    action: str,
    event: type[ContractState],
    if_match: int | None,
    change: Callable[[ContractRecord], Changes | Awaitable[Changes]],
    sides: Sequence[str] = ("purchaser",),
) -> ContractRecord:
    """Take a contract to the state that an action leads to, on behalf of a party of one of these sides.

    `change` raises what its guard refuses and answers the fields that change beside the state; under `pin` what the
    contract keeps of its rules (`contracts.contracts.service.rules`). ContractStateConflict
    when the state does not permit the action, PreconditionFailed when `if_match` is not the stored version.
    """
    moved = await _try_move(
        session, contract_id=contract_id, action=action, event=event, if_match=if_match, change=change, sides=sides
    )
    if moved is None:
        # Somebody wrote between the read and the write: once more, now under the row lock, which cannot fail.
        await lock_contract(session, contract_id=contract_id)
        moved = await _try_move(
            session, contract_id=contract_id, action=action, event=event, if_match=if_match, change=change, sides=sides
        )
    if moved is None:
        raise AssertionError("a locked contract changed")
    return moved


async def _try_move(
    session: AsyncSession,
    *,
    contract_id: UUID,
    action: str,
    event: type[ContractState],
    if_match: int | None,
    change: Callable[[ContractRecord], Changes | Awaitable[Changes]],
    sides: Sequence[str],
) -> ContractRecord | None:
    record = await get_contract(session, contract_id=contract_id)
    before = record.state
    require_party(
        principal_in(session),
        purchaser_id=before.purchaser.organisation_id,
        provider_id=before.provider.organisation_id if before.provider else None,
        sides=sides,
        members=before.members,
    )
    if action in SIGNABLE:
        await require_direct(session, action, region=before.region)
    check_version(if_match, before.version)
    require_permitted(before.state, action)
    found = change(record)
    changes = await found if isinstance(found, Awaitable) else found
    pin: Pin = changes.pop("pin", NO_PIN)
    state_reason = changes.pop("state_reason", None)
    final_value = changes.pop("final_value", record.final_value)
    after = before.model_copy(update={**changes, "state": ACTIONS[action].target, "version": before.version + 1})
    moment = clock.now()
    result = await session.execute(
        _MOVE,
        {
            "contract_id": contract_id,
            "version": before.version,
            "facts_version": record.facts_version,
            "state": after.state,
            "state_reason": state_reason,
            "contract_number": after.contract_number,
            "signed_on": after.signed_on,
            "ended_at": after.ended_at,
            "final_value": final_value,
            "end_reason": after.end_reason,
            "now": moment,
            **pin.columns(),
        },
    )
    if result.rowcount != 1:  # type: ignore[attr-defined]
        return None
    announce(
        session,
        event,
        after,
        action=event.TYPE.removeprefix("contracts.").removesuffix(".v1"),
        fields=["state", *changes, *pin.fields],
    )
    moved = replace(
        record, state=after, state_reason=state_reason, final_value=final_value, moved_at=moment, updated_at=moment
    )
    return pin.applied_to(moved, at=moment)


def require_permitted(state: str, action: str) -> None:
    """Refuse a move that the state does not permit, naming those that it does."""
    if permits(state, action):
        return
    actions = allowed_actions(state)
    if state == action_target(action) == "completed":
        raise ContractAlreadyCompleted(
            "The contract is completed; nothing is to be done.", state=state, actions=actions
        )
    raise ContractStateConflict(
        f"The contract is {state} and cannot {action}; possible now: {', '.join(actions) or 'nothing, it has ended'}.",
        state=state,
        actions=actions,
    )


def action_target(action: str) -> str:
    """The state that an action leads to."""
    return ACTIONS[action].target


def require_period(starts_on: date | None, ends_on: date | None) -> None:
    """Refuse (422) a term that ends before it begins."""
    if starts_on and ends_on and ends_on < starts_on:
        raise Unprocessable(
            "The term ends before it begins.",
            errors=[{"pointer": "/ends_on", "detail": f"is before starts_on ({starts_on})"}],
        )


def _require_distinct(codes: list[str], name: str) -> None:
    seen: set[str] = set()
    for position, code in enumerate(codes):
        if code in seen:
            raise Unprocessable(
                f"The code {code} stands twice in {name}.",
                errors=[{"pointer": f"/{name}/{position}/code", "detail": "is not unique in the contract"}],
            )
        seen.add(code)


async def put_indicators(
    session: AsyncSession, *, contract_id: UUID, indicators: list[IndicatorIn], known: dict[str, UUID]
) -> None:
    """Replace a draft's indicators; one with a known code keeps its id."""
    _require_distinct([indicator.code for indicator in indicators], "indicators")
    for position, indicator in enumerate(indicators):
        if indicator.added_after_the_fact:
            raise Unprocessable(
                f"The indicator {indicator.code} is agreed now, in a draft.",
                errors=[{"pointer": f"/indicators/{position}/added_after_the_fact", "detail": "is false in a draft"}],
            )
    if known:
        await session.execute(delete(Indicator).where(Indicator.contract_id == contract_id))
    if indicators:
        rows = [
            {
                **indicator.model_dump(),
                "id": known.get(indicator.code) or new_id(),
                "contract_id": contract_id,
                "position": position,
            }
            for position, indicator in enumerate(indicators)
        ]
        await session.execute(insert(Indicator), rows)


async def put_milestones(
    session: AsyncSession, *, contract_id: UUID, milestones: list[MilestoneIn], known: dict[str, UUID]
) -> None:
    """Replace a draft's milestones; one with a known code keeps its id."""
    _require_distinct([milestone.code for milestone in milestones], "milestones")
    if known:
        await session.execute(delete(Milestone).where(Milestone.contract_id == contract_id))
    if milestones:
        rows = [
            {
                **milestone.model_dump(),
                "id": known.get(milestone.code) or new_id(),
                "contract_id": contract_id,
                "position": position,
                "status": "scheduled",
            }
            for position, milestone in enumerate(milestones)
        ]
        await session.execute(insert(Milestone), rows)
