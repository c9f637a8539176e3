"""Tokens and spoken codes: known by their keyed hashes only, spent once, untraceable after a rewrite; forgotten later."""

import asyncio
import re
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from tests.surveys.conftest import DAY, Surveys
from tests.surveys.test_surveys_frames import invited, open_wave, people, post, rows_with

from shared import clock
from shared.ids import new_id
from shared.jobs import Worker
from surveys.frames import queries, service
from surveys.frames.handlers import forget_frames_job
from surveys.frames.service import Invited, access_key, new_code, new_token
from surveys.kernel import crockford
from surveys.keys import ServiceKeyMissing, derived_key
from surveys.settings import policy

WAVE = UUID("0190b7a2-0000-7000-8000-000000000001")
CODES = st.integers(0, 2**50 - 1).map(lambda value: crockford.encode(value, length=10, group=4))


@given(code=CODES, gap=st.sampled_from(["", " ", "-", " - "]))
def test_a_code_is_read_however_it_is_written(code: str, gap: str) -> None:
    plain = code.replace("-", "")
    written = gap.join(plain[place : place + 4] for place in range(0, len(plain), 4)).lower()
    for each in (written, written.replace("0", "o").replace("1", "l"), f"  {plain} "):
        assert access_key(WAVE, each) == access_key(WAVE, code)


@given(code=CODES, place=st.integers(0, 9), symbol=st.sampled_from(crockford.SYMBOLS))
def test_a_wrong_symbol_opens_nothing(code: str, place: int, symbol: str) -> None:
    plain = code.replace("-", "")
    wrong = plain[:place] + symbol + plain[place + 1 :]
    assert (access_key(WAVE, wrong) == access_key(WAVE, code)) == (wrong == plain)


def test_keys_differ_by_wave_and_kind() -> None:
    token, other = new_token(), new_id()
    keys = {access_key(WAVE, token), access_key(other, token), access_key(WAVE, token.swapcase())}
    keys |= {service.enumerator_key(WAVE, token), service.enumerator_key(other, token)}
    assert len(keys) == 5
    assert access_key(WAVE, f" {token}\n") == access_key(WAVE, token)
    assert access_key(WAVE, "\ud800" * 40) != access_key(WAVE, "")


def test_tokens_and_codes_can_be_sent_and_said() -> None:
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", new_token()) for _ in range(50))
    codes = [new_code() for _ in range(200)]
    assert all(
        re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{3}", code) for code in codes
    )
    assert len(set(codes)) == 200


def test_a_service_without_a_key_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    def derive(purpose: str) -> bytes:
        policy.cache_clear()
        derived_key.cache_clear()
        return derived_key(purpose)

    before = derive("invitation")
    try:
        monkeypatch.delenv("GONGPING_SURVEYS_KEY")
        with pytest.raises(ServiceKeyMissing, match="GONGPING_SURVEYS_KEY_FILE"):
            derive("invitation")
        monkeypatch.setenv("GONGPING_SURVEYS_KEY", "too short")
        with pytest.raises(ServiceKeyMissing, match="32 characters"):
            derive("invitation")
        monkeypatch.delenv("GONGPING_SURVEYS_KEY")
        monkeypatch.setenv("GONGPING_SURVEYS_KEY_FILE", str(tmp_path / "none"))
        with pytest.raises(ServiceKeyMissing, match="cannot be read"):
            derive("invitation")
        (tmp_path / "key").write_text("k" * 40 + "\n")
        monkeypatch.setenv("GONGPING_SURVEYS_KEY_FILE", str(tmp_path / "key"))
        assert derive("invitation") != derive("reference") != before
    finally:
        monkeypatch.undo()
        assert derive("invitation") == before


def test_derived_keys_are_hkdf() -> None:
    secret = policy().surveys_key
    assert secret is not None
    reference = HKDF(SHA256(), length=32, salt=b"gongping.surveys", info=b"invitation")
    assert derived_key("invitation") == reference.derive(secret.get_secret_value().encode())


async def with_tokens(surveys: Surveys, n: int = 12) -> tuple[UUID, list[dict[str, Any]]]:
    wave_id = await open_wave(surveys)
    rows = [row | {"stratum": "north", "language": "en"} for row in rows_with([{"sex": "female"}] * n)]
    return UUID(wave_id), await invited(surveys, wave_id, rows)


async def test_a_token_is_spent_once_by_link_or_by_code(surveys: Surveys) -> None:
    wave_id, items = await with_tokens(surveys)
    tokens = [access_key(wave_id, item["token"]) for item in items]
    codes = [access_key(wave_id, item["code"]) for item in items]
    unknown = access_key(wave_id, new_token())
    foreign = access_key(new_id(), items[0]["token"])
    async with surveys.database.transaction() as session:
        spent = await service.spend(session, wave_id, [codes[1], tokens[0], tokens[1], unknown, foreign])
        assert spent == dict.fromkeys([codes[1], tokens[0]], Invited("north", {"sex": "female"}, "en"))
    async with surveys.database.transaction() as session:
        assert await service.spend(session, wave_id, [codes[0], tokens[1]]) == {}
        assert await service.spend(session, new_id(), [tokens[2], codes[2]]) == {}
        assert await queries.wave_of_code(session, access_key(new_id(), items[2]["code"].lower())) == wave_id
        assert await queries.wave_of_code(session, access_key(new_id(), new_code())) is None
        found = await service.states(session, wave_id, [codes[0], tokens[0], tokens[2], unknown])
        assert found == {codes[0]: "spent", tokens[0]: "spent", tokens[2]: "open"}
    pool = await surveys.database.pool()
    async with pool.acquire() as connection, connection.transaction():
        spent = await service.spend_on(connection, wave_id, [tokens[2], tokens[0]])
        assert spent == {tokens[2]: Invited("north", {"sex": "female"}, "en")}
    async with surveys.database.reading() as session:
        (cell,) = await queries.cells(session, wave_id)
    assert cell == queries.Cell("north", {"sex": "female"}, 12, spent=3, opened=0, open=9, bounced=0, not_eligible=0)


async def test_a_code_in_use_is_not_given_again(surveys: Surveys, monkeypatch: pytest.MonkeyPatch) -> None:
    _, items = await with_tokens(surveys, 10)
    codes = iter([items[0]["code"], "0000-0000-000", "0000-0000-000", "0000-0000-011", "0000-0000-022"])
    monkeypatch.setattr("surveys.frames.service.issue.new_code", lambda: next(codes))
    other = await open_wave(surveys)
    made = await invited(surveys, other, people(3))
    assert sorted(item["code"] for item in made) == ["0000-0000-000", "0000-0000-011", "0000-0000-022"]


async def test_a_rolled_back_answer_leaves_its_token(surveys: Surveys) -> None:
    wave_id, items = await with_tokens(surveys, 10)
    key = access_key(wave_id, items[0]["token"])

    async def fail() -> None:
        async with surveys.database.transaction() as session:
            assert key in await service.spend(session, wave_id, [key])
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    async with surveys.database.transaction() as session:
        assert key in await service.spend(session, wave_id, [key])


async def test_of_many_at_once_one_spends_the_token(surveys: Surveys) -> None:
    wave_id, items = await with_tokens(surveys)
    keys = [access_key(wave_id, item["token"]) for item in items]
    pool = await surveys.database.pool()

    async def spend(order: int) -> list[bytes]:
        mine = keys[order:] + keys[:order]  # everybody wants all of them, each in another order
        async with pool.acquire() as connection, connection.transaction():
            return list(await service.spend_on(connection, wave_id, mine))

    won = await asyncio.gather(*(spend(order) for order in range(8)))
    assert Counter(key for each in won for key in each) == Counter(keys)


async def test_opened_and_not_eligible_tokens(surveys: Surveys) -> None:
    wave_id, items = await with_tokens(surveys)
    keys = [access_key(wave_id, item["token"]) for item in items]
    marks = [{"reference_hmac": items[0]["reference_hmac"], "mark": "not_eligible"}]
    await post(surveys, str(wave_id), "invitations/marks", items=marks)
    async with surveys.database.transaction() as session:
        await service.mark_opened(session, wave_id, keys[:3])
        assert await service.states(session, wave_id, keys[:4]) == {
            keys[1]: "opened",
            keys[2]: "opened",
            keys[3]: "open",
        }
        assert set(await service.spend(session, wave_id, keys[:2])) == {keys[1]}
        await service.mark_opened(session, wave_id, keys[:3])  # a spent token stays spent
    async with surveys.database.reading() as session:
        (cell,) = await queries.cells(session, wave_id)
    assert (cell.spent, cell.opened, cell.open, cell.not_eligible) == (1, 1, 9, 1)
    spent = {"reference_hmac": items[1]["reference_hmac"], "mark": "bounced"}
    assert (await post(surveys, str(wave_id), "invitations/marks", items=[spent])).status_code == 404
    answer = await post(
        surveys, str(wave_id), "invitations/reissue", reference_hmacs=[item["reference_hmac"] for item in items[:3]]
    )
    assert answer.json()["answered"] == [items[1]["reference_hmac"]]
    assert len(answer.json()["items"]) == 2


async def places(surveys: Surveys, wave_id: UUID) -> list[tuple[bytes, str, str]]:
    """Token keys with their transaction numbers, in the order of their places in the table."""
    async with surveys.database.reading() as session:
        rows = await session.execute(
            text("SELECT key, xmin::text, state FROM invitations WHERE wave_id = :wave_id ORDER BY ctid"),
            {"wave_id": wave_id},
        )
        return [(bytes(key), xmin, state) for key, xmin, state in rows]


async def test_a_rewrite_leaves_no_order_of_use(surveys: Surveys) -> None:
    wave_id, items = await with_tokens(surveys, 40)
    used = [access_key(wave_id, item["token"]) for item in items[:30]]
    for key in used:  # one transaction each, as answers come in
        async with surveys.database.transaction() as session:
            await service.spend(session, wave_id, [key])
    before = await places(surveys, wave_id)
    by_transaction = sorted(before, key=lambda row: int(row[1]))
    assert [key for key, _, state in by_transaction if state == "spent"] == used  # the order that must go
    orders = []
    for _ in range(2):
        async with surveys.database.transaction() as session:
            assert await service.rewrite_tokens(session, wave_id) == 40
        after = await places(surveys, wave_id)
        assert len({xmin for _, xmin, _ in after}) == 1
        orders.append([key for key, _, state in after if state == "spent"])
        assert set(orders[-1]) == set(used)
    assert orders[0] != orders[1]
    assert used not in orders


async def test_large_waves_are_rewritten_in_large_groups(surveys: Surveys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("surveys.frames.service.access.GROUP", 10)
    wave_id, items = await with_tokens(surveys, 60)
    keys = [access_key(wave_id, item["token"]) for item in items]

    async def groups_after(used: list[bytes]) -> list[int]:
        for key in used:
            async with surveys.database.transaction() as session:
                await service.spend(session, wave_id, [key])
        async with surveys.database.transaction() as session:
            await service.rewrite_tokens(session, wave_id)
        spent = [xmin for _, xmin, state in await places(surveys, wave_id) if state == "spent"]
        return sorted(Counter(spent).values())

    assert await groups_after(keys[:12]) == [12]
    assert await groups_after(keys[12:27]) == [12, 15]  # fifteen new ones are enough for themselves
    assert await groups_after(keys[27:30]) == [15, 15]  # three are not: the smaller group is mixed in
    assert await groups_after([]) == [15, 15]


async def test_frames_are_forgotten_when_their_time_is_over(surveys: Surveys) -> None:
    wave_id, _ = await with_tokens(surveys)
    other = await open_wave(surveys)
    await invited(surveys, other, people(3))
    await post(surveys, str(wave_id), "enumerators", pseudonyms=["e1"], employed_by="purchaser")
    await surveys.close(str(wave_id))
    now = clock.now()
    for day, left in ((policy().frame_retention_days - 1, 12), (policy().frame_retention_days + 1, 0)):
        with clock.frozen(now + day * DAY):
            await Worker(surveys.database, [forget_frames_job])._ensure_recurring()
            async with surveys.database.transaction() as session:
                await session.execute(
                    text("UPDATE job SET run_at = :now WHERE kind = 'surveys.forget_frames'"), {"now": clock.now()}
                )
            assert await Worker(surveys.database, [forget_frames_job]).run_one()
        async with surveys.database.reading() as session:
            for table in ("invitations", "frame_units"):
                counted = text(f"SELECT count(*) FROM {table} WHERE wave_id = :wave_id")
                assert await session.scalar(counted, {"wave_id": wave_id}) == left
                assert await session.scalar(counted, {"wave_id": other}) == 3
            assert (await queries.enumerators(session, wave_id) == {}) == (left == 0)
    frame = (await surveys.client.as_("auditor").get(f"/v1/waves/{wave_id}/frame")).json()
    assert (frame["state"], frame["size"], frame["issued"]) == ("deleted", 12, 12)
    assert frame["deleted_on"] == str(clock.day_of(now + (policy().frame_retention_days + 1) * DAY))
