"""A province's own framework for the tests of the acts on it; simulated."""

import copy
from typing import Any

import httpx
from tests.scoring.conftest import Scoring

from scoring.frameworks.queries import find_framework

OWN = "heilongjiang-department"


def own_document(version: str = "1.0.0", *, framework_id: str = OWN, parent: str = "cn-department") -> dict[str, Any]:
    """A framework of a province that follows a shipped one to the letter."""
    shipped = find_framework(parent)
    document = copy.deepcopy(dict(shipped.written))
    document.pop("offered", None)
    return document | {
        "id": framework_id,
        "version": version,
        "title": {"en": "Simulated framework of a province", "zh": "模拟的省级评价体系"},
        "inherits": {"id": shipped.id, "version": shipped.version, "hash": shipped.written_hash},
    }


def officer(scoring: Scoring, subject: str, *regions: str, role: str = "finance") -> httpx.AsyncClient:
    """A client of an officer of the finance department."""
    return scoring.client.as_(role, subject=subject, regions=list(regions or ["CN-23"]))


async def register(client: httpx.AsyncClient, document: dict[str, Any], *, region: str = "CN-23") -> httpx.Response:
    """Register a draft."""
    body = {"region": region, "reason": "a simulated decree", "document": document}
    return await client.post("/v1/frameworks", json=body)


async def act(client: httpx.AsyncClient, what: str, version: str = "1.0.0", /, **body: Any) -> httpx.Response:
    """Submit, return, approve or retire the province's framework."""
    return await client.post(f"/v1/frameworks/{OWN}/versions/{version}/{what}", json=body or None)


async def bring_into_force(scoring: Scoring, document: dict[str, Any]) -> None:
    """Register, submit and approve by two officers."""
    author, second = officer(scoring, "officer-1"), officer(scoring, "officer-2")
    answers = [
        await register(author, document),
        await act(author, "submit", document["version"]),
        await act(second, "approve", document["version"], reason="simulated"),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 200], [answer.text for answer in answers]
