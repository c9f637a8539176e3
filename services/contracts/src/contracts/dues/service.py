"""Recording payment terms, working out what is due, and booking the interest that has run."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.clocks import shortened
from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.service import open_for_fact, rules_for
from contracts.dues.errors import NoInterestToBook
from contracts.dues.interest import Terms, dues_of, warnings_of
from contracts.dues.models import PaymentTerms
from contracts.dues.parameters import YEAR_DAYS, parameters_in
from contracts.dues.queries import charges_of, find_terms, get_terms, settlements_of
from contracts.dues.schemas import DueOut, DuesOut, PaymentTermsIn, PaymentTermsOut
from contracts.ledger.queries import totals_of
from contracts.ledger.schemas import EntryIn, EntryOut
from contracts.ledger.service import post_entry
from contracts.register_jobs import refresh_register
from shared import audit, clock
from shared.concurrency import check_version

__all__ = ["book_interest", "dues_at", "record_payment_terms", "terms_out"]


async def terms_out(session: AsyncSession, terms: PaymentTerms) -> PaymentTermsOut:
    """The terms as an answer, with what is doubtful about them by the contract's rule set."""
    record = await get_contract(session, contract_id=terms.contract_id)
    parameters = parameters_in((await rules_for(session, record)).rules)
    warnings = warnings_of(
        small_enterprise=terms.small_enterprise,
        days=terms.days,
        agreed_rate=terms.daily_rate,
        lpr_annual=terms.lpr_annual if parameters.lpr_floor else None,
        at_most_days=parameters.agreed_max_days,
        year_days=YEAR_DAYS,
    )
    plain = {name: getattr(terms, name) for name in PaymentTermsOut.model_fields if name != "warnings"}
    return PaymentTermsOut.model_validate(plain | {"warnings": warnings})


async def record_payment_terms(
    session: AsyncSession, body: PaymentTermsIn, *, contract_id: UUID, if_match: int | None
) -> PaymentTerms:
    """Record or replace the terms of a contract that is or was in force. What is over the rules is warned of."""
    head = await open_for_fact(session, contract_id=contract_id)
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
    protected = agreed is None or agreed.small_enterprise
    days = (agreed.days if agreed else None) or (parameters.days if protected else None)
    days = shortened(days) if days is not None else None
    rate = agreed.daily_rate if agreed and agreed.daily_rate is not None else parameters.per_day if protected else None
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
