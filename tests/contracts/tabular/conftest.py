"""Tables under test: sent, run by the service's own job, and read back."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import pytest

from contracts.tabular.handlers import table_import_job
from shared.jobs import Worker

REGION = "CN-230102"
SOURCE = "采购平台"
Json = dict[str, Any]


def csv_bytes(rows: Sequence[Sequence[Any]], *, encoding: str = "utf-8") -> bytes:
    """A table as CSV."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(encoding)


class Tables:
    """Imports of tables by staff of the region."""

    def __init__(self, contracts: Any) -> None:
        self.contracts = contracts
        self.worker = Worker(contracts.database, [table_import_job])

    async def send(self, noun: str, content: bytes, *, parts: int = 1, **fields: Any) -> Json:
        """Announce and send a file; it is not run yet."""
        body = {"noun": noun, "source": SOURCE, "filename": f"{noun}.csv", "region": REGION, "simulated": True}
        batch: Json = await self.contracts.post("/imports/tables", body | fields, expect=201)
        size = -(-len(content) // parts)
        for number in range(parts):
            answer = await self.contracts.staff.put(
                f"/v1/imports/tables/{batch['id']}/parts/{number + 1}", content=content[number * size :][:size]
            )
            assert answer.status_code == 200, answer.text
        return batch

    async def run(self, batch: Json, **body: Any) -> Json:
        """Run an import to its end."""
        await self.contracts.post(f"/imports/tables/{batch['id']}/run", body, expect=202)
        return await self.finish(batch)

    async def finish(self, batch: Json) -> Json:
        """Work until nothing is left to do."""
        while await self.worker.run_one():
            pass
        found: Json = await self.contracts.get(f"/imports/tables/{batch['id']}")
        return found

    async def load(self, noun: str, rows: Sequence[Sequence[Any]] | bytes, *, dry: bool = False, **fields: Any) -> Json:
        """Send and run a table."""
        content = rows if isinstance(rows, bytes) else csv_bytes(rows)
        return await self.run(await self.send(noun, content, **fields), dry_run=dry)

    async def undo(self, batch: Json) -> Json:
        """Take an import back."""
        await self.contracts.post(f"/imports/tables/{batch['id']}/undo", expect=202)
        return await self.finish(batch)

    async def rows(self, batch: Json, query: str = "") -> list[Json]:
        """What became of the rows."""
        found: list[Json] = await self.contracts.get(f"/imports/tables/{batch['id']}/rows{query}")
        return found

    async def reasons(self, batch: Json) -> dict[int, str]:
        """Why rows were refused, by line."""
        rejected = await self.rows(batch, "?outcome=rejected")
        return {row["line"]: "; ".join(one["reason"] for one in row["problems"]) for row in rejected}


@pytest.fixture
def tables(contracts: Any) -> Tables:
    """Imports on a fresh database."""
    return Tables(contracts)
