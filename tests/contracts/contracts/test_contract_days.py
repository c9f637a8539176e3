"""The day of an instant is that of the offices, whatever zone the database is in: Beijing is eight hours ahead."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from contracts.clocks import day_sql
from shared import clock

INSTANTS = [
    datetime(2025, 12, 31, 15, 59, 59, tzinfo=UTC),  # the last second of the year in Beijing
    datetime(2025, 12, 31, 16, 0, tzinfo=UTC),  # 2026 there, still 2025 in Greenwich
    datetime(2024, 2, 28, 16, 0, tzinfo=UTC),  # the leap day has begun
    datetime(2024, 2, 29, 16, 0, tzinfo=UTC),  # and is over
]


async def test_a_statement_and_the_code_name_the_same_day(contracts: Any) -> None:
    for zone in ("UTC", "Asia/Shanghai", "America/Los_Angeles"):
        async with contracts.database.transaction() as session:
            await session.execute(text(f"SET LOCAL TIME ZONE '{zone}'"))
            for instant in INSTANTS:
                day = await session.scalar(text(f"SELECT {day_sql('CAST(:at AS timestamptz)')}"), {"at": instant})
                assert day == clock.day_of(instant), (zone, instant)


async def test_a_contract_that_ended_on_new_years_morning_is_of_the_new_year(contracts: Any) -> None:
    contract = await contracts.active()
    staff = contracts.staff
    with clock.frozen(datetime(2025, 12, 31, 23, 0, tzinfo=UTC)):  # seven in the morning of 1 January 2026
        contracts.staff = contracts.client.as_("purchaser", "finance", "operator")
        end = {"reason": "x", "end_reason": "unsuccessful"}
        await contracts.post(f"/contracts/{contract['contract_id']}/terminate", end)
    contracts.staff = staff
    dates = {"opens_on": "2027-01-01", "due_on": "2027-03-31"}
    campaign = {"region": "CN-23", "year": 2026, "title": "2026 年度（模拟）", "simulated": True} | dates
    made = await contracts.post("/campaigns", campaign, expect=201)
    (owed,) = (await contracts.get(f"/campaigns/{made['id']}/returns"))["items"]
    assert (owed["organisation_id"], owed["contracts"]) == (contract["purchaser"]["organisation_id"], 1)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_a_day_that_stands_for_none_is_refused(contracts: Any, day: str) -> None:
    """To the database these are infinite: a contract of such a term could be neither monitored nor listed by year."""
    terms = await contracts.terms()
    milestone = {"code": "M", "title": "x", "percentage": "100", "due_on": day}
    bad = {"signed_on": day, "ends_on": day, "milestones": [milestone], "competition": {"award_notice_on": day}}
    assert await contracts.pointers("POST", "/contracts", terms | bad) == {
        "/signed_on",
        "/ends_on",
        "/milestones/0/due_on",
        "/competition/award_notice_on",
    }
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}"
    body = {"result": "accepted", "accepted_on": day, "accepted_value": "1.00"}
    assert await contracts.pointers("POST", f"{path}/acceptances", body) == {"/accepted_on"}
    for part in (f"dues?as_of={day}", f"monitoring?month={day}"):
        assert (await contracts.staff.get(f"/v1{path}/{part}")).status_code == 200, part
