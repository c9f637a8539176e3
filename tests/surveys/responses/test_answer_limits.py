"""Limits per address, bursts, and the proof of work of open links."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import altcha
import httpx
import pytest
from tests.surveys.conftest import UNLIMITED, Json, Surveys, answers
from tests.surveys.responses.answering import COLUMNS, invite, open_wave, select, send

from gongping_local.pytest_servers import Servers
from shared import clock
from shared.testing import client_for, new_database
from surveys.app import service
from surveys.responses.errors import TooManyAnswers
from surveys.responses.handlers import retention_job
from surveys.responses.limits import Limits, Quotas, bursts

START = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
async def strict(servers: Servers) -> AsyncIterator[Surveys]:
    """The service with the limits that it has by itself."""
    async with new_database(servers.postgres_url, "surveys") as url, client_for(service, url) as client:
        yield Surveys(client)


@pytest.fixture
async def open_link(servers: Servers) -> AsyncIterator[Surveys]:
    """The service with the proof of work and without limits."""
    settings = UNLIMITED | {"proof_of_work": True}
    async with new_database(servers.postgres_url, "surveys") as url, client_for(service, url, **settings) as client:
        yield Surveys(client)


def admitted(limits: Limits, address: str) -> bool:
    try:
        limits.admit_answer(address)
    except TooManyAnswers as refusal:
        return not 1 <= int(refusal.headers["Retry-After"]) <= 3600
    return True


def test_ten_answers_a_minute_and_thirty_an_hour() -> None:
    moment = [0.0]
    limits = Limits(Quotas(), now=lambda: moment[0])
    assert [admitted(limits, "203.0.113.7") for _ in range(11)] == [True] * 10 + [False]
    assert admitted(limits, "203.0.113.8")
    for minute in (1, 2):
        moment[0] = 60.0 * minute
        assert [admitted(limits, "203.0.113.7") for _ in range(11)] == [True] * 10 + [False]
    moment[0] = 200.0
    assert not admitted(limits, "203.0.113.7")
    moment[0] = 3600.0
    assert admitted(limits, "203.0.113.7")


def test_a_customer_with_many_addresses_is_one() -> None:
    limits = Limits(Quotas(answers_per_minute=1))
    assert admitted(limits, "2001:db8::1")
    assert not admitted(limits, "2001:db8::ffff")
    assert admitted(limits, "2001:db8:0:1::1")
    assert admitted(limits, "not an address")


def test_the_key_of_the_addresses_changes_every_day() -> None:
    moment = [0.0]
    limits = Limits(Quotas(answers_per_minute=1), now=lambda: moment[0])
    key = limits._key
    assert admitted(limits, "203.0.113.7")
    moment[0] = 86_400.0
    assert admitted(limits, "203.0.113.7")
    assert limits._key != key
    assert b"203.0.113.7" not in b"".join(limits._seen)


def test_no_address_is_not_limited() -> None:
    limits = Limits(Quotas(answers_per_minute=1, wrong_tokens_per_minute=1))
    for _ in range(3):
        limits.admit_answer(None)
        limits.note_wrong_token(None)
        limits.admit_try(None)
    assert not limits.note_answer(None, "w")


def test_bursts_of_a_network() -> None:
    moment = [0.0]
    limits = Limits(Quotas(network_burst=3), now=lambda: moment[0])
    flags = [limits.note_answer(f"203.0.113.{host}", "w") for host in range(5)]
    assert flags == [False, False, False, True, True]
    assert not limits.note_answer("203.0.113.9", "another wave")
    assert not limits.note_answer("203.0.114.9", "w")
    moment[0] = 600.0
    assert not limits.note_answer("203.0.113.1", "w")


def test_bursts_of_an_enumerator_are_found_whatever_the_order() -> None:
    minutes = [("a", 0), ("a", 3), ("b", 3), ("a", 6), ("a", 9), ("a", 30), ("a", 16)]
    collected = [(name, START + timedelta(minutes=minute)) for name, minute in minutes]
    assert bursts(collected, most=3) == [True, True, False, True, True, False, False]
    assert bursts(list(reversed(collected)), most=3) == [False, False, True, True, False, True, True]
    assert bursts(collected, most=4) == [False] * 7
    assert bursts([], most=1) == []


async def test_answers_without_a_token_are_limited_by_address(strict: Surveys) -> None:
    wave = await strict.completed_wave()
    got = [await send(strict, wave["id"], None) for _ in range(11)]
    assert [answer.status_code for answer in got] == [201] * 10 + [429]
    assert got[10].json()["type"] == "/problems/too-many-answers"
    assert int(got[10].headers["Retry-After"]) >= 1
    # The gateway tells the address; another one has its own limit.
    other = await send(strict, wave["id"], None, headers={"X-Forwarded-For": "198.51.100.4"})
    assert other.status_code == 201
    collector = await strict.client.as_("evaluator").put(f"/v1/waves/{wave['id']}/responses/{uuid4()}", json=answers())
    assert collector.status_code == 201
    assert len(await select(strict, COLUMNS)) == 12


async def test_wrong_tokens_are_limited_and_right_ones_are_not(strict: Surveys) -> None:
    wave_id, invitations = await invite(strict, 20)
    assert [(await send(strict, wave_id, each["token"])).status_code for each in invitations[:12]] == [201] * 12
    wrong = [(await send(strict, wave_id, f"wrong-{n}")).status_code for n in range(11)]
    assert wrong == [403] * 10 + [429]
    assert (await send(strict, wave_id, invitations[12]["token"])).status_code == 429


async def test_batches_are_limited_by_collector(servers: Servers) -> None:
    async with (
        new_database(servers.postgres_url, "surveys") as url,
        client_for(service, url, batches_per_minute=2) as client,
    ):
        surveys = Surveys(client)
        wave = await surveys.completed_wave()
        path = f"/v1/waves/{wave['id']}/responses:batch"
        body = {"items": [{"submission_id": str(uuid4())}]}
        one, other = (client.as_("evaluator", subject=name) for name in ("one", "other"))
        assert [(await one.post(path, json=body)).status_code for _ in range(3)] == [200, 200, 429]
        assert (await other.post(path, json=body)).status_code == 200


async def solved(surveys: Surveys, wave_id: str) -> str:
    answer = await surveys.client.anonymous.get(f"/v1/waves/{wave_id}/challenge")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return await solution(answer.json())


async def solution(document: Json) -> str:
    challenge = altcha.Challenge.from_dict(document)
    found = await asyncio.to_thread(altcha.solve_challenge, challenge)
    assert found is not None
    payload = {"challenge": document, "solution": found.to_dict()}
    return base64.b64encode(json.dumps(payload).encode()).decode()


async def prove(surveys: Surveys, wave_id: str, proof: str, **options: Any) -> httpx.Response:
    return await send(surveys, wave_id, None, headers={"Survey-Proof": proof}, **options)


async def test_open_links_need_a_proof_of_work_each(open_link: Surveys) -> None:
    wave_id = await open_wave(open_link, design="open_link")
    bare = await send(open_link, wave_id, None)
    assert (bare.status_code, bare.json()["type"]) == (403, "/problems/proof-required")
    submission_id = uuid4()
    proof = await solved(open_link, wave_id)
    first = await prove(open_link, wave_id, proof, submission_id=submission_id)
    assert first.status_code == 201, first.text
    replayed = await prove(open_link, wave_id, proof)
    assert (replayed.status_code, replayed.json()["type"]) == (409, "/problems/proof-used")
    # Written differently it is the same proof.
    document = json.loads(base64.b64decode(proof))
    document["challenge"]["signature"] = document["challenge"]["signature"].upper()
    for written in (json.dumps(json.loads(base64.b64decode(proof)), indent=1), json.dumps(document)):
        again = await prove(open_link, wave_id, base64.b64encode(written.encode()).decode())
        assert again.status_code in (409, 422)
    # The id is looked at first: a repetition needs no new proof, nor the old one.
    for headers in ({}, {"Survey-Proof": proof}):
        same = await send(open_link, wave_id, None, submission_id=submission_id, headers=headers)
        assert (same.status_code, same.json()) == (200, first.json())
    assert len(await select(open_link, COLUMNS)) == 1


async def test_proofs_that_do_not_hold(open_link: Surveys) -> None:
    wave_id, other = [await open_wave(open_link, design="open_link") for _ in range(2)]
    foreign = await solved(open_link, other)
    tampered = json.loads(base64.b64decode(await solved(open_link, wave_id)))
    tampered["challenge"]["parameters"]["cost"] = 1
    unsolved = (await open_link.client.anonymous.get(f"/v1/waves/{wave_id}/challenge")).json()
    guess = {"challenge": unsolved, "solution": {"counter": 0, "derivedKey": "00"}}
    with clock.frozen(datetime.now(UTC) - timedelta(minutes=11)):
        old = (await open_link.client.anonymous.get(f"/v1/waves/{wave_id}/challenge")).json()
    bad = ["", "x", "!!!", foreign, await solution(old), "e" * 4000]
    documents: list[Json] = [tampered, guess, [], {"challenge": 1}]
    bad += [base64.b64encode(json.dumps(document).encode()).decode() for document in documents]
    for proof in bad[1:]:
        answer = await prove(open_link, wave_id, proof)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/proof-refused"), proof
    assert (await prove(open_link, wave_id, bad[0])).json()["type"] == "/problems/proof-required"
    assert await select(open_link, COLUMNS) == []
    assert (await open_link.client.anonymous.get(f"/v1/waves/{uuid4()}/challenge")).status_code == 404


async def test_one_proof_races_to_one_answer(open_link: Surveys) -> None:
    wave_id = await open_wave(open_link, design="open_link")
    proof = await solved(open_link, wave_id)
    got = await asyncio.gather(*(prove(open_link, wave_id, proof) for _ in range(6)))
    assert sorted(answer.status_code for answer in got) == [201, 409, 409, 409, 409, 409]


async def test_used_proofs_are_kept_for_days_and_then_deleted(open_link: Surveys) -> None:
    wave_id = await open_wave(open_link, design="open_link")
    assert (await prove(open_link, wave_id, await solved(open_link, wave_id))).status_code == 201
    for later, left in ((timedelta(hours=1), 1), (timedelta(days=3), 0)):
        with clock.frozen(clock.now() + later):
            async with open_link.database.transaction() as session:
                await retention_job.run(session, None)  # type: ignore[arg-type] # it does not look at the job
        assert len(await select(open_link, "SELECT * FROM response_proofs")) == left
