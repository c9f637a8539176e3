"""Every endpoint of calibrations against every role, the anonymous public and a foreign region."""

from dataclasses import dataclass
from typing import Any, get_args

import httpx
from tests.scoring.calibrations.calibration_steps import careless, closed, opened, rated
from tests.scoring.evaluations.evaluation_steps import PROVIDER, Steps, contract_id

from shared.auth import Role

ROLES: tuple[Role, ...] = get_args(Role)
OFFICERS = frozenset({"finance", "purchaser", "auditor", "operator"})
ORGANISERS = frozenset({"finance", "purchaser"})
FOREIGN: tuple[list[str], ...] = (["CN-31"], ["CN-230103"], [])


@dataclass(frozen=True)
class Endpoint:
    """An endpoint, who may use it, what it answers them, and what it answers a foreign region."""

    method: str
    path: str
    roles: frozenset[str]
    status: int
    foreign: int
    body: Any = None


OPEN = {"title": "once more", "evaluation_ids": ["{evaluation_id}"]}
REASONS = {"reasons": "a simulated panel's reasons", "document_number": "simulated-3"}
TRIAL = {"contract_id": str(contract_id(0)), "criterion": "management"}
ENDPOINTS = [
    Endpoint("POST", "/v1/calibrations", ORGANISERS, 409, 404, OPEN),
    Endpoint("GET", "/v1/calibrations", OFFICERS, 200, 200),
    Endpoint("GET", "/v1/calibrations/{round_id}", OFFICERS, 200, 404),
    Endpoint("POST", "/v1/calibrations/{round_id}/close", ORGANISERS, 409, 404),
    Endpoint("GET", "/v1/calibrations/{round_id}/values", OFFICERS, 200, 404),
    Endpoint("GET", "/v1/calibrations/{round_id}/facets", OFFICERS, 200, 404),
    Endpoint("GET", "/v1/calibrations/{round_id}/flags", OFFICERS, 200, 404),
    Endpoint("POST", "/v1/calibrations/{round_id}/flags/{flag_id}/decision", ORGANISERS, 404, 404, REASONS),
    Endpoint("POST", "/v1/calibrations/{round_id}/trial", OFFICERS, 200, 404, TRIAL),
    Endpoint("GET", "/v1/calibrations/contracts/{contract_id}/without", OFFICERS, 200, 404),
    Endpoint("POST", "/v1/calibrations/{round_id}/adjudication", ORGANISERS, 200, 404, REASONS),
]


async def call(client: httpx.AsyncClient, endpoint: Endpoint, ids: dict[str, str]) -> httpx.Response:
    path = endpoint.path.format(**ids)
    if endpoint.method == "GET":
        params = {"framework_id": "cn-self-evaluation"} if path.endswith("/without") else None
        return await client.get(path, params=params)
    body = endpoint.body
    if body is OPEN:
        body = body | {"evaluation_ids": [ids["evaluation_id"]]}
    if "/flags/" in path:
        body = {"reasons": REASONS["reasons"], "outcome": "unfounded"}
    return await client.post(path, json=body)


async def test_roles_and_regions(steps: Steps) -> None:
    evaluation_id = await rated(steps, careless, cases=4, evaluators=3)
    made = await opened(steps, evaluation_id)
    await closed(steps, made["id"])
    ids = {
        "evaluation_id": evaluation_id,
        "round_id": made["id"],
        "flag_id": str(contract_id(0)),
        "contract_id": str(contract_id(0)),
    }
    client = steps.scoring.client
    for endpoint in ENDPOINTS:
        adjudicated = 0
        assert (await call(client.anonymous, endpoint, ids)).status_code == 401, endpoint
        for role in ROLES:
            for regions in FOREIGN if role in endpoint.roles else ():
                outside = client.as_(role, regions=regions, organisation=PROVIDER)
                answer = await call(outside, endpoint, ids)
                assert answer.status_code == endpoint.foreign, (endpoint, role, regions, answer.text)
                if endpoint.foreign == 200:
                    assert answer.json()["items"] == []
            inside = client.as_(role, regions=["CN-23"], organisation=PROVIDER, subject=f"{role}-1")
            answer = await call(inside, endpoint, ids)
            status = endpoint.status if role in endpoint.roles else 403
            if endpoint.path.endswith("/adjudication") and role in endpoint.roles:
                status = 409 if adjudicated else 200  # once
                adjudicated += 1
            assert answer.status_code == status, (endpoint, role, answer.text)
            if status == 200 and "{round_id}" in endpoint.path:
                assert answer.headers["gongping-region"] == "CN-230000", endpoint
