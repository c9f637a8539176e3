"""The register of a contract: from its terms, its rule set and its facts to every party's rights and duties. Pure.

Clocks come from rules of the kinds clock, duty, obligation, smePayment and executionMonitoring, and from the contract's
own terms (milestones, payment terms, the cycle of a finding). Where a clock has no recorded start, nothing is due.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from contracts.obligations.duties import Duty, Proof, Text, obligation_id
from contracts.obligations.facts import Fact
from contracts.obligations.own import own_duties
from contracts.obligations.situation import Situation
from contracts.rules.queries import Rule, due_on
from shared import clock

__all__ = ["duties_of"]

_SIDES = {"both": ("purchaser", "provider")}
_HOW = {
    "signed": "POST /v1/contracts/{id}/activate with signed_on",
    "contractPublished": "POST /v1/contracts/{id}/publications with kind contract",
    "copyFiled": "POST /v1/contracts/{id}/publications with kind copyFiled",
    "accepted": "POST /v1/contracts/{id}/acceptances",
    "acceptedWithOpinion": "POST /v1/contracts/{id}/acceptances with opinion",
    "acceptancePublished": "POST /v1/contracts/{id}/publications with kind acceptance",
    "determined": "POST /v1/determinations about the contract",
}
_STATED = "POST /v1/contracts/{id}/obligations/{obligation_id}/proof"
# Who does what a clock ends with; signing is done by both.
_DOERS = {"signed": ("purchaser", "provider")}
_PUBLICATION = {"contractPublished": "contract", "copyFiled": "copyFiled", "acceptancePublished": "acceptance"}


def duties_of(situation: Situation) -> list[Duty]:
    """Every right and duty in the order of the rules, then those of the contract itself; none of a cancelled contract.

    A contract that was imported leaves out what had its last day before it was recorded here: whether that was done is
    not known.
    """
    state = situation.record.state
    if state.state == "cancelled":
        return []
    found = [duty for name, rule in situation.rules for duty in _of_rule(situation, name, rule)]
    found += own_duties(situation)
    if state.origin == "import":
        since = clock.day_of(situation.record.created_at)
        found = [duty for duty in found if duty.due_on is None or duty.due_on >= since or duty.proof is not None]
    return [_acted(situation, duty) for duty in found]


def _acted(situation: Situation, duty: Duty) -> Duty:
    """With what people said about it, and the override of its rule."""
    own = obligation_id(situation.record.state.contract_id, duty.code)
    for act in situation.known.acts:
        if act.obligation_id == own and act.kind == "waiver":
            duty = replace(duty, waiver=act.id)
        elif act.obligation_id == own and act.on is not None and duty.stated:
            duty = replace(duty, proof=Proof("statement", act.id, act.on))
    rule = duty.rule.partition(" ")[2] if duty.rule else ""
    if rule in situation.known.set_aside and duty.waiver is None:
        duty = replace(duty, waiver=situation.known.set_aside[rule])
    return duty


def _of_rule(situation: Situation, name: str, rule: Rule) -> Iterator[Duty]:
    before = situation.record.state.state in ("draft", "pending")
    if rule.kind == "clock" and (not before or rule.parameters.start == "awardNotice"):
        yield from _clock(situation, name, rule)
    elif before:
        return  # the others are those of a contract that is or was in force
    elif rule.kind == "duty":
        yield from _duty(situation, name, rule)
    elif rule.kind == "obligation":
        yield _obligation(situation, name, rule)


def _base(name: str, rule: Rule, code: str, side: str) -> Duty:
    return Duty(
        code=code,
        side=side,
        nature="duty",
        text=Text(rule.text.zh, rule.text.en),
        rule=f"{name} {rule.code}",
        source=str(rule.source) if rule.source else None,
        confidence=rule.confidence.grade,
    )


def _moments(situation: Situation, moment: str) -> list[Fact]:
    """The days on which something happened, with the fact's id where it has one."""
    state, record, known = situation.record.state, situation.record, situation.known
    own = state.contract_id
    days: dict[str, date | None] = {
        "awardNotice": record.competition.award_notice_on if record.competition else None,
        "signed": state.signed_on,
        "starts": state.starts_on,
        "ends": state.ends_on,
        "ended": clock.day_of(state.ended_at) if state.ended_at else None,
    }
    if moment in days:
        day = days[moment]
        return [] if day is None else [Fact(id=own, kind=moment, on=day)]
    if moment in _PUBLICATION:
        return [each for each in known.publications if each.kind == _PUBLICATION[moment]]
    if moment == "acceptedWithOpinion":
        return [each for each in known.acceptances if each.opinion]
    return list(known.acceptances if moment == "accepted" else known.determined)


def _proof(situation: Situation, moment: str, start: date, *, alone: bool) -> Proof | None:
    """The fact that ends a clock: of one start the one recorded last, among several the first that is not before it."""
    ends = [fact for fact in _moments(situation, moment) if fact.on >= start]
    if not ends:
        return None
    fact = ends[-1] if alone else min(ends, key=lambda each: (each.on, each.id))
    return Proof("contract" if fact.id == situation.record.state.contract_id else moment, fact.id, fact.on)


def _clock(situation: Situation, name: str, rule: Rule) -> Iterator[Duty]:
    clock = rule.parameters
    starts, sides = _moments(situation, clock.start), _DOERS.get(clock.end, ("purchaser",))
    pending = situation.record.state.signed_on is None and clock.end == "signed"
    ended = situation.record.state.state in ("completed", "terminated")
    for start in starts:
        proof = _proof(situation, clock.end, start.on, alone=len(starts) == 1)
        for side in sides:
            code = rule.code if len(sides) == 1 else f"{rule.code}:{side}"
            if clock.start == "accepted":
                code += f":{start.id}"
            yield replace(
                _base(name, rule, code, side),
                starts_on=start.on,
                within=clock.within,
                unit=clock.unit,
                due_on=due_on(start.on, within=clock.within, unit=clock.unit, calendar=situation.calendar),
                proof=proof,
                lapsed=pending and ended,
                how=_HOW[clock.end],
            )


def _duty(situation: Situation, name: str, rule: Rule) -> Iterator[Duty]:
    """A duty that the set states: of each side that it names, yearly where it says so, lasting where it has years."""
    stated = rule.parameters
    sides = _SIDES.get(stated.party, (stated.party,))
    for side in sides:
        code = rule.code if len(sides) == 1 else f"{rule.code}:{side}"
        duty = replace(_base(name, rule, code, side), within=stated.within, unit=stated.unit, stated=True, how=_STATED)
        if stated.yearly_by is not None:
            yield from _yearly(situation, duty, stated.yearly_by)
        elif stated.years is not None:
            ended = situation.record.state.ended_at
            until = None if ended is None else _years_after(clock.day_of(ended), stated.years)
            yield replace(duty, until_on=until, starts_on=clock.day_of(ended) if ended else None)
        else:
            yield duty


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


def _yearly(situation: Situation, duty: Duty, month_day: str) -> Iterator[Duty]:
    """What is told about the year before: for every year in which a payment of this contract was late."""
    month, day = (int(part) for part in month_day.split("-"))
    late: set[int] = set()
    for due in situation.dues.dues if situation.dues else ():
        if due.days_late > 0:
            last = due.settled_on.year if due.settled_on else situation.dues.as_of.year if situation.dues else 0
            late.update(range(due.due_on.year, last + 1))
    for year in sorted(late):
        yield replace(
            duty, code=f"{duty.code}:{year}", about=str(year), due_on=date(year + 1, month, day), starts_on=None
        )


def _obligation(situation: Situation, name: str, rule: Rule) -> Duty:
    figures = rule.parameters
    duty = replace(
        _base(name, rule, rule.code, figures.side),
        nature=figures.nature,
        within=figures.within,
        unit=figures.unit,
        stated=figures.proof is None and figures.nature == "duty",
        how=_HOW[figures.proof] if figures.proof else _STATED if figures.nature == "duty" else None,
    )
    starts = _moments(situation, figures.start) if figures.start else []
    if starts:
        first = min(starts, key=lambda each: each.on)
        duty = replace(duty, starts_on=first.on)
        if figures.within is not None:
            unit = figures.unit or "calendarDays"
            last = due_on(first.on, within=figures.within, unit=unit, calendar=situation.calendar)
            duty = replace(duty, due_on=last)
    if figures.proof is not None:
        duty = replace(duty, proof=_proof(situation, figures.proof, date.min, alone=True))
    return duty
