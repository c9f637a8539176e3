"""The failures, for real. After each: every acknowledged request is visible once, every score is right."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

import nats
import pytest
from tests.system.oracle_check import check_events, check_scores
from tests.system.world import World, complete_with_retry, new_world, ready_to_complete, until

pytestmark = [pytest.mark.system, pytest.mark.fault]


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with new_world(tmp_path_factory.mktemp("faults")) as running:
        yield running


async def prepare(world: World, count: int, *, seed: int) -> list[UUID]:
    return [(await ready_to_complete(world.client, number=number, seed=seed))[0] for number in range(count)]


async def all_completed_and_right(world: World, contracts: Sequence[UUID]) -> None:
    await world.quiet()
    for contract_id in contracts:
        assert (await world.client.contracts.get(contract_id)).state == "completed"
        events = await world.value(
            "contracts",
            "SELECT count(*) FROM outbox WHERE aggregate = $1 AND type = 'contracts.contract.completed.v1'",
            str(contract_id),
        )
        assert events == 1, "a completion is acknowledged and published exactly once"
        waves = await world.value(
            "surveys", "SELECT count(*) FROM waves WHERE contract_id = $1 AND kind = 'completion'", contract_id
        )
        assert waves == 1
        stages = await world.rows("scoring", "SELECT stage FROM score_heads WHERE contract_id = $1", contract_id)
        assert {row["stage"] for row in stages} == {"completion"}
    await check_events(world)
    assert await check_scores(world) >= 2 * len(contracts)


async def test_broker_down_while_contracts_are_completed(world: World) -> None:
    contracts = await prepare(world, 4, seed=100)
    await world.stop_broker()
    for contract_id in contracts:
        await world.client.contracts.complete(contract_id)
    unsent = await world.value("contracts", "SELECT count(*) FROM outbox WHERE sent_at IS NULL")
    assert unsent >= len(contracts)
    await world.start_broker()
    await all_completed_and_right(world, contracts)


async def test_broker_wiped_is_repaired_exactly(world: World) -> None:
    contracts = await prepare(world, 3, seed=200)
    await world.quiet()
    # Two listeners lose their position with the broker's disk, and what was sent while they were away is gone with it.
    await world.stop("scoring")
    await world.stop("surveys")
    for contract_id in contracts:
        await world.client.contracts.complete(contract_id)
    await until(lambda: sent(world), what="the completions are at the broker")
    await world.stop_broker()
    world.wipe_broker()
    await world.start_broker()
    await world.start("scoring")
    await world.start("surveys")
    await all_completed_and_right(world, contracts)


async def sent(world: World) -> bool:
    return bool(await world.value("contracts", "SELECT count(*) = 0 FROM outbox WHERE sent_at IS NULL"))


@pytest.mark.parametrize("point", ["after-assign", "before-mark"])
async def test_producer_killed_between_commit_and_mark(world: World, point: str) -> None:
    contracts = await prepare(world, 2, seed=300 + len(point))
    await world.quiet()
    await world.stop("contracts")
    await world.start("contracts", GONGPING_CRASH_AT=point)
    child = world.deployment.services["contracts"]
    first = asyncio.create_task(complete_with_retry(world.client, contracts[0]))
    await asyncio.wait_for(child.ended(every=0.02), 30)
    assert child.returncode == -9
    await world.start("contracts")
    await first
    await complete_with_retry(world.client, contracts[1])
    await all_completed_and_right(world, contracts)


async def test_consumer_killed_between_commit_and_acknowledgement(world: World) -> None:
    contracts = await prepare(world, 2, seed=400)
    await world.quiet()
    await world.stop("scoring")
    await world.start("scoring", GONGPING_CRASH_AT="before-ack")
    child = world.deployment.services["scoring"]
    await world.client.contracts.complete(contracts[0])
    await asyncio.wait_for(child.ended(every=0.02), 30)
    assert child.returncode == -9
    await world.start("scoring")
    await world.client.contracts.complete(contracts[1])
    await all_completed_and_right(world, contracts)


async def test_every_service_killed_under_load(world: World) -> None:
    contracts = await prepare(world, 6, seed=500)

    async def load() -> None:
        for contract_id in contracts:
            await complete_with_retry(world.client, contract_id)

    work = asyncio.create_task(load())
    for name in ("contracts", "scoring", "surveys", "gateway"):
        world.kill(name)
        await world.start(name)
    await work
    await all_completed_and_right(world, contracts)


async def test_database_killed_and_restarted(world: World) -> None:
    contracts = await prepare(world, 3, seed=600)
    work = asyncio.gather(*(complete_with_retry(world.client, contract_id) for contract_id in contracts))
    await world.restart_postgres()
    await work
    await all_completed_and_right(world, contracts)


async def test_poison_and_duplicates_hold_nobody_up(world: World) -> None:
    contracts = await prepare(world, 2, seed=700)
    await world.quiet()
    assert world.deployment.nats is not None
    connection = await nats.connect(world.deployment.nats.url)
    try:
        stream = connection.jetstream()
        subject = "gongping.contracts.contract.completed.v1.23"
        await stream.publish(subject, b"{not json", headers={"Gongping-Source": "contracts", "Nats-Msg-Id": "poison-1"})
        rows = await world.rows(
            "contracts", "SELECT nats_subject, body, epoch, seq FROM outbox ORDER BY seq DESC LIMIT 20"
        )
        for row in rows:
            headers = {
                "Gongping-Epoch": str(row["epoch"]),
                "Gongping-Seq": str(row["seq"]),
                "Nats-Msg-Id": f"again-{row['seq']}",
            }
            await stream.publish("gongping" + row["nats_subject"], bytes(row["body"]), headers=headers)
    finally:
        await connection.close()
    for contract_id in contracts:
        await world.client.contracts.complete(contract_id)
    await all_completed_and_right(world, contracts)
    for listener in ("scoring", "surveys"):
        dead = await world.rows(listener, "SELECT epoch, reason, raw FROM inbox WHERE state = 'dead'")
        assert len(dead) == 1
        assert dead[0]["epoch"] == -1
        assert bytes(dead[0]["raw"]) == b"{not json"
    shown = await world.client.session.get("/v1/operations/scoring/dead-letters")
    assert len(shown) == 1
    assert shown[0]["reason"]


async def test_a_lost_listener_starts_from_a_snapshot(world: World, tmp_path: Path) -> None:
    await prepare(world, 1, seed=800)
    await world.quiet()
    before = await scores_of(world)
    await world.stop("scoring")
    tables = "evidence, score_rows, score_heads, contracts, inbox, inbox_floor, inbox_attempt"
    await world.rows("scoring", f"TRUNCATE {tables} CASCADE")
    await world.stop_broker()
    world.wipe_broker()
    await world.start_broker()
    from gongping_local.services import command  # noqa: PLC0415 - used here only

    for name in ("contracts", "surveys"):
        await command(world.deployment.state, name, "replay", "--snapshot", env=world.deployment.environments[name])
    await world.start("scoring")

    async def same() -> bool:
        return await scores_of(world) == before

    await until(same, what="the scores are as before", seconds=60)
    await world.quiet()


async def scores_of(world: World) -> dict[tuple[str, str], str]:
    rows = await world.rows("scoring", "SELECT contract_id, framework_id, content_hash FROM score_heads")
    return {(str(row["contract_id"]), row["framework_id"]): row["content_hash"] for row in rows}
