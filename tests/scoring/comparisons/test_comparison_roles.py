"""Every endpoint of comparisons against every role, the anonymous public and a foreign region."""

from dataclasses import dataclass, field
from typing import Any, get_args

import httpx
from tests.scoring.cases import ident
from tests.scoring.comparisons.simulated_peers import BASE, COUNTIES, GROUP, PATHS, contract_id
from tests.scoring.conftest import Scoring

from shared.auth import Role

ROLES: tuple[Role, ...] = get_args(Role)
OFFICERS = frozenset({"finance", "purchaser", "auditor", "operator"})
FOREIGN: tuple[list[str], ...] = (["XK"], ["CN-99"], [])
UNIT = {"contract_id": str(contract_id(1, 2026))}
FIGURE = {"kind": "population", "year": 2020, "value": "1", "source": "simulated"}


@dataclass(frozen=True)
class Endpoint:
    """An endpoint, who may use it, what it answers them, and what it answers a foreign region."""

    method: str
    path: str
    roles: frozenset[str]
    status: int
    foreign: int
    params: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None


ENDPOINTS = [
    *(
        Endpoint("GET", f"{BASE}/{path}", frozenset(ROLES), 200, 200, params=GROUP | PATHS[path])
        for path in ("providers", "regions", "funnel", "ranks", "chart")
    ),
    Endpoint("GET", f"{BASE}/equity", OFFICERS, 200, 200, params=GROUP | PATHS["equity"]),
    Endpoint("GET", f"{BASE}/efficiency", OFFICERS, 200, 200, params=GROUP | PATHS["efficiency"]),
    Endpoint("GET", f"{BASE}/unit-costs", OFFICERS, 200, 404, params=UNIT),
    Endpoint("GET", f"{BASE}/figures", OFFICERS, 200, 200),
    # Recorded by the first who may; the second is told so.
    Endpoint("POST", f"{BASE}/figures", frozenset({"finance", "operator"}), 409, 403, body=FIGURE),
]


async def call(client: httpx.AsyncClient, endpoint: Endpoint) -> httpx.Response:
    if endpoint.body is None:
        return await client.get(endpoint.path, params=endpoint.params)
    return await client.post(endpoint.path, json=endpoint.body | {"region": COUNTIES[0]})


async def test_roles_and_regions(compared: Scoring) -> None:
    await call(compared.client.as_("operator"), ENDPOINTS[-1])
    for endpoint in ENDPOINTS:
        for role in ROLES:
            answer = await call(compared.client.as_(role, regions=["CN-23"], organisation=ident(4, 102)), endpoint)
            expected = endpoint.status if role in endpoint.roles else 403
            assert answer.status_code == expected, (endpoint, role, answer.text)
            assert "CN-31" not in answer.text, (endpoint, role)
            if expected == 403:
                assert answer.json()["type"] == "/problems/forbidden"
        for regions in FOREIGN:
            outside = compared.client.as_("finance", regions=regions)
            answer = await call(outside, endpoint)
            assert answer.status_code == endpoint.foreign, (endpoint, regions, answer.text)
            if endpoint.foreign == 200 and "figures" not in endpoint.path:  # figures are reference data of all
                assert answer.json()["items"] == [], (endpoint, regions)
        answer = await call(compared.client.anonymous, endpoint)
        assert answer.status_code == (endpoint.status if "public" in endpoint.roles else 401), endpoint
    named = await call(compared.client.as_("auditor", regions=["CN-2301"]), ENDPOINTS[7])
    assert named.headers["gongping-region"] == COUNTIES[1]
