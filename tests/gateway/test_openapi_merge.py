"""One document out of four."""

import copy
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from tests.gateway.tools import Gateway, Upstream, run_gateway, serve

from gateway.app import SERVICE as GATEWAY
from gateway.openapi.merge import merge_documents
from gateway.openapi.service import passed_to
from shared.service import create_app
from shared.testing import test_keys as keys_for_tests


def document(paths: dict[str, str], **schemas: Any) -> dict[str, Any]:
    """A small document: path -> name of the schema it answers with."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "paths": {
            path: {
                "get": {
                    "operationId": "read",
                    "responses": {
                        "200": {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}
                    },
                }
            }
            for path, name in paths.items()
        },
        "components": {"schemas": schemas},
    }


def everything(_: str, __: str) -> bool:
    return True


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolves(merged: dict[str, Any]) -> bool:
    for reference in references(merged):
        node: Any = merged
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
    return True


OWN = document({"/own": "Own"}, Own={"type": "string"})


def test_what_is_defined_alike_is_taken_once() -> None:
    page = {"type": "object"}
    services = {
        "contracts": document({"/a": "Page"}, Page=page),
        "surveys": document({"/b": "Page"}, Page=copy.deepcopy(page)),
    }
    merged = merge_documents(OWN, services, belongs=everything)
    assert set(merged["components"]["schemas"]) == {"Own", "Page"}
    assert resolves(merged)


def test_what_differs_gets_the_services_name_in_front() -> None:
    services = {
        "contracts": document({"/a": "Item"}, Item={"type": "string"}),
        "surveys": document({"/b": "Item"}, Item={"type": "integer"}),
    }
    before = copy.deepcopy(services)
    merged = merge_documents(OWN, services, belongs=everything)
    schemas = merged["components"]["schemas"]
    assert schemas == {
        "Own": {"type": "string"},
        "ContractsItem": {"type": "string"},
        "SurveysItem": {"type": "integer"},
    }
    assert resolves(merged)
    assert services == before  # the documents themselves are left alone


def test_what_refers_to_a_clash_is_a_clash_itself() -> None:
    page = {"items": {"$ref": "#/components/schemas/Item"}}
    services = {
        "contracts": document({"/a": "Page"}, Page=page, Item={"type": "string"}),
        "surveys": document({"/b": "Page"}, Page=page, Item={"type": "integer"}),
    }
    merged = merge_documents(OWN, services, belongs=everything)
    schemas = merged["components"]["schemas"]
    assert schemas["SurveysPage"] == {"items": {"$ref": "#/components/schemas/SurveysItem"}}
    assert schemas["ContractsPage"] == {"items": {"$ref": "#/components/schemas/ContractsItem"}}


def test_the_gateways_own_names_stay() -> None:
    services = {"contracts": document({"/a": "Own"}, Own={"type": "integer"})}
    schemas = merge_documents(OWN, services, belongs=everything)["components"]["schemas"]
    assert schemas == {"Own": {"type": "string"}, "ContractsOwn": {"type": "integer"}}


def test_discriminators_follow_the_new_names() -> None:
    union = {"discriminator": {"propertyName": "kind", "mapping": {"a": "#/components/schemas/Item"}}}
    services = {
        "contracts": document({"/a": "Union"}, Union=union, Item={"type": "string"}),
        "surveys": document({"/b": "Item"}, Item={"type": "integer"}),
    }
    schemas = merge_documents(OWN, services, belongs=everything)["components"]["schemas"]
    assert schemas["Union"]["discriminator"]["mapping"] == {"a": "#/components/schemas/ContractsItem"}


def test_only_what_is_passed_on_is_shown_and_nothing_is_left_over() -> None:
    services = {
        "contracts": document(
            {"/v1/contracts": "Contract", "/metrics": "Metrics"},
            Contract={"type": "string"},
            Metrics={"type": "string"},
        )
    }
    merged = merge_documents(OWN, services, belongs=passed_to)
    assert set(merged["paths"]) == {"/own", "/v1/contracts"}
    assert set(merged["components"]["schemas"]) == {"Own", "Contract"}


def test_operation_ids_stay_unique() -> None:
    services = {
        "contracts": document({"/a": "A"}, A={"type": "string"}),
        "surveys": document({"/b": "B"}, B={"type": "string"}),
    }
    merged = merge_documents(OWN, services, belongs=everything)
    ids = [item["get"]["operationId"] for item in merged["paths"].values()]
    assert ids == ["read", "contracts_read", "surveys_read"]


def test_a_missing_service_is_said() -> None:
    merged = merge_documents(OWN, {"contracts": None}, belongs=everything)
    assert merged["x-gongping-services"] == {"contracts": {"status": "unavailable"}}
    assert set(merged["paths"]) == {"/own"}


CONTRACTS = document({"/v1/contracts": "Contract", "/health/live": "Contract"}, Contract={"type": "object"})


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    body = json.dumps(CONTRACTS).encode()
    made = Upstream(answer=(200, [("content-type", "application/json")], body))
    async with serve(made, lifespan="off") as url:
        made.url = url
        yield made


@pytest.fixture
async def gateway(database_url: str, upstream: Upstream, nobody_listens: str) -> AsyncIterator[Gateway]:
    async with run_gateway(
        database_url, contracts_url=upstream.url, surveys_url=nobody_listens, scoring_url=upstream.url
    ) as running:
        yield running


async def test_the_gateway_serves_the_merge_and_says_what_is_missing(gateway: Gateway, upstream: Upstream) -> None:
    async with gateway.client() as caller:
        answer = await caller.get("/openapi.json")
        again = await caller.get("/openapi.json", headers={"If-None-Match": answer.headers["etag"]})
    merged = answer.json()
    assert merged["openapi"].startswith("3.1")
    assert merged["x-gongping-services"] == {
        "contracts": {"status": "ok"},
        "surveys": {"status": "unavailable"},
        "scoring": {"status": "ok"},
    }
    for path in (
        "/v1/contracts",
        "/v1/contracts/{contract_id}/dossier",
        "/oauth/token",
        "/v1/streams/scores",
        "/v1/clients",
    ):
        assert path in merged["paths"]
    assert resolves(merged)
    assert again.status_code == 304
    assert len(upstream.seen) == 2  # kept: each service was asked once


async def test_the_list_for_people_shows_every_operation(gateway: Gateway) -> None:
    async with gateway.client() as caller:
        page = await caller.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "/v1/contracts/{contract_id}/dossier" in page.text
    assert "Not reachable now, so missing below: surveys." in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "<script" not in page.text
    assert "http://" not in page.text.replace(gateway.url, "")
    assert "https://" not in page.text


def test_every_field_of_the_gateway_is_described() -> None:
    own = create_app(
        GATEWAY, GATEWAY.settings.load(database_url="postgresql://nowhere/x"), keys=keys_for_tests()
    ).openapi()
    undescribed = [
        f"{name}.{field}"
        for name, schema in own["components"]["schemas"].items()
        if name not in ("HTTPValidationError", "ValidationError") and not name.startswith("Page_")
        for field, definition in schema.get("properties", {}).items()
        if "description" not in definition
    ]
    assert undescribed == []
    operations = [
        operation
        for path, item in own["paths"].items()
        if not path.startswith("/v1/operations")
        for operation in item.values()
    ]
    assert [operation["operationId"] for operation in operations if not operation.get("summary")] == []
