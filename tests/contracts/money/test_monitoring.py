"""Dual monitoring: thresholds by month, the distance from the goals, alerts, decisions, suspension."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from contracts.monitoring.handlers import monitor, suspend
from contracts.monitoring.parameters import MonitoringParameters, parameters_in
from contracts.monitoring.rules import Goal, attainment, findings_of, progress_of, threshold_of
from contracts.rules.shipped import shipped
from contracts.working_days.queries import add_working_days
from shared import clock
from shared.auth import SYSTEM
from shared.events import ContractSuspended, MonitoringAlertChanged
from shared.ids import new_id
from shared.jobs import ClaimedJob

JUNE = date(2025, 6, 1)


def goal(value: str | None, *, direction: str = "higher", target: str = "100", zero_at: str | None = None) -> Goal:
    decimals = [None if text is None else Decimal(text) for text in (target, zero_at, value)]
    return Goal(direction, decimals[0] or Decimal(0), decimals[1], Decimal(1), decimals[2])


def rule() -> MonitoringParameters:
    found = parameters_in(shipped()["cn-2020@1.0.0"])
    assert found is not None
    return found


def test_the_thresholds_of_the_year() -> None:
    assert (int(rule().gap_points), rule().decide_within, rule().working_days, rule().suspends) == (10, 10, True, True)
    assert parameters_in(shipped()["ocds@1.0.0"]) is None
    found = [threshold_of(date(2025, month, 1), rule()) for month in range(1, 13)]
    assert [None if value is None else int(value) for value in found] == [None] * 3 + [
        25,
        25,
        40,
        40,
        60,
        60,
        80,
        80,
        80,
    ]


@pytest.mark.parametrize(
    ("drawn", "share"),
    [
        (goal("50"), "50"),
        (goal("150"), "100"),
        (goal("-5"), "0"),
        (goal("0", target="0"), "100"),
        (goal("1", direction="lower", target="1", zero_at="5"), "100"),
        (goal("3", direction="lower", target="1", zero_at="5"), "50"),
        (goal("9", direction="lower", target="1", zero_at="5"), "0"),
        (goal("2", direction="lower", target="1"), "0"),
    ],
)
def test_how_far_a_goal_is_reached(drawn: Goal, share: str) -> None:
    assert attainment(drawn) == Decimal(share)


def test_a_goal_without_a_value_is_a_gap_and_not_a_failure() -> None:
    assert progress_of([goal("50"), goal(None)]) == Decimal(50)
    assert progress_of([goal(None)]) is None


def test_what_is_found() -> None:
    def kinds(year: str | None, whole: str | None, progress: str | None, month: date = JUNE) -> list[str]:
        figures = [None if text is None else Decimal(text) for text in (year, whole, progress)]
        found = findings_of(
            month=month,
            year_execution=figures[0],
            execution=figures[1],
            progress=figures[2],
            parameters=rule(),
        )
        return [finding.kind for finding in found]

    assert kinds("40", "40", "50") == []
    assert kinds("39.99", "40", "50.01") == ["executionBelowThreshold", "progressGap"]
    assert kinds("0", None, "50", date(2025, 3, 1)) == []
    assert kinds(None, "70", "50") == ["progressGap"]


def test_working_days_leave_out_weekends_and_holidays() -> None:
    friday = date(2025, 9, 26)
    assert add_working_days(friday, 1, {}) == date(2025, 9, 29)
    exceptions = {date(2025, 9, 28): True, date(2025, 9, 29): False, date(2025, 9, 30): False}
    assert add_working_days(friday, 2, exceptions) == date(2025, 10, 1)


async def test_an_alert_is_raised_once_decided_once_and_suspends(contracts: Any, project: Any) -> None:
    decided, ignored, fine = [await contracts.active() for _ in range(3)]
    await contracts.book(fine, "payment", "60000.00", booked_on="2025-06-30")
    for contract in (decided, fine):
        await contracts.observe(contract, "visits", value="6000")
    held = await project(decided, "120000.00")
    await contracts.book(decided, "budget", "120000.00", budget_project_id=held["id"], booked_on="2025-06-01")
    await contracts.staff.put("/v1/working-days/2025-07-04", json={"working": False, "note": "节日（模拟）"})
    job = ClaimedJob(new_id(), "contracts.monitor", "", {}, None, 1)
    with clock.frozen(datetime(2025, 7, 1, 8, tzinfo=UTC)):
        for _ in range(2):
            async with contracts.database.transaction(principal=SYSTEM) as session:
                assert await monitor(session, job) is None
        figures = await contracts.get(f"/contracts/{decided['contract_id']}/monitoring?month=2025-06-15")
    assert (figures["year_execution"], figures["threshold"], figures["progress"], figures["observed"]) == (
        "0",
        "40",
        "50",
        1,
    )
    alerts = (await contracts.get("/monitoring/alerts"))["items"]
    assert sorted((alert["contract_id"], alert["kind"]) for alert in alerts) == sorted(
        [
            (decided["contract_id"], "executionBelowThreshold"),
            (decided["contract_id"], "progressGap"),
            (ignored["contract_id"], "executionBelowThreshold"),
        ]
    )
    # Ten working days after 1 July, the recorded holiday of 4 July left out.
    assert {alert["decide_by"] for alert in alerts} == {"2025-07-16"}
    assert {alert["month"] for alert in alerts} == {"2025-06-01"}
    path = ""
    for alert in alerts:
        if alert["contract_id"] == decided["contract_id"]:
            path = f"/monitoring/alerts/{alert['id']}/decide"
            body = {"decision": "transfer", "reason": "调剂到下半年"}
            await contracts.refused("POST", path, body, status=412, slug="stale-version", headers={"If-Match": '"9"'})
            assert (await contracts.post(path, body))["state"] == "decided"
            await contracts.refused("POST", path, body, status=409, slug="alert-already-decided")
    foreign = contracts.client.as_("finance", regions=["CN-31"])
    assert (await foreign.get("/v1/monitoring/alerts")).json()["items"] == []
    refused = await foreign.post(f"/v1{path}", json={"decision": "continue", "reason": "x"})
    assert (refused.status_code, refused.json()["type"]) == (404, "/problems/alert-not-found")

    async def sweep(day: int) -> str:
        with clock.frozen(datetime(2025, 7, day, 8, tzinfo=UTC)):
            async with contracts.database.transaction(principal=SYSTEM) as session:
                await suspend(session, job)
        found: str = (await contracts.get(f"/contracts/{ignored['contract_id']}"))["state"]
        return found

    assert await sweep(17) == "active"  # a rule that nobody has confirmed only warns
    confirmation = {
        "version": "1.0.0",
        "rules": ["execution-monitoring"],
        "scope": "CN-23",
        "person": "simulated",
        "basis": "simulated",
    }
    answer = await contracts.staff.post("/v1/rules/cn-2020/confirmations", json=confirmation)
    assert answer.is_success, answer.text
    assert await sweep(16) == "active"  # the last day for a decision
    assert await sweep(17) == "suspended"
    assert [event.subject for event in await contracts.emitted(ContractSuspended)] == [ignored["contract_id"]]
    states = [event.data["state"] for event in await contracts.emitted(MonitoringAlertChanged)]
    assert sorted(states) == ["decided"] * 2 + ["open"] * 3 + ["suspended"]
    assert UUID(alerts[0]["id"]).version == 7
    assert (await contracts.get("/monitoring/alerts?state=suspended"))["items"][0]["suspended_at"] is not None
