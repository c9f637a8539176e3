"""What the one importer of nats promises the rest."""

import asyncio
import socket
from typing import Any

import pytest
from tests.shared.toys import Source
from tests.support import eventually

from gongping_local.pytest_servers import Servers
from shared.bus import BrokerRefusedError, BrokerUnavailableError, Bus, Outgoing, stream_name


def message(source: Source, number: int, body: bytes = b"{}") -> Outgoing:
    """A message of the toy's stream."""
    return Outgoing(f"{source.bus.prefix}.contracts.x.y.v1.23", body, f"m{number}", {"N": str(number)})


async def make_stream(source: Source, **settings: int) -> None:
    """The toy's stream."""
    await source.bus.ensure_stream(
        "contracts", **({"replicas": 1, "max_bytes": 1_000_000, "max_age_days": 1} | settings)
    )


async def info(source: Source, what: str = "STREAM") -> dict[str, Any]:
    """Configuration as the server has it."""
    name = stream_name(source.bus.prefix, "contracts") + (".durable" if what == "CONSUMER" else "")
    answer = await source.bus._api(f"{what}.INFO.{name}", {})
    config: dict[str, Any] = answer["config"]
    return config


def test_stream_name_is_a_token() -> None:
    assert stream_name("gongping", "contracts") == "GONGPING_CONTRACTS"
    assert stream_name("a.b-c", "x") == "A_B_C_X"


async def test_nobody_there_is_said_after_the_deadline() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        bus = Bus(f"nats://127.0.0.1:{nobody.getsockname()[1]}", name="toy")
        with pytest.raises(BrokerUnavailableError, match="Connect call failed"):
            await bus.connect(deadline=0.5)
    assert bus.away_seconds > 0
    await bus.close()


async def test_wrong_password_is_said(servers: Servers) -> None:
    bus = Bus(servers.nats_url.replace("gongping:", "gongping:wrong"), name="toy")
    with pytest.raises(BrokerUnavailableError, match="Authorization"):
        await bus.connect(deadline=1)


async def test_without_a_connection_nothing_is_kept_for_later() -> None:
    bus = Bus("nats://127.0.0.1:1", name="toy")
    outgoing = Outgoing("x", b"", "m", {})
    with pytest.raises(BrokerUnavailableError):
        await bus.publish(outgoing)
    with pytest.raises(BrokerUnavailableError):
        await bus.publish_many([outgoing] * 20)
    with pytest.raises(BrokerUnavailableError):
        await bus.pull("contracts", "durable", batch=1)
    await bus.say("x", {})
    await bus.close()


async def test_stream_is_made_and_changed(source: Source) -> None:
    await make_stream(source)
    await make_stream(source)
    await make_stream(source, max_bytes=2_000_000)
    config = await info(source)
    assert config["max_bytes"] == 2_000_000
    assert (config["discard"], config["storage"], config["allow_atomic"]) == ("new", "file", True)
    assert config["duplicate_window"] == 120 * 10**9
    assert config["subjects"] == [f"{source.bus.prefix}.contracts.>"]


async def test_publishing_where_no_stream_is(source: Source) -> None:
    with pytest.raises(BrokerRefusedError) as refused:
        await source.bus.publish(message(source, 1))
    assert refused.value.code == 503
    with pytest.raises(BrokerRefusedError):
        await source.bus.publish_many([message(source, number) for number in range(20)])
    assert await source.bus.last_headers("contracts") is None


async def test_repeated_message_is_known(source: Source) -> None:
    await make_stream(source)
    assert await source.bus.last_headers("contracts") is None
    assert await source.bus.publish(message(source, 1)) is False
    assert await source.bus.publish(message(source, 1)) is True
    await source.bus.publish(message(source, 2))
    headers = await source.bus.last_headers("contracts")
    assert headers is not None
    assert (headers["N"], headers["Nats-Msg-Id"]) == ("2", "m2")
    assert len(await source.stored()) == 2


async def test_batch_is_stored_whole_and_again_one_by_one(source: Source) -> None:
    await make_stream(source)
    batch = [message(source, number) for number in range(1000)]
    await source.bus.publish_many(batch)
    await source.bus.publish_many(batch)
    await source.bus.publish_many([*batch[-3:], message(source, 1000)])
    assert [each.headers["N"] for each in await source.stored()] == [str(number) for number in range(1001)]
    with pytest.raises(ValueError, match="1000 messages"):
        await source.bus.publish_many([*batch, message(source, 1000)])


async def test_existing_consumer_is_changed(source: Source) -> None:
    await make_stream(source)
    for ack_wait in (30, 60):
        await source.bus.ensure_consumer("contracts", "durable", ack_wait_seconds=ack_wait, max_ack_pending=1000)
    assert (await info(source, "CONSUMER"))["ack_wait"] == 60 * 10**9


async def test_pull_takes_what_is_there_and_waits_for_the_first(source: Source) -> None:
    await make_stream(source)
    await source.bus.ensure_consumer("contracts", "durable", ack_wait_seconds=30, max_ack_pending=1000)
    pull = await source.bus.pull("contracts", "durable", batch=10)
    assert await pull.next(wait_seconds=0.05) == []
    waiting = asyncio.create_task(pull.next(wait_seconds=20))
    await source.bus.publish(message(source, 1, b"body"))
    [first] = await waiting
    assert (first.body, first.headers["N"], first.stream_seq, first.delivered) == (b"body", "1", 1, 1)
    await source.bus.publish_many([message(source, number) for number in range(2, 40)])
    seen: list[int] = []
    while len(seen) < 38:
        batch = await pull.next(wait_seconds=20)
        assert 1 <= len(batch) <= 10
        seen += [each.stream_seq for each in batch]
        for each in batch:
            await source.bus.ack(each)
    assert seen == list(range(2, 40))
    await source.bus.nak(first, delay_seconds=0.01)
    [again] = await pull.next(wait_seconds=20)
    assert (again.stream_seq, again.delivered) == (1, 2)
    await source.bus.in_progress(again)
    await pull.stop()
    await pull.stop()
    assert source.bus._pulls == []


async def test_consumer_that_goes_away_is_heard_of_at_once(source: Source) -> None:
    await make_stream(source)
    await source.bus.ensure_consumer("contracts", "durable", ack_wait_seconds=30, max_ack_pending=1000)
    pull = await source.bus.pull("contracts", "durable", batch=10)
    waiting = asyncio.create_task(pull.next(wait_seconds=100))
    await eventually(lambda: pull._open > 0)
    await source.bus.delete_consumer("contracts", "durable")
    with pytest.raises(BrokerRefusedError, match="gone"):
        await waiting
    await source.bus.delete_consumer("contracts", "durable")
    await pull.stop()


async def test_hints_that_are_no_json_are_not_heard(source: Source) -> None:
    heard: list[dict[str, Any]] = []

    async def hear(hint: dict[str, Any]) -> None:
        heard.append(hint)

    stop = await source.bus.hear(f"{source.bus.prefix}.hint", hear)
    await source.bus._client.publish(f"{source.bus.prefix}.hint", b"\xff")
    await source.bus.say(f"{source.bus.prefix}.hint", {"n": 1})
    await eventually(lambda: heard)
    assert heard == [{"n": 1}]
    await stop()


async def test_closing_ends_the_process_only_when_nobody_asked_for_it(servers: Servers) -> None:
    ended: list[bool] = []
    for asked in (True, False):
        bus = Bus(servers.nats_url, name="toy", on_closed=lambda: ended.append(True))
        await bus.connect(deadline=10)
        if asked:
            await bus.close()
            assert ended == []
        else:
            await bus._client.close()
            assert ended == [True]
