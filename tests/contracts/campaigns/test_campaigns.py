"""The year's campaign: returns of the units, what they lack, deadlines, and a roll-up that loses no yuan. Simulated."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from contracts.campaigns.handlers import campaign_day
from contracts.results.handlers import scoring_subscription
from contracts.snapshot import snapshot
from shared import clock
from shared.events import CampaignReminded, CampaignReturnChanged, DeterminationIssued
from shared.ids import new_id
from shared.jobs import ClaimedJob, Continue
from shared.testing import deliver, delivery

Json = dict[str, Any]
KINDS = (CampaignReminded.TYPE, CampaignReturnChanged.TYPE)
CAMPAIGN: Json = {
    "region": "CN-23",
    "year": 2025,
    "title": "2025 年度（模拟）",
    "opens_on": "2026-01-01",
    "due_on": "2026-03-31",
    "simulated": True,
}


@contextmanager
def on(contracts: Any, year: int, month: int, day: int) -> Iterator[None]:
    """A day, with a token that is valid then."""
    before = contracts.staff
    with clock.frozen(datetime(year, month, day, 4, tzinfo=UTC)):
        contracts.staff = contracts.client.as_("purchaser", "finance", "operator")
        yield
    contracts.staff = before


async def run_job(contracts: Any) -> None:
    cursor = None
    while True:
        async with contracts.database.transaction() as session:
            job = ClaimedJob(new_id(), "contracts.campaigns", "recurring", {}, cursor, 0)
            outcome = await campaign_day(session, job)
        if not isinstance(outcome, Continue):
            return
        cursor = outcome.cursor


async def returns_of(contracts: Any, campaign: Json) -> dict[str, Json]:
    """Returns by unit."""
    page = await contracts.get(f"/campaigns/{campaign['id']}/returns")
    return {one["organisation_id"]: one for one in page["items"]}


async def test_a_return_is_submitted_sent_back_extended_and_locked(contracts: Any) -> None:
    whole, bare = await contracts.completed(), await contracts.active()
    unit, other = whole["purchaser"]["organisation_id"], bare["purchaser"]["organisation_id"]
    demanded = {"requirements": [{"code": "observations", "severity": "block"}, {"code": "acceptance"}]}
    await contracts.refused(
        "POST", "/campaigns", CAMPAIGN | {"requirements": [{"code": "x"}]}, status=422, slug="malformed"
    )
    campaign = await contracts.post("/campaigns", CAMPAIGN | demanded, expect=201)
    path = f"/campaigns/{campaign['id']}"
    owed = await returns_of(contracts, campaign)
    assert (owed[unit]["contracts"], owed[unit]["complete"], owed[unit]["missing"]) == (1, 1, {})
    assert (owed[other]["complete"], owed[other]["missing"]) == (0, {"observations": 1})
    mine, theirs = owed[unit]["id"], owed[other]["id"]
    with on(contracts, 2025, 12, 1):
        await contracts.refused(
            "POST", f"{path}/returns/{mine}/submit", {}, status=409, slug="campaign-return-conflict"
        )
    with on(contracts, 2026, 3, 1):
        problem = await contracts.refused(
            "POST", f"{path}/returns/{theirs}/submit", {"reason": "x"}, status=409, slug="campaign-return-incomplete"
        )
        assert problem["missing"][0]["what"] == "observations"
        assert problem["missing"][0]["how"].startswith("POST /v1/contracts")
        assert problem["contracts"] == [{"contract_id": bare["contract_id"], "missing": ["observations"]}]
        lacking = await contracts.get(f"{path}/returns/{theirs}/contracts?lacking=observations")
        assert [one["contract_id"] for one in lacking["items"]] == [bare["contract_id"]]
        stale = {"headers": {"If-Match": '"9"'}}
        await contracts.refused("POST", f"{path}/returns/{mine}/submit", {}, status=412, slug="stale-version", **stale)
        both = {"items": [{"return_id": mine}, {"return_id": theirs}, {"return_id": str(new_id())}]}
        mass = await contracts.post(f"{path}/returns:submit", both)
        assert [one["outcome"] for one in mass["items"]] == ["updated", "failed", "failed"]
        assert (await contracts.post(f"{path}/returns:submit", both))["unchanged"] == 1
        back = await contracts.post(f"{path}/returns/{mine}/send-back", {"reason": "补充说明（模拟）"})
        assert (back["state"], back["rounds"], back["submitted"]["complete"]) == ("returned", 1, 1)
        again = await contracts.post(f"{path}/returns/{mine}/submit", {})
        assert (again["state"], again["rounds"]) == ("submitted", 2)
        later = {"due_on": "2026-04-30", "reason": "x"}
        assert (await contracts.post(f"{path}/returns/{theirs}/extend", later))["due_on"] == "2026-04-30"
        await contracts.refused("POST", f"{path}/returns/{theirs}/extend", later, status=422, slug="malformed")
        await contracts.refused(
            "POST", f"{path}/returns/{mine}/extend", later, status=409, slug="campaign-return-conflict"
        )
        stranger = contracts.client.as_("purchaser", organisation=str(new_id()))
        assert (await stranger.get(f"/v1{path}/returns")).json()["items"] == []
        foreign = contracts.client.as_("finance", regions=["CN-31"])
        assert (await foreign.get(f"/v1{path}/returns/{mine}")).status_code == 404
        assert (await foreign.post(f"/v1{path}/lock")).status_code == 403
        await contracts.post(f"{path}/lock")
        await contracts.refused("POST", f"{path}/returns/{theirs}/submit", {}, status=409, slug="campaign-locked")
    states = [one.data["state"] for one in await contracts.emitted(CampaignReturnChanged)]
    assert states.count("open") == 3  # two opened, one extended
    assert states[-2:] == ["locked", "locked"]


async def test_deadlines_are_told_once_and_late_units_get_their_return(contracts: Any) -> None:
    await contracts.active()
    campaign = await contracts.post("/campaigns", CAMPAIGN, expect=201)
    late = await contracts.active()
    for month, day, kinds in ((2, 1, []), (3, 25, ["dueSoon"] * 2), (3, 26, ["dueSoon"] * 2)):
        with on(contracts, 2026, month, day):
            await run_job(contracts)
            page = await contracts.get(f"/campaigns/{campaign['id']}/reminders")
            assert [one["kind"] for one in page["items"]] == kinds
    with on(contracts, 2026, 4, 1):
        await run_job(contracts)
        page = await contracts.get(f"/campaigns/{campaign['id']}/reminders")
        assert [one["kind"] for one in page["items"]].count("overdue") == 2
        assert late["purchaser"]["organisation_id"] in await returns_of(contracts, campaign)
    told = await contracts.emitted(CampaignReminded, CampaignReturnChanged)
    assert [one.type for one in told].count(CampaignReminded.TYPE) == 4
    async with contracts.database.reading() as session:
        snapped = [data.model_dump(mode="json") async for data, _, _ in snapshot(session) if data.TYPE in KINDS]
    assert sorted(map(str, snapped)) == sorted(str(one.data) for one in told)


async def determined(contracts: Any, contract: Json, score: str, seq: int) -> None:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    event = DeterminationIssued(
        determination_id=new_id(),
        contract_id=UUID(contract["contract_id"]),
        region="CN-230102",
        simulated=True,
        framework_id="cn-self-evaluation",
        framework_version="1.0.0",
        framework_hash="1" * 64,
        stage="completion",
        score=score,
        grade="good",
        content_hash="4" * 64,
        evidence_cutoff=at,
        document_number="模拟〔2026〕1号",
        signed_by="officer-7",
        issued_at=at,
    )
    told = delivery(event, subject=contract["contract_id"], region="CN-230102", seq=seq)
    await deliver(contracts.database, scoring_subscription, [told])


async def test_every_yuan_stands_once_at_each_level(contracts: Any) -> None:
    unit, provider = await contracts.organisation(name="=某局"), await contracts.organisation()
    parties = {"purchaser_id": unit, "provider_id": provider}
    one = await contracts.active(value="100.01", budget="100.01", **parties)
    two = await contracts.active(value="50.02", budget="50.02", **parties)
    three = await contracts.active(value="7.03", budget="7.03")
    project = await contracts.post(
        "/budget-projects",
        {
            "region": "CN-230102",
            "unit_id": unit,
            "code": "P-1",
            "name": "养老（模拟）",
            "year": 2025,
            "initial_amount": "1000.00",
        },
        expect=201,
    )
    share = {"budget_project_id": project["id"], "budget_year": 2025}
    await contracts.book(one, "budget", "60.00", **share)
    await contracts.book(two, "budget", "50.02", **share)
    await contracts.accept(one, "100.01")
    await contracts.book(one, "payment", "40.00", **share)
    await contracts.book(one, "payment", "10.01", **share)
    await contracts.accept(three, "7.03")
    await contracts.book(three, "payment", "2.00")
    await determined(contracts, one, "80.000000", 1)
    await determined(contracts, two, "90.000000", 2)
    campaign = await contracts.post("/campaigns", CAMPAIGN, expect=201)
    levels: dict[str, list[Json]] = {}
    for level in ("contract", "project", "department"):
        path, rows = f"/campaigns/{campaign['id']}/roll-up?level={level}&limit=1", []
        page = await contracts.get(path)
        while True:
            rows += page["items"]
            if page["next"] is None:
                break
            page = await contracts.get(f"{path}&cursor={page['next']}")
        levels[level] = rows
        assert sum(Decimal(row["value"]) for row in rows) == Decimal("157.06"), level
        assert sum(Decimal(row["paid"]) for row in rows) == Decimal("52.01"), level
    projects = {row["key"]: row for row in levels["project"]}
    assert (projects[project["id"]]["value"], projects[project["id"]]["paid"]) == ("110.02", "50.01")
    assert (projects[None]["value"], projects[None]["paid"]) == ("47.04", "2.00")
    department = next(row for row in levels["department"] if row["key"] == unit)
    # Weighted by value: 80 for 100.01 and 90 for 50.02.
    assert (department["score"], department["scored"], department["grades"]) == ("83.33", 2, {"good": 2})
    export = await contracts.staff.get(f"/v1/campaigns/{campaign['id']}/roll-up.csv?level=department")
    table = list(csv.reader(io.StringIO(export.content.decode("utf-8-sig"))))
    assert len(table) == 3
    assert "'=某局" in {line[1] for line in table}
    own = contracts.client.as_("purchaser", organisation=unit)
    seen = (await own.get(f"/v1/campaigns/{campaign['id']}/roll-up")).json()["items"]
    assert [row["key"] for row in seen] == [unit]
