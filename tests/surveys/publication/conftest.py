"""Answers of a wave put straight into its final table, as the mover leaves them there. All of them are simulated."""

import hashlib
import json
import random
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from tests.surveys.conftest import ITEMS, Surveys, answers

from shared import clock
from shared.jobs import Worker, enqueue
from surveys.kernel.receipts import new_leaf
from surveys.publication.handlers import publish_wave_job
from surveys.results.service import PUBLISH_WAVE

Json = Any  # any JSON value

_INSERT = text(
    "INSERT INTO responses (wave_id, submission_id, content_sha256, answers, disposition, mode, language, stratum, "
    "duration_seconds, enumerator_id, submitted_on, attributes, burst, salt, leaf) VALUES (:wave_id, :submission_id, "
    ":content, CAST(:answers AS jsonb), :disposition, :mode, 'zh-Hans', :stratum, :seconds, :enumerator, :today, "
    "CAST(:attributes AS jsonb), false, :salt, :leaf)"
)


async def store(surveys: Surveys, wave_id: str, answered: Sequence[dict[str, Json]]) -> list[bytes]:
    """Store answers and return their leaves. Each may name attributes, mode, seconds, enumerator beside `answers`."""
    rows = []
    for each in answered:
        body = json.dumps(each["answers"], ensure_ascii=False)
        content = hashlib.sha256(body.encode() + uuid4().bytes).digest()
        salt, leaf = new_leaf(content)
        attributes = each.get("attributes")
        rows.append(
            {
                "wave_id": wave_id,
                "submission_id": uuid4(),
                "content": content,
                "answers": body,
                "disposition": "complete",
                "mode": each.get("mode", "web"),
                "stratum": each.get("stratum"),
                "seconds": each.get("seconds", 120),
                "enumerator": each.get("enumerator"),
                "today": clock.today(),
                "attributes": None if attributes is None else json.dumps(attributes, ensure_ascii=False),
                "salt": salt,
                "leaf": leaf,
            }
        )
    async with surveys.database.transaction() as session:
        await session.execute(_INSERT, rows)
    return [row["leaf"] for row in rows]


def crowd(
    n: int, *, seed: int = 1, satisfied: float = 0.6, shares: dict[str, dict[str, float]] | None = None
) -> list[dict[str, Json]]:
    """Drawn answers of people whose attributes are drawn too."""
    generator = random.Random(seed)
    found = []
    for _ in range(n):
        answer = answers(generator.choice((4, 5)) if generator.random() < satisfied else generator.choice((1, 2, 3)))
        for item in ITEMS[1:]:
            answer["answers"][item] = generator.choice((2, 3, 4, 5))
        drawn = {
            name: generator.choices(list(share), weights=list(share.values()))[0]
            for name, share in (shares or {}).items()
        }
        found.append(answer | {"attributes": drawn or None})
    return found


async def publish(surveys: Surveys) -> int:
    """Run the jobs that publish; how many there were."""
    worker = Worker(surveys.database, [publish_wave_job])
    count = 0
    while await worker.run_one():
        count += 1
    return count


async def published_wave(surveys: Surveys, answered: Iterable[dict[str, Json]], **contract: Json) -> dict[str, Json]:
    """A closed and published completion wave with these answers."""
    wave = await surveys.completed_wave(**contract)
    await store(surveys, wave["id"], list(answered))
    await surveys.close(wave["id"])
    assert await publish(surveys) == 1
    return wave


async def get(surveys: Surveys, path: str, **params: Json) -> Json:
    """Read as the public."""
    answer = await surveys.client.anonymous.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def recompute(surveys: Surveys, wave_id: str) -> None:
    """Compute a closed wave again, as a new revision."""
    answer = await surveys.client.as_("operator").post(
        f"/v1/waves/{wave_id}/results:recompute", json={"reason": "Computed again for the test."}
    )
    assert answer.status_code == 201, answer.text


async def revise(surveys: Surveys, wave_id: str, *, n: int) -> None:
    """A new revision of the result on another number of answers, as a lawful deletion would need it; then publish."""
    async with surveys.database.transaction() as session:
        names = [
            row.column_name
            for row in await session.execute(
                text(
                    "SELECT column_name FROM information_schema.columns WHERE table_name = 'wave_results' "
                    "AND column_name NOT IN ('revision', 'n', 'reason')"
                )
            )
        ]
        columns = ", ".join(names)
        await session.execute(
            text(
                f"INSERT INTO wave_results (revision, n, reason, {columns}) SELECT revision + 1, :n, 'deletion', {columns} "
                "FROM wave_results WHERE wave_id = :wave_id ORDER BY revision DESC LIMIT 1"
            ),
            {"n": n, "wave_id": wave_id},
        )
        await enqueue(session, PUBLISH_WAVE, key=wave_id)
    await publish(surveys)
