"""Who may do what where: every endpoint of the service against every role, no token, and a foreign region."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
from fastapi.routing import APIRoute

from contracts.app import service
from shared.auth import mint
from shared.ids import new_id
from shared.testing import SIGNING_KEY

ROLES = ("finance", "purchaser", "provider", "evaluator", "auditor", "operator")
PUBLIC = {*ROLES, "public"}
READERS = set(ROLES)
MANAGERS = {"purchaser", "finance"}

# Written by hand: whoever adds an endpoint says here who may use it.
ENDPOINTS: dict[tuple[str, str], set[str]] = {
    ("GET", "/v1/regions"): PUBLIC,
    ("GET", "/v1/catalogue"): PUBLIC,
    ("POST", "/v1/organisations"): {"finance", "purchaser", "operator"},
    ("POST", "/v1/organisations:bulk"): {"finance", "purchaser", "operator"},
    ("GET", "/v1/organisations"): PUBLIC,
    ("GET", "/v1/organisations/{organisation_id}"): PUBLIC,
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
    ("POST", "/v1/contracts/{contract_id}/acceptances"): MANAGERS,
    ("GET", "/v1/contracts/{contract_id}/acceptances"): READERS,
    ("POST", "/v1/imports/ocds"): {"finance", "purchaser", "operator"},
    ("GET", "/v1/contracts/{contract_id}/results"): READERS - {"evaluator"},
}


def served() -> Iterator[tuple[str, str]]:
    for router in service.routers:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            yield from ((method, route.path) for method in route.methods or ())


def test_the_table_names_every_endpoint_of_the_service() -> None:
    assert sorted(served()) == sorted(ENDPOINTS)


class World:
    """A contract in force, and a body for every endpoint that wants one."""

    def __init__(self, contracts: Any, contract: dict[str, Any], terms: dict[str, Any]) -> None:
        self.contracts = contracts
        self.contract = contract
        self.terms = terms
        self.numbers = itertools.count(1)

    def path(self, template: str) -> str:
        return template.format(
            contract_id=self.contract["contract_id"],
            milestone_id=self.contract["milestones"][0]["milestone_id"],
            organisation_id=self.contract["purchaser"]["organisation_id"],
        )

    def body(self, method: str, template: str) -> dict[str, Any] | None:
        organisation = {"name": "某组织", "roles": ["purchaser"]}
        number = next(self.numbers)
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
    return World(contracts, await contracts.active(), await contracts.terms())


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
