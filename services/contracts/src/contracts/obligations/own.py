"""Rights and duties that the contract itself makes: milestones, acceptance, payments, alerts, findings. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from contracts.obligations.duties import VISIT, Duty, Proof, Text
from contracts.obligations.facts import Fact
from contracts.obligations.situation import Situation
from contracts.rules.queries import Rule, due_on

__all__ = ["own_duties"]

_RUNNING = ("active", "suspended")


def own_duties(situation: Situation) -> list[Duty]:
    """What follows from the contract's terms and from what happened in it, in the order of its life."""
    state = situation.record.state
    if state.state in ("draft", "pending"):
        return []
    return [
        *_milestones(situation),
        *_acceptance(situation),
        *_payments(situation),
        *_interest(situation),
        *_alerts(situation),
        *_findings(situation),
        *_visits(situation),
        *_demands(situation),
    ]


def _rule_of(situation: Situation, kind: str) -> tuple[str, Rule] | None:
    return next(((name, rule) for name, rule in situation.rules if rule.kind == kind), None)


def _milestones(situation: Situation) -> Iterator[Duty]:
    """A milestone is done when it is reported as met; in part or not at all it stays undone."""
    state = situation.record.state
    for milestone in state.milestones:
        delivery = milestone.kind == "delivery"
        met = milestone.met_on if milestone.status == "met" else None
        yield Duty(
            code=f"milestone:{milestone.code}",
            side="provider" if delivery else "purchaser",
            nature="duty",
            text=Text("按约完成里程碑。", "Reach the milestone as agreed.")
            if delivery
            else Text("按约办理付款。", "Make the agreed payment."),
            about=milestone.title,
            source=f"contract, milestone {milestone.code}",
            confidence="agreed",
            starts_on=state.starts_on,
            due_on=milestone.due_on,
            proof=Proof("milestone", milestone.milestone_id, met) if met else None,
            lapsed=state.state not in _RUNNING,
            how=f"POST /v1/contracts/{{id}}/milestones/{milestone.milestone_id}/report",
        )


def _acceptance(situation: Situation) -> Iterator[Duty]:
    """Where a time for the acceptance is agreed, it runs from each delivery that was reported as met."""
    rule = _rule_of(situation, "smePayment")
    if situation.acceptance_days is None:
        return
    state = situation.record.state
    for milestone in state.milestones:
        if milestone.kind != "delivery" or milestone.met_on is None or milestone.status == "notMet":
            continue
        accepted = [fact for fact in situation.known.acceptances if fact.on >= milestone.met_on]
        first = min(accepted, key=lambda fact: (fact.on, fact.id), default=None)
        due = due_on(
            milestone.met_on, within=situation.acceptance_days, unit="calendarDays", calendar=situation.calendar
        )
        yield Duty(
            code=f"accept:{milestone.code}",
            side="purchaser",
            nature="duty",
            text=Text("在约定期限内验收。", "Accept in the agreed time."),
            about=milestone.title,
            rule=f"{rule[0]} {rule[1].code}" if rule else None,
            source="contract, payment terms" + (f"; {rule[1].source}" if rule and rule[1].source else ""),
            confidence="agreed",
            starts_on=milestone.met_on,
            within=situation.acceptance_days,
            unit="calendarDays",
            due_on=due,
            proof=Proof("accepted", first.id, first.on) if first else None,
            lapsed=state.state not in _RUNNING,
            how="POST /v1/contracts/{id}/acceptances",
        )


def _payments(situation: Situation) -> Iterator[Duty]:
    """Each accepted part is a debt of the purchaser, and a right of the provider, until it is settled."""
    if situation.dues is None:
        return
    rule = _rule_of(situation, "smePayment")
    state = situation.record.state
    for due in situation.dues.dues:
        settled = [fact for fact in situation.known.settlements if due.settled_on and fact.on <= due.settled_on]
        last: Fact | None = max(settled, key=lambda fact: (fact.on, fact.id), default=None)
        proof = None
        if due.settled_on is not None:
            proof = Proof(last.kind if last else "payment", last.id if last else None, due.settled_on)
        duty = Duty(
            code=f"pay:{due.entry_id}",
            side="purchaser",
            nature="duty",
            text=Text(rule[1].text.zh, rule[1].text.en) if rule else Text("按约支付。", "Pay as agreed."),
            about=f"{due.amount:.2f} {state.currency}",
            amount=due.amount,
            rule=f"{rule[0]} {rule[1].code}" if rule else None,
            source=str(rule[1].source) if rule and rule[1].source else "contract, payment terms",
            confidence=rule[1].confidence.grade if rule else "agreed",
            starts_on=due.clock_from,
            within=situation.dues.days,
            unit="calendarDays",
            due_on=due.due_on,
            proof=proof,
            how="POST /v1/contracts/{id}/ledger with kind payment",
        )
        yield duty
        yield replace(duty, code=f"{duty.code}:right", side="provider", nature="right", how=None)


def _interest(situation: Situation) -> Iterator[Duty]:
    """Interest that has run is owed until it is paid; what is booked and paid stands in the ledger."""
    rule, known = _rule_of(situation, "lateInterest"), situation.known
    if situation.dues is None or situation.dues.interest == Decimal(0):
        return
    last = known.interest_paid if known.interest_total >= situation.dues.interest else None
    for side, nature in (("purchaser", "duty"), ("provider", "right")):
        yield Duty(
            code=f"late-interest:{nature}",
            side=side,
            nature=nature,
            text=Text(rule[1].text.zh, rule[1].text.en) if rule else Text("支付逾期利息。", "Pay late interest."),
            about=f"{situation.dues.interest:.2f} {situation.dues.currency}",
            amount=situation.dues.interest,
            rule=f"{rule[0]} {rule[1].code}" if rule else None,
            source=str(rule[1].source) if rule and rule[1].source else "contract, payment terms",
            confidence=rule[1].confidence.grade if rule else "agreed",
            proof=Proof("interestPayment", last.id, last.on) if last else None,
            how="POST /v1/contracts/{id}/dues/interest, then the ledger with kind interestPayment"
            if nature == "duty"
            else None,
        )


def _alerts(situation: Situation) -> Iterator[Duty]:
    rule = _rule_of(situation, "executionMonitoring")
    for alert in situation.known.alerts:
        yield Duty(
            code=f"alert:{alert.id}",
            side="purchaser",
            nature="duty",
            text=Text("对绩效运行监控预警作出处理决定。", "Decide about an alert of dual monitoring."),
            about=f"{alert.kind} {alert.month:%Y-%m}",
            rule=f"{rule[0]} {rule[1].code}" if rule else None,
            source=str(rule[1].source) if rule and rule[1].source else None,
            confidence=rule[1].confidence.grade if rule else "own",
            due_on=alert.decide_by,
            proof=Proof("alert", alert.id, alert.decided) if alert.decided else None,
            internal=True,
            how=f"POST /v1/monitoring/alerts/{alert.id}/decide",
        )


def _findings(situation: Situation) -> Iterator[Duty]:
    """Both clocks of a finding: supervision concludes, then the responsible party puts it right and reports."""
    rule = _rule_of(situation, "supervision")
    if rule is None:
        return
    name, cycle = rule
    for finding in situation.known.findings:
        base = Duty(
            code="",
            side="finance",
            nature="duty",
            text=Text("对监督检查事项作出结论。", "Conclude a finding."),
            rule=f"{name} {cycle.code}",
            source=str(cycle.source) if cycle.source else None,
            confidence=cycle.confidence.grade,
            unit=cycle.parameters.unit,
            lapsed=finding.state == "stopped",
            internal=True,
        )
        path = f"POST /v1/findings/{finding.id}"
        if finding.conclude_by is not None:
            yield replace(
                base,
                code=f"finding:{finding.id}:conclude",
                starts_on=finding.opened,
                within=cycle.parameters.conclude_within,
                due_on=finding.conclude_by,
                proof=_on("finding", finding.id, finding.concluded),
                how=f"{path}/conclude",
            )
        if finding.report_by is not None:
            yield replace(
                base,
                code=f"finding:{finding.id}:report",
                side=finding.responsible,
                text=Text("整改并报告。", "Put right what was found, and report it."),
                starts_on=finding.concluded,
                within=cycle.parameters.eliminate_within,
                due_on=finding.report_by,
                proof=_on("finding", finding.id, finding.reported),
                lapsed=finding.state in ("stopped", "completed"),
                how=f"{path}/report",
            )


def _visits(situation: Situation) -> Iterator[Duty]:
    """Announced inspections are to be carried out by who takes part; an unannounced one is in no register."""
    for visit in situation.known.visits:
        yield Duty(
            code=f"inspection:{visit.id}:{visit.number}",
            side=visit.side,
            organisation_id=visit.organisation_id,
            nature="duty",
            text=VISIT,
            about=visit.title,
            source="plan of the inspection",
            confidence="agreed",
            starts_on=visit.planned,
            due_on=visit.planned_on,
            proof=_on("inspection", visit.id, visit.visited),
            internal=True,
            how=f"POST /v1/inspections/{visit.id}/visit",
        )


def _demands(situation: Situation) -> Iterator[Duty]:
    """What a determination demands, with the clocks that scoring keeps; scoring is their owner."""
    for demand in situation.known.demands:
        report = demand.noun == "rectification"
        duty = Duty(
            code=f"{demand.noun}:{demand.id}",
            side=demand.side,
            nature="duty",
            text=Text("对评价结果所要求的问题整改并报告。", "Put right what a result demands, and report it.")
            if report
            else Text("落实评价结果的应用。", "Carry out the use of a result."),
            about=demand.kind,
            source="determination of the score",
            confidence="agreed",
            starts_on=demand.started,
            due_on=demand.due_on,
            proof=_on(demand.noun, demand.id, demand.done),
            lapsed=demand.state in ("void", "waived", "stopped", "cancelled", "closed", "suspended"),
            internal=True,
            how=f"POST /v1/rectifications/{demand.id}/report" if report else f"POST /v1/results/{demand.id}/apply",
        )
        if duty.side in ("purchaser", "provider", "finance"):
            yield duty


def _on(kind: str, thing: UUID, day: date | None) -> Proof | None:
    return Proof(kind, thing, day) if day else None
