"""Posting to the ledger by hand: late interest that somebody typed in is compared with what has run by the rules."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.queries import get_contract
from contracts.contracts.service import rules_for
from contracts.dues.errors import InterestOverRun
from contracts.dues.schemas import WarningOut
from contracts.dues.service import dues_at
from contracts.ledger.schemas import EntryIn, EntryOut
from contracts.ledger.service import post_entry
from contracts.rules.queries import Finding, effect_of, standing_of
from shared import audit

__all__ = ["post_by_hand"]


async def post_by_hand(
    session: AsyncSession, body: EntryIn, *, contract_id: UUID
) -> tuple[str, EntryOut, list[WarningOut]]:
    """(region, entry, doubts): as the ledger's own `post_entry`, with a look at late interest.

    Interest beyond what has run up to its day, by the terms and the contract's rule set (SME-PAY art. 17: the agreed
    rate, else the rule's), needs a reason (`note`) and is warned of. InterestOverRun without one, and where the rule
    blocks that a named person has confirmed and that is not set aside for the contract.
    """
    posted = await post_entry(session, body, contract_id=contract_id)
    await session.flush()
    entry = EntryOut.model_validate(posted)
    if body.kind != "interest":
        return posted.region, entry, []
    owed_for = body.call_off_id or contract_id
    record = await get_contract(session, contract_id=owed_for)
    _, dues = await dues_at(session, contract_id=owed_for, as_of=body.booked_on, record=record)
    if dues.interest_booked <= dues.interest:
        return posted.region, entry, []
    rules = (await rules_for(session, record)).rules
    rule = next((each for each in rules.rules if each.kind == "lateInterest"), None)
    named = f"{rule.source or 'convention of the rule set'}: {rule.text.en}" if rule else dues.rule
    figures = {"interest": f"{dues.interest:.2f}", "interest_booked": f"{dues.interest_booked:.2f}"}
    detail = (
        f"{dues.interest_booked:.2f} {dues.currency} of late interest would be booked; {dues.interest:.2f} have run up "
        f"to {dues.as_of} by {dues.rule}."
    )
    run = f"book what has run with POST /v1/contracts/{owed_for}/dues/interest"
    if body.note is None:
        missing = {"what": "note", "rule": named, "how": f"note: the agreement or decision behind the amount; or {run}"}
        raise InterestOverRun(f"{detail} Say in note why more is owed, or {run}.", missing=[missing], **figures)
    if rule is not None:
        standing = await standing_of(session, rules, region=record.state.region, contract_id=owed_for)
        confirmed, aside = rule.sha256 in standing.confirmed, rule.sha256 in standing.overridden
        if effect_of(rule, Finding("broken"), confirmed=confirmed, overridden=aside) == "block":
            how = f"{run}; or POST /v1/contracts/{owed_for}/overrides"
            missing = {"what": f"rules.{rule.code}", "rule": named, "how": how}
            raise InterestOverRun(f"{detail} B{run[1:]}, or have the rule set aside.", missing=[missing], **figures)
    audit.record(
        session,
        "interest.over_run",
        noun="contract",
        noun_id=contract_id,
        region=posted.region,
        fields={"entry_id": str(entry.id), "amount": f"{entry.amount:.2f}", **figures, "rule": named},
    )
    return posted.region, entry, [WarningOut(code="interest-over-run", rule=named, detail=detail)]
