"""Recording payment terms, working out what is due, and booking the interest that has run."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.clocks import shortened
from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.service import facts_for_rules, missing_by_rules, open_for_fact, rules_for
from contracts.dues.consistency import contradictions_of
from contracts.dues.errors import NoInterestToBook, PaymentTermsOverLimit
from contracts.dues.interest import Terms, dues_of, warnings_of
from contracts.dues.models import PaymentTerms
from contracts.dues.parameters import YEAR_DAYS, DueParameters, parameters_in
from contracts.dues.queries import charges_of, find_terms, get_terms, recorded_of, settlements_of
from contracts.dues.schemas import DueOut, DuesOut, PaymentTermsIn, PaymentTermsOut
from contracts.ledger.queries import totals_of
from contracts.ledger.schemas import EntryIn, EntryOut
from contracts.ledger.service import post_entry
from contracts.register_jobs import refresh_register
from contracts.rules.queries import Clauses, Moment, standing_of, verdicts
from shared import audit, clock
from shared.concurrency import check_version

__all__ = ["book_interest", "dues_at", "record_payment_terms", "terms_out"]


async def terms_out(session: AsyncSession, terms: PaymentTerms) -> PaymentTermsOut:
    """The terms as an answer, with what is doubtful about them by the contract's rule set."""
    record = await get_contract(session, contract_id=terms.contract_id)
    rules = (await rules_for(session, record)).rules
    parameters = parameters_in(rules)
    warnings = warnings_of(
        small_enterprise=terms.small_enterprise,
        days=terms.days,
        agreed_rate=terms.daily_rate,
        lpr_annual=terms.lpr_annual if parameters.lpr_floor else None,
        at_most_days=parameters.agreed_max_days,
        year_days=YEAR_DAYS,
    )
    warnings += contradictions_of(facts_for_rules(record, recorded=recorded_of(terms)), rules)
    plain = {name: getattr(terms, name) for name in PaymentTermsOut.model_fields if name != "warnings"}
    return PaymentTermsOut.model_validate(plain | {"warnings": warnings})


async def record_payment_terms(
    session: AsyncSession, body: PaymentTermsIn, *, contract_id: UUID, if_match: int | None
) -> PaymentTerms:
    """Record or replace the terms of a contract that is or was in force.

    What is over the rules is warned of; PaymentTermsOverLimit where a rule blocks that a named person has confirmed and
    that is not set aside for the contract.
    """
    head = await open_for_fact(session, contract_id=contract_id)
    await _require_allowed(session, body, contract_id=contract_id)
    terms = await find_terms(session, contract_id=contract_id, lock=True)
    if terms is None:
        check_version(if_match, 0)
        terms = PaymentTerms(contract_id=contract_id, region=head.region, version=0)
        session.add(terms)
    else:
        check_version(if_match, terms.version)
    for name, value in body:
        setattr(terms, name, value)
    terms.version += 1
    terms.updated_at = clock.now()
    await session.flush()
    await refresh_register(session, contract_id=contract_id)
    audit.record(
        session,
        "payment_terms.recorded",
        noun="contract",
        noun_id=contract_id,
        region=head.region,
        fields=body.model_dump(mode="json"),
    )
    return terms


async def _require_allowed(session: AsyncSession, body: PaymentTermsIn, *, contract_id: UUID) -> None:
    record = await get_contract(session, contract_id=contract_id)
    rules, clauses = (await rules_for(session, record)).rules, record.clauses or Clauses()
    size = clauses.provider_size if (clauses.provider_size != "large") == body.small_enterprise else None
    told = {
        "provider_size": size or ("small" if body.small_enterprise else "large"),
        "payment_days": body.days,
        "late_interest_per_day": body.daily_rate,
        "lpr_per_year": body.lpr_annual,
    }
    facts = replace(facts_for_rules(record), clauses=clauses.model_copy(update=told))
    asked = [rule for rule in rules.rules if rule.kind in ("smePayment", "lateInterest")]
    standing = await standing_of(session, rules, region=record.state.region, contract_id=contract_id)
    refusing = [found for found in verdicts(asked, facts, Moment(clock.today()), standing) if found.effect == "block"]
    if refusing:
        raise PaymentTermsOverLimit(
            f"Not allowed: {', '.join(verdict.rule.code for verdict in refusing)}. Record what may be agreed, or have "
            "the rule set aside by two persons.",
            missing=missing_by_rules(refusing),
        )


def _agreed(
    terms: PaymentTerms | None, clauses: Clauses, parameters: DueParameters
) -> tuple[int | None, Decimal | None]:
    """(days, interest per day) that apply: as recorded, else by the contract's text, else by the rule."""
    if terms is not None:
        protected, days, rate = terms.small_enterprise, terms.days, terms.daily_rate
    else:
        protected = clauses.provider_size is None or clauses.provider_size in parameters.sizes
        days, rate = clauses.payment_days, clauses.late_interest_per_day
    if protected:
        days, rate = parameters.days if days is None else days, parameters.per_day if rate is None else rate
    return days, rate


async def dues_at(
    session: AsyncSession, *, contract_id: UUID, as_of: date, record: ContractRecord | None = None
) -> tuple[str, DuesOut]:
    """(region, dues) of a contract in the caller's scope at the end of a day; ContractNotFound.

    `record` is the contract where the caller has read it already.
    """
    record = record or await get_contract(session, contract_id=contract_id)
    state = record.state
    agreed = await find_terms(session, contract_id=contract_id)
    parameters = parameters_in((await rules_for(session, record)).rules)
    days, rate = _agreed(agreed, record.clauses or Clauses(), parameters)
    days = shortened(days) if days is not None else None
    dues = []
    if days is not None:
        terms = Terms(
            basis=agreed.basis if agreed else "acceptance",
            days=days,
            acceptance_days=None
            if agreed is None or agreed.acceptance_days is None
            else shortened(agreed.acceptance_days),
            daily_rate=rate or Decimal(0),
        )
        charges = await charges_of(session, contract_id=contract_id, as_of=as_of)
        settlements = await settlements_of(session, contract_id=contract_id)
        dues = dues_of(charges, settlements, terms, as_of=as_of)
    interest = sum((due.interest for due in dues), Decimal(0))
    booked = (await totals_of(session, contract_id=contract_id)).interest
    return state.region, DuesOut(
        contract_id=contract_id,
        currency=state.currency,
        as_of=as_of,
        days=days,
        daily_rate=rate,
        rule=parameters.rule,
        dues=[DueOut.model_validate(due) for due in dues],
        overdue=sum((due.outstanding for due in dues if due.due_on < as_of), Decimal(0)),
        interest=interest,
        interest_booked=booked,
        interest_to_book=max(interest - booked, Decimal(0)),
    )


async def book_interest(session: AsyncSession, *, contract_id: UUID) -> tuple[str, EntryOut]:
    """(region, entry): book the interest that has run up to today and is not booked.

    PaymentTermsNotFound while nobody has said whom the contract pays; NoInterestToBook when there is none.
    """
    await open_for_fact(session, contract_id=contract_id)
    record = await get_contract(session, contract_id=contract_id)
    if record.clauses is None or record.clauses.provider_size is None:
        await get_terms(session, contract_id=contract_id)
    today = clock.today()
    region, dues = await dues_at(session, contract_id=contract_id, as_of=today)
    if dues.interest_to_book == 0:
        raise NoInterestToBook(
            f"{dues.interest:.2f} {dues.currency} have run up to {today}, {dues.interest_booked:.2f} are booked."
        )
    note = f"{dues.rule}; up to {today}"
    body = EntryIn(kind="interest", amount=dues.interest_to_book, booked_on=today, note=note)
    return region, EntryOut.model_validate(await post_entry(session, body, contract_id=contract_id))
