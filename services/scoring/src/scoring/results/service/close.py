"""Applying what a result demands, with its evidence, or waiving it with a reason."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evidence.queries import contract_of, lock_contracts
from scoring.results import queries
from scoring.results.errors import AdverseChoiceNotBorne, AmountTooLarge, NotTheOwner, ResultUseStateConflict
from scoring.results.models import ResultUse
from scoring.results.rules import Choice, Demand
from scoring.results.schemas import ApplyIn
from scoring.results.service.store import announce
from shared import clock
from shared.concurrency import check_version
from shared.db import principal_in
from shared.events import ResultUseClosed
from shared.problems import Unprocessable

__all__ = ["apply_use", "close_improvement", "close_publication", "waive_use"]

_LIMITED = ("payment", "withhold")


async def apply_use(session: AsyncSession, use_id: UUID, body: ApplyIn, *, if_match: int | None = None) -> ResultUse:
    """Record what was decided upon a demand, with the evidence that closes it.

    Raises:
        ResultUseNotFound, PreconditionFailed: as their names say.
        ResultUseStateConflict: it is not open, or a rectification closes it.
        NotTheOwner: another role or another purchaser must act.
        Unprocessable: the decision is none of the rule's choices, or it needs an amount.
        AdverseChoiceNotBorne: the determination does not bear an adverse choice.
        AmountTooLarge: more than the contract is worth would be kept back.
    """
    # The contract before the use, as everywhere: two amounts that are stated at once are added up one after the other.
    await lock_contracts(session, [await queries.contract_of_use(session, use_id)])
    use = await queries.find_use(session, use_id, for_update=True)
    check_version(if_match, use.version)
    _require_owner(session, use)
    if use.state != "open":
        raise ResultUseStateConflict(_closed_why(use), state=use.state)
    rule_set = await queries.find_rule_set(session, use.rule_set_id, use.rule_set_version)
    demand = rule_set.demand(use.rule)
    if demand.rectification:
        raise ResultUseStateConflict("The resolution of its rectification closes it.", state=use.state)
    choice = _choice(demand, body.decision)
    if choice.adverse and not use.bears_adverse:
        raise AdverseChoiceNotBorne(
            f"`{choice.code}` is adverse, and the determination is not sure enough to bear it. Choose another, or have "
            "a third evaluation made and a panel decide with reasons, in a new determination.",
            choices=[each.code for each in demand.choices if not each.adverse],
        )
    if choice.amount and body.amount is None:
        raise Unprocessable(
            f"`{choice.code}` moves money; name the amount.",
            errors=[{"pointer": "/amount", "detail": "is missing"}],
        )
    if not choice.amount and body.amount is not None:
        raise Unprocessable(
            f"`{choice.code}` moves no money.", errors=[{"pointer": "/amount", "detail": "belongs to another choice"}]
        )
    if body.amount is not None and use.kind in _LIMITED:
        await _require_within_value(session, use, body.amount)
    use.decision, use.amount, use.note = choice.code, body.amount, body.note
    use.document_sha256, use.document_title = body.document.sha256, body.document.title
    _close(session, use, "applied", action="applied")
    await session.flush()
    return use


async def waive_use(session: AsyncSession, use_id: UUID, *, reason: str, if_match: int | None = None) -> ResultUse:
    """Leave a demand unapplied, with a reason that stands in the rates: open, blocked or suspended ones.

    Raises ResultUseNotFound, PreconditionFailed, ResultUseStateConflict, NotTheOwner.
    """
    use = await queries.find_use(session, use_id, for_update=True)
    check_version(if_match, use.version)
    _require_owner(session, use)
    if use.state not in queries.OPEN_STATES:
        raise ResultUseStateConflict(_closed_why(use), state=use.state)
    use.reason, use.appeal_id, use.suspended_on = reason, None, None
    _close(session, use, "waived", action="waived")
    await session.flush()
    return use


async def close_improvement(
    session: AsyncSession, use_id: UUID, *, improved: bool, document: tuple[str, str] | None
) -> None:
    """Close the demand that opened a rectification, by the rectification's own resolution."""
    await lock_contracts(session, [await queries.contract_of_use(session, use_id)])  # before the use, as everywhere
    use = await queries.find_use(session, use_id, for_update=True)
    if use.state != "open":
        return
    use.decision = "improved" if improved else "not_improved"
    if document is not None:
        use.document_sha256, use.document_title = document
    _close(session, use, "applied", action="applied")


async def close_publication(session: AsyncSession, determination_id: UUID) -> None:
    """Close the demand to publish a determination that was published."""
    for use in await queries.uses_of(session, determination_id, for_update=True):
        if use.kind == "publish" and use.state == "open":
            use.decision = "published"
            _close(session, use, "applied", action="applied")
    await session.flush()


def _close(session: AsyncSession, use: ResultUse, state: str, *, action: str) -> None:
    use.state = state
    use.closed_at, use.closed_by = clock.now(), principal_in(session).subject
    use.version += 1
    announce(session, use, ResultUseClosed, action=action)


def _choice(demand: Demand, code: str) -> Choice:
    for choice in demand.choices:
        if choice.code == code:
            return choice
    known = ", ".join(choice.code for choice in demand.choices)
    raise Unprocessable(
        f"`{code}` is no choice of the rule {demand.code}: {known}.",
        errors=[{"pointer": "/decision", "detail": f"one of {known}"}],
    )


def _require_owner(session: AsyncSession, use: ResultUse) -> None:
    principal = principal_in(session)
    if use.owner not in principal.roles:
        raise NotTheOwner(f"This is for the {use.owner} to do.", owner=use.owner)
    other = principal.organisation is not None and principal.organisation != use.purchaser_id
    if use.owner == "purchaser" and other and "finance" not in principal.roles:
        raise NotTheOwner("This is for the contract's own purchaser to do.", owner=use.owner)


def _closed_why(use: ResultUse) -> str:
    if use.state in {"blocked", "suspended"}:
        return f"It is {use.state}: {use.reason}"
    return f"It is {use.state} already" + (f": {use.reason}" if use.reason else ".")


async def _require_within_value(session: AsyncSession, use: ResultUse, amount: Decimal) -> None:
    """All that is kept back of a contract together: two demands of half its value and more exceed it."""
    contract = await contract_of(session, use.contract_id)
    if contract is None or contract.value is None:
        return
    others = await queries.kept_back(session, use.contract_id, kinds=_LIMITED, without=use.previous_id)
    if amount + others > contract.value:
        told = f", with the {others} that are kept back already" if others else ""
        raise AmountTooLarge(
            f"{amount}{told}, is more than the contract's value of {contract.value} {contract.currency}.",
            value=str(contract.value),
        )
