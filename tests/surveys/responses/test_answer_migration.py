"""Answers from before the ledger get a salt and a leaf when the database is migrated."""

from importlib import util
from pathlib import Path

from sqlalchemy import text
from tests.surveys.conftest import Surveys, answers
from tests.surveys.responses.answering import run_mover, select

from surveys.kernel.receipts import leaf_of

FILE = Path(__file__).parents[3] / "services/surveys/migrations/versions/0004_responses.py"


async def test_leaves_of_old_answers_are_those_of_the_ledger(surveys: Surveys) -> None:
    specification = util.spec_from_file_location("migration_0004", FILE)
    assert specification is not None
    assert specification.loader is not None
    migration = util.module_from_spec(specification)
    specification.loader.exec_module(migration)
    wave = await surveys.completed_wave()
    for _ in range(25):
        await surveys.put(wave["id"], answers())
    await run_mover(surveys)
    before = {bytes(row.salt) for row in await select(surveys, "SELECT salt FROM responses")}
    async with surveys.database.transaction() as session:
        await session.execute(text(migration.SALTED))
        await session.execute(text(migration.HASHED))
    rows = await select(surveys, "SELECT salt, leaf, content_sha256 FROM responses")
    salts = {bytes(row.salt) for row in rows}
    assert len(salts) == len(rows) == 15
    assert not salts & before
    assert all(bytes(row.leaf) == leaf_of(bytes(row.salt), bytes(row.content_sha256)) for row in rows)
