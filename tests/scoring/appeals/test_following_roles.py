"""Every endpoint of results, rectifications and appeals against every role, the public and a foreign region."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

import httpx
from tests.scoring.cases import CONTRACT
from tests.scoring.conftest import Scoring
from tests.scoring.following import DOCUMENT, NOW, PROVIDER, PURCHASER, history, in_effect, uses

from scoring.results.rules import shipped_rule_sets
from shared import clock
from shared.auth import Role

ROLES: tuple[Role, ...] = get_args(Role)
FOREIGN: tuple[list[str], ...] = (["CN-230103"], [])
RULES = next(each for each in shipped_rule_sets() if each.id == "cn-result-use").model_dump(mode="json") | {
    "id": "a-regions-own",
    "applies_to": "CN-23",
}


def each(*roles: Role, status: int = 200) -> dict[str, int]:
    return dict.fromkeys(roles, status)


@dataclass(frozen=True)
class Endpoint:
    """An endpoint, what it answers those who may use it, and what it answers a foreign region (None: no region)."""

    method: str
    path: str
    answers: Mapping[str, int]
    foreign: int | None = 404
    body: Any = None
    params: dict[str, str] = field(default_factory=dict)


READERS = each("finance", "purchaser", "auditor", "operator", "provider")
AUTHORITY: tuple[Role, ...] = ("finance", "purchaser", "auditor")
REASON = {"reason": "a simulated reason"}
WORDS = {"words": "simulated", "document": DOCUMENT}
OPENED = {"contract_id": str(CONTRACT), "cause": "public", "responsible": "provider", "demand": "simulated"}
DECISION = {"outcome": "upheld", "reasons": "simulated", "decision_number": "1", "document": DOCUMENT}
APPEAL = {"against": "determination", "against_id": "{determination_id}", "grounds": "simulated"}
RESOLUTION = WORDS | {"resolution": "none", "results": [{"code": "grade", "result": "not_eliminated"}]}
RULE = "/v1/results/rules/a-regions-own/versions/1.0.0"
MATTER, CASE = "/v1/rectifications/{rectification_id}", "/v1/appeals/{appeal_id}"

ENDPOINTS = [
    Endpoint("GET", "/v1/results", READERS, 200),
    Endpoint("GET", "/v1/results/{use_id}", READERS),
    # The choice of the next provider is the purchaser's, the next budget line the finance department's.
    Endpoint(
        "POST",
        "/v1/results/{use_id}/apply",
        {"finance": 403, "purchaser": 200},
        body={"decision": "renew", "document": DOCUMENT},
    ),
    Endpoint("POST", "/v1/results/{use_id}/waive", {"finance": 403, "purchaser": 409}, body=REASON),
    Endpoint("GET", "/v1/results/rates", each(*ROLES), None),
    Endpoint("GET", "/v1/results/rules", each(*ROLES), None),
    Endpoint("POST", "/v1/results/rules", each("finance", status=201), 403, body=RULES),
    Endpoint("POST", "/v1/results/rules/{rule_set_id}/versions/{version}/approve", each("finance", status=409), 403),
    Endpoint("POST", "/v1/results/rules/{rule_set_id}/versions/{version}/retire", each("finance", status=409), 403),
    Endpoint("GET", "/v1/results/calendars/{country}", each(*ROLES), None, params={"year": "2026"}),
    # The calendar is a country's: no province corrects it.
    Endpoint(
        "PUT",
        "/v1/results/calendars/{country}",
        each("finance", "operator", status=403),
        403,
        body={"days": [{"day": "2026-12-31", "working": False, "source": "simulated"}]},
    ),
    Endpoint("POST", "/v1/rectifications", each(*AUTHORITY, status=201), body=OPENED),
    Endpoint("GET", "/v1/rectifications", READERS, 200),
    Endpoint("GET", MATTER, READERS),
    Endpoint("POST", f"{MATTER}/activate", each(*AUTHORITY, status=409), body=REASON),
    Endpoint("POST", f"{MATTER}/cancel", each(*AUTHORITY, status=409), body=REASON),
    Endpoint("POST", f"{MATTER}/conclude", each(*AUTHORITY, status=409), body={"findings": [], **WORDS}),
    Endpoint("POST", f"{MATTER}/posts", each(*AUTHORITY, "provider", status=201), body={"words": "simulated"}),
    Endpoint("POST", f"{MATTER}/report", {"provider": 200, "purchaser": 403}, body=WORDS),
    # Who reported does not judge: all roles of this test are one person.
    Endpoint("POST", f"{MATTER}/resolve", each(*AUTHORITY, status=409), body=RESOLUTION),
    Endpoint("POST", f"{MATTER}/complete", each(*AUTHORITY, status=409), body=REASON),
    Endpoint("POST", f"{MATTER}/close", each(*AUTHORITY, status=409), body=REASON),
    Endpoint("POST", f"{MATTER}/resume", each(*AUTHORITY, status=409), body=REASON),
    Endpoint("POST", f"{MATTER}/stop", {"finance": 200, "purchaser": 409, "auditor": 409}, body=REASON),
    Endpoint("POST", "/v1/appeals", {"provider": 409, "purchaser": 201}, body=APPEAL),
    Endpoint("GET", "/v1/appeals", READERS, 200),
    Endpoint("GET", CASE, READERS),
    Endpoint("GET", f"{CASE}/marks", READERS),
    Endpoint(
        "POST",
        f"{CASE}/suspension",
        each("finance", status=409),
        body={"suspends": False, "document": DOCUMENT} | REASON,
    ),
    Endpoint("POST", f"{CASE}/decide", each("finance", status=409), body=DECISION),
    Endpoint("POST", f"{CASE}/determination", each("finance", "purchaser", status=409), body={"document_number": "1"}),
    Endpoint(
        "POST",
        f"{CASE}/serve",
        each("finance", status=409),
        body={"served_at": NOW.isoformat(), "proof": DOCUMENT},
    ),
    Endpoint("POST", f"{CASE}/withdraw", {"provider": 200, "purchaser": 403}, body=REASON),
]


async def call(client: httpx.AsyncClient, endpoint: Endpoint, ids: dict[str, str]) -> httpx.Response:
    body = endpoint.body
    if body is APPEAL:
        body = APPEAL | {"against_id": ids["determination_id"]}
    return await client.request(endpoint.method, endpoint.path.format(**ids), params=endpoint.params, json=body)


async def test_roles_and_regions(scoring: Scoring) -> None:
    with clock.frozen(NOW):
        await scoring.hear(*history())
        made = await in_effect(scoring)
        opened = await uses(scoring)
        (matter,) = (await scoring.get("/v1/rectifications"))["items"]
        appeal = {"against": "determination", "against_id": made["id"], "grounds": "simulated"}
        provider = scoring.client.as_("provider", regions=["CN-23"], organisation=PROVIDER)
        filed = await provider.post("/v1/appeals", json=appeal)
        ids = {
            "determination_id": made["id"],
            "use_id": opened["renewal"]["id"],
            "rectification_id": matter["id"],
            "appeal_id": filed.json()["id"],
            "rule_set_id": "a-regions-own",
            "version": "1.0.0",
            "country": "CN",
        }
        for endpoint in ENDPOINTS:
            for role in ROLES:
                organisation = PURCHASER if role == "purchaser" else PROVIDER
                inside = scoring.client.as_(role, regions=["CN-23"], organisation=organisation)
                answer = await call(inside, endpoint, ids)
                assert answer.status_code == endpoint.answers.get(role, 403), (endpoint, role, answer.text)
                if role not in endpoint.answers:
                    assert answer.json()["type"] == "/problems/forbidden"
                    continue
                for regions in FOREIGN if endpoint.foreign is not None else ():
                    outside = scoring.client.as_(role, regions=regions, organisation=organisation)
                    answer = await call(outside, endpoint, ids)
                    assert answer.status_code == endpoint.foreign, (endpoint, role, regions, answer.text)
                    if endpoint.foreign == 200:
                        assert answer.json()["items"] == []
                if endpoint.foreign == 404 and endpoint.method == "GET":
                    assert (await call(inside, endpoint, ids)).headers["gongping-region"] == "CN-230102"
            answer = await call(scoring.client.anonymous, endpoint, ids)
            assert answer.status_code == endpoint.answers.get("public", 401), endpoint
