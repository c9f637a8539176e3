"""Every endpoint of reports against every role, the anonymous public and a foreign region."""

from dataclasses import dataclass
from typing import Any, get_args

import httpx
from tests.scoring.cases import CONTRACT, REGION, complete_history, ident
from tests.scoring.conftest import SELF, Scoring
from tests.scoring.reports.test_reports import PNG, publish

from scoring.frameworks.queries import shipped_frameworks
from scoring.reports.handlers import ANNUAL_JOB
from scoring.reports.libraries import library_of, write_library
from shared import clock
from shared.auth import Role
from shared.jobs import Worker

ROLES: tuple[Role, ...] = get_args(Role)
OFFICERS = frozenset({"finance", "purchaser", "auditor", "operator"})
PARTIES = OFFICERS | {"provider"}
SIGNERS = frozenset({"finance", "purchaser"})
FOREIGN: tuple[list[str], ...] = (["CN-31"], ["CN-230103"], ["XK"], [])
PROVIDER = ident(4, 2)


@dataclass(frozen=True)
class Endpoint:
    """An endpoint, who may use it, and what it answers them; `foreign` is the answer to a foreign region."""

    method: str
    path: str
    roles: frozenset[str]
    status: int
    foreign: int | None
    params: dict[str, str] | None = None
    body: dict[str, Any] | bytes | None = None


def a_library() -> bytes:
    """The self-evaluation as a library under an id of the province's own."""
    document = next(each.written for each in shipped_frameworks() if each.id == SELF)
    return write_library(library_of({**document, "id": "cn-23-own"}), "csv")


YEAR = str(clock.now().year)
ENDPOINTS = [
    Endpoint("GET", "/v1/reports/contracts/{contract_id}", frozenset(ROLES), 200, 404, params={"framework_id": SELF}),
    Endpoint("GET", "/v1/reports/annual", OFFICERS, 200, 404, params={"region": "CN-23", "year": YEAR}),
    Endpoint(
        "POST", "/v1/reports/annual", frozenset({"finance"}), 202, 403, body={"region": "CN-23", "year": int(YEAR)}
    ),
    Endpoint("GET", "/v1/reports/self-evaluation/{contract_id}.xlsx", PARTIES, 200, 404),
    Endpoint("POST", "/v1/reports", SIGNERS, 409, 404, body={"determination_id": "{determination_id}"}),
    Endpoint("GET", "/v1/reports", OFFICERS, 200, 200),
    Endpoint("GET", "/v1/reports/{report_id}", PARTIES, 200, 404),
    Endpoint("GET", "/v1/reports/{report_id}/document", PARTIES, 200, 404),
    Endpoint(
        "POST",
        "/v1/reports/{report_id}/seal",
        SIGNERS,
        201,
        404,
        params={"document_sha256": "{document_sha256}"},
        body=PNG,
    ),
    Endpoint("GET", "/v1/reports/{report_id}/seal", PARTIES, 200, 404),
    Endpoint("GET", "/v1/reports/indicator-libraries/{framework_id}.{kind}", frozenset(ROLES), 200, None),
    Endpoint(
        "POST",
        "/v1/reports/indicator-libraries",
        frozenset({"finance"}),
        200,
        403,
        params={"region": "CN-23", "reason": "simulated", "preview": "true"},
        body=a_library(),
    ),
]


async def call(client: httpx.AsyncClient, endpoint: Endpoint, ids: dict[str, str]) -> httpx.Response:
    path = endpoint.path.format(framework_id=SELF, contract_id=CONTRACT, kind="csv", **ids)
    params = {name: value.format(**ids) for name, value in (endpoint.params or {}).items()}
    if isinstance(endpoint.body, bytes):
        return await client.request(endpoint.method, path, params=params, content=endpoint.body)
    body = None
    if endpoint.body is not None:
        body = {name: value.format(**ids) if isinstance(value, str) else value for name, value in endpoint.body.items()}
    return await client.request(endpoint.method, path, params=params, json=body)


async def reported(scoring: Scoring) -> dict[str, str]:
    """A published determination with its report, sealed, and an annual report; the ids that paths ask for."""
    await scoring.hear(*complete_history())
    determination_id = (await scoring.determine(CONTRACT)).json()["id"]
    finance = scoring.client.as_("finance")
    await publish(finance, determination_id)
    report = (await finance.post("/v1/reports", json={"determination_id": determination_id})).json()
    query = {"document_sha256": report["document_sha256"]}
    sealed = await finance.post(f"/v1/reports/{report['id']}/seal", params=query, content=PNG)
    assert sealed.status_code == 201, sealed.text
    await finance.post("/v1/reports/annual", json={"region": "CN-23", "year": int(YEAR)})
    while await Worker(scoring.database, [ANNUAL_JOB]).run_one():
        pass
    return {"determination_id": determination_id, "report_id": report["id"], **query}


async def test_roles_and_regions(scoring: Scoring) -> None:
    ids = await reported(scoring)
    for endpoint in ENDPOINTS:
        for role in ROLES:
            inside = scoring.client.as_(role, regions=["CN-23"], organisation=PROVIDER)
            answer = await call(inside, endpoint, ids)
            expected = endpoint.status if role in endpoint.roles else 403
            assert answer.status_code == expected, (endpoint.path, role, answer.text[:400])
            if expected == 403:
                assert answer.json()["type"] == "/problems/forbidden"
                continue
            if endpoint.foreign == 404 and answer.status_code < 300:
                region = "CN-23" if endpoint.path.endswith("annual") else REGION
                assert answer.headers["gongping-region"] == region
            for regions in FOREIGN if endpoint.foreign is not None else ():
                outside = scoring.client.as_(role, regions=regions, organisation=PROVIDER)
                answer = await call(outside, endpoint, ids)
                assert answer.status_code == endpoint.foreign, (endpoint.path, role, regions, answer.text[:400])
                if endpoint.foreign == 200:
                    assert answer.json()["items"] == []
        answer = await call(scoring.client.anonymous, endpoint, ids)
        assert answer.status_code == (endpoint.status if "public" in endpoint.roles else 401), endpoint.path
