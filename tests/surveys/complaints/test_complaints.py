"""A case from its reception to the citizen's word, and what the clocks do in between."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from fastapi.routing import APIRoute
from sqlalchemy import Connection, text
from tests.surveys.conftest import FOREIGN, REGION, UNLIMITED, Surveys, contract_fields

from gongping_local.pytest_servers import Servers
from shared import clock
from shared.events import ComplaintUpdated, ContractActivated, PartyRef
from shared.ids import new_id
from shared.jobs import Worker
from shared.testing import client_for, new_database
from surveys.app import service
from surveys.complaints.handlers import complaint_clocks_job
from surveys.snapshot import snapshot
from surveys.tables import metadata

DAY = timedelta(days=1)
PROVIDER = new_id()


class Desk:
    """A citizen, an officer and a provider around one contract."""

    def __init__(self, surveys: Surveys, contract_id: UUID) -> None:
        self.surveys = surveys
        self.contract_id = contract_id
        self.citizen = surveys.client.anonymous

    @property
    def officer(self) -> httpx.AsyncClient:
        """With a token of now: tests move the clock."""
        return self.surveys.client.as_("purchaser", regions=["CN-23"])

    @property
    def provider(self) -> httpx.AsyncClient:
        """The provider of the contract."""
        return self.surveys.client.as_("provider", regions=["CN-23"], organisation=PROVIDER)

    def body(self, **fields: Any) -> dict[str, Any]:
        return {
            "contract_id": str(self.contract_id),
            "kind": "complaint",
            "description": "每周二没有人来送餐。",
        } | fields

    async def put(self, complaint_id: UUID | None = None, **fields: Any) -> httpx.Response:
        return await self.citizen.put(f"/v1/complaints/{complaint_id or uuid4()}", json=self.body(**fields))

    async def new(self, **fields: Any) -> tuple[str, str]:
        """Id and receipt code of a new case."""
        answer = await self.put(**fields)
        assert answer.status_code == 201, answer.text
        return answer.json()["service_request_id"], answer.json()["code"]

    async def act(self, complaint_id: str, act: str, **body: Any) -> dict[str, Any]:
        answer = await self.officer.post(f"/v1/complaints/{complaint_id}/{act}", json=body)
        assert answer.status_code == 200, answer.text
        case: dict[str, Any] = answer.json()
        return case

    async def follow(self, code: str) -> dict[str, Any]:
        answer = await self.citizen.post("/v1/complaints:follow-up", json={"code": code})
        assert answer.status_code == 200, answer.text
        case: dict[str, Any] = answer.json()
        return case

    async def outcome(self, code: str, *, resolved: bool, **more: Any) -> httpx.Response:
        return await self.citizen.post("/v1/complaints:outcome", json={"code": code, "resolved": resolved} | more)

    async def sweep(self) -> None:
        """Let the clocks' job run once, as the worker does."""
        async with self.surveys.database.transaction() as session:
            await session.execute(text("DELETE FROM job WHERE kind = :kind"), {"kind": complaint_clocks_job.kind})
        worker = Worker(self.surveys.database, [complaint_clocks_job])
        await worker._ensure_recurring()
        assert await worker.run_one()


@pytest.fixture
async def desk(servers: Servers) -> AsyncIterator[Desk]:
    async with new_database(servers.postgres_url, "surveys") as url, client_for(service, url, **UNLIMITED) as client:
        surveys = Surveys(client)
        contract = ContractActivated.model_validate(
            contract_fields(provider=PartyRef(organisation_id=PROVIDER, name="某养老服务中心"))
        )
        await surveys.hear(contract)
        yield Desk(surveys, contract.contract_id)


async def test_a_complaint_gets_a_code_that_follows_it(desk: Desk) -> None:
    complaint_id, code = await desk.new(service_code="timeliness", address="某街道3号")
    case = await desk.follow(code.lower().replace("-", " "))
    assert (case["service_request_id"], case["status"], case["service_code"]) == (complaint_id, "open", "timeliness")
    assert (case["agency_responsible"], case["service_name"]) == ("某区民政局", "社区居家养老服务")
    assert [(step["kind"], step["author"]) for step in case["history"]] == [("received", "citizen")]
    assert "region" not in case
    wrong = await desk.citizen.post("/v1/complaints:follow-up", json={"code": "0000-0000-001"})
    assert (wrong.status_code, wrong.json()["type"]) == (404, "/problems/complaint-not-found")


async def test_the_same_id_is_taken_once(desk: Desk) -> None:
    complaint_id = uuid4()
    first, again = await desk.put(complaint_id), await desk.put(complaint_id)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = await desk.put(complaint_id, description="另一件事")
    assert (other.status_code, other.json()["type"]) == (409, "/problems/complaint-conflict")


async def test_numbers_that_name_a_person_are_not_kept(desk: Desk) -> None:
    complaint_id, code = await desk.new(
        description="请打13812345678找我", address="23010219900101123X 门口", contact="13812345678"
    )
    assert "13812345678" not in str(await desk.follow(code))
    async with desk.surveys.database.reading() as session:
        for table in ("complaints", "complaint_entries", "complaint_contacts", "audit"):
            rows = (await session.execute(text(f"SELECT t::text FROM {table} t"))).scalars().all()
            assert "13812345678" not in str(rows), table
            assert b"13812345678".hex() not in str(rows), table
            assert code not in str(rows), table
    shown = await desk.officer.get(f"/v1/complaints/{complaint_id}/contact")
    assert shown.json() == {"contact": "13812345678"}
    async with desk.surveys.database.reading() as session:
        actions = (await session.execute(text("SELECT action FROM audit"))).scalars().all()
    assert "complaint.contact_read" in actions


async def test_wrong_codes_and_many_cases_are_limited(servers: Servers) -> None:
    async with new_database(servers.postgres_url, "surveys") as url, client_for(service, url) as client:
        surveys = Surveys(client)
        contract = ContractActivated.model_validate(contract_fields())
        await surveys.hear(contract)
        own = Desk(surveys, contract.contract_id)
        statuses = [(await own.put()).status_code for _ in range(11)]
        assert statuses == [201] * 10 + [429]
        tries = [await own.citizen.post("/v1/complaints:follow-up", json={"code": "0000"}) for _ in range(11)]
        assert [answer.status_code for answer in tries] == [404] * 10 + [429]
        assert int(tries[-1].headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"kind": "insult"}, "/kind"),
        ({"service_code": "weather"}, "/service_code"),
        ({"description": ""}, "/description"),
        ({"description": "长" * 4001}, "/description"),
        ({"description": "a\x00b"}, "/description"),
        ({"contact": "x" * 201}, "/contact"),
        ({"phone": "1"}, "/phone"),
    ],
)
async def test_bad_input_is_named(desk: Desk, fields: dict[str, Any], pointer: str) -> None:
    answer = await desk.put(**fields)
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_an_unknown_contract_and_an_ordered_id_are_refused(desk: Desk) -> None:
    assert (await desk.put(contract_id=str(uuid4()))).status_code == 404
    assert (await desk.put(new_id())).status_code == 422


async def test_the_provider_replies_but_cannot_close(desk: Desk) -> None:
    complaint_id, code = await desk.new()
    replied = await desk.provider.post(f"/v1/complaints/{complaint_id}/reply", json={"words": "明天起恢复送餐。"})
    assert replied.status_code == 200, replied.text
    for act in ("close", "reopen", "triage"):
        assert (await desk.provider.post(f"/v1/complaints/{complaint_id}/{act}", json={})).status_code == 403
    assert (await desk.provider.get(f"/v1/complaints/{complaint_id}/contact")).status_code == 403
    case = await desk.follow(code)
    assert case["status"] == "open"
    assert [(step["kind"], step["author"]) for step in case["history"]][1:] == [("replied", "provider")]


async def test_the_provider_sees_its_own_cases_and_no_reports(desk: Desk) -> None:
    complaint_id, _ = await desk.new()
    report_id, _ = await desk.new(kind="report", service_code="integrity")
    listed = (await desk.provider.get("/v1/complaints")).json()["items"]
    assert [case["service_request_id"] for case in listed] == [complaint_id]
    assert (await desk.provider.get(f"/v1/complaints/{report_id}")).status_code == 404
    stranger = desk.surveys.client.as_("provider", organisation=new_id())
    assert (await stranger.get("/v1/complaints")).json()["items"] == []
    assert (await stranger.get(f"/v1/complaints/{complaint_id}")).status_code == 404


async def test_the_citizen_confirms_and_the_case_ends(desk: Desk) -> None:
    complaint_id, code = await desk.new(contact="a@b.cn")
    early = await desk.outcome(code, resolved=True)
    assert (early.status_code, early.json()["type"]) == (409, "/problems/complaint-outcome-not-due")
    closed = await desk.act(complaint_id, "close", words="已补送并道歉。")
    assert (closed["status"], closed["status_notes"], closed["outcome_asked"]) == ("closed", "已补送并道歉。", True)
    ended = (await desk.outcome(code, resolved=True, comment="谢谢")).json()
    assert (ended["outcome"], ended["outcome_asked"]) == ("resolved", False)
    assert (await desk.outcome(code, resolved=False)).status_code == 409
    with clock.frozen(clock.now() + 31 * DAY):
        await desk.sweep()
        contact = await desk.officer.get(f"/v1/complaints/{complaint_id}/contact")
    assert contact.json() == {"contact": None}
    assert (await desk.follow(code))["history"][-1]["kind"] == "contact_deleted"


async def test_no_reopens_the_case(desk: Desk) -> None:
    complaint_id, code = await desk.new()
    await desk.act(complaint_id, "close", words="已处理")
    again = (await desk.outcome(code, resolved=False, comment="还是没有来")).json()
    assert (again["status"], again["reopened"], again["outcome"]) == ("open", 1, None)
    closed = await desk.officer.post(f"/v1/complaints/{complaint_id}/reopen", json={"words": "x"})
    assert (closed.status_code, closed.json()["type"]) == (409, "/problems/complaint-open")
    await desk.act(complaint_id, "close", words="再次处理")
    refused = await desk.officer.post(f"/v1/complaints/{complaint_id}/reply", json={"words": "x"})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/complaint-closed")
    reopened = await desk.act(complaint_id, "reopen", words="复查发现未整改")
    assert (reopened["status"], reopened["reopened"]) == ("open", 2)


async def test_the_citizen_is_asked_after_14_and_28_days_and_then_no_more(desk: Desk) -> None:
    complaint_id, code = await desk.new()
    start = clock.now()
    await desk.act(complaint_id, "close", words="已处理")
    seen = []
    for days in (13, 15, 27, 29, 41, 43, 60):
        with clock.frozen(start + days * DAY):
            await desk.sweep()
            listed = (await desk.officer.get("/v1/complaints", params={"asked": "true"})).json()["items"]
        case = (await desk.officer.get(f"/v1/complaints/{complaint_id}")).json()
        seen.append((days, case["asked"], case["outcome"], len(listed)))
    assert seen == [
        (13, 0, None, 0),
        (15, 1, None, 1),
        (27, 1, None, 1),
        (29, 2, None, 1),
        (41, 2, None, 1),
        (43, 2, "unconfirmed", 0),
        (60, 2, "unconfirmed", 0),
    ]
    # Whoever comes late is still heard.
    assert (await desk.outcome(code, resolved=False)).json()["status"] == "open"
    # Every step is told, without a word of the citizen.
    told = [ComplaintUpdated.parse(each.data) for each in await desk.surveys.emitted(ComplaintUpdated)]
    steps = [(each.version, each.status, each.outcome) for each in told if isinstance(each, ComplaintUpdated)]
    assert steps == [
        (1, "open", None),
        (2, "closed", None),
        (3, "closed", None),
        (4, "closed", None),
        (5, "closed", "unconfirmed"),
        (6, "open", None),
    ]
    async with desk.surveys.database.reading() as session:
        again = [data async for data, _, _ in snapshot(session) if isinstance(data, ComplaintUpdated)]
    assert [each.model_dump() for each in again] == [told[-1].model_dump()]
    assert "description" not in ComplaintUpdated.model_fields


async def test_severity_sets_the_clock_and_overdue_cases_are_listed(desk: Desk, noon: Any) -> None:
    with clock.frozen(noon):
        complaint_id, _ = await desk.new()
        case = await desk.act(complaint_id, "triage", severity="urgent", service_code="safety")
    assert case["expected_datetime"] == (noon + 2 * DAY).isoformat().replace("+00:00", "Z")
    assert (case["severity"], case["service_code"]) == ("urgent", "safety")
    for days, expected in ((1, []), (3, [complaint_id])):
        with clock.frozen(noon + days * DAY):
            listed = (await desk.officer.get("/v1/complaints", params={"overdue": "true"})).json()["items"]
            assert [case["service_request_id"] for case in listed] == expected


async def test_praise_waits_for_nothing(desk: Desk) -> None:
    _, code = await desk.new(kind="praise", description="服务很好")
    case = await desk.follow(code)
    assert (case["status"], case["expected_datetime"], case["outcome_asked"]) == ("closed", None, False)
    assert (await desk.outcome(code, resolved=False)).status_code == 409


async def test_rates_have_exact_intervals(desk: Desk) -> None:
    cases = [await desk.new() for _ in range(4)]
    await desk.new(kind="praise")
    for complaint_id, _ in cases[:2]:
        await desk.act(complaint_id, "close", words="已处理")
    await desk.outcome(cases[0][1], resolved=True)
    answer = await desk.officer.get("/v1/complaints/rates", params={"provider_id": str(PROVIDER)})
    rates = answer.json()
    assert (rates["contracts"], rates["contracts_with_beneficiaries"], rates["beneficiaries"]) == (1, 1, 200)
    complaints, praise = rates["rates"]
    assert (complaints["received"], complaints["per_1000"], praise["received"]) == (4, 20.0, 1)
    # qchisq(0.025, 8) / 2 and qchisq(0.975, 10) / 2, per 200 people.
    assert complaints["per_1000_interval"] == pytest.approx([1.0898653671 * 5, 10.2415887 * 5], rel=1e-7)
    assert (complaints["on_time"], complaints["closed"], complaints["confirmed"]) == (1.0, 2, 1.0)
    assert praise["on_time"] is None
    nobody = await desk.officer.get("/v1/complaints/rates", params={"provider_id": str(new_id())})
    assert nobody.json() == {"contracts": 0, "contracts_with_beneficiaries": 0, "beneficiaries": 0, "rates": []}


async def test_the_list_has_pages(desk: Desk) -> None:
    made = [(await desk.new())[0] for _ in range(5)]
    seen, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await desk.officer.get("/v1/complaints", params=params)).json()
        seen += [case["service_request_id"] for case in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == made
    assert (await desk.officer.get("/v1/complaints", params={"cursor": "WzFd"})).status_code == 422


ROLES = ("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")
STAFF = set(ROLES) - {"public"}
MANAGERS = {"finance", "purchaser", "operator"}
WORDS = {"words": "x"}
MATRIX: dict[tuple[str, str], tuple[set[str], Any]] = {
    ("PUT", "/v1/complaints/{new}"): (set(ROLES), "body"),
    ("POST", "/v1/complaints:follow-up"): (set(ROLES), "code"),
    ("POST", "/v1/complaints:outcome"): (set(ROLES), "outcome"),
    ("GET", "/v1/complaints"): (STAFF, None),
    ("GET", "/v1/complaints/rates"): (STAFF, None),
    ("GET", "/v1/complaints/{complaint_id}"): (STAFF, None),
    ("POST", "/v1/complaints/{complaint_id}/triage"): (MANAGERS, {"severity": "high"}),
    ("POST", "/v1/complaints/{complaint_id}/reply"): (MANAGERS | {"provider"}, WORDS),
    ("POST", "/v1/complaints/{complaint_id}/close"): (MANAGERS, WORDS),
    ("POST", "/v1/complaints/{complaint_id}/reopen"): (MANAGERS, WORDS),
    ("GET", "/v1/complaints/{complaint_id}/contact"): ({"purchaser", "operator"}, None),
}


def test_the_matrix_names_every_endpoint() -> None:
    found = {
        (method, route.path)
        for routes in service.routers
        for route in routes.routes
        if isinstance(route, APIRoute) and route.path.startswith("/v1/complaints")
        for method in route.methods or ()
    }
    assert {(method, path.replace("{new}", "{complaint_id}")) for method, path in MATRIX} == found


@pytest.mark.parametrize(("method", "path"), MATRIX)
async def test_roles_and_regions(desk: Desk, method: str, path: str) -> None:
    roles, body = MATRIX[method, path]

    async def call(client: httpx.AsyncClient) -> int:
        complaint_id, code = await desk.new()
        if path.endswith(("reopen", "outcome")):
            await desk.act(complaint_id, "close", words="x")
        sent = {"body": desk.body(), "code": {"code": code}, "outcome": {"code": code, "resolved": True}}
        content = sent[body] if isinstance(body, str) else body
        answer = await client.request(method, path.format(complaint_id=complaint_id, new=uuid4()), json=content)
        return answer.status_code

    expected = 201 if method == "PUT" else 200
    scoped = "{" in path or ":" in path
    for role in ROLES:
        own = desk.surveys.client.as_(role, regions=["CN-23"], organisation=PROVIDER)
        assert await call(own) == (expected if role in roles else 403), role
        if role in roles and scoped:
            foreign = desk.surveys.client.as_(role, regions=["CN-31"], organisation=PROVIDER)
            assert await call(foreign) == 404, role
    assert await call(desk.citizen) == (expected if "public" in roles else 401)


async def test_rates_and_lists_are_those_of_the_own_regions(desk: Desk) -> None:
    await desk.new()
    elsewhere = desk.surveys.client.as_("auditor", regions=[FOREIGN])
    assert (await elsewhere.get("/v1/complaints")).json()["items"] == []
    assert (await elsewhere.get("/v1/complaints/rates")).json()["rates"] == []
    assert (
        await elsewhere.get("/v1/complaints/rates", params={"contract_id": str(desk.contract_id)})
    ).status_code == 404
    here = (await desk.surveys.client.as_("auditor", regions=[REGION]).get("/v1/complaints")).json()["items"]
    assert [case["region"] for case in here] == [REGION]


async def test_the_migration_makes_what_the_models_say(desk: Desk) -> None:
    def differences(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))

    async with desk.surveys.database.engine.connect() as connection:
        found = await connection.run_sync(differences)
    assert [each for each in found if "complaint" in str(each)] == []
