"""Answers as columns: what is read is what was stored, in whatever pieces it comes."""

import json
import random
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from tests.surveys.conftest import Surveys

from surveys.responses import columns
from surveys.responses.columns import Choice, Coded, Number, read_columns, read_leaves

SCALE = ("1", "2", "3", "4", "5", "dont_know")
READS = (
    Coded("overall", ("overall",), SCALE),
    Coded("row", ("parts", "time"), SCALE),
    Coded("age", ("age",), ("young", "old"), "attributes"),
    Coded("mode", ("mode",), ("web", "counter", "enumerator"), "column"),
    Choice("used.meals", "used", "meals", ("none",)),
    Number("visits", "visits"),
    Number("since", "since", is_date=True),
)
INSERT = text(
    "INSERT INTO responses (wave_id, submission_id, content_sha256, answers, disposition, mode, duration_seconds, "
    "enumerator_id, submitted_on, attributes, burst, salt, leaf) SELECT :wave_id, gen_random_uuid(), hash, "
    "CAST(each ->> 'answers' AS jsonb), 'complete', each ->> 'mode', CAST(each ->> 'seconds' AS int), "
    "each ->> 'enumerator', date '2026-06-01', CAST(each ->> 'attributes' AS jsonb), false, hash, sha256(hash) "
    "FROM (SELECT each, sha256(uuid_send(gen_random_uuid())) AS hash FROM jsonb_array_elements(CAST(:rows AS jsonb)) AS each) AS x"
)


def drawn(chance: random.Random) -> dict[str, Any]:
    """A stored answer; simulated."""
    answers: dict[str, Any] = {
        "overall": chance.choice([1, 2, 3, 4, 5, "dont_know"]),
        "parts": {"time": chance.randint(1, 5)},
        "used": chance.choice([["meals"], ["care"], ["meals", "care"], ["none"]]),
        "visits": chance.choice([3, "2.5", "none"]),
        "since": chance.choice(["2025", "2025-03", "2025-03-09"]),
        "told": "它说“好”'; DROP TABLE responses; --",
    }
    for name in ("parts", "used", "visits", "since"):
        if chance.random() < 0.3:
            del answers[name]
    return {
        "answers": json.dumps(answers),
        "attributes": chance.choice([None, '{"age": "young"}', '{"age": "old"}', '{"age": "nobody knows"}']),
        "mode": chance.choice(["web", "counter"]),
        "seconds": chance.choice([None, 12, 400]),
        "enumerator": chance.choice([None, "e-1", "e-2"]),
    }


async def stored(session: AsyncSession, rows: list[dict[str, Any]]) -> UUID:
    wave_id = uuid4()
    for place in (wave_id, uuid4()):  # another wave's answers are not read
        await session.execute(INSERT, {"wave_id": place, "rows": json.dumps(rows)})
    return wave_id


def expected(row: dict[str, Any]) -> tuple[float, ...]:
    answers, attributes = json.loads(row["answers"]), json.loads(row["attributes"] or "{}")

    def code(value: object, codes: tuple[str, ...]) -> int:
        return codes.index(str(value)) + 1 if str(value) in codes else 0

    used = answers.get("used")
    chosen = 0 if used is None or "none" in used else 2 if "meals" in used else 1
    visits = answers.get("visits", "none")
    return (
        code(answers["overall"], SCALE),
        code(answers.get("parts", {}).get("time"), SCALE),
        code(attributes.get("age"), ("young", "old")),
        code(row["mode"], ("web", "counter", "enumerator")),
        chosen,
        -1.0 if visits == "none" else float(visits),
        float(answers["since"].replace("-", "")) if "since" in answers else -1.0,
        -1 if row["seconds"] is None else row["seconds"],
    )


def as_rows(found: columns.Columns) -> list[tuple[float, ...]]:
    parts = [found.codes[each.name] if not isinstance(each, Number) else found.numbers[each.name] for each in READS]
    table = np.column_stack([np.nan_to_num(part.astype(np.float64), nan=-1.0) for part in (*parts, found.seconds)])
    return [tuple(row) for row in table.tolist()]


@pytest.mark.parametrize("chunk", [1, 1000, 1 << 23])
async def test_columns_are_the_stored_answers(surveys: Surveys, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(columns, "CHUNK", chunk)
    chance = random.Random(20261123)
    rows = [drawn(chance) for _ in range(300)]
    async with surveys.database.transaction() as session:
        wave_id = await stored(session, rows)
        found = await read_columns(session, wave_id, READS)
        leaves = await read_leaves(session, wave_id)
        kept = await session.scalars(text("SELECT leaf FROM responses WHERE wave_id = :id"), {"id": wave_id})
        assert leaves == sorted(kept)
    assert found.n == 300
    assert sorted(as_rows(found)) == sorted(map(expected, rows))
    assert np.unique(found.enumerators).size == 3


async def test_order_is_that_of_the_content(surveys: Surveys) -> None:
    chance = random.Random(7)
    rows = [drawn(chance) for _ in range(100)]
    found = []
    async with surveys.database.transaction() as session:
        for order in (1, -1):
            found.append(as_rows(await read_columns(session, await stored(session, rows[::order]), READS)))
    assert found[0] == found[1]


async def test_codes_with_one_hash_are_looked_up(surveys: Surveys) -> None:
    """The way that is taken when two codes of one variable have the same hash."""
    arguments: list[object] = []

    def parameter(value: object, kind: str) -> str:
        arguments.append(value)
        return f"${len(arguments) + 1}::{kind}"

    field = columns._field(READS[0], parameter, dict.fromkeys(SCALE, 1))
    assert "array_position" in field.expression
    chance = random.Random(8)
    rows = [drawn(chance) for _ in range(50)]
    async with surveys.database.transaction() as session:
        wave_id = await stored(session, rows)
        raw = await columns._connection(session)
        (read,) = await columns._copy(raw, [field], [wave_id, *arguments])
    assert sorted(read.tolist()) == sorted(expected(row)[0] for row in rows)


async def test_wave_without_answers_has_empty_columns(surveys: Surveys) -> None:
    async with surveys.database.transaction() as session:
        found = await read_columns(session, uuid4(), READS)
        assert await read_leaves(session, uuid4()) == []
    assert (found.n, found.codes["overall"].size, found.numbers["visits"].size) == (0, 0, 0)
