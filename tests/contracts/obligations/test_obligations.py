"""The register of rights and duties: who owes what by when, proofs, waivers, notices, to-do lists, calendars."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
from pydantic import ValidationError
from sqlalchemy import text
from tests.support import ANY_VERSION

from contracts.clocks import clocks, shortened
from contracts.obligations.duties import state_of
from contracts.obligations.handlers import make, sweep, tell
from contracts.results.service import Told, keep
from contracts.rules.queries import due_on, supplied
from contracts.rules.shipped import shipped
from contracts.rules.supplements import supplements
from contracts.settings import ContractsSettings
from contracts.snapshot import snapshot
from shared import clock
from shared.auth import SYSTEM
from shared.events import ObligationDue, ObligationOverdue, ResultUseOpened
from shared.ids import new_id
from shared.jobs import ClaimedJob
from shared.telemetry import is_private

Json = dict[str, Any]
SAMPLES = Path(__file__).parents[2] / "architecture/samples"
UNREAD = text(
    "SELECT 1 FROM contract_changes AS change, obligation_position AS position "
    "WHERE (change.epoch, change.xid, change.n) > (position.epoch, position.xid, position.n) LIMIT 1"
)
SIGNED = datetime(2025, 1, 6, 9, tzinfo=UTC)  # a Monday


@pytest.mark.parametrize(
    ("due", "done", "waived", "today", "state"),
    [
        (None, None, False, 1, "open"),
        (None, 1, False, 1, "done"),
        (10, None, False, 6, "open"),
        (10, None, False, 7, "due"),
        (10, None, False, 10, "due"),
        (10, None, False, 11, "overdue"),
        (10, 10, False, 20, "done"),
        (10, 11, False, 20, "doneLate"),
        (10, 11, True, 20, "waived"),
        (10, 9, True, 20, "done"),
        (10, None, True, 20, "waived"),
    ],
)
def test_the_state_follows_day_proof_and_waiver(
    due: int | None, done: int | None, waived: bool, today: int, state: str
) -> None:
    def day(number: int | None) -> date | None:
        return None if number is None else date(2025, 1, number)

    found = state_of(day(due), day(done), waived=waived, today=date(2025, 1, today), notice_days=3)
    assert found == state


def test_a_supplement_adds_what_a_set_lacks_and_gives_way_to_it() -> None:
    set_of_2020 = shipped()["cn-2020@1.1.0"]
    names = {name for name, _ in supplied(set_of_2020)}
    assert names == {"cn-2020@1.1.0", "cn-supplement@1.0.0"}
    sides = {rule.parameters.side for _, rule in supplied(set_of_2020) if rule.kind == "obligation"}
    assert sides == {"purchaser", "provider", "evaluator", "beneficiary", "finance"}
    extra = next(rule for rule in supplements()["CN"].rules if rule.kind == "supervision")
    own = extra.document | {"code": "own-cycle", "parameters": extra.document["parameters"] | {"eliminate_within": 20}}
    document = set_of_2020.document
    province = type(set_of_2020).model_validate(document | {"rules": [*document["rules"], own]})
    cycles = [rule for _, rule in supplied(province) if rule.kind == "supervision"]
    assert [cycle.code for cycle in cycles] == ["own-cycle"]
    for rules in supplements().values():
        for rule in rules.rules:
            assert rule.severity == "inform"
            assert rule.source is not None or rule.confidence.grade == "own"


def test_the_divisor_shortens_every_period_and_needs_a_demonstration(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match="GONGPING_DEMONSTRATION"):
        ContractsSettings(database_url="postgresql://x@127.0.0.1/x", clock_divisor=10)
    allowed = ContractsSettings(database_url="postgresql://x@127.0.0.1/x", clock_divisor=10, demonstration=True)
    assert allowed.clock_divisor == 10
    assert due_on(date(2025, 1, 6), within=7, unit="workingDays", calendar={}) == date(2025, 1, 15)
    monkeypatch.setenv("GONGPING_DEMONSTRATION", "true")
    monkeypatch.setenv("GONGPING_CLOCK_DIVISOR", "10")
    clocks.cache_clear()
    try:
        assert [shortened(days) for days in (0, 1, 7, 10, 30, 31)] == [0, 1, 1, 1, 3, 4]
        assert due_on(date(2025, 1, 6), within=7, unit="workingDays", calendar={}) == date(2025, 1, 7)
        assert due_on(date(2025, 1, 6), within=30, unit="calendarDays", calendar={}) == date(2025, 1, 9)
    finally:
        monkeypatch.undo()
        clocks.cache_clear()


class Register:
    """A contract's register as the tests read and keep it."""

    def __init__(self, contracts: Any) -> None:
        self.contracts = contracts

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Stop the clock, with tokens of that time."""
        with clock.frozen(moment):
            self.contracts.staff = self.contracts.client.as_("purchaser", "finance", "operator")
            yield

    async def of(self, contract: Json, query: str = "") -> Json:
        found: Json = await self.contracts.get(f"/contracts/{contract['contract_id']}/obligations{query}")
        return found

    async def item(self, contract: Json, code: str) -> Json:
        (found,) = [item for item in (await self.of(contract))["items"] if item["code"].startswith(code)]
        return dict(found)

    async def keep(self) -> None:
        """Run the register's jobs until nothing is left."""
        async with self.contracts.database.transaction(principal=SYSTEM) as session:
            rows = (
                await session.execute(text("SELECT payload FROM job WHERE kind = 'contracts.obligations_of'"))
            ).all()
        for row in rows:
            async with self.contracts.database.transaction(principal=SYSTEM) as session:
                await make(session, job(row.payload))
        for _ in range(200):
            async with self.contracts.database.transaction(principal=SYSTEM) as session:
                await sweep(session, job())
                if (await session.execute(UNREAD)).first() is None:
                    break
            await asyncio.sleep(0.05)  # another database's transaction holds the watermark up
        async with self.contracts.database.transaction(principal=SYSTEM) as session:
            assert await tell(session, job()) is None

    async def notices(self) -> list[tuple[str, str]]:
        events = await self.contracts.emitted(ObligationDue, ObligationOverdue)
        return sorted((event.type.split(".")[2], event.data["code"].split(":")[0]) for event in events)


async def tell_demand(contracts: Any, contract: Json, *, due_on: str) -> None:
    """What scoring tells when a determination demands something."""
    sample = json.loads((SAMPLES / "scoring.result_use.opened.v1.json").read_text(encoding="utf-8"))["data"]
    data = ResultUseOpened.model_validate(
        sample | {"contract_id": contract["contract_id"], "owner": "purchaser", "due_on": due_on, "state": "open"}
    )
    async with contracts.database.transaction(principal=SYSTEM) as session:
        told = Told(
            id=data.result_use_id,
            noun="result_use",
            contract_id=data.contract_id,
            region="CN-230102",
            version=data.version,
            about_id=data.determination_id,
            recorded_at=clock.now(),
            data=data,
        )
        await keep(session, told)


def job(payload: Json | None = None) -> ClaimedJob:
    return ClaimedJob(new_id(), "x", "x", payload or {}, None, 0)


@pytest.fixture
def register(contracts: Any) -> Register:
    return Register(contracts)


async def test_a_contracts_register_from_signature_to_the_end(
    contracts: Any, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    with register.at(SIGNED):
        contract = await contracts.active(
            signed_on="2025-01-06",
            starts_on="2025-01-10",
            competition={"award_notice_on": "2024-12-20"},
            clauses={"provider_size": "small"},
        )
        found = await register.of(contract)
        assert (found["rule_set"], found["clock_divisor"]) == ("cn-2020@1.1.0", 1)
        publish = await register.item(contract, "publish-contract-within")
        assert (publish["due_on"], publish["state"], publish["side"]) == ("2025-01-08", "due", "purchaser")
        assert (publish["source"], publish["confidence"]) == ("GPL-REG art. 50", "verified")
        assert publish["organisation_id"] == contract["purchaser"]["organisation_id"]
        # Both parties sign; the file of the copy runs over a weekend that an exception makes longer.
        signing = [item for item in found["items"] if item["code"].startswith("sign-within")]
        assert {item["side"]: item["state"] for item in signing} == {"purchaser": "done", "provider": "done"}
        assert (await register.item(contract, "file-copy-within"))["due_on"] == "2025-01-15"
        day_off = {"working": False, "note": "放假（模拟）"}
        answer = await contracts.staff.put("/v1/working-days/2025-01-13", json=day_off)
        assert answer.status_code == 200
        assert (await register.item(contract, "file-copy-within"))["due_on"] == "2025-01-16"
        sides = {item["side"] for item in found["items"]}
        assert sides == {"purchaser", "provider", "evaluator", "beneficiary"} | {"finance"}
        milestone = await register.item(contract, "milestone:M1")
        assert (milestone["side"], milestone["confidence"], milestone["source"]) == (
            "provider",
            "agreed",
            "contract, milestone M1",
        )
        path = f"/contracts/{contract['contract_id']}"
        await contracts.post(f"{path}/publications", {"kind": "contract", "published_on": "2025-01-06"}, expect=201)
        published = await register.item(contract, "publish-contract-within")
        assert (published["state"], published["proof"]["kind"]) == ("done", "contractPublished")
        await register.keep()
        # Within three days of its end nothing but what is done; the copy is due in ten days.
        assert await register.notices() == []

    with register.at(SIGNED + timedelta(days=9)):
        for _ in range(2):
            await register.keep()
        assert await register.notices() == [("due", "file-copy-within")]
    with register.at(SIGNED + timedelta(days=11)):
        for _ in range(2):
            await register.keep()
        assert await register.notices() == [("due", "file-copy-within"), ("overdue", "file-copy-within")]
        overdue = await contracts.emitted(ObligationOverdue)
        async with contracts.database.reading() as session:
            snapped = [data async for data, _, _ in snapshot(session) if isinstance(data, ObligationOverdue)]
        assert [data.model_dump(mode="json") for data in snapped] == [event.data for event in overdue]
        late = await register.of(contract, "?state=overdue&side=purchaser")
        assert [(item["code"], item["days_late"]) for item in late["items"]] == [("file-copy-within", 1)]

    with register.at(datetime(2025, 7, 10, 9, tzinfo=UTC)):
        await contracts.accept(contract, "60000.00")
        await register.keep()
        payment = await register.item(contract, "publish-acceptance-within:")
        assert (payment["due_on"], payment["state"]) == ("2025-07-03", "overdue")
        due = [item for item in (await register.of(contract))["items"] if item["code"].startswith("pay:")]
        assert [(item["side"], item["nature"], item["due_on"], item["about"]) for item in due] == [
            ("purchaser", "duty", "2025-07-31", "60000.00 CNY"),
            ("provider", "right", "2025-07-31", "60000.00 CNY"),
        ]
        opinion = await register.item(contract, "recipients-at-acceptance")
        assert (opinion["side"], opinion["nature"], opinion["state"]) == ("beneficiary", "right", "done")
    with register.at(datetime(2025, 8, 10, 9, tzinfo=UTC)):
        await contracts.book(contract, "payment", "60000.00", booked_on="2025-08-05")
        paid = [item for item in (await register.of(contract))["items"] if item["code"].startswith("pay:")]
        assert {item["state"] for item in paid} == {"doneLate"}
        assert {item["days_late"] for item in paid} == {5}
        interest = await register.item(contract, "late-interest:duty")
        assert interest["about"] == "150.00 CNY"
        sme = await register.item(contract, "publish-overdue-sme:2025")
        assert (sme["side"], sme["due_on"]) == ("finance", "2026-03-31")
        # A demonstration divides every period, and no date that was agreed.
        monkeypatch.setenv("GONGPING_DEMONSTRATION", "true")
        monkeypatch.setenv("GONGPING_CLOCK_DIVISOR", "10")
        clocks.cache_clear()
        try:
            shown = await register.of(contract)
            dues = await contracts.get(f"{path}/dues")
        finally:
            monkeypatch.undo()
            clocks.cache_clear()
        days = {item["code"].partition(":")[0]: item["due_on"] for item in shown["items"]}
        assert (shown["clock_divisor"], dues["days"], dues["dues"][0]["due_on"]) == (10, 3, "2025-07-04")
        assert (days["file-copy-within"], days["milestone"]) == ("2025-01-07", None)


async def test_lists_calendars_and_the_publics_view(contracts: Any, register: Register) -> None:
    with register.at(SIGNED):
        contract = await contracts.active(signed_on="2025-01-06", starts_on="2025-01-10")
        await register.keep()
        await tell_demand(contracts, contract, due_on="2025-02-03")
        await register.keep()
        purchaser = contract["purchaser"]["organisation_id"]
        provider = contract["provider"]["organisation_id"]
        todo = await contracts.get(f"/organisations/{purchaser}/todo")
        codes = [item["code"].split(":")[0] for item in todo["items"]]
        assert codes == ["publish-contract-within", "file-copy-within", "result_use"]
        evaluator = contracts.client.as_("evaluator")
        path = f"/v1/contracts/{contract['contract_id']}/obligations"
        assert "result_use" not in (await evaluator.get(path)).text
        assert {item["contract_number"] for item in todo["items"]} == {contract["contract_number"]}
        first = await contracts.get(f"/organisations/{purchaser}/todo?limit=1")
        second = await contracts.get(f"/organisations/{purchaser}/todo?limit=1&cursor={first['next']}")
        assert [page["items"][0]["code"] for page in (first, second)] == ["publish-contract-within", "file-copy-within"]
        assert second["next"] is not None
        assert (await contracts.get(f"/organisations/{provider}/todo?until=2025-06-30"))["items"][0]["code"] == (
            "milestone:M1"
        )
        foreign = contracts.client.as_("auditor", regions=["CN-31"])
        assert (await foreign.get(f"/v1/organisations/{purchaser}/todo")).json()["items"] == []
        stranger = contracts.client.as_("provider", organisation=new_id())
        answer = await stranger.get(f"/v1/organisations/{provider}/todo")
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-a-party")

        own = contracts.client.as_("provider", organisation=provider, regions=["CN-23"])
        made = await own.post(f"/v1/organisations/{provider}/calendars", json={"language": "en"})
        assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
        path = made.json()["path"]
        assert is_private(path)  # no log line and no span may hold the secret
        listed = (await own.get(f"/v1/organisations/{provider}/calendars")).json()["items"]
        assert path.split("/")[-1].removesuffix(".ics") not in str(listed)
        read = await contracts.client.anonymous.get(path)
        assert (read.status_code, read.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
        calendar = icalendar.Calendar.from_ical(read.content)
        events = calendar.walk("VEVENT")
        assert [(event.decoded("dtstart"), str(event["transp"])) for event in events] == [
            (date(2025, 6, 30), "TRANSPARENT")
        ]
        assert "[open] To do: Reach the milestone as agreed. (上半年服务)" in str(events[0]["summary"])
        revoked = await own.post(f"/v1/organisations/{provider}/calendars/{made.json()['id']}/revoke")
        assert revoked.json()["revoked_at"] is not None
        assert (await contracts.client.anonymous.get(path)).json()["type"] == "/problems/calendar-not-found"

        public = await contracts.client.anonymous.get(f"/v1/public/contracts/{contract['contract_id']}/obligations")
        told = public.json()
        assert (told["purchaser"], told["counts"]["due"]) == (contract["purchaser"]["name"], 1)
        assert {item["side"] for item in told["items"]} >= {"purchaser", "provider", "beneficiary"}
        draft = await contracts.draft()
        hidden = await contracts.client.anonymous.get(f"/v1/public/contracts/{draft['contract_id']}/obligations")
        assert hidden.status_code == 404


async def test_a_finance_department_has_a_list_and_a_calendar(contracts: Any, register: Register) -> None:
    with register.at(SIGNED):
        contract = await contracts.active(signed_on="2025-01-06", starts_on="2025-01-10")
        elsewhere = await contracts.active(signed_on="2025-01-06", starts_on="2025-01-10", region="CN-230203")
    with register.at(datetime(2025, 3, 3, 9, tzinfo=UTC)):
        for one in (contract, elsewhere):
            terms = {"small_enterprise": True, "basis": "acceptance", "days": 30}
            await contracts.staff.put(
                f"/v1/contracts/{one['contract_id']}/payment-terms", json=terms, headers=ANY_VERSION
            )
            await contracts.accept(one, "100.00", accepted_on="2025-03-03")
        auditor = contracts.client.as_("auditor", subject="one")
        finding = {"reason": "public", "responsible": "provider", "demand": "群众反映（模拟）"}
        made = await auditor.post(f"/v1/contracts/{contract['contract_id']}/findings", json=finding)
        await auditor.post(f"/v1/findings/{made.json()['id']}/activate", json={"reason": "模拟"})
        voucher = {"number": "V-1", "amount": "70.00", "paid_on": "2025-02-03"}
        statement = {"source": "treasury", "region": "CN-230102", "month": "2025-02-01", "total": "70.00"}
        await contracts.post("/vouchers/files", statement | {"lines": [voucher]}, expect=201)
        await register.keep()

        finance = contracts.client.as_("finance", regions=["CN-2301"])
        todo = (await finance.get("/v1/regions/CN-2301/todo")).json()
        assert [item["code"].split(":")[0] for item in todo["items"]] == ["finding", "pay"]
        assert {item["contract_id"] for item in todo["items"]} == {contract["contract_id"]}
        assert todo["vouchers"] == [
            {"month": "2025-02-01", "queue": "unmatched", "currency": "CNY", "vouchers": 1, "amount": "70.00"}
        ]
        first = (await finance.get("/v1/regions/CN-2301/todo?limit=1")).json()
        second = (await finance.get(f"/v1/regions/CN-2301/todo?limit=1&cursor={first['next']}")).json()
        assert [second["items"][0]["code"].split(":")[0], second["vouchers"], second["next"]] == ["pay", [], None]
        province = contracts.client.as_("finance", regions=["CN-23"])
        assert len((await province.get("/v1/regions/CN-23/todo")).json()["items"]) == 3
        foreign = await finance.get("/v1/regions/CN-23/todo")
        assert (foreign.status_code, foreign.json()["type"]) == (403, "/problems/forbidden")
        assert (await finance.get("/v1/regions/nowhere/todo")).status_code == 422

        made = await finance.post("/v1/regions/CN-2301/calendars", json={"language": "zh"})
        assert (made.status_code, made.json()["finance_of"], made.json()["organisation_id"]) == (201, "CN-2301", None)
        assert is_private(made.json()["path"])
        read = await contracts.client.anonymous.get(made.json()["path"])
        calendar = icalendar.Calendar.from_ical(read.content)
        assert "财政部门 CN-2301" in str(calendar["x-wr-calname"])
        assert len(calendar.walk("VEVENT")) == 2
        listed = (await finance.get("/v1/regions/CN-2301/calendars")).json()["items"]
        assert [one["id"] for one in listed] == [made.json()["id"]]
        assert (await finance.post("/v1/regions/CN-23/calendars")).status_code == 403
        other = await province.post(f"/v1/regions/CN-2302/calendars/{made.json()['id']}/revoke")
        assert other.json()["type"] == "/problems/calendar-not-found"
        revoked = await finance.post(f"/v1/regions/CN-2301/calendars/{made.json()['id']}/revoke")
        assert revoked.json()["revoked_at"] is not None
        assert (await contracts.client.anonymous.get(made.json()["path"])).status_code == 404


async def test_an_evaluators_list_has_the_inspections_that_it_takes_part_in(contracts: Any, register: Register) -> None:
    with register.at(SIGNED):
        contract = await contracts.active(signed_on="2025-01-06", starts_on="2025-01-10")
        evaluator, purchaser = await contracts.organisation("evaluator"), contract["purchaser"]["organisation_id"]
        plan = {
            "title": "现场检查（模拟）",
            "planned_on": "2025-01-20",
            "inspectors": [
                {"role": "第三方", "organisation_id": evaluator},
                {"role": "购买主体", "organisation_id": purchaser},
                {"role": "财政部门"},
            ],
            "checklist": [{"code": "staff", "text": "人员配备"}],
        }
        path = f"/contracts/{contract['contract_id']}/inspections"
        announced = await contracts.post(path, plan, expect=201)
        secret = await contracts.post(path, plan | {"announced": False, "planned_on": "2025-01-21"}, expect=201)
        await register.keep()
        own = contracts.client.as_("evaluator", organisation=evaluator)
        item, unannounced = (await own.get(f"/v1/organisations/{evaluator}/todo")).json()["items"]
        assert (unannounced["due_on"], unannounced["side"]) == ("2025-01-21", "evaluator")
        assert (item["side"], item["due_on"], item["state"]) == ("evaluator", "2025-01-20", "open")
        assert item["code"] == f"inspection:{announced['id']}:1"
        codes = [one["code"] for one in (await contracts.get(f"/organisations/{purchaser}/todo"))["items"]]
        assert [code for code in codes if code.startswith("inspection")] == [
            f"inspection:{announced['id']}:2",
            f"inspection:{secret['id']}:2",
        ]
        # Others' lists are not its own, and a system of evaluators says whose it is.
        for client in (own, contracts.client.as_("evaluator")):
            answer = await client.get(f"/v1/organisations/{purchaser}/todo")
            assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-a-party")
        made = await own.post(f"/v1/organisations/{evaluator}/calendars", json={"language": "en"})
        read = await contracts.client.anonymous.get(made.json()["path"])
        assert len(icalendar.Calendar.from_ical(read.content).walk("VEVENT")) == 1
        public = await contracts.client.anonymous.get(f"/v1/public/contracts/{contract['contract_id']}/obligations")
        assert "现场检查" not in public.text
    with register.at(SIGNED + timedelta(days=14)):
        visit = {
            "visited_on": "2025-01-20",
            "summary": "x",
            "documents": [{"sha256": "b" * 64, "title": "x"}],
            "results": [{"code": "staff", "result": "met"}],
        }
        await contracts.post(f"/inspections/{announced['id']}/visit", visit)
        await register.keep()
        own = contracts.client.as_("evaluator", organisation=evaluator)
        left = (await own.get(f"/v1/organisations/{evaluator}/todo")).json()["items"]
        assert [one["due_on"] for one in left] == ["2025-01-21"]
        assert (await register.item(contract, f"inspection:{announced['id']}:1"))["state"] == "done"


async def test_proofs_and_waivers(contracts: Any, register: Register) -> None:
    with register.at(SIGNED):
        contract = await contracts.active(signed_on="2025-01-06", starts_on="2025-01-10")
        path = f"/contracts/{contract['contract_id']}/obligations"
        ledger = await register.item(contract, "provider-ledger")
        body = {"done_on": "2025-01-06", "note": "台账已建立（模拟）", "document_sha256": "a" * 64}
        publish = (await register.item(contract, "publish-contract-within"))["obligation_id"]
        problem = await contracts.refused(
            "POST", f"{path}/{publish}/proof", body, status=409, slug="obligation-proven-by-fact"
        )
        assert problem["how"] == "POST /v1/contracts/{id}/publications with kind contract"
        own = contracts.client.as_("provider", organisation=contract["provider"]["organisation_id"])
        proved = await own.post(f"/v1{path}/{ledger['obligation_id']}/proof", json=body)
        assert proved.status_code == 201, proved.text
        item = await register.item(contract, "provider-ledger")
        assert (item["state"], item["proof"]["id"]) == ("done", proved.json()["id"])
        await contracts.refused(
            "POST", f"{path}/{ledger['obligation_id']}/proof", body, status=409, slug="obligation-settled"
        )
        await contracts.refused("POST", f"{path}/{new_id()}/proof", body, status=404, slug="obligation-not-found")
        await contracts.refused("POST", f"{path}/{publish}/waiver/approve", status=404, slug="waiver-not-found")
        await contracts.post(f"{path}/{publish}/waiver", {"reason": "国家秘密除外（模拟）"}, expect=201)
        assert (await register.item(contract, "publish-contract-within"))["state"] == "due"
        await contracts.refused(
            "POST", f"{path}/{publish}/waiver/approve", status=409, slug="waiver-needs-second-person"
        )
        second = contracts.client.as_("finance", subject="second")
        for _ in range(2):
            approved = await second.post(f"/v1{path}/{publish}/waiver/approve")
            assert approved.json()["approved_by"] == "second"
        assert (await register.item(contract, "publish-contract-within"))["state"] == "waived"
    with register.at(SIGNED + timedelta(days=3)):
        await register.keep()
        assert await register.notices() == []
        await contracts.post(f"/contracts/{contract['contract_id']}/terminate", {"reason": "x"})
        await register.keep()
        milestone = await register.item(contract, "milestone:M1")
        assert (milestone["closed"], milestone["state"]) == (True, "open")
        provider = contract["provider"]["organisation_id"]
        assert (await contracts.get(f"/organisations/{provider}/todo"))["items"] == []
