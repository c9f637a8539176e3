"""Raising alerts, deciding them, and suspending what nobody decided."""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.queries import ContractRecord, get_contract
from contracts.contracts.service import require_party, rules_for, suspend_contract
from contracts.monitoring.errors import AlertAlreadyDecided
from contracts.monitoring.models import MonitoringAlert
from contracts.monitoring.parameters import MonitoringParameters, parameters_in
from contracts.monitoring.queries import Figures, active_contracts, figures_of, get_alert
from contracts.monitoring.rules import Finding, findings_of, progress_of, threshold_of
from contracts.monitoring.schemas import DecisionIn, MonitoringOut
from contracts.register_jobs import refresh_register
from contracts.rules.queries import standing_of
from contracts.working_days.queries import last_day
from shared import audit, clock, outbox
from shared.concurrency import check_version
from shared.db import principal_in
from shared.events import MonitoringAlertChanged
from shared.ids import new_id

__all__ = ["alert_event", "decide_alert", "monitor_contract", "monitor_month", "suspend_undecided"]


def alert_event(alert: MonitoringAlert) -> MonitoringAlertChanged:
    """The alert as its event carries it."""
    names = MonitoringAlertChanged.model_fields
    return MonitoringAlertChanged(
        alert_id=alert.id, **{name: getattr(alert, name) for name in names if name != "alert_id"}
    )


def _findings(figures: Figures, month: date) -> list[Finding]:
    if figures.parameters is None:
        return []
    return findings_of(
        month=month,
        year_execution=figures.year_execution,
        execution=figures.execution,
        progress=progress_of(figures.goals),
        parameters=figures.parameters,
    )


async def _decide_by(session: AsyncSession, parameters: MonitoringParameters) -> date:
    unit = "workingDays" if parameters.working_days else "calendarDays"
    return await last_day(session, start=clock.today(), within=parameters.decide_within, unit=unit)


async def monitor_contract(session: AsyncSession, *, contract_id: UUID, month: date) -> tuple[str, MonitoringOut]:
    """(region, both monitors) of a contract in the caller's scope at the end of a month; nothing is recorded."""
    state = (await get_contract(session, contract_id=contract_id)).state
    (figures,) = await figures_of(session, contract_ids=[contract_id], month=month)
    return state.region, MonitoringOut(
        contract_id=contract_id,
        month=month,
        year_execution=figures.year_execution,
        threshold=threshold_of(month, figures.parameters) if figures.parameters else None,
        execution=figures.execution,
        progress=progress_of(figures.goals),
        goals=len(figures.goals),
        observed=sum(1 for goal in figures.goals if goal.value is not None),
        findings=[finding.kind for finding in _findings(figures, month)],
        rule=figures.parameters.rule if figures.parameters else None,
    )


async def monitor_month(session: AsyncSession, *, month: date, after: UUID, limit: int) -> UUID | None:
    """Monitor a chunk of the contracts in force; each alert is raised once. Answers the last id, None when done."""
    ids = await active_contracts(session, month=month, after=after, limit=limit)
    if not ids:
        return None
    moment = clock.now()
    for figures in await figures_of(session, contract_ids=ids, month=month):
        for finding in _findings(figures, month):
            if figures.parameters is None:
                continue
            values = {
                "id": new_id(),
                "version": 1,
                "contract_id": figures.contract_id,
                "region": figures.region,
                "month": month,
                **finding._asdict(),
                "rule": figures.parameters.rule,
                "state": "open",
                "opened_at": moment,
                "decide_by": await _decide_by(session, figures.parameters),
            }
            raised = insert(MonitoringAlert).values(values).on_conflict_do_nothing().returning(MonitoringAlert)
            alert = (await session.execute(raised)).scalar_one_or_none()
            if alert is not None:
                _told(session, alert, "monitoring.alerted")
                await refresh_register(session, contract_id=alert.contract_id)
    return ids[-1] if len(ids) == limit else None


async def decide_alert(
    session: AsyncSession, body: DecisionIn, *, alert_id: UUID, if_match: int | None
) -> MonitoringAlert:
    """Decide an alert, in time or after the suspension (the contract is resumed by an act of its own)."""
    alert = await get_alert(session, alert_id=alert_id, lock=True)
    check_version(if_match, alert.version)
    state = (await get_contract(session, contract_id=alert.contract_id)).state
    principal = principal_in(session)
    require_party(principal, purchaser_id=state.purchaser.organisation_id, provider_id=None, members=state.members)
    if alert.state == "decided":
        raise AlertAlreadyDecided(f"It was decided on {alert.decided_at}: {alert.decision}.", decision=alert.decision)
    alert.state, alert.decision, alert.reason = "decided", body.decision, body.reason
    alert.decided_by, alert.decided_at = principal_in(session).subject, clock.now()
    alert.version += 1
    await session.flush()
    _told(session, alert, "monitoring.decided")
    await refresh_register(session, contract_id=alert.contract_id)
    return alert


async def suspend_undecided(session: AsyncSession, *, after: UUID, limit: int) -> UUID | None:
    """Suspend the contracts whose alerts nobody decided in time; a chunk. Answers the last id, None when done.

    Only where the contract's rule says so, a named person has confirmed it for the region, and it is not set aside for
    the contract: until then the rule only warns, and the alert stays open.
    """
    overdue = (
        select(MonitoringAlert)
        .where(MonitoringAlert.state == "open", MonitoringAlert.decide_by < clock.today(), MonitoringAlert.id > after)
        .order_by(MonitoringAlert.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    alerts = (await session.execute(overdue)).scalars().all()
    for alert in alerts:
        record = await get_contract(session, contract_id=alert.contract_id)
        if record.state.state not in ("active", "suspended") or not await _may_suspend(session, record):
            continue
        if record.state.state == "active":
            reason = (
                f"No decision by {alert.decide_by} about the alert {alert.kind} of {alert.month:%Y-%m}: {alert.rule}"
            )
            await suspend_contract(session, contract_id=alert.contract_id, reason=reason, if_match=None)
        alert.state, alert.suspended_at, alert.version = "suspended", clock.now(), alert.version + 1
        await session.flush()
        _told(session, alert, "monitoring.suspended")
    return alerts[-1].id if len(alerts) == limit else None


async def _may_suspend(session: AsyncSession, record: ContractRecord) -> bool:
    rules = (await rules_for(session, record)).rules
    parameters = parameters_in(rules)
    if parameters is None or not parameters.suspends:
        return False
    state = record.state
    standing = await standing_of(session, rules, region=state.region, contract_id=state.contract_id)
    return parameters.rule_sha256 in standing.confirmed - standing.overridden


def _told(session: AsyncSession, alert: MonitoringAlert, act: str) -> None:
    outbox.emit(session, alert_event(alert), subject=alert.contract_id, region=alert.region)
    noted = {"alert_id": str(alert.id), "kind": alert.kind, "decision": alert.decision}
    audit.record(session, act, noun="contract", noun_id=alert.contract_id, region=alert.region, fields=noted)
