"""Making the register of a contract: read its facts, work out its duties; nothing is stored here."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.queries import ContractRecord
from contracts.contracts.service import rules_for
from contracts.dues.queries import find_terms
from contracts.dues.service import dues_at
from contracts.obligations.duties import Duty
from contracts.obligations.facts import known_of
from contracts.obligations.generate import duties_of
from contracts.obligations.situation import Situation
from contracts.rules.queries import supplied
from contracts.working_days.queries import exceptions_between
from shared import clock
from shared.auth import Principal
from shared.db import principal_in

__all__ = ["Register", "reading_as", "register_of"]

_PAST_LIFE = ("active", "suspended", "completed", "terminated")


@dataclass(frozen=True, slots=True)
class Register:
    """The rights and duties of a contract today."""

    record: ContractRecord
    rule_set: str
    duties: list[Duty]


@contextmanager
def reading_as(session: AsyncSession, principal: Principal) -> Iterator[None]:
    """Read on behalf of somebody else than the caller: the public, or the organisation whose calendar it is."""
    before = principal_in(session)
    session.info["principal"] = principal
    try:
        yield
    finally:
        session.info["principal"] = before


async def register_of(session: AsyncSession, record: ContractRecord) -> Register:
    """Every right and duty of a contract that the caller has found in its scope."""
    state = record.state
    rules = (await rules_for(session, record)).rules
    known = await known_of(session, contract_id=state.contract_id)
    dues, acceptance_days = None, None
    if state.state in _PAST_LIFE:
        _, dues = await dues_at(session, contract_id=state.contract_id, as_of=clock.today(), record=record)
        terms = await find_terms(session, contract_id=state.contract_id)
        acceptance_days = terms.acceptance_days if terms else None
    situation = Situation(
        record=record,
        rules=supplied(rules),
        known=known,
        dues=dues,
        acceptance_days=acceptance_days,
        calendar=await _calendar(session, record),
    )
    return Register(record, rules.name, duties_of(situation))


async def _calendar(session: AsyncSession, record: ContractRecord) -> dict[date, bool]:
    """The exceptions from the first moment that a clock may begin at, until a year after today."""
    state = record.state
    award = record.competition.award_notice_on if record.competition else None
    days = [day for day in (award, state.signed_on, state.starts_on) if day]
    first = min([clock.today(), *days])
    return await exceptions_between(session, first=first, last=clock.today() + timedelta(days=400))
