"""Drafts: only the token opens them, and they go with the answer or with the wave."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from tests.surveys.conftest import Surveys, answers
from tests.surveys.responses.answering import invite, open_wave, select, send

from shared import clock
from shared.db import AsyncSession
from surveys.frames.service import new_code
from surveys.responses.drafts import DRAFT_BYTES, PADDED, delete_draft, load_draft, save_draft
from surveys.responses.errors import ResponseTooLarge
from surveys.responses.handlers import retention_job
from surveys.settings import policy

STATE: dict[str, Any] = {"answers": {"overall": 4, "improve": "希望延长开放时间"}, "at": "staff"}
TOKEN = "abcdefghijklmnopqrstuv"


@pytest.fixture
async def session(surveys: Surveys) -> AsyncIterator[AsyncSession]:
    async with surveys.database.transaction() as session:
        yield session


async def test_a_draft_comes_back_with_its_token_only(session: AsyncSession) -> None:
    wave_id = uuid4()
    await save_draft(session, wave_id, TOKEN, STATE)
    assert await load_draft(session, wave_id, TOKEN) == STATE
    assert await load_draft(session, wave_id, TOKEN[::-1]) is None
    assert await load_draft(session, uuid4(), TOKEN) is None
    newer = STATE | {"at": "before"}
    await save_draft(session, wave_id, TOKEN, newer)
    assert await load_draft(session, wave_id, TOKEN) == newer
    await delete_draft(session, wave_id, TOKEN)
    assert await load_draft(session, wave_id, TOKEN) is None


async def test_a_code_is_the_same_however_it_is_typed(session: AsyncSession) -> None:
    wave_id, code = uuid4(), new_code()
    await save_draft(session, wave_id, code, STATE)
    assert await load_draft(session, wave_id, code.lower().replace("-", " ")) == STATE


async def test_what_is_stored_tells_nothing(surveys: Surveys) -> None:
    wave_id, invitations = await invite(surveys, 20)
    token = invitations[0]["token"]
    async with surveys.database.transaction() as session:
        await save_draft(session, UUID(wave_id), token, STATE)
        await save_draft(session, UUID(wave_id), invitations[1]["token"], {})
    rows = await select(surveys, "SELECT id, sealed FROM response_drafts")
    assert len({len(row.sealed) for row in rows}) == 1  # one length for little and nothing
    assert len(rows[0].sealed) % PADDED == 28  # nonce and tag
    keys = {bytes(row.key) for row in await select(surveys, "SELECT key FROM invitations")}
    for row in rows:
        assert token.encode() not in row.sealed
        assert b"overall" not in row.sealed
        assert bytes(row.id) not in keys


async def test_a_draft_that_was_tampered_with_or_moved_is_none(session: AsyncSession) -> None:
    wave_id = uuid4()
    await save_draft(session, wave_id, TOKEN, STATE)
    await session.execute(text("UPDATE response_drafts SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)"))
    assert await load_draft(session, wave_id, TOKEN) is None


async def test_a_draft_has_a_limit(session: AsyncSession) -> None:
    await save_draft(session, uuid4(), TOKEN, {"x": "y" * (DRAFT_BYTES - 10)})
    with pytest.raises(ResponseTooLarge):
        await save_draft(session, uuid4(), TOKEN, {"x": "y" * DRAFT_BYTES})


async def test_the_answer_deletes_its_draft_and_no_other(surveys: Surveys) -> None:
    wave_id, invitations = await invite(surveys, 20)
    tokens = [each["token"] for each in invitations[:2]]
    async with surveys.database.transaction() as session:
        for token in tokens:
            await save_draft(session, UUID(wave_id), token, STATE)
    assert (await send(surveys, wave_id, tokens[0], {"answers": {"overall": 9}})).status_code == 422
    assert len(await select(surveys, "SELECT * FROM response_drafts")) == 2
    assert (await send(surveys, wave_id, tokens[0], answers())).status_code == 201
    async with surveys.database.reading() as session:
        assert await load_draft(session, UUID(wave_id), tokens[0]) is None
        assert await load_draft(session, UUID(wave_id), tokens[1]) == STATE
    await surveys.close(wave_id)
    assert await select(surveys, "SELECT * FROM response_drafts") == []


async def test_drafts_of_waves_that_are_over_are_deleted(surveys: Surveys) -> None:
    wave_id, other = await open_wave(surveys), await open_wave(surveys)
    async with surveys.database.transaction() as session:
        await save_draft(session, UUID(wave_id), TOKEN, STATE)
    with clock.frozen(clock.now() + policy().duration):
        await _retain(surveys)
    assert len(await select(surveys, "SELECT * FROM response_drafts")) == 1
    with clock.frozen(clock.now() + policy().duration + policy().grace):
        await _retain(surveys)
    assert await select(surveys, "SELECT * FROM response_drafts") == []
    assert other != wave_id


async def _retain(surveys: Surveys) -> None:
    async with surveys.database.transaction() as session:
        await retention_job.run(session, None)  # type: ignore[arg-type] # it does not look at the job
