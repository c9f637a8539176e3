"""Answers with a token: one person answers once, the id is looked at before the token and the token before the wave."""

import asyncio
from collections import Counter
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import text
from tests.surveys.conftest import UNLIMITED, Surveys, answers
from tests.surveys.responses.answering import COLUMNS, invite, open_wave, select, send

from shared.db import asyncpg_url
from shared.testing import client_for
from surveys.app import service
from surveys.frames.queries import cells
from surveys.frames.service import access_key
from surveys.responses.content import content_of
from surveys.responses.queries import load_card
from surveys.responses.writer import Answer, AnswerWriter
from surveys.waves.service import freeze_key


async def spent(surveys: Surveys, wave_id: str) -> int:
    async with surveys.database.reading() as session:
        return sum(cell.spent for cell in await cells(session, UUID(wave_id)))


async def test_a_token_is_spent_with_its_answer(surveys: Surveys) -> None:
    wave_id, invitations = await invite(surveys, 20, stratum="north")
    token = invitations[0]["token"]
    submission_id = uuid4()
    first = await send(surveys, wave_id, token, submission_id=submission_id)
    assert first.status_code == 201, first.text
    assert await spent(surveys, wave_id) == 1
    # The same again is confirmed, though its token is spent by now.
    again = await send(surveys, wave_id, token, submission_id=submission_id)
    assert (again.status_code, again.json()) == (200, first.json())
    other = await send(surveys, wave_id, token, answers(1), submission_id=submission_id)
    assert (other.status_code, other.json()["type"]) == (409, "/problems/response-conflict")
    second = await send(surveys, wave_id, token)
    assert (second.status_code, second.json()["type"]) == (409, "/problems/token-spent")
    (row,) = await select(surveys, COLUMNS)
    assert row.stratum == "north"
    assert set(row.attributes) == {"sex"}
    assert row.leaf != row.content_sha256


async def test_code_and_token_are_one_invitation(surveys: Surveys) -> None:
    wave_id, invitations = await invite(surveys, 20)
    code = invitations[3]["code"].lower().replace("-", " ")
    assert (await send(surveys, wave_id, code)).status_code == 201
    refused = await send(surveys, wave_id, invitations[3]["token"])
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/token-spent")


async def test_a_foreign_or_missing_token_is_refused(surveys: Surveys) -> None:
    wave_id, _ = await invite(surveys, 20)
    elsewhere, invitations = await invite(surveys, 20)
    for token in (invitations[0]["token"], "no-token-at-all", "0000-0000-000"):
        answer = await send(surveys, wave_id, token)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/token-unknown")
    answer = await send(surveys, wave_id, None)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/token-required")
    listless = await open_wave(surveys)
    assert (await send(surveys, listless, invitations[0]["token"])).status_code == 403
    assert await select(surveys, COLUMNS) == []
    assert await spent(surveys, elsewhere) == 0


async def test_repetition_without_the_token_is_confirmed(surveys: Surveys) -> None:
    wave_id, invitations = await invite(surveys, 20)
    submission_id = uuid4()
    first = await send(surveys, wave_id, invitations[0]["token"], submission_id=submission_id)
    again = await send(surveys, wave_id, None, submission_id=submission_id)
    assert (again.status_code, again.json()) == (200, first.json())
    other = await send(surveys, wave_id, None, answers(2), submission_id=submission_id)
    assert other.json()["type"] == "/problems/response-conflict"


async def test_the_token_is_looked_at_before_the_wave(surveys: Surveys) -> None:
    wave_id, invitations = await invite(surveys, 20)
    assert (await send(surveys, wave_id, invitations[0]["token"])).status_code == 201
    await surveys.close(wave_id)
    kinds = [
        (await send(surveys, wave_id, token)).json()["type"]
        for token in (invitations[0]["token"], invitations[1]["token"], "no-token-at-all")
    ]
    assert kinds == ["/problems/token-spent", "/problems/wave-not-open", "/problems/token-unknown"]
    assert await spent(surveys, wave_id) == 1


async def test_a_malformed_answer_spends_nothing(surveys: Surveys) -> None:
    wave_id, invitations = await invite(surveys, 20)
    answer = await send(surveys, wave_id, invitations[0]["token"], {"answers": {"overall": 9}})
    assert answer.json()["errors"][0]["pointer"] == "/answers/overall"
    assert await spent(surveys, wave_id) == 0
    assert (await send(surveys, wave_id, invitations[0]["token"])).status_code == 201


async def test_one_token_races_to_one_answer(surveys: Surveys) -> None:
    wave_id, invitations = await invite(surveys, 20)
    for invitation in invitations[:5]:
        sent = [(invitation["token"], invitation["code"])[n % 2] for n in range(8)]
        got = await asyncio.gather(*(send(surveys, wave_id, token) for token in sent))
        assert Counter(answer.status_code for answer in got) == {201: 1, 409: 7}
    assert len(await select(surveys, COLUMNS)) == 5
    assert await spent(surveys, wave_id) == 5


@pytest.mark.parametrize("writers", [1, 3])
async def test_races_between_processes_store_one_answer_per_token_and_id(surveys: Surveys, writers: int) -> None:
    wave_id, invitations = await invite(surveys, 40)
    async with surveys.database.reading() as session:
        card = await load_card(session, UUID(wave_id))
    one, other = (content_of(card, answers(value), invited=True) for value in (1, 5))
    keys = [access_key(UUID(wave_id), each["token"]) for each in invitations]
    async with client_for(service, surveys.database.url, **UNLIMITED) as second:
        pens = [AnswerWriter(surveys.database.pool, writers=writers), AnswerWriter(second.database.pool)]
        # The same id with the same token everywhere, and each token with a second id of its own.
        ids = [uuid4() for _ in keys]
        asked = [
            pen.submit(Answer(UUID(wave_id), submission_id, content, key=key))
            for submission_id, key in zip(ids, keys, strict=True)
            for pen in pens
            for content in (one, other)
        ]
        asked += [pens[1].submit(Answer(UUID(wave_id), uuid4(), one, key=key)) for key in keys]
        got = await asyncio.gather(*asked)
    rows = await select(surveys, COLUMNS)
    assert Counter(outcome.kind for outcome in got)["created"] == len(rows) == len(keys)
    assert await spent(surveys, wave_id) == len(keys)


async def test_an_id_that_another_commit_stores_does_not_cost_a_second_token(surveys: Surveys) -> None:
    wave_id, invitations = await invite(surveys, 20)
    submission_id = uuid4()
    first = await send(surveys, wave_id, invitations[0]["token"], submission_id=submission_id)
    # Another process holds the wave's lock shared and has stored the id, but not committed yet.
    rival = await asyncpg.connect(asyncpg_url(surveys.database.url))
    try:
        await rival.execute("BEGIN")
        await rival.execute("SELECT pg_advisory_xact_lock_shared($1)", freeze_key(UUID(wave_id)))
        other = uuid4()
        await rival.execute(
            "INSERT INTO responses_staged SELECT (jsonb_populate_record(staged, jsonb_build_object('submission_id', "
            "$1::text))).* FROM responses_staged staged WHERE submission_id = $2",
            str(other),
            submission_id,
        )
        waiting = asyncio.create_task(send(surveys, wave_id, invitations[1]["token"], submission_id=other))
        while not await rival.fetchval("SELECT count(*) FROM pg_locks, pg_sleep(0.02) WHERE NOT granted"):
            pass  # until the commit waits for the rival's row
        await rival.execute("COMMIT")
        answer = await waiting
    finally:
        await rival.close()
    assert first.status_code == 201
    assert (answer.status_code, answer.json()["submission_id"]) == (200, str(other))
    assert await spent(surveys, wave_id) == 1
    assert (await send(surveys, wave_id, invitations[1]["token"])).status_code == 201


async def test_a_frame_that_is_loaded_later_is_noticed(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys)
    assert (await send(surveys, wave_id, None)).status_code == 201
    desk = surveys.client.app.state.desk
    async with surveys.database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO frames (wave_id, region, version, state, held_by, source, keyed_by, size, drawn, issued, "
                "seed, strata) SELECT id, region, 1, 'drawn', 'purchaser', 'x', 'service', 1, 1, 1, '\\x00', '[]' "
                "FROM waves WHERE id = :wave_id"
            ),
            {"wave_id": UUID(wave_id)},
        )
    desk._by_list.clear()  # as after some seconds
    assert (await send(surveys, wave_id, None)).json()["type"] == "/problems/token-required"


async def test_withdrawal_until_the_freeze(surveys: Surveys) -> None:
    wave_id, invitations = await invite(surveys, 20)
    kept = (await send(surveys, wave_id, invitations[0]["token"])).json()
    gone = (await send(surveys, wave_id, invitations[1]["token"])).json()
    public = surveys.client.anonymous
    path = f"/v1/waves/{wave_id}/receipts"
    answer = await public.delete(f"{path}/{gone['receipt'].lower().replace('-', '')}")
    assert answer.status_code == 204, answer.text
    assert [row.submission_id for row in await select(surveys, COLUMNS)] == [UUID(kept["submission_id"])]
    # The token stays spent: nothing leads from the answer to it.
    assert (await send(surveys, wave_id, invitations[1]["token"])).json()["type"] == "/problems/token-spent"
    for wrong in (gone["receipt"], "nonsense", kept["receipt"][:-1]):
        refused = await public.delete(f"{path}/{wrong}")
        assert (refused.status_code, refused.json()["type"]) == (404, "/problems/receipt-unknown")
    elsewhere = await open_wave(surveys)
    assert (await public.delete(f"/v1/waves/{elsewhere}/receipts/{kept['receipt']}")).status_code == 404
    results = await surveys.close(wave_id)
    assert results["n"] == 1
    late = await public.delete(f"{path}/{kept['receipt']}")
    assert (late.status_code, late.json()["type"]) == (409, "/problems/wave-not-open")
    assert len(await select(surveys, COLUMNS)) == 1
