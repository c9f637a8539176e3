"""Asking for the settings of a region costs the paths that are measured no round trip."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event


@contextmanager
def statements(database: Any) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def test_settings_cost_no_round_trip(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}"

    async def count() -> dict[str, int]:
        counts = {}
        for name, act in {
            "payment": contracts.book(contract, "payment", "1.00"),
            "suspend": contracts.post(f"{path}/suspend", {"reason": "x"}),
            "resume": contracts.post(f"{path}/resume"),
        }.items():
            with statements(contracts.database) as seen:
                await act
            assert seen
            counts[name] = len(seen)
        return counts

    await contracts.accept(contract)
    await count()
    without = await count()
    settings = {"acts": ["cancel", "amend"], "basis": "simulated"}
    await contracts.staff.put("/v1/policies/CN-23", json=settings)
    second = contracts.client.as_("finance", subject="second")
    assert (await second.post("/v1/policies/CN-23/decide", json={"version": 1, "approve": True})).status_code == 200
    first = await count()
    assert sum(first.values()) == sum(without.values()) + 1  # once per process: the settings themselves
    assert await count() == without
