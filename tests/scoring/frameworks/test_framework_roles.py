"""Every endpoint of frameworks against every role, the anonymous public and a foreign region."""

from dataclasses import dataclass
from typing import Any, get_args

from fastapi.routing import APIRoute
from tests.scoring.conftest import Scoring
from tests.scoring.frameworks.framework_drafts import OWN, own_document

from scoring.frameworks.routes import routes
from scoring.scores.impacts.routes import routes as impacts
from shared.auth import Role

ROLES: tuple[Role, ...] = get_args(Role)
ALL = frozenset(ROLES)
OFFICERS = frozenset({"finance", "purchaser", "auditor", "operator"})
FINANCE = frozenset({"finance"})
FOREIGN: tuple[list[str], ...] = (["CN-31"], ["CN-230102"], [])


@dataclass(frozen=True)
class Endpoint:
    """An endpoint, who may use it, what it answers them, and what it answers a foreign region (None: the same)."""

    method: str
    path: str
    roles: frozenset[str]
    status: int
    foreign: int | None
    body: Any = None
    refused: int | None = None
    """What it answers everybody else; None: 403, and 401 to the anonymous public."""


REASON = {"reason": "simulated"}
DRAFT = REASON | {"document": own_document()}
BUDGET = {"method": "budget", "allocations": [{"a": 60, "b": 40}]}
TABLE = {"codes": ["a", "b"], "higher": [True, True], "values": [[1, 5], [2, 4], [4, 4]]}
VERSION = "/v1/frameworks/{framework_id}/versions/{version}"

ENDPOINTS = [
    Endpoint("GET", "/v1/frameworks", ALL, 200, None),
    Endpoint("GET", "/v1/frameworks/schema", ALL, 200, None),
    Endpoint("GET", "/v1/frameworks/diff", ALL, 200, None),
    Endpoint("POST", "/v1/frameworks:validate", OFFICERS, 200, None, {"document": own_document()}),
    Endpoint("POST", "/v1/frameworks:weigh", OFFICERS, 200, None, BUDGET),
    Endpoint("POST", "/v1/frameworks:diagnose", OFFICERS, 200, None, TABLE),
    Endpoint("POST", "/v1/frameworks", FINANCE, 409, 403, DRAFT | {"region": "CN-23"}),
    Endpoint("PUT", VERSION, FINANCE, 409, 404, DRAFT),
    Endpoint("POST", f"{VERSION}/impact", FINANCE, 202, 404),
    Endpoint("GET", f"{VERSION}/impact", OFFICERS, 200, 404),
    Endpoint("POST", f"{VERSION}/submit", FINANCE, 409, 404),
    Endpoint("POST", f"{VERSION}/return", FINANCE, 200, 404, REASON),
    Endpoint("POST", f"{VERSION}/approve", FINANCE, 409, 404, REASON),
    Endpoint("POST", f"{VERSION}/retire", FINANCE, 409, 404, REASON),
    # Everybody may read frameworks, but a draft is there for officers only.
    Endpoint("GET", "/v1/frameworks/{framework_id}", OFFICERS, 200, 404, refused=404),
]


async def test_roles_and_regions(scoring: Scoring) -> None:
    """The framework is submitted: of its region's officers only, and `return` leaves a draft."""
    author = scoring.client.as_("finance", subject="officer-1", regions=["CN-23"])
    assert (await author.post("/v1/frameworks", json=DRAFT | {"region": "CN-23"})).status_code == 201
    assert (await author.post(f"/v1/frameworks/{OWN}/versions/1.0.0/submit")).status_code == 200
    named = {
        (method, route.path)
        for route in (*routes.routes, *impacts.routes)
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    assert named == {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}
    for endpoint in ENDPOINTS:
        path = endpoint.path.format(framework_id=OWN, version="1.0.0")
        params = {"from": "four-questions", "to": "cn-self-evaluation"} if path.endswith("/diff") else {}
        for role in (*ROLES, None):
            client = scoring.client.as_(role, regions=["CN-23"]) if role is not None else scoring.client.anonymous
            answer = await client.request(endpoint.method, path, params=params, json=endpoint.body)
            allowed = (role or "public") in endpoint.roles
            refused = endpoint.refused or (401 if role is None else 403)
            assert answer.status_code == (endpoint.status if allowed else refused), (endpoint, role, answer.text)
            if role is None:
                continue
            for regions in FOREIGN if allowed and endpoint.foreign is not None else ():
                outside = scoring.client.as_(role, regions=regions)
                answer = await outside.request(endpoint.method, path, params=params, json=endpoint.body)
                assert answer.status_code == endpoint.foreign, (endpoint, role, regions, answer.text)
