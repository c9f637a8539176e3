"""What an operator sees and does: dead letters and jobs."""

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import text
from tests.shared.toys import POISON, REGION, Listener, posting

from shared.events import LedgerPosted
from shared.ids import new_id
from shared.inbox import Subscription
from shared.jobs import ClaimedJob, enqueue, purge_job
from shared.service import Service
from shared.settings import ServiceSettings
from shared.testing import ServiceClient, client_for, deliver, delivery

PATH = "/v1/operations/scoring"


@pytest.fixture
async def client(listener: Listener) -> AsyncIterator[ServiceClient]:
    """The toy listener as a service, with one dead letter for each way to die."""
    subscription = listener.handlers.subscription(LedgerPosted.TYPE)
    service = Service("scoring", "toy", ServiceSettings, [], [subscription])
    good = [
        delivery(posting(amount), subject="a", region=REGION, seq=seq) for seq, amount in ((1, "1.00"), (2, POISON))
    ]
    await deliver(listener.database, Subscription("contracts"), good)
    async with listener.database.transaction() as session:
        await session.execute(text("UPDATE inbox SET state = 'dead', attempts = 6, reason = 'E' || seq"))
    unreadable = delivery(posting(), subject="a", region=REGION, seq=3)
    await deliver(
        listener.database,
        subscription,
        [type(unreadable)(unreadable.subject, b"{", unreadable.headers, 3, 1, "")],
    )
    async with client_for(service, listener.settings.database_url) as made:
        yield made


async def reapply(caller: httpx.AsyncClient, place: str) -> httpx.Response:
    """Apply a dead letter again."""
    return await caller.post(f"{PATH}/dead-letters/{place}/reapply")


async def test_dead_letters_are_listed(client: ServiceClient) -> None:
    answer = await client.as_("operator").get(f"{PATH}/dead-letters")
    assert answer.status_code == 200
    rows = {row["seq"]: row for row in answer.json()}
    assert set(rows) == {1, 2, 3}
    assert (rows[1]["source"], rows[1]["epoch"], rows[1]["type"]) == ("contracts", 1, LedgerPosted.TYPE)
    assert (rows[1]["reason"], rows[1]["attempts"]) == ("E1", 6)
    assert rows[3]["reason"].startswith("ValidationError")


async def test_dead_letter_is_applied_again(client: ServiceClient, listener: Listener) -> None:
    operator = client.as_("operator", subject="operator-1")
    assert (await reapply(operator, "contracts/1/1")).status_code == 204
    assert list((await listener.effects()).values()) == [1]
    assert await listener.inbox() == [(1, 1, "done"), (1, 2, "dead"), (1, 3, "dead")]
    [row] = await listener.rows("SELECT subject, action, noun_id FROM audit")
    assert tuple(row) == ("operator-1", "dead-letter.reapplied", "contracts 1:1")
    assert (await reapply(operator, "contracts/1/1")).status_code == 404, "it is dead no longer"
    assert list((await listener.effects()).values()) == [1]


@pytest.mark.parametrize("seq", [2, 3])
async def test_dead_letter_that_fails_again_stays_dead(client: ServiceClient, listener: Listener, seq: int) -> None:
    answer = await reapply(client.as_("operator"), f"contracts/1/{seq}")
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/dead-letter-still-fails"
    assert ("PoisonError" if seq == 2 else "ValidationError") in answer.json()["detail"]
    assert [state for _, _, state in await listener.inbox()] == ["dead", "dead", "dead"]
    assert await listener.effects() == {}
    assert await listener.rows("SELECT 1 FROM audit") == []


@pytest.mark.parametrize(
    "place",
    ["contracts/1/9", "surveys/1/1", "contracts/2/1", f"contracts/{2**40}/1", f"contracts/1/{2**70}", "x/-7/-7"],
)
async def test_unknown_dead_letter(client: ServiceClient, place: str) -> None:
    assert (await reapply(client.as_("operator"), place)).status_code == 404


async def test_jobs_are_listed(client: ServiceClient, listener: Listener) -> None:
    async with listener.database.transaction() as session:
        for key in ("done", "failed", "open"):
            await enqueue(session, "count", key=key)
        await session.execute(text("UPDATE job SET state = key, error = 'E', progress = '{\"of\": 3}'"))
    rows = (await client.as_("operator").get(f"{PATH}/jobs")).json()
    assert {row["key"] for row in rows} == {"failed", "open"}
    assert [row["state"] for row in rows] == ["failed", "open"]
    assert (rows[0]["kind"], rows[0]["error"], rows[0]["progress"]) == ("count", "E", {"of": 3})


async def test_a_failed_job_is_run_again_from_where_it_was(client: ServiceClient, listener: Listener) -> None:
    operator = client.as_("operator", subject="operator-1")
    async with listener.database.transaction() as session:
        await enqueue(session, "count", key="a")
        await session.execute(text("UPDATE job SET state = 'failed', attempts = 6, cursor = '7', error = 'E'"))
    [job] = (await operator.get(f"{PATH}/jobs")).json()
    path = f"{PATH}/jobs/{job['id']}/retry"
    assert (await operator.post(path)).status_code == 204
    [row] = await listener.rows("SELECT state, attempts, cursor FROM job")
    assert tuple(row) == ("open", 0, 7)
    [noted] = await listener.rows("SELECT subject, action, noun_id FROM audit")
    assert tuple(noted) == ("operator-1", "job.retried", "count a")
    assert (await operator.post(path)).status_code == 404, "it is open"
    async with listener.database.transaction() as session:
        await session.execute(text("UPDATE job SET state = 'failed'"))
        await enqueue(session, "count", key="a")
    refused = await operator.post(path)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/job-is-open")
    assert {row.state for row in await listener.rows("SELECT state FROM job")} == {"failed", "open"}


async def test_jobs_that_are_done_are_forgotten_in_time(listener: Listener) -> None:
    async with listener.database.transaction() as session:
        for key in ("old", "new", "failed", "open"):
            await enqueue(session, "count", key=key)
        await session.execute(
            text(
                "UPDATE job SET state = CASE WHEN key IN ('old', 'new') THEN 'done' ELSE key END, "
                "finished_at = CASE WHEN key <> 'new' THEN now() - interval '31 days' ELSE now() END"
            )
        )
    purge = purge_job(30)
    async with listener.database.transaction() as session:
        assert await purge.run(session, ClaimedJob(new_id(), purge.kind, "recurring", {}, None, 0)) is not None
        assert await purge.run(session, ClaimedJob(new_id(), purge.kind, "recurring", {}, None, 0)) is None
    assert {row.key for row in await listener.rows("SELECT key FROM job")} == {"new", "failed", "open"}


async def test_only_operators_may(client: ServiceClient) -> None:
    others = client.as_("finance", "purchaser", "provider", "evaluator", "auditor", "public")
    for caller, status in ((client.anonymous, 401), (others, 403)):
        assert (await caller.get(f"{PATH}/dead-letters")).status_code == status
        assert (await caller.get(f"{PATH}/jobs")).status_code == status
        assert (await reapply(caller, "contracts/1/1")).status_code == status
        assert (await caller.post(f"{PATH}/jobs/{new_id()}/retry")).status_code == status
