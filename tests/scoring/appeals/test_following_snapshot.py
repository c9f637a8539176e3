"""A listener that starts anew is told of uses of results, rectifications and appeals what the events told it before."""

from datetime import timedelta

from tests.scoring.conftest import Scoring
from tests.scoring.following import NOW, apply, history, in_effect, job_run, provider_of, uses

from scoring.snapshot import snapshot
from shared import clock
from shared.events import AppealState, ClockNotice, RectificationState, ResultUseState
from shared.testing import events

FAMILIES = ("scoring.result_use.", "scoring.rectification.", "scoring.appeal.", "scoring.clock.")


async def test_the_snapshot_equals_the_last_events(scoring: Scoring) -> None:
    with clock.frozen(NOW):
        await scoring.hear(*history())
        made = await in_effect(scoring)
        await apply(scoring, (await uses(scoring))["payment"], "paid_in_full")
        clock.advance(timedelta(days=22))
        await job_run(scoring, "scoring.rectification_clocks")
        body = {"against": "determination", "against_id": made["id"], "grounds": "simulated"}
        assert (await provider_of(scoring).post("/v1/appeals", json=body)).status_code == 201
        async with scoring.database.reading() as session:
            told = [
                data.model_dump(mode="json")
                async for data, _, _ in snapshot(session)
                if isinstance(data, ResultUseState | RectificationState | AppealState | ClockNotice)
            ]
    last = {}
    for each in await events(scoring.database):
        if each.type.startswith(FAMILIES):
            data = each.data
            number = next(
                data[name] for name in ("notice_id", "appeal_id", "rectification_id", "result_use_id") if data.get(name)
            )
            last[data.get("result_use_id", number)] = data
    assert len(told) == len(last) == 6 + 1 + 1 + 2
    assert sorted(told, key=str) == sorted(last.values(), key=str)
