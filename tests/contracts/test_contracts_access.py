"""Who may do what where: every endpoint of the service against every role, no token, and a foreign region."""

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
from fastapi.routing import APIRoute

from contracts.app import service
from contracts.catalogue.queries import SHIPPED
from contracts.monitoring.service import monitor_month
from contracts.rules.shipped import shipped
from shared.auth import SYSTEM, mint
from shared.ids import new_id
from shared.testing import SIGNING_KEY

ROLES = ("finance", "purchaser", "provider", "evaluator", "auditor", "operator")
PUBLIC = {*ROLES, "public"}
READERS = set(ROLES)
MANAGERS = {"purchaser", "finance"}
SUPERVISORS = {*MANAGERS, "auditor", "operator"}

# Written by hand: whoever adds an endpoint says here who may use it.
ENDPOINTS: dict[tuple[str, str], set[str]] = {
    ("GET", "/v1/regions"): PUBLIC,
    ("GET", "/v1/regions/changes"): PUBLIC,
    ("POST", "/v1/regions/changes"): {"finance", "operator"},
    ("GET", "/v1/regions/{code}"): PUBLIC,
    ("GET", "/v1/regions/{code}/totals"): PUBLIC,
    ("GET", "/v1/regions/{code}/participation"): PUBLIC,
    ("GET", "/v1/catalogue"): PUBLIC,
    ("GET", "/v1/catalogue/editions"): PUBLIC,
    ("GET", "/v1/catalogue/diff"): PUBLIC,
    ("POST", "/v1/catalogue/editions"): {"finance", "operator"},
    ("GET", "/v1/catalogue/editions/{edition_id}"): PUBLIC,
    ("PUT", "/v1/catalogue/editions/{edition_id}/items"): {"finance", "operator"},
    ("POST", "/v1/catalogue/editions/{edition_id}/approve"): {"finance", "operator"},
    ("POST", "/v1/organisations"): {"finance", "purchaser", "operator"},
    ("POST", "/v1/organisations:bulk"): {"finance", "purchaser", "operator"},
    ("GET", "/v1/organisations"): PUBLIC,
    ("GET", "/v1/organisations/{organisation_id}"): PUBLIC,
    ("POST", "/v1/organisations:individual"): {"finance", "purchaser", "operator"},
    ("GET", "/v1/organisations:check"): PUBLIC,
    ("GET", "/v1/organisations/{organisation_id}/eligibility"): PUBLIC,
    ("POST", "/v1/organisations/{organisation_id}/successions"): {"finance", "operator"},
    ("GET", "/v1/organisations/{organisation_id}/successions"): PUBLIC,
    ("POST", "/v1/organisations/{organisation_id}/successions/{succession_id}/track-record"): {"finance", "operator"},
    ("GET", "/v1/organisations/{organisation_id}/record"): PUBLIC,
    ("GET", "/v1/organisations/{organisation_id}/record/contracts"): PUBLIC,
    ("GET", "/v1/rules"): PUBLIC,
    ("GET", "/v1/rules/diff"): PUBLIC,
    ("GET", "/v1/rules/{rule_set_id}"): PUBLIC,
    ("POST", "/v1/rules"): {"finance", "operator"},
    ("POST", "/v1/rules:validate"): {"finance", "operator"},
    ("POST", "/v1/rules/{rule_set_id}/approve"): {"finance", "operator"},
    ("POST", "/v1/rules/{rule_set_id}/confirmations"): {"finance", "operator"},
    ("POST", "/v1/rules/{rule_set_id}/confirmations:withdraw"): {"finance", "operator"},
    ("GET", "/v1/contracts/{contract_id}/rules"): READERS,
    ("POST", "/v1/contracts/{contract_id}/overrides"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/overrides/{override_id}/approve"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/publications"): MANAGERS,
    ("GET", "/v1/contracts/{contract_id}/publications"): READERS,
    ("GET", "/v1/contracts/{contract_id}/flags"): {"finance", "purchaser", "auditor", "operator"},
    ("GET", "/v1/flags"): {"finance", "purchaser", "auditor", "operator"},
    ("POST", "/v1/contracts"): MANAGERS,
    ("POST", "/v1/contracts:bulk"): MANAGERS,
    ("GET", "/v1/contracts"): READERS,
    ("GET", "/v1/contracts/{contract_id}"): READERS,
    ("PATCH", "/v1/contracts/{contract_id}"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/submit"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/return"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/activate"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/suspend"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/resume"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/complete"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/terminate"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/cancel"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/milestones/{milestone_id}/report"): {*MANAGERS, "provider"},
    ("GET", "/v1/contracts/{contract_id}/history"): READERS,
    ("POST", "/v1/contracts/{contract_id}/observations"): {*MANAGERS, "provider"},
    ("GET", "/v1/contracts/{contract_id}/observations"): READERS,
    ("POST", "/v1/contracts/{contract_id}/ledger"): MANAGERS,
    ("GET", "/v1/contracts/{contract_id}/ledger"): READERS,
    ("GET", "/v1/contracts/{contract_id}/balances"): READERS,
    ("POST", "/v1/budget-projects"): MANAGERS,
    ("POST", "/v1/budget-projects:bulk"): MANAGERS,
    ("GET", "/v1/budget-projects"): SUPERVISORS,
    ("GET", "/v1/budget-projects/{project_id}"): SUPERVISORS,
    ("POST", "/v1/budget-projects/{project_id}/adjust"): MANAGERS,
    ("GET", "/v1/budget-projects/{project_id}/adjustments"): SUPERVISORS,
    ("GET", "/v1/budget-projects/{project_id}/shares"): SUPERVISORS,
    ("PUT", "/v1/contracts/{contract_id}/payment-terms"): MANAGERS,
    ("GET", "/v1/contracts/{contract_id}/payment-terms"): READERS,
    ("GET", "/v1/contracts/{contract_id}/dues"): READERS,
    ("POST", "/v1/contracts/{contract_id}/dues/interest"): MANAGERS,
    ("GET", "/v1/contracts/{contract_id}/monitoring"): READERS,
    ("GET", "/v1/monitoring/alerts"): SUPERVISORS,
    ("POST", "/v1/monitoring/alerts/{alert_id}/decide"): MANAGERS,
    ("GET", "/v1/working-days"): PUBLIC,
    ("PUT", "/v1/working-days/{day}"): {"operator"},
    ("POST", "/v1/vouchers/files"): {"finance", "operator"},
    ("POST", "/v1/vouchers:rematch"): {"finance", "operator"},
    ("GET", "/v1/vouchers"): SUPERVISORS,
    ("GET", "/v1/vouchers/unproved"): SUPERVISORS,
    ("GET", "/v1/vouchers/reconciliation"): SUPERVISORS,
    ("GET", "/v1/vouchers/{voucher_id}"): SUPERVISORS,
    ("POST", "/v1/vouchers/{voucher_id}/match"): {"finance"},
    ("POST", "/v1/vouchers/{voucher_id}/book"): {"finance"},
    ("POST", "/v1/vouchers/{voucher_id}/dismiss"): {"finance"},
    ("POST", "/v1/contracts/{contract_id}/acceptances"): MANAGERS,
    ("GET", "/v1/contracts/{contract_id}/acceptances"): READERS,
    ("POST", "/v1/imports/ocds"): {"finance", "purchaser", "operator"},
    ("GET", "/v1/contracts/{contract_id}/results"): READERS - {"evaluator"},
    ("GET", "/v1/ocds/releases"): PUBLIC,
    ("GET", "/v1/ocds/records/{ocid:path}"): PUBLIC,
    ("GET", "/v1/ocds/releases.ndjson"): PUBLIC,
    ("GET", "/v1/ocds/records.ndjson"): PUBLIC,
    ("GET", "/v1/ocds/extensions/evaluation/{name}"): PUBLIC,
    ("GET", "/v1/changes"): PUBLIC,
}


def served() -> Iterator[tuple[str, str]]:
    for router in service.routers:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            yield from ((method, route.path) for method in route.methods or ())


def test_the_table_names_every_endpoint_of_the_service() -> None:
    assert sorted(served()) == sorted(ENDPOINTS)


# What an endpoint wants in its query.
QUERIES = {
    "/v1/organisations:check": "?uscc=91110000600037341L",
    "/v1/catalogue/diff": f"?from={SHIPPED.id}&to={SHIPPED.id}",
    "/v1/rules/diff": "?from=ocds&to=cn-2020",
    "/v1/working-days": "?year=2025",
    "/v1/vouchers/unproved": "?region=CN-230102&month=2025-07-01",
    "/v1/vouchers/reconciliation": "?region=CN-230102&year=2025",
}


OWN_RULES = shipped()["ocds@1.0.0"].document | {"id": "matrix", "scope": "CN-23"}
RULE_BODIES: dict[str, dict[str, Any]] = {
    "/v1/rules": OWN_RULES,
    "/v1/rules:validate": OWN_RULES,
    "/v1/rules/{rule_set_id}/approve": {"version": "1.0.0", "basis": "simulated"},
    "/v1/rules/{rule_set_id}/confirmations": {
        "version": "1.0.0",
        "rules": ["term-limit"],
        "scope": "CN-23",
        "person": "simulated",
        "basis": "simulated",
    },
    "/v1/rules/{rule_set_id}/confirmations:withdraw": {
        "version": "1.0.0",
        "rules": ["term-limit"],
        "scope": "CN-23",
        "reason": "x",
    },
    "/v1/contracts/{contract_id}/overrides": {"rule": "mandatory-terms", "reason": "x"},
    "/v1/contracts/{contract_id}/publications": {"kind": "contract", "published_on": "2025-06-30"},
}


class World:
    """A contract in force, and a body for every endpoint that wants one."""

    def __init__(self, contracts: Any, contract: dict[str, Any], terms: dict[str, Any]) -> None:
        self.contracts = contracts
        self.contract = contract
        self.terms = terms
        self.numbers = itertools.count(1)
        self.succession_id = ""
        self.override_id = ""
        self.project_id = ""
        self.alert_id = ""
        self.voucher_id = ""

    def path(self, template: str) -> str:
        return template.replace(":path}", "}").format(
            ocid=f"ocds-xxxxxx-{self.contract['contract_id']}",
            name="extension.json",
            contract_id=self.contract["contract_id"],
            milestone_id=self.contract["milestones"][0]["milestone_id"],
            organisation_id=self.contract["purchaser"]["organisation_id"],
            succession_id=self.succession_id,
            edition_id=SHIPPED.id,
            code="CN-23",
            rule_set_id="cn-2020",
            override_id=self.override_id,
            project_id=self.project_id,
            alert_id=self.alert_id,
            voucher_id=self.voucher_id,
            day="2025-10-01",
        ) + QUERIES.get(template, "")

    def register_body(self, template: str) -> dict[str, Any] | None:
        """What the endpoints of regions, catalogue and successions want."""
        number = next(self.numbers)
        dated = {"effective_on": "2025-06-30", "document": "simulated"}
        item = {"code": "A01", "name": "公共安全服务"}
        bodies: dict[str, dict[str, Any]] = {
            "/v1/regions/changes": dated | {"kind": "retirement", "code": f"CN-23{90 + number % 9}{number % 90 + 10}"},
            "/v1/catalogue/editions": {
                "jurisdiction": "CN-23",
                "edition": str(number),
                "in_force_on": "2030-01-01",
                "source": "simulated",
                "items": [item],
            },
            "/v1/catalogue/editions/{edition_id}/items": {"items": [item]},
            "/v1/organisations:individual": {"document": "other", "number": f"TEST-{number}", "simulated": True},
            "/v1/organisations/{organisation_id}/successions": dated | {"kind": "rename", "name": f"某局 {number}"},
            "/v1/organisations/{organisation_id}/successions/{succession_id}/track-record": {
                "successor_id": self.contract["provider"]["organisation_id"],
                "carries": True,
                "reason": "x",
                "document": "simulated",
            },
        }
        return bodies.get(template)

    def money_body(self, template: str) -> dict[str, Any] | None:
        """What the endpoints of budget projects, payment terms, monitoring and vouchers want."""
        number = next(self.numbers)
        project = {
            "region": "CN-230102",
            "unit_id": self.contract["purchaser"]["organisation_id"],
            "code": f"P-{number}",
            "name": "项目（模拟）",
            "year": 2025,
            "initial_amount": "1000.00",
        }
        month = {"region": "CN-230102", "source": "treasury", "month": "2025-07-01"}
        line = {"number": f"V-{number}", "amount": "1.00", "paid_on": "2025-07-02"}
        bodies: dict[str, dict[str, Any]] = {
            "/v1/budget-projects": project,
            "/v1/budget-projects:bulk": {"items": [project]},
            "/v1/budget-projects/{project_id}/adjust": {"full_year_amount": f"{number}.00", "reason": "x"},
            "/v1/contracts/{contract_id}/payment-terms": {"small_enterprise": True},
            "/v1/monitoring/alerts/{alert_id}/decide": {"decision": "continue", "reason": "x"},
            "/v1/working-days/{day}": {"working": False, "note": "国庆节（模拟）"},
            "/v1/vouchers/files": month | {"total": "1.00", "lines": [line]},
            "/v1/vouchers:rematch": month,
            "/v1/vouchers/{voucher_id}/match": {"entry_ids": [str(new_id())]},
            "/v1/vouchers/{voucher_id}/book": {"contract_id": self.contract["contract_id"]},
            "/v1/vouchers/{voucher_id}/dismiss": {"reason": "x"},
        }
        return bodies.get(template)

    async def record_money(self) -> None:
        """A budget project, a voucher and an alert to name in paths."""
        staff = self.contracts
        self.project_id = (await staff.post("/budget-projects", self.money_body("/v1/budget-projects"), expect=201))[
            "id"
        ]
        await staff.post("/vouchers/files", self.money_body("/v1/vouchers/files"), expect=201)
        self.voucher_id = (await staff.get("/vouchers"))["items"][0]["id"]
        async with staff.database.transaction(principal=SYSTEM) as session:
            await monitor_month(session, month=date(2025, 6, 1), after=UUID(int=0), limit=10)
        self.alert_id = (await staff.get("/monitoring/alerts"))["items"][0]["id"]

    def body(self, method: str, template: str) -> dict[str, Any] | None:
        organisation = {"name": "某组织", "roles": ["purchaser"]}
        number = next(self.numbers)
        if method in ("POST", "PUT") and (wanted := self.register_body(template)) is not None:
            return wanted
        if method in ("POST", "PUT") and (wanted := self.money_body(template)) is not None:
            return wanted
        if method == "POST" and template in RULE_BODIES:
            return RULE_BODIES[template]
        bodies: dict[str, dict[str, Any]] = {
            "organisations": organisation,
            "organisations:bulk": {"items": [organisation | {"external_id": {"source": "m", "id": str(number)}}]},
            "contracts": self.terms,
            "contracts:bulk": {"items": [self.terms | {"external_id": {"source": "m", "id": str(number)}}]},
            "suspend": {"reason": "x"},
            "terminate": {"reason": "x"},
            "cancel": {"reason": "x"},
            "report": {"status": "notMet", "note": "x"},
            "observations": {
                "indicator_id": self.contract["indicators"][0]["indicator_id"],
                "value": "1",
                "observed_on": "2025-06-30",
            },
            "ledger": {"kind": "payment", "amount": "0.01", "booked_on": "2025-06-30"},
            "acceptances": {"result": "rejected", "accepted_on": "2025-06-30"},
            "ocds": {"items": [{"place": "releases/0", "release": {}, "region": "CN-230102"}]},
        }
        if method == "PATCH":
            return {"title": "新标题"}
        return bodies.get(template.rsplit("/", 1)[1]) if method == "POST" else None

    async def ask(self, client: httpx.AsyncClient, method: str, template: str) -> httpx.Response:
        return await client.request(method, self.path(template), json=self.body(method, template))


async def world_of(contracts: Any) -> World:
    world = World(contracts, await contracts.active(), await contracts.terms())
    path = "/v1/organisations/{organisation_id}/successions"
    world.succession_id = (await contracts.post(world.path(path)[3:], world.register_body(path), expect=201))["id"]
    asker = contracts.client.as_("purchaser", subject="asker")
    asked = {"rule": "provider-eligibility", "reason": "x"}
    answer = await asker.post(f"/v1/contracts/{world.contract['contract_id']}/overrides", json=asked)
    world.override_id = answer.json()["overrides"][0]["id"]
    await world.record_money()
    return world


async def test_every_endpoint_against_every_role(contracts: Any) -> None:
    world = await world_of(contracts)
    for (method, template), allowed in ENDPOINTS.items():
        for role in ROLES:
            answer = await world.ask(contracts.client.as_(role), method, template)
            told = f"{role} {method} {template}: {answer.status_code} {answer.text[:200]}"
            if role in allowed:
                assert answer.status_code not in (401, 403, 404, 422, 500), told
            else:
                assert answer.status_code == 403, told
                assert answer.json()["type"] == "/problems/forbidden", told


async def test_every_endpoint_without_a_token(contracts: Any) -> None:
    world = await world_of(contracts)
    expired = mint(SIGNING_KEY, subject="late", roles=ROLES, regions=["*"], ttl=timedelta(seconds=-1))
    for (method, template), allowed in ENDPOINTS.items():
        anonymous = await world.ask(contracts.client.anonymous, method, template)
        assert anonymous.status_code == (200 if "public" in allowed else 401), f"{method} {template}"
        late = await contracts.client.anonymous.request(
            method,
            world.path(template),
            json=world.body(method, template),
            headers={"Authorization": f"Bearer {expired}"},
        )
        assert late.status_code == 401, f"{method} {template}"
        assert late.headers["www-authenticate"].startswith("Bearer")


async def test_a_foreign_region_is_as_if_it_were_not_there(contracts: Any) -> None:
    world = await world_of(contracts)
    before = await contracts.get(f"/contracts/{world.contract['contract_id']}")
    for regions in (["CN-31"], ["CN-2302"], ["CN-230103"], ["XK"], []):
        foreign = contracts.client.as_(*ROLES, regions=regions)
        for method, template in ENDPOINTS:
            if "{contract_id}" not in template:
                continue
            answer = await world.ask(foreign, method, template)
            assert answer.status_code == 404, f"{regions} {method} {template}: {answer.text[:200]}"
            assert answer.json()["type"] == "/problems/contract-not-found"
        assert (await foreign.get("/v1/contracts")).json()["items"] == []
    assert await contracts.get(f"/contracts/{world.contract['contract_id']}") == before


async def test_a_scope_covers_what_lies_below_it(contracts: Any) -> None:
    world = await world_of(contracts)
    path = f"/v1/contracts/{world.contract['contract_id']}"
    for scope in ("*", "CN", "CN-23", "CN-230000", "CN-2301", "CN-230102"):
        client = contracts.client.as_("auditor", regions=[scope])
        answer = await client.get(path)
        assert answer.status_code == 200, scope
        assert answer.headers["gongping-region"] == "CN-230102"
        assert len((await client.get("/v1/contracts")).json()["items"]) == 1


async def test_naming_a_foreign_region_is_forbidden(contracts: Any) -> None:
    world = await world_of(contracts)
    foreign = contracts.client.as_("purchaser", "finance", regions=["CN-31"])
    answer = await foreign.post("/v1/contracts", json=world.terms)
    assert answer.status_code == 403
    assert answer.json()["region"] == "CN-230102"
    bulk = await foreign.post("/v1/contracts:bulk", json=world.body("POST", "/v1/contracts:bulk"))
    assert [item["problem"]["status"] for item in bulk.json()["items"]] == [403]
    imported = await foreign.post("/v1/imports/ocds", json=world.body("POST", "/v1/imports/ocds"))
    assert imported.status_code == 403
    assert len((await contracts.get("/contracts"))["items"]) == 1


async def test_reference_data_is_not_scoped(contracts: Any) -> None:
    world = await world_of(contracts)
    foreign = contracts.client.as_("auditor", regions=["CN-31"])
    organisation = world.contract["purchaser"]["organisation_id"]
    assert (await foreign.get(f"/v1/organisations/{organisation}")).status_code == 200
    assert len((await foreign.get("/v1/organisations")).json()["items"]) == 4


async def test_an_organisation_acts_in_its_own_contracts(contracts: Any) -> None:
    world = await world_of(contracts)
    purchaser = world.contract["purchaser"]["organisation_id"]
    provider = world.contract["provider"]["organisation_id"]
    act = {
        "suspend": ("POST", "/v1/contracts/{contract_id}/suspend"),
        "observe": ("POST", "/v1/contracts/{contract_id}/observations"),
        "pay": ("POST", "/v1/contracts/{contract_id}/ledger"),
        "report": ("POST", "/v1/contracts/{contract_id}/milestones/{milestone_id}/report"),
    }
    stranger = str(new_id())
    refused = [
        ("purchaser", stranger, ["suspend", "observe", "pay", "report"]),
        ("provider", stranger, ["observe", "report"]),
        ("purchaser", provider, ["suspend", "observe", "pay", "report"]),
        ("provider", purchaser, ["observe", "report"]),
    ]
    for role, organisation, names in refused:
        client = contracts.client.as_(role, organisation=organisation)
        for name in names:
            answer = await world.ask(client, *act[name])
            assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-a-party"), f"{role} {name}"
    granted = [
        ("provider", provider, ["observe", "report"]),
        ("purchaser", purchaser, ["observe", "pay", "report", "suspend"]),
    ]
    for role, organisation, names in granted:
        client = contracts.client.as_(role, organisation=organisation)
        for name in names:
            answer = await world.ask(client, *act[name])
            assert answer.status_code in (200, 201), f"{role} {name}: {answer.text}"
    draft = await contracts.client.as_("purchaser", organisation=stranger).post("/v1/contracts", json=world.terms)
    assert draft.status_code == 403
