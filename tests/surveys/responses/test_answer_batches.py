"""Batches of enumerators: their keys, the tokens of those who were asked, bursts."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from tests.surveys.conftest import Json, Surveys, answers
from tests.surveys.responses.answering import COLUMNS, invite, open_wave, select, send

from shared import clock
from shared.db import asyncpg_url
from surveys.frames.queries import cells


def item(enumerator: str = "e1", minutes: float = 0, **fields: Json) -> dict[str, Any]:
    return {
        "submission_id": str(uuid4()),
        "enumerator_id": enumerator,
        "collected_at": (clock.now() + timedelta(minutes=minutes)).isoformat(),
        **answers(),
    } | fields


async def hand_in(
    surveys: Surveys, wave_id: str, items: list[dict[str, Any]], *, key: str | None = None
) -> httpx.Response:
    caller = surveys.client.as_("evaluator") if key is None else surveys.client.anonymous
    headers = {} if key is None else {"Survey-Enumerator-Key": key}
    return await caller.post(f"/v1/waves/{wave_id}/responses:batch", json={"items": items}, headers=headers)


async def keys_of(surveys: Surveys, wave_id: str, *pseudonyms: str) -> dict[str, str]:
    body = {"pseudonyms": list(pseudonyms), "employed_by": "third_party"}
    answer = await surveys.client.as_("purchaser").post(f"/v1/waves/{wave_id}/enumerators", json=body)
    assert answer.status_code == 201, answer.text
    return {each["pseudonym"]: each["key"] for each in answer.json()["items"]}


async def test_an_enumerator_hands_in_with_the_own_key(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys)
    keys = await keys_of(surveys, wave_id, "e1", "e2")
    mine, other = item("e1"), item("e2")
    answer = await hand_in(surveys, wave_id, [mine, other], key=keys["e1"])
    assert [each["status"] for each in answer.json()["items"]] == [201, 422]
    assert answer.json()["items"][1]["problem"]["errors"][0]["pointer"] == "/enumerator_id"
    # A purchaser or evaluator hands in for all who are registered, and for nobody else.
    answer = await hand_in(surveys, wave_id, [mine, other, item("e3")])
    assert [each["status"] for each in answer.json()["items"]] == [200, 201, 422]


async def test_a_key_that_is_not_of_this_wave_or_retired_is_refused(surveys: Surveys) -> None:
    wave_id, elsewhere = await open_wave(surveys), await open_wave(surveys)
    keys = await keys_of(surveys, wave_id, "e1")
    for where, key in ((wave_id, "no-key"), (elsewhere, keys["e1"])):
        answer = await hand_in(surveys, where, [item()], key=key)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/enumerator-key-unknown")
    retired = await surveys.client.as_("purchaser").delete(f"/v1/waves/{wave_id}/enumerators/e1")
    assert retired.status_code < 300, retired.text
    assert (await hand_in(surveys, wave_id, [item()], key=keys["e1"])).status_code == 403
    answer = await hand_in(surveys, wave_id, [item()])
    assert [each["status"] for each in answer.json()["items"]] == [422]
    assert await select(surveys, COLUMNS) == []


async def test_neither_role_nor_key_is_refused(surveys: Surveys) -> None:
    wave_id = await open_wave(surveys)
    path, body = f"/v1/waves/{wave_id}/responses:batch", {"items": [item()]}
    assert (await surveys.client.anonymous.post(path, json=body)).status_code == 401
    assert (await surveys.client.as_("provider").post(path, json=body)).status_code == 403


async def test_items_spend_tokens_each_for_itself(surveys: Surveys) -> None:
    wave_id, invitations = await invite(surveys, 20, stratum="east")
    tokens = [each["token"] for each in invitations]
    assert (await send(surveys, wave_id, tokens[0])).status_code == 201
    items = [
        item(token=tokens[1]),
        item(token=tokens[1]),
        item(token=tokens[0]),
        item(token="no-token"),
        item(token=7),
        item(),
        item(token=invitations[2]["code"]),
    ]
    got = (await hand_in(surveys, wave_id, items)).json()
    assert [each["status"] for each in got["items"]] == [201, 409, 409, 403, 422, 201, 201]
    kinds = [each["problem"]["type"].rsplit("/", 1)[-1] for each in got["items"] if each["problem"]]
    assert kinds == ["token-spent", "token-spent", "token-unknown", "response-malformed"]
    again = (await hand_in(surveys, wave_id, items)).json()
    assert [each["status"] for each in again["items"]] == [200, 409, 409, 403, 422, 200, 200]
    assert [each["receipt"] for each in again["items"]] == [each["receipt"] for each in got["items"]]
    rows = await select(surveys, COLUMNS)
    assert sorted(str(row.stratum) for row in rows) == ["None", "east", "east", "east"]
    async with surveys.database.reading() as session:
        assert sum(cell.spent for cell in await cells(session, UUID(wave_id))) == 3
    stored = "\n".join(map(str, rows))
    assert not any(token in stored for token in tokens)


async def test_bursts_of_an_enumerator_are_flagged_and_kept(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    with clock.frozen(clock.now() + timedelta(hours=3)):
        hasty = [item("hasty", -60 + minute) for minute in range(6)]
        calm = [item("calm", -12 * number) for number in range(6)]
        answer = await hand_in(surveys, wave["id"], [each for pair in zip(hasty, calm, strict=True) for each in pair])
    assert answer.json()["created"] == 12
    rows = await select(surveys, COLUMNS)
    assert {(row.enumerator_id, row.burst) for row in rows} == {("hasty", True), ("calm", False)}


async def test_an_item_that_another_commit_stores_does_not_stop_a_large_batch(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    items = [item() for _ in range(100)]
    assert (await hand_in(surveys, wave["id"], items[:1])).json()["created"] == 1
    rival = await asyncpg.connect(asyncpg_url(surveys.database.url))
    try:
        await rival.execute("BEGIN")
        await rival.execute(
            "INSERT INTO responses_staged SELECT (jsonb_populate_record(staged, jsonb_build_object('submission_id', "
            "$1::text))).* FROM responses_staged staged",
            items[50]["submission_id"],
        )
        waiting = asyncio.create_task(hand_in(surveys, wave["id"], items))
        while not await rival.fetchval("SELECT count(*) FROM pg_locks, pg_sleep(0.02) WHERE NOT granted"):
            pass  # until the batch waits for the rival's row
        await rival.execute("COMMIT")
        answer = (await waiting).json()
    finally:
        await rival.close()
    assert (answer["created"], answer["refused"]) == (98, 1)
    assert answer["items"][0]["status"] == 200
    assert answer["items"][50]["problem"]["type"] == "/problems/response-conflict"
    assert len(await select(surveys, COLUMNS)) == 100


async def test_a_large_batch_holds_an_id_twice(surveys: Surveys) -> None:
    wave = await surveys.completed_wave()
    one = item()
    items = [one, *(item() for _ in range(80)), one, one | {"answers": {"overall": 1}}]
    statuses = [each["status"] for each in (await hand_in(surveys, wave["id"], items)).json()["items"]]
    assert statuses == [201] * 81 + [200, 409]
