"""Releases to import."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

Json = dict[str, Any]
SHELF = Path(__file__).parents[4] / "shared" / "data"

RELEASE: Json = {
    "ocid": "ocds-test01-1",
    "id": "1-compiled",
    "date": "2021-05-01T00:00:00Z",
    "tag": ["compiled"],
    "initiationType": "tender",
    "language": "en",
    "parties": [
        {"id": "B1", "name": "Town", "roles": ["buyer", "payer"]},
        {"id": "S1", "name": "Care Ltd", "roles": ["supplier"]},
        {"id": "T1", "name": "Other Ltd", "roles": ["tenderer"]},
    ],
    "buyer": {"id": "B1", "name": "Town"},
    "planning": {"budget": {"amount": {"amount": 1200.5, "currency": "EUR"}, "description": "line 7"}},
    "tender": {
        "id": "t1",
        "title": "Home care",
        "procurementMethod": "open",
        "procurementMethodDetails": "open call",
        "numberOfTenderers": 4,
        "value": {"amount": 1500, "currency": "EUR"},
    },
    "awards": [{"id": "a1", "status": "active", "suppliers": [{"id": "S1", "name": "Care Ltd"}]}],
    "contracts": [
        {
            "id": "c1",
            "awardID": "a1",
            "title": "Home care",
            "status": "active",
            "value": {"amount": 1000.25, "currency": "EUR"},
            "dateSigned": "2021-01-02T00:30:00+08:00",
            "period": {"startDate": "2021-01-03T00:00:00+08:00", "endDate": "2021-12-31"},
            "amendments": [{"id": "am1", "date": "2021-03-01", "rationale": "more visits"}, {"id": "am2"}],
            "milestones": [
                {"id": "m1", "title": "Half", "type": "delivery", "status": "scheduled", "dueDate": "2021-06-30"}
            ],
            "implementation": {
                "milestones": [
                    {"id": "m1", "title": "Half", "status": "met", "dueDate": "2021-06-30", "dateMet": "2021-06-29"},
                    {"id": "p1", "title": "Pay", "type": "payment", "status": "partiallyMet"},
                ],
                "transactions": [
                    {
                        "id": "x1",
                        "date": "2021-07-10",
                        "value": {"amount": 400.25, "currency": "EUR"},
                        "payer": {"id": "B1", "name": "Town"},
                        "payee": {"id": "S1", "name": "Care Ltd"},
                        "relatedImplementationMilestone": {"id": "m1", "title": "Half"},
                    },
                    {
                        "id": "x2",
                        "date": "2021-08-10",
                        "value": {"amount": 100, "currency": "EUR"},
                        "payer": {"id": "S1", "name": "Care Ltd"},
                        "payee": {"id": "B1", "name": "Town"},
                    },
                ],
            },
        }
    ],
}


def make(change: Callable[[Json, Json], None] | None = None, **fields: object) -> Json:
    """A release; `change` is given the release and its contract, `fields` replace fields of the contract."""
    release = copy.deepcopy(RELEASE)
    contract = release["contracts"][0]
    contract.update(fields)
    if change:
        change(release, contract)
    return release


def assert_problem(answer: httpx.Response, status: int, slug: str) -> Json:
    """The problem document of a refusal."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: Json = answer.json()
    assert problem["type"] == f"/problems/{slug}"
    return problem


@pytest.fixture
def kosovo() -> Path:
    path = SHELF / "kosovo" / "services_ocds_release_package.json"
    if not path.exists():
        pytest.skip("the shared data are not there")
    return path
