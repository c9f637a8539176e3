"""What was known when, at the exact instants; and scores made again from all events, in every way there is."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.scoring.cases import CONTRACT, complete_history, entry, histories, observation, renamed, rows_of, state
from tests.scoring.conftest import SELF, Scoring, contract_of, region_of
from tests.scoring.following import DOCUMENT

from scoring.app import contracts_subscription, surveys_subscription
from scoring.frameworks.queries import find_framework
from scoring.scores.evaluation import evaluate
from scoring.scores.facts import read_facts
from scoring.scores.rescore import RESCORE_JOB, enqueue_rescore
from shared import clock
from shared.events import EventData
from shared.ids import new_id
from shared.inbox import apply, read
from shared.jobs import Worker
from shared.testing import delivery

QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
MOMENT = timedelta(microseconds=1)


async def known(scoring: Scoring, contract_id: Any, at: datetime) -> str | None:
    """The content hash that the evidence known at an instant makes."""
    answer = await scoring.client.as_("finance").get(
        f"/v1/scores/{contract_id}/as-known", params={"framework_id": SELF, "known_at": at.isoformat()}
    )
    return str(answer.json()["content_hash"]) if answer.status_code == 200 else None


@settings(max_examples=8, deadline=None, suppress_health_check=QUIET)
@given(events=histories(), data=st.data())
async def test_what_was_known_at_the_very_instant(
    shared_scoring: Scoring, events: list[EventData], data: st.DataObject
) -> None:
    """Each row of the history is what was known when it was written, and not a microsecond before."""
    events = renamed(events, new_id())
    contract_id = contract_of(events[0])
    arrivals = data.draw(st.permutations(events))
    size = max(1, len(arrivals) // 3)
    batches = [arrivals[start : start + size] for start in range(0, len(arrivals), size)]
    began, told = clock.now(), []
    for number, batch in enumerate(batches):
        with clock.frozen(began + timedelta(minutes=number)):
            await shared_scoring.hear(*batch)
        rows = await shared_scoring.rows(
            "SELECT content_hash FROM score_heads WHERE contract_id = :contract AND framework_id = :framework",
            contract=contract_id,
            framework=SELF,
        )
        told.append(rows[0].content_hash if rows else None)
    for number, expected in enumerate(told):
        at = began + timedelta(minutes=number)
        assert await known(shared_scoring, contract_id, at) == expected
        assert await known(shared_scoring, contract_id, at - MOMENT) == (told[number - 1] if number else None)
    # From the first event to the last in one go, in pure functions, it is the same head.
    facts = read_facts(str(contract_id), rows_of(events))
    assert facts is not None
    (outcome,) = evaluate([facts], find_framework(SELF))
    assert outcome is not None
    assert outcome.content_hash == told[-1]


KEPT = {
    "heads": "SELECT to_jsonb(t) AS row FROM score_heads t ORDER BY contract_id, framework_id",
    "history": "SELECT to_jsonb(t) AS row FROM score_rows t ORDER BY contract_id, framework_id, version",
    "evidence": "SELECT to_jsonb(t) AS row FROM evidence t ORDER BY id, version",
    "determinations": "SELECT to_jsonb(t) AS row FROM determinations t ORDER BY id",
    "acts": "SELECT to_jsonb(t) AS row FROM determination_acts t ORDER BY id",
    "outbox": "SELECT count(*) AS row FROM outbox",
}


async def stored(scoring: Scoring) -> dict[str, list[Any]]:
    return {name: [each.row for each in await scoring.rows(sql)] for name, sql in KEPT.items()}


async def past_the_inbox(scoring: Scoring, events: list[EventData]) -> None:
    """As `replay --reapply` does: the handlers' own guards decide."""
    for subscription in (contracts_subscription, surveys_subscription):
        mine = [
            read(delivery(each, subject=contract_of(each), region=region_of(each), seq=1), subscription.handlers).event
            for each in events
            if each.TYPE.startswith(f"{subscription.source}.")
        ]
        async with scoring.database.transaction() as session:
            await apply(session, subscription, [each for each in mine if each is not None])


async def test_replayed_from_the_first_event_nothing_moves(scoring: Scoring) -> None:
    """Heads, their history, evidence and a determination stay to the last byte; nothing is announced again."""
    history = complete_history()
    indicator = state("active", version=2).indicators[0]
    late = [
        observation(9, indicator, value=95, supersedes=history[1].observation_id),  # type: ignore[attr-defined]  # one
        entry(9, "deduction", amount=6_000),
        entry(10, "reversal", amount=6_000, reverses=entry(9, "deduction", amount=6_000).entry_id),
    ]
    await scoring.hear(*history)
    made = (await scoring.determine(CONTRACT)).json()
    served = {"party": "provider", "method": "in_person", "served_at": clock.now().isoformat(), "proof": DOCUMENT}
    path = f"/v1/determinations/{made['id']}/service"
    assert (await scoring.client.as_("finance").post(path, json=served)).status_code == 201
    for event in late:
        await scoring.hear(event)
    before = await stored(scoring)
    assert len(before["history"]) > len(before["heads"])
    everything = [*history, *late]
    await past_the_inbox(scoring, everything)
    for event in reversed(everything):
        await past_the_inbox(scoring, [event])
    assert await stored(scoring) == before
    async with scoring.database.transaction() as session:
        await enqueue_rescore(session, chunk=1, lanes=2)
    worker = Worker(scoring.database, [RESCORE_JOB])
    while await worker.run_one():
        pass
    assert await stored(scoring) == before
    assert (await scoring.get(f"/v1/determinations/{made['id']}"))["score"] == made["score"]
