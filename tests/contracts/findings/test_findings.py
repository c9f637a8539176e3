"""Inspections and findings: planned, seen, concluded, put right, verified, with an effect, counted."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support import ANY_VERSION

from contracts.findings.steps import ACTIONS, allowed
from contracts.snapshot import snapshot
from shared import clock
from shared.events import FindingChanged, InspectionRecorded
from shared.ids import new_id

Json = dict[str, Any]
START = datetime(2025, 3, 3, 9, tzinfo=UTC)  # a Monday
DOCUMENT = {"sha256": "b" * 64, "title": "文件（模拟）"}
PLAN = {
    "title": "服务现场检查（模拟）",
    "planned_on": "2025-03-04",
    "announced": False,
    "inspectors": [{"role": "财政部门"}, {"role": "购买主体"}],
    "checklist": [
        {"code": "staff", "text": "人员配备", "source": "合同第三条"},
        {"code": "records", "text": "服务台账"},
    ],
}
VISIT = {
    "visited_on": "2025-03-04",
    "results": [{"code": "staff", "result": "notMet", "note": "缺少两名护理员"}, {"code": "records", "result": "met"}],
    "summary": "人员不足（模拟）",
    "documents": [DOCUMENT],
}
CONCLUSION = {
    "violations": [{"type": "staffing", "text": "缺少两名护理员"}, {"type": "recordsMissing", "text": "二月台账缺失"}],
    "demand": "补足人员，补齐台账",
    "words": "见检查记录",
    "document": DOCUMENT,
}
REASON = {"reason": "模拟"}


class Supervision:
    """The people of a finding: the auditor, a second one, the purchaser, the provider."""

    def __init__(self, contracts: Any) -> None:
        self.contracts = contracts
        self.contract: Json = {}

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Stop the clock, with tokens of that time."""
        with clock.frozen(moment):
            as_ = self.contracts.client.as_
            self.contracts.staff = as_("purchaser", "finance", "operator")
            self.auditor, self.second = as_("auditor", subject="one"), as_("auditor", subject="two")
            if self.contract:
                party = {side: self.contract[side]["organisation_id"] for side in ("purchaser", "provider")}
                self.provider = as_("provider", organisation=party["provider"], subject="provider")
                self.purchaser = as_("purchaser", organisation=party["purchaser"], subject="purchaser")
            yield

    async def ask(self, client: Any, path: str, body: Json, *, expect: int = 200, if_match: int | None = None) -> Json:
        headers = {"If-Match": f'"{if_match}"'} if if_match is not None else {}
        answer = await client.post(f"/v1{path}", json=body, headers=headers)
        assert answer.status_code == expect, answer.text
        found: Json = answer.json()
        return found

    async def opened(self, body: Json | None = None) -> str:
        """A finding that is active."""
        wanted = body or {"reason": "public", "responsible": "provider", "demand": "群众反映（模拟）"}
        path = f"/contracts/{self.contract['contract_id']}/findings"
        finding: str = (await self.ask(self.auditor, path, wanted, expect=201))["id"]
        await self.ask(self.auditor, f"/findings/{finding}/activate", REASON)
        return finding


@pytest.fixture
def supervision(contracts: Any) -> Supervision:
    return Supervision(contracts)


def test_what_a_state_allows() -> None:
    assert {state for state, actions in ACTIONS.items() if not actions} == {"closed", "cancelled"}
    assert "complete" not in allowed("addressed", resolved=False)
    assert "effect" not in allowed("addressed", resolved=False)
    assert {"complete", "effect"} <= set(allowed("addressed", resolved=True))
    assert not {"report", "resolve"} & set(allowed("addressed", resolved=True))


async def test_an_inspection_from_plan_to_record(contracts: Any, supervision: Supervision) -> None:
    with supervision.at(START):
        supervision.contract = await contracts.active()
        path = f"/contracts/{supervision.contract['contract_id']}/inspections"
        past = await supervision.auditor.post(f"/v1{path}", json=PLAN | {"planned_on": "2025-03-02"})
        assert past.json()["errors"][0]["pointer"] == "/planned_on"
        planned = await supervision.ask(supervision.auditor, path, PLAN, expect=201)
        announced = await supervision.ask(supervision.auditor, path, PLAN | {"announced": True}, expect=201)
    with supervision.at(START + timedelta(days=1)):
        # Unannounced: the provider does not see it before the visit.
        seen = (await supervision.provider.get(f"/v1{path}")).json()["items"]
        assert [item["id"] for item in seen] == [announced["id"]]
        hidden = await supervision.provider.get(f"/v1/inspections/{planned['id']}")
        assert (hidden.status_code, hidden.json()["type"]) == (404, "/problems/inspection-not-found")
        history = (await supervision.provider.get(f"/v1/contracts/{supervision.contract['contract_id']}/history")).text
        assert history.count("inspection.planned") == 1
        assert len(await contracts.emitted(InspectionRecorded)) == 1
        visit = f"/inspections/{planned['id']}/visit"
        half = VISIT | {"results": VISIT["results"][:1]}
        assert (await supervision.auditor.post(f"/v1{visit}", json=half)).status_code == 422
        stale = await supervision.auditor.post(f"/v1{visit}", json=VISIT, headers={"If-Match": '"7"'})
        assert stale.status_code == 412
        done = await supervision.ask(supervision.auditor, visit, VISIT, if_match=1)
        assert (done["state"], done["version"], done["checklist"][0]["result"]) == ("carriedOut", 2, "notMet")
        again = await supervision.auditor.post(f"/v1{visit}", json=VISIT)
        assert (again.status_code, again.json()["type"]) == (409, "/problems/inspection-not-planned")
        assert len((await supervision.provider.get(f"/v1{path}")).json()["items"]) == 2
        cancelled = await supervision.ask(supervision.auditor, f"/inspections/{announced['id']}/cancel", REASON)
        assert (cancelled["state"], cancelled["summary"]) == ("cancelled", "模拟")
        stranger = contracts.client.as_("purchaser", organisation=new_id())
        assert (await stranger.post(f"/v1{path}", json=PLAN)).status_code == 403
        told = await contracts.emitted(InspectionRecorded)
        last = next(event.data for event in reversed(told) if event.data["state"] == "carriedOut")
        assert (last["checked"], last["not_met"], last["documents"]) == (2, 1, ["b" * 64])


async def test_a_finding_ends_in_something(contracts: Any, supervision: Supervision) -> None:
    with supervision.at(START):
        supervision.contract = await contracts.active()
        contract = supervision.contract["contract_id"]
        plan = await supervision.ask(
            supervision.auditor, f"/contracts/{contract}/inspections", PLAN | {"planned_on": "2025-03-03"}, expect=201
        )
    with supervision.at(START):
        cause = {
            "reason": "inspection",
            "inspection_id": plan["id"],
            "responsible": "provider",
            "demand": "核查（模拟）",
        }
        early = await supervision.auditor.post(f"/v1/contracts/{contract}/findings", json=cause)
        assert early.json()["errors"][0]["pointer"] == "/inspection_id"
        await supervision.ask(
            supervision.auditor, f"/inspections/{plan['id']}/visit", VISIT | {"visited_on": "2025-03-03"}
        )
        draft = await supervision.ask(supervision.auditor, f"/contracts/{contract}/findings", cause, expect=201)
        path = f"/findings/{draft['id']}"
        assert (await supervision.provider.get(f"/v1{path}")).status_code == 404
        assert await contracts.emitted(FindingChanged) == []
        active = await supervision.ask(supervision.auditor, f"{path}/activate", REASON)
        # 15 working days of the shipped convention, which says that it is one.
        assert (active["due_on"], active["clock"]) == ("2025-03-24", "conclude")
        assert active["rule"].startswith("cn-supplement@1.0.0 supervision-cycle")
        wrong = CONCLUSION | {"violations": [{"type": "unknownKind", "text": "x"}]}
        refused = await supervision.auditor.post(f"/v1{path}/conclude", json=wrong)
        assert refused.json()["errors"][0]["pointer"] == "/violations/0/type"
        done = await supervision.ask(supervision.auditor, f"{path}/conclude", CONCLUSION)
        assert (done["state"], done["due_on"]) == ("addressed", "2025-03-17")
        question = await supervision.ask(supervision.provider, f"{path}/posts", {"words": "何时补齐？"}, expect=201)
        assert (question["side"], question["reply_by"]) == ("provider", "2025-03-06")
        reply = {"words": "见要求", "answers": question["id"]}
        assert (await supervision.ask(supervision.auditor, f"{path}/posts", reply, expect=201))["kind"] == "answer"
        resolution = {"results": ["eliminated", "not_eliminated"], "words": "部分整改", "document": DOCUMENT}
        awaited = await supervision.auditor.post(f"/v1{path}/resolve", json=resolution)
        assert (awaited.json()["type"], awaited.json()["possible_on"]) == ("/problems/report-awaited", "2025-03-10")
        report = {"words": "已补足人员", "document": DOCUMENT}
        stranger = await supervision.purchaser.post(f"/v1{path}/report", json=report)
        assert (stranger.status_code, stranger.json()["type"]) == (403, "/problems/not-responsible")
        await supervision.ask(supervision.provider, f"{path}/report", report)
        same = contracts.client.as_("auditor", subject="provider")
        problem = await same.post(f"/v1{path}/resolve", json=resolution)
        assert problem.json()["type"] == "/problems/second-person-needed"
        short = await supervision.auditor.post(f"/v1{path}/resolve", json=resolution | {"results": ["eliminated"]})
        assert short.status_code == 422
        resolved = await supervision.ask(supervision.second, f"{path}/resolve", resolution)
        assert (resolved["resolution"], resolved["actions"]) == (
            "partly",
            ["effect", "complete", "post", "appeal", "liability", "stop"],
        )
        # Nothing followed yet: it does not end.
        refused = await supervision.auditor.post(f"/v1{path}/complete", json=REASON)
        assert refused.json()["type"] == "/problems/finding-without-effect"
        assert refused.json()["missing"][0]["how"].startswith("POST /v1/findings/")
        effect = {"kind": "payment", "decision": "penalty", "entry_id": str(new_id()), "reason": "合同第九条"}
        unknown = await supervision.auditor.post(f"/v1{path}/effects", json=effect)
        assert unknown.json()["errors"][0]["pointer"] == "/entry_id"
        entry = await contracts.book(supervision.contract, "penalty", "500.00", booked_on="2025-03-03", cause="damages")
        effect["entry_id"] = entry["id"]
        paid = await supervision.ask(supervision.auditor, f"{path}/effects", effect, expect=201)
        assert (paid["amount"], paid["currency"]) == ("500.00", "CNY")
        twice = await supervision.auditor.post(f"/v1{path}/effects", json=effect)
        assert "carries an effect" in twice.text
        renewal = {"kind": "renewal", "decision": "tenderAnew", "reason": "整改不到位（模拟）"}
        await supervision.ask(supervision.auditor, f"{path}/effects", renewal, expect=201)
        bad = await supervision.auditor.post(f"/v1{path}/effects", json=renewal | {"decision": "cancel"})
        assert bad.status_code == 422
        await supervision.ask(supervision.provider, f"{path}/appeal", {"proceeding": "行政复议（模拟）"})
        await supervision.ask(supervision.auditor, f"{path}/liability", {"report_number": "模拟 1 号"})
        runs = await supervision.auditor.post(f"/v1{path}/complete", json=REASON)
        assert (runs.json()["type"], runs.json()["due_on"]) == ("/problems/elimination-period-runs", "2025-03-17")
        register = await contracts.get(f"/contracts/{contract}/obligations?side=provider")
        (duty,) = [item for item in register["items"] if item["code"].endswith(":report")]
        assert (duty["due_on"], duty["state"]) == ("2025-03-17", "done")
        public = await contracts.client.anonymous.get(f"/v1/public/contracts/{contract}/obligations")
        assert "整改并报告" not in public.text
    with supervision.at(datetime(2025, 3, 18, 9, tzinfo=UTC)):
        stale = await supervision.auditor.post(f"/v1{path}/complete", json=REASON, headers={"If-Match": '"2"'})
        assert stale.status_code == 412
        ended = await supervision.ask(supervision.auditor, f"{path}/complete", REASON)
        assert (ended["state"], ended["due_on"], ended["actions"]) == (
            "completed",
            None,
            ["effect", "appeal", "liability"],
        )
        kinds = [entry["kind"] for entry in ended["history"]]
        assert kinds == [
            "opened", "activated", "concluded", "question", "answer", "reported", "resolved", "effect", "effect",
            "appealed", "liability", "completed",
        ]  # fmt: skip
        told = await contracts.emitted(FindingChanged)
        versions = [event.data["version"] for event in told]
        assert versions == sorted(versions)
        assert [effect["kind"] for effect in told[-1].data["effects"]] == ["payment", "renewal"]
        async with contracts.database.reading() as session:
            snapped = [data async for data, _, _ in snapshot(session) if isinstance(data, FindingChanged)]
        assert [data.model_dump(mode="json") for data in snapped] == [told[-1].data]


async def test_what_ends_without_violations_and_the_counts(contracts: Any, supervision: Supervision) -> None:
    with supervision.at(START):
        supervision.contract = await contracts.active()
    with supervision.at(START):
        contract = supervision.contract["contract_id"]
        first, second = await supervision.opened(), await supervision.opened()
        nothing = {"violations": [], "words": "查无实据", "document": DOCUMENT}
        declined = await supervision.ask(supervision.auditor, f"/findings/{first}/conclude", nothing)
        assert (declined["state"], declined["due_on"]) == ("declined", "2025-03-06")
        stopped = await supervision.ask(supervision.auditor, f"/findings/{second}/stop", REASON)
        assert (stopped["clock"], stopped["actions"]) == (None, ["resume"])
        wrong = await supervision.auditor.post(f"/v1/findings/{second}/conclude", json=CONCLUSION)
        assert wrong.json()["type"] == "/problems/finding-state-conflict"
        # The purchaser does not judge itself.
        own = {"reason": "fiscal", "responsible": "purchaser", "demand": "未按期支付（模拟）"}
        mine = await supervision.opened(own)
        itself = await supervision.purchaser.post(f"/v1/findings/{mine}/conclude", json=CONCLUSION)
        assert itself.json()["type"] == "/problems/not-responsible"
        third = await supervision.ask(supervision.auditor, f"/contracts/{contract}/findings", own, expect=201)
        await supervision.ask(supervision.auditor, f"/findings/{third['id']}/cancel", REASON)
    with supervision.at(datetime(2025, 3, 26, 9, tzinfo=UTC)):
        overdue = (await supervision.auditor.get("/v1/findings?overdue=true")).json()["items"]
        assert sorted(item["id"] for item in overdue) == sorted([first, mine])
        await supervision.ask(supervision.auditor, f"/findings/{first}/close", REASON)
        resumed = await supervision.ask(supervision.auditor, f"/findings/{second}/resume", REASON)
        assert (resumed["state"], resumed["clock"]) == ("active", "conclude")
        concluded = await supervision.ask(supervision.auditor, f"/findings/{second}/conclude", CONCLUSION)
        assert concluded["overdue"] is False
        counted = await contracts.get("/findings/statistics?region=CN-23&year=2025")
        (row,) = counted["items"]
        assert {name: row[name] for name in ("findings", "addressed", "declined", "violations", "overdue")} == {
            "findings": 3, "addressed": 1, "declined": 1, "violations": 2, "overdue": 1,
        }  # fmt: skip
        assert (row["running"], row["simulated"], row["contracts"]) == (2, 3, 1)
        assert counted["violation_types"] == {"recordsMissing": 1, "staffing": 1}
        foreign = contracts.client.as_("auditor", regions=["CN-31"])
        assert (await foreign.get("/v1/findings/statistics")).json()["items"] == []
        assert (await foreign.get(f"/v1/findings/{first}")).status_code == 404
        supervised = await contracts.get(f"/contracts/{contract}/supervision")
        assert supervised["parameters"]["eliminate_within"] == 10


async def test_members_act_for_their_side_and_confidential_matters_stay_so(contracts: Any) -> None:
    with clock.frozen(START):
        contracts.staff = contracts.client.as_("purchaser", "finance", "operator")
        people = [await contracts.organisation(side) for side in ("provider", "provider", "purchaser", "purchaser")]
        draft = await contracts.draft(provider_id=people[0], purchaser_id=people[2])
        members = [
            {"side": side, "organisation_id": one, "share": "50", "lead": lead}
            for side, one, lead in zip(
                ("provider", "provider", "purchaser", "purchaser"), people, (True, False) * 2, strict=True
            )
        ]
        path = f"/contracts/{draft['contract_id']}"
        answer = await contracts.staff.put(f"/v1{path}/structure", json={"members": members}, headers=ANY_VERSION)
        assert answer.status_code == 200, answer.text
        await contracts.post(f"{path}/submit")
        await contracts.post(f"{path}/activate")
        provider = contracts.client.as_("provider", organisation=people[1])
        purchaser = contracts.client.as_("purchaser", organisation=people[3])
        planned = (await purchaser.post(f"/v1{path}/inspections", json=PLAN)).json()
        opened = await purchaser.post(
            f"/v1{path}/findings",
            json={"reason": "authorities", "responsible": "provider", "demand": "补足人员（模拟）"},
        )
        assert opened.status_code == 201, opened.text
        finding = f"/findings/{opened.json()['id']}"
        # Unannounced, and a draft: not for another purchaser, nor for a provider whose system buys as well.
        both = contracts.client.as_("provider", "purchaser", organisation=people[0])
        stranger = contracts.client.as_("purchaser", organisation=new_id())
        for client in (provider, both, stranger):
            assert (await client.get(f"/v1{path}/inspections")).json()["items"] == []
            assert (await client.get(f"/v1{path}/findings")).json()["items"] == []
            for hidden in (f"/inspections/{planned['id']}", finding):
                assert (await client.get(f"/v1{hidden}")).status_code == 404
        assert (await purchaser.get(f"/v1{finding}")).status_code == 200
        for part in ("obligations", "supervision", "results"):
            assert (await provider.get(f"/v1{path}/{part}")).status_code == 200, part
        await contracts.post(f"{finding}/activate", REASON)
        await contracts.post(f"{finding}/conclude", CONCLUSION)
        body = {"words": "已补足（模拟）", "document": DOCUMENT}
        reported = await provider.post(f"/v1{finding}/report", json=body)
        assert reported.status_code == 200, reported.text
