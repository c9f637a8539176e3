"""Stored files go with what they belong to, once, after the commit; what a hold keeps keeps its files. Simulated."""

import hashlib
from pathlib import Path
from typing import Any

from tests.contracts.disclosure.retention import LATER, at, confirmed, run_job

from contracts.app import service
from contracts.documents.erasing import ERASE_FILES
from gongping_local.pytest_servers import Servers
from shared.jobs import Worker
from shared.testing import client_for, new_database

Json = dict[str, Any]


def pdf(words: str) -> bytes:
    return b"%PDF-1.7\n" + words.encode() * 200


async def stored(contracts: Any, contract: Json, content: bytes, *, put: bool = True) -> Json:
    path = f"/contracts/{contract['contract_id']}/documents"
    body = {
        "document_type": "contractSigned",
        "title": "某某的身份证（模拟）",
        "sha256": hashlib.sha256(content).hexdigest(),
        "media_type": "application/pdf",
        "size_bytes": len(content),
        "store": True,
    }
    document: Json = await contracts.post(path, body, expect=201)
    if put:
        answer = await contracts.staff.put(f"/v1{path}/{document['id']}/content", content=content)
        assert answer.status_code == 200, answer.text
    return document


async def test_files_go_with_the_last_document_that_needs_them(
    servers: Servers, contracts_type: Any, tmp_path: Path
) -> None:
    async with (
        new_database(servers.postgres_url, "contracts") as url,
        client_for(service, url, files_url=f"file://{tmp_path}/files") as client,
    ):
        contracts = contracts_type(client)
        jobs = [job for job in service.all_jobs(client.app.state.settings) if job.kind == ERASE_FILES]
        worker = Worker(client.database, jobs)

        def kept() -> set[str]:
            return {each.name for each in (tmp_path / "files").rglob("*") if each.is_file()}

        async def erased() -> None:
            await run_job(contracts)
            while await worker.run_one():
                pass

        gone, held = await contracts.completed(), await contracts.completed()
        shared, own, secret = pdf("shared"), pdf("own"), pdf("personal")
        same = [(await stored(contracts, each, shared))["sha256"] for each in (gone, held)]
        alone = await stored(contracts, gone, own)
        personal = await stored(contracts, held, secret)
        waiting = await stored(contracts, gone, pdf("came, never confirmed"), put=False)
        incoming = tmp_path / "files/incoming" / waiting["id"]
        incoming.write_bytes(b"%PDF-1.7")
        mark = {"subject": "document", "document_sha256": personal["sha256"], "level": "personal", "basis": "PIPL"}
        await contracts.post(f"/contracts/{held['contract_id']}/disclosure", mark, expect=201)
        hold = {"kind": "appeal", "reason": "行政复议（模拟）"}
        placed = await contracts.post(f"/contracts/{held['contract_id']}/holds", hold, expect=201)
        assert kept() == {same[0], alone["sha256"], personal["sha256"], waiting["id"]}
        with at(contracts, LATER):
            for noun in ("records", "personalFields"):
                await confirmed(contracts, noun, 1)
            await erased()
            # The other contract is held, with its personal document and the file that both have.
            assert kept() == {same[0], personal["sha256"]}
            rows = (await contracts.get("/retention/erasures"))["items"][0]["rows"]
            assert (rows["documents"], rows["files"]) == (3, 3)
            release = f"/contracts/{held['contract_id']}/holds/{placed['id']}/release"
            await contracts.post(release, {"reason": "复议终结（模拟）"})
            await erased()
            assert kept() == set()


async def test_a_personal_document_is_emptied_and_its_contract_stays(
    servers: Servers, contracts_type: Any, tmp_path: Path
) -> None:
    async with (
        new_database(servers.postgres_url, "contracts") as url,
        client_for(service, url, files_url=f"file://{tmp_path}/files") as client,
    ):
        contracts = contracts_type(client)
        jobs = [job for job in service.all_jobs(client.app.state.settings) if job.kind == ERASE_FILES]
        contract = await contracts.completed()
        path = f"/contracts/{contract['contract_id']}"
        personal, plain = [await stored(contracts, contract, pdf(words)) for words in ("personal", "plain")]
        mark = {"subject": "document", "document_sha256": personal["sha256"], "level": "personal", "basis": "PIPL"}
        await contracts.post(f"{path}/disclosure", mark, expect=201)
        with at(contracts, LATER):
            await confirmed(contracts, "personalFields", 3)
            await run_job(contracts)
            assert await Worker(client.database, jobs).run_one()
            left = [each.name for each in (tmp_path / "files").rglob("*") if each.is_file()]
            assert left == [plain["sha256"]]
            found = {one["id"]: one for one in (await contracts.get(f"{path}/documents"))["items"]}
            assert found[personal["id"]]["storage"] == "erased"
            assert found[personal["id"]]["title"] == "（不公开）"
            assert found[personal["id"]]["sha256"] == personal["sha256"]
            assert found[plain["id"]]["storage"] == "stored"
            content = f"{path}/documents/{personal['id']}/content"
            refused = await contracts.refused("GET", content, status=409, slug="document-not-kept")
            assert "erased" in refused["detail"]
            (erasure,) = (await contracts.get("/retention/erasures"))["items"]
            assert erasure["rows"] == {"documents": 1, "files": 1}
