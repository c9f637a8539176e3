"""The job of retention, as tests run it: later, chunk by chunk, by periods that a second person confirmed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from contracts.retention.handlers import erase
from shared import clock
from shared.ids import new_id
from shared.jobs import ClaimedJob, Continue

__all__ = ["LATER", "at", "confirmed", "run_job"]

LATER = datetime(2045, 1, 1, tzinfo=UTC)


@contextmanager
def at(contracts: Any, moment: datetime) -> Iterator[None]:
    """Later, with a token that is valid then."""
    before = contracts.staff
    with clock.frozen(moment):
        contracts.staff = contracts.client.as_("purchaser", "finance", "operator")
        yield
    contracts.staff = before


async def run_job(contracts: Any) -> list[Any]:
    """The job as the queue runs it: chunk by chunk, each in its own transaction; answers the cursors."""
    cursor: Any = None
    cursors: list[Any] = []
    while True:
        async with contracts.database.transaction() as session:
            outcome = await erase(session, ClaimedJob(new_id(), "contracts.erase", "recurring", {}, cursor, 0))
        if not isinstance(outcome, Continue):
            return cursors
        cursor = outcome.cursor
        cursors.append(cursor)


async def confirmed(contracts: Any, noun: str, years: int, scope: str = "*") -> None:
    body = {"scope": scope, "noun": noun, "years": years, "basis": "simulated"}
    period = await contracts.post("/retention/periods", body, expect=201)
    path = f"/retention/periods/{period['id']}/confirm"
    await contracts.refused("POST", path, status=409, slug="retention-period-conflict")
    second = contracts.client.as_("finance", subject="second")
    assert (await second.post(f"/v1{path}")).status_code == 200
    await contracts.refused("POST", path, status=409, slug="retention-period-conflict", client=second)
