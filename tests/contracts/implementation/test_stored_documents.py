"""Documents whose content is kept: announced, put, compared, moved to the place that the hash names."""

import hashlib
import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from contracts.app import service
from gongping_local.pytest_servers import Servers
from shared.ids import new_id
from shared.testing import client_for, new_database

Json = dict[str, Any]
PDF = b"%PDF-1.7\n" + b"simulated " * 400


def announced(content: bytes, **fields: Any) -> Json:
    return {
        "document_type": "contractSigned",
        "title": "合同扫描件（模拟）",
        "sha256": hashlib.sha256(content).hexdigest(),
        "media_type": "application/pdf",
        "size_bytes": len(content),
        "store": True,
    } | fields


async def test_a_folder_keeps_what_was_announced_and_nothing_else(
    servers: Servers, contracts_type: Any, tmp_path: Path
) -> None:
    options = {"files_url": f"file://{tmp_path}/files", "max_document_bytes": 10_000}
    async with (
        new_database(servers.postgres_url, "contracts") as url,
        client_for(service, url, **options) as client,
    ):
        contracts = contracts_type(client)
        contract = await contracts.active()
        path = f"/contracts/{contract['contract_id']}/documents"
        document = await contracts.post(path, announced(PDF), expect=201)
        upload = document["upload"]
        assert (document["storage"], upload["method"], upload["expires_at"]) == ("awaited", "PUT", None)
        content = f"{path}/{document['id']}/content"
        assert upload["url"] == f"/v1{content}"
        await contracts.refused("GET", content, status=409, slug="document-not-kept")
        await contracts.refused("POST", f"{path}/{document['id']}/stored", status=409, slug="document-not-awaited")
        for wrong in (PDF[:-1], b"#!/bin/sh\n" + PDF[10:], PDF + b"." * 10_000):
            answer = await contracts.staff.put(f"/v1{content}", content=wrong)
            assert (answer.status_code, answer.json()["type"]) == (409, "/problems/document-content-mismatch")
        assert not list((tmp_path / "files/incoming").iterdir())
        answer = await contracts.staff.put(f"/v1{content}", content=PDF)
        assert answer.json()["storage"] == "stored", answer.text
        read = await contracts.staff.get(f"/v1{content}")
        assert (read.content, read.headers["content-type"]) == (PDF, "application/pdf")
        assert read.headers["content-disposition"].startswith("attachment")
        assert [each.name for each in (tmp_path / "files/sha256").rglob("*") if each.is_file()] == [document["sha256"]]
        again = await contracts.staff.put(f"/v1{content}", content=PDF)
        assert again.json()["type"] == "/problems/document-not-awaited"
        # The same file again is kept once; one that says to be something else is not kept.
        script = announced(PDF, media_type="text/html")
        await contracts.refused("POST", path, script, status=409, slug="document-not-kept")
        large = announced(PDF, size_bytes=10_001)
        await contracts.refused("POST", path, large, status=409, slug="document-not-kept")
        posing = await contracts.post(path, announced(PDF, media_type="image/png"), expect=201)
        answer = await contracts.staff.put(f"/v1{path}/{posing['id']}/content", content=PDF)
        assert "does not begin like image/png" in answer.json()["detail"]


async def test_an_object_store_is_reached_by_signed_addresses(servers: Servers, contracts_type: Any) -> None:
    options = {
        "files_url": "s3://documents",
        "files_endpoint": "http://127.0.0.1:9",
        "files_access_key": "simulated",
        "files_secret_key": "simulated",
        "files_url_seconds": 60,
    }
    async with (
        new_database(servers.postgres_url, "contracts") as url,
        client_for(service, url, **options) as client,
    ):
        contracts = contracts_type(client)
        contract = await contracts.active()
        path = f"/contracts/{contract['contract_id']}/documents"
        document = await contracts.post(path, announced(PDF), expect=201)
        address = urlsplit(document["upload"]["url"])
        assert (address.netloc, address.path) == ("127.0.0.1:9", f"/documents/incoming/{document['id']}")
        assert parse_qs(address.query)["X-Amz-Expires"] == ["60"]
        assert "X-Amz-Signature" in parse_qs(address.query)
        answer = await contracts.staff.put(f"/v1{path}/{document['id']}/content", content=PDF)
        assert answer.json()["type"] == "/problems/document-store-missing"


@pytest.mark.skipif("GONGPING_TEST_S3" not in os.environ, reason="GONGPING_TEST_S3 names no S3-compatible store")
async def test_a_document_goes_through_a_real_object_store(servers: Servers, contracts_type: Any) -> None:
    """GONGPING_TEST_S3=http://key:secret@host:port/bucket, of a store for tests."""
    store = urlsplit(os.environ["GONGPING_TEST_S3"])
    options = {
        "files_url": f"s3:/{store.path}/{new_id()}",
        "files_endpoint": f"{store.scheme}://{store.hostname}:{store.port}",
        "files_access_key": store.username,
        "files_secret_key": store.password,
    }
    async with (
        new_database(servers.postgres_url, "contracts") as url,
        client_for(service, url, **options) as client,
        httpx.AsyncClient() as outside,
    ):
        contracts = contracts_type(client)
        contract = await contracts.active()
        path = f"/contracts/{contract['contract_id']}/documents"
        document = await contracts.post(path, announced(PDF), expect=201)
        stored = f"{path}/{document['id']}/stored"
        await contracts.refused("POST", stored, status=409, slug="document-not-awaited")
        address = document["upload"]["url"]
        assert (await outside.put(address, content=PDF[:-1])).status_code == 200
        await contracts.refused("POST", stored, status=409, slug="document-content-mismatch")
        assert (await outside.put(address, content=PDF)).status_code == 200
        answer = await contracts.staff.post(f"/v1{stored}")
        assert answer.json()["storage"] == "stored", answer.text
        given = await contracts.staff.get(f"/v1{path}/{document['id']}/content")
        assert given.status_code == 307
        assert (await outside.get(given.headers["location"])).content == PDF


async def test_without_a_store_only_references_are_recorded(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/documents"
    await contracts.refused("POST", path, announced(PDF), status=409, slug="document-store-missing")
    assert await contracts.pointers("POST", path, announced(PDF, size_bytes=None)) == {"/"}
