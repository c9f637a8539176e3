"""The ledger: from the receipt of an answer to the proof that it is counted, which anybody can check."""

import asyncio
import hashlib
from uuid import UUID

import pytest
from sqlalchemy import text
from tests.surveys.conftest import Surveys, answers
from tests.surveys.publication.conftest import crowd, get, publish, published_wave, revise, store

from surveys.kernel.merkle import included, root_of
from surveys.kernel.receipts import receipt_of
from surveys.publication.errors import LedgerDisagrees
from surveys.publication.ledger import CHUNK, cut, prove
from surveys.publication.service import publish_wave


async def test_receipt_proves_that_the_answer_is_counted(surveys: Surveys) -> None:
    wave = await surveys.completed_wave(beneficiary_population=50)
    got = await asyncio.gather(*(surveys.put(wave["id"], answers(1 + number % 5)) for number in range(13)))
    assert {answer.status_code for answer in got} == {201}
    receipts = [answer.json()["receipt"] for answer in got]
    path = f"/v1/waves/{wave['id']}/ledger"
    early = await surveys.client.anonymous.get(f"{path}/{receipts[0]}")
    assert (early.status_code, early.json()["type"]) == (409, "/problems/wave-not-closed")
    results = await surveys.close(wave["id"])
    await publish(surveys)
    ledger = await get(surveys, path)
    assert ledger["size"] == 13
    assert ledger["root"] == results["ledger_root"]
    document = await get(surveys, f"/v1/waves/{wave['id']}/publication")
    assert document["ledger"] == {"root": ledger["root"], "size": 13}
    for receipt in receipts:
        proof = await get(surveys, f"{path}/{receipt.lower().replace('-', ' ')}")
        assert proof["receipt"] == receipt
        assert proof["root"] == ledger["root"]
        assert included(
            bytes.fromhex(proof["leaf"]),
            index=proof["index"],
            size=proof["size"],
            proof=[bytes.fromhex(step) for step in proof["path"]],
            root=bytes.fromhex(ledger["root"]),
        )
        assert receipt_of(bytes.fromhex(proof["leaf"])) == receipt


async def test_proof_cannot_show_what_was_answered(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    body = answers(2)
    receipt = (await surveys.put(wave["id"], body)).json()
    await surveys.close(wave["id"])
    await publish(surveys)
    proof = await get(surveys, f"/v1/waves/{wave['id']}/ledger/{receipt['receipt']}")
    async with surveys.database.reading() as session:
        row = (await session.execute(text("SELECT salt, content_sha256, leaf FROM responses"))).one()
    assert bytes(row.leaf).hex() == proof["leaf"]
    assert hashlib.sha256(b"\x00" + bytes(row.salt) + bytes(row.content_sha256)).hexdigest() == proof["leaf"]
    # Who knows the answer, and so its hash, cannot get from it to the leaf without the salt.
    assert bytes(row.salt).hex() not in str(proof)
    assert bytes(row.content_sha256).hex() not in str(proof)
    assert hashlib.sha256(b"\x00" + bytes(row.content_sha256)).hexdigest() != proof["leaf"]
    assert set(proof) == {"wave_id", "receipt", "leaf", "index", "size", "root", "path", "algorithm"}


@pytest.mark.parametrize("receipt", ["nonsense", "0" * 25, "AAAAA-AAAAA-AAAAA-AAAAA-AAAAB"])
async def test_receipt_of_nothing(surveys: Surveys, receipt: str) -> None:
    wave = await published_wave(surveys, crowd(12))
    answer = await surveys.client.anonymous.get(f"/v1/waves/{wave['id']}/ledger/{receipt}")
    expected = (404, "receipt-not-included") if receipt == "0" * 25 else (422, "receipt-unreadable")
    assert (answer.status_code, answer.json()["type"]) == (expected[0], f"/problems/{expected[1]}")


async def test_receipt_of_another_wave_is_not_included(surveys: Surveys) -> None:
    one, other = await surveys.completed_wave(), await surveys.completed_wave()
    receipt = (await surveys.put(one["id"], answers())).json()["receipt"]
    for wave in (one, other):
        await store(surveys, wave["id"], crowd(11))
        await surveys.close(wave["id"])
    assert await publish(surveys) == 2
    assert (await get(surveys, f"/v1/waves/{one['id']}/ledger/{receipt}"))["size"] == 12
    answer = await surveys.client.anonymous.get(f"/v1/waves/{other['id']}/ledger/{receipt}")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/receipt-not-included")


async def test_wave_without_answers_has_an_empty_ledger(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    await surveys.close(wave["id"])
    await publish(surveys)
    ledger = await get(surveys, f"/v1/waves/{wave['id']}/ledger")
    assert (ledger["size"], ledger["root"]) == (0, hashlib.sha256(b"").hexdigest())
    missing = await surveys.client.anonymous.get(f"/v1/waves/{wave['id']}/ledger/{'0' * 25}")
    assert missing.status_code == 404


async def test_changed_or_added_answers_stop_the_publication(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    await store(surveys, wave["id"], crowd(20))
    await surveys.close(wave["id"])
    await store(surveys, wave["id"], crowd(1))
    with pytest.raises(LedgerDisagrees, match="their root is another"):
        async with surveys.database.transaction() as session:
            await publish_wave(session, UUID(wave["id"]))
    async with surveys.database.reading() as session:
        assert await session.scalar(text("SELECT count(*) FROM wave_releases")) == 0


async def test_answers_added_after_the_publication_are_noticed(surveys: Surveys) -> None:
    wave = await published_wave(surveys, crowd(20))
    await store(surveys, wave["id"], crowd(1))
    await revise(surveys, wave["id"], n=21)
    refused = await surveys.client.as_("operator").post(f"/v1/waves/{wave['id']}/publication")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/ledger-disagrees")


@pytest.mark.parametrize("size", [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
def test_proof_from_one_chunk_is_that_of_the_whole_tree(size: int) -> None:
    leaves = [hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(size)]
    ledger = cut(leaves)
    assert (ledger.size, ledger.root) == (size, root_of(leaves))
    roots = b"".join(chunk.root for chunk in ledger.chunks)
    ordered = sorted(leaves)
    for index in sorted({0, size // 2, size - 1}):
        number = index // CHUNK
        found = prove(ordered[index], number=number, leaves=ledger.chunks[number].leaves, chunk_roots=roots, size=size)
        assert found is not None
        assert found.index == index
        assert included(found.leaf, index=index, size=size, proof=found.path, root=ledger.root)
    assert prove(bytes(32), number=0, leaves=ledger.chunks[0].leaves, chunk_roots=roots, size=size) is None
