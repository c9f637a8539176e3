"""Reporting milestones over HTTP."""

from typing import Any

from sqlalchemy import text

from shared.events import ContractUpdated


async def test_a_milestone_is_reported_and_the_aggregate_told(contracts: Any) -> None:
    contract = await contracts.active()
    milestone = contract["milestones"][0]
    path = f"/contracts/{contract['contract_id']}/milestones/{milestone['milestone_id']}/report"
    shown = await contracts.post(path, {"status": "partlyMet", "met_on": "2025-06-29", "note": "两站延后"})
    assert shown["version"] == contract["version"] + 1
    reported = shown["milestones"][0]
    assert (reported["status"], reported["met_on"], reported["note"]) == ("partlyMet", "2025-06-29", "两站延后")
    assert reported["reported_at"] is not None
    (event,) = await contracts.emitted(ContractUpdated)
    assert event.data["milestones"][0]["status"] == "partlyMet"


async def test_a_second_report_is_a_correction_with_its_reason(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/milestones/{contract['milestones'][0]['milestone_id']}/report"
    await contracts.post(path, {"status": "notMet"})
    body = {"status": "met", "met_on": "2025-06-30"}
    await contracts.refused("POST", path, body, status=409, slug="milestone-already-reported")
    shown = await contracts.post(path, body | {"note": "原记录有误"})
    assert shown["milestones"][0]["status"] == "met"
    async with contracts.database.reading() as session:
        rows = await session.execute(text("SELECT status FROM contract_milestone_reports ORDER BY id"))
        assert [row.status for row in rows] == ["notMet", "met"]


async def test_reports_that_do_not_fit_are_refused(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/milestones"
    first = f"{path}/{contract['milestones'][0]['milestone_id']}/report"
    other = (await contracts.active())["milestones"][0]["milestone_id"]
    body = {"status": "met", "met_on": "2025-06-30"}
    await contracts.refused("POST", f"{path}/{other}/report", body, status=404, slug="milestone-not-found")
    assert await contracts.pointers("POST", first, {"status": "met"}) == {"/"}
    assert await contracts.pointers("POST", first, {"status": "notMet", "met_on": "2025-06-30"}) == {"/"}
    assert await contracts.pointers("POST", first, body | {"met_on": "2999-01-01"}) == {"/met_on"}
    assert await contracts.pointers("POST", first, body | {"status": "scheduled"}) == {"/status"}
    await contracts.refused(
        "POST", first, body, status=412, slug="stale-version", headers={"If-Match": f'"{contract["version"] + 1}"'}
    )
    pending = await contracts.pending()
    early = f"/contracts/{pending['contract_id']}/milestones/{pending['milestones'][0]['milestone_id']}/report"
    await contracts.refused("POST", early, body, status=409, slug="contract-state-conflict")
