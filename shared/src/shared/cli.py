"""Every service's command line: `python -m <service> serve | migrate | restored | replay | dead | audit | openapi`."""

import argparse
import asyncio
import gc
import json
import sys
from collections.abc import Sequence

import uvicorn
from sqlalchemy import text

from shared import audit, inbox
from shared.bus import Bus, stream_name
from shared.inbox import Subscription
from shared.migrations import migrate
from shared.outbox import emit
from shared.restored import TAKE_LOCK, begin_epoch, lock_of
from shared.service import Service, asgi_app, create_app, open_database
from shared.settings import ServiceSettings
from shared.telemetry import configure_logging

__all__ = ["main"]


def main(service: Service, arguments: Sequence[str] | None = None) -> int:
    """Run one command; the return value is the exit status."""
    parser = argparse.ArgumentParser(prog=f"python -m {service.name}", description=service.description)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="answer HTTP, relay, consume and run jobs, as --roles says")
    serve.add_argument("--host", help="address to listen on (GONGPING_HOST)")
    serve.add_argument("--port", type=int, help="port to listen on (GONGPING_PORT)")
    serve.add_argument("--roles", help="a list of http, relay, consume, jobs (GONGPING_ROLES)")
    commands.add_parser("migrate", help="bring the database to the newest revision")
    commands.add_parser(
        "restored", help="say, before the service starts, that its database came from a backup: a new epoch begins"
    )
    replay = commands.add_parser(
        "replay", help="publish the current state again (--snapshot), or read a source's stream again"
    )
    replay.add_argument("--snapshot", action="store_true", help="publish every aggregate and all facts of this service")
    replay.add_argument("--source", help="read this source's stream from its beginning")
    replay.add_argument("--reapply", action="store_true", help="bypass the inbox: the handlers' own guards decide")
    dead = commands.add_parser("dead", help="list dead letters or apply one again")
    dead.add_argument("action", choices=("list", "apply"))
    dead.add_argument("event", nargs="*", help="apply: SOURCE EPOCH SEQ")
    verified = commands.add_parser("audit", help="verify the hash chain of the audit rows, and say its last link")
    verified.add_argument(
        "--noted", type=_link, metavar="NUMBER:HASH", help="a link that was said before: it must still be there"
    )
    commands.add_parser("openapi", help="print the OpenAPI document")
    options = parser.parse_args(arguments)
    if options.command == "serve":
        return _serve(
            service, {key: value for key in ("host", "port", "roles") if (value := getattr(options, key)) is not None}
        )
    if options.command == "openapi":
        app = create_app(service, service.settings.load(database_url="postgresql://none@127.0.0.1/none"))
        _say(json.dumps(app.openapi(), ensure_ascii=False, indent=2, sort_keys=True))
        return 0
    settings = service.settings.load()
    configure_logging(service.name, level=settings.log_level, form="console")
    if options.command == "migrate":
        migrate(service.name, settings.database_url)
        return 0
    return asyncio.run(_run(service, settings, options, parser))


async def _run(
    service: Service, settings: ServiceSettings, options: argparse.Namespace, parser: argparse.ArgumentParser
) -> int:
    if options.command == "dead":
        return await _dead(service, settings, options.action, options.event)
    if options.command == "audit":
        return await _audit(service, settings, options.noted)
    if options.command == "restored":
        return await _restored(service, settings)
    if options.snapshot:
        return await _snapshot(service, settings)
    subscription = next((each for each in service.subscriptions if each.source == options.source), None)
    if subscription is None:
        sources = ", ".join(each.source for each in service.subscriptions) or "none"
        parser.error(f"say --snapshot, or --source with one of: {sources}")
    return await _replay(service, settings, subscription, reapply=options.reapply)


def _serve(service: Service, overrides: dict[str, object]) -> int:
    settings = service.settings.load(**overrides)
    server = uvicorn.Server(
        uvicorn.Config(
            asgi_app(service, settings),
            host=settings.host,
            port=settings.port,
            loop="uvloop" if sys.platform != "win32" else "asyncio",
            http="httptools",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
            timeout_keep_alive=65,
            backlog=2048,
        )
    )
    # What exists now lives as long as the process: the collector need not walk it again and again. A request makes many
    # short-lived containers and hardly a cycle; a batch of answers holds some ten thousand at once.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    server.run()
    return 0 if server.started else 3


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


async def _snapshot(service: Service, settings: ServiceSettings) -> int:
    """Write every aggregate and fact to the outbox again, 500 a commit; the running relay publishes them."""
    if service.snapshot is None:
        _say(f"{service.name} publishes nothing")
        return 2
    database = open_database(settings, name=f"{service.name}-snapshot")
    count = 0
    try:
        async with database.reading() as session:
            iterator = service.snapshot(session)
            more = True
            while more:
                more = False
                async with database.transaction() as target:
                    async for data, subject, region in iterator:
                        emit(target, data, subject=subject, region=region)
                        count += 1
                        if count % 500 == 0:
                            more = True
                            break
    finally:
        await database.dispose()
    _say(f"{count} events written to the outbox of {service.name}")
    return 0


async def _replay(service: Service, settings: ServiceSettings, subscription: Subscription, *, reapply: bool) -> int:
    """Read a source's stream from its beginning, through the inbox or past it."""
    database = open_database(settings, name=f"{service.name}-replay")
    bus = Bus(settings.nats_url, name=f"{service.name}-replay", prefix=settings.subject_prefix)
    durable = f"{bus.prefix}-{service.name}-replay"
    applied = read = 0
    try:
        await bus.connect(deadline=10)
        await bus.delete_consumer(subscription.source, durable)
        await bus.ensure_consumer(subscription.source, durable, ack_wait_seconds=300, max_ack_pending=5000)
        pull = await bus.pull(subscription.source, durable, batch=500)
        while deliveries := await pull.next(wait_seconds=2):
            items = [inbox.read(delivery, subscription.handlers) for delivery in deliveries]
            async with database.transaction() as session:
                fresh = items if reapply else await inbox.take(session, subscription.source, items)
                events = [item.event for item in fresh if item.event is not None]
                await inbox.apply(session, subscription, events)
            read, applied = read + len(items), applied + len(events)
            for delivery in deliveries:
                await bus.ack(delivery)
        await pull.stop()
        await bus.delete_consumer(subscription.source, durable)
    finally:
        await bus.close()
        await database.dispose()
    _say(f"{read} events read from {stream_name(settings.subject_prefix, subscription.source)}, {applied} applied")
    return 0


async def _dead(service: Service, settings: ServiceSettings, action: str, event: Sequence[str]) -> int:
    database = open_database(settings, name=f"{service.name}-dead")
    try:
        if action == "apply":
            if len(event) != 3:
                _say("say which: SOURCE EPOCH SEQ")
                return 2
            source, epoch, seq = event[0], int(event[1]), int(event[2])
            subscription = next(each for each in service.subscriptions if each.source == source)
            await inbox.reapply(database, subscription, source=source, epoch=epoch, seq=seq)
            _say(f"applied {source} {epoch}:{seq}")
            return 0
        async with database.reading() as session:
            rows = (
                await session.execute(
                    text(
                        "SELECT source, epoch, seq, type, attempts, reason FROM inbox "
                        "WHERE state = 'dead' ORDER BY received_at"
                    )
                )
            ).all()
        for row in rows:
            _say(f"{row.source} {row.epoch} {row.seq}  {row.type}  tries {row.attempts}  {row.reason}")
        _say(f"{len(rows)} dead letters")
        return 0
    finally:
        await database.dispose()


async def _restored(service: Service, settings: ServiceSettings) -> int:
    """Begin a new epoch, unless a relay of the service holds its lock.

    A process without a relay is not noticed: that everything stands still is the operator's part (deploy/restore.sh).
    """
    database = open_database(settings, name=f"{service.name}-restored")
    try:
        connection = await database.connect_raw()
        try:
            if not await connection.fetchval(TAKE_LOCK, lock_of(service.name)):
                _say(f"{service.name} is running: stop it, say this, and start it again")
                return 1
            async with connection.transaction():
                epoch = await begin_epoch(connection, service.name)
        finally:
            await connection.close()
        async with database.transaction() as session:
            if service.restored is not None:
                await service.restored(session)
            audit.record(
                session, "database.restored", noun="service", noun_id=service.name, fields={"epoch": str(epoch)}
            )
    finally:
        await database.dispose()
    _say(f"{service.name}: epoch {epoch} begins")
    return 0


def _link(words: str) -> tuple[int, bytes]:
    number, _, digest = words.partition(":")
    return int(number), bytes.fromhex(digest)


async def _audit(service: Service, settings: ServiceSettings, noted: tuple[int, bytes] | None) -> int:
    database = open_database(settings, name=f"{service.name}-audit")
    try:
        async with database.reading() as session:
            chain = await audit.verify(session, noted=noted)
    finally:
        await database.dispose()
    if chain.broken is None:
        _say(f"the chain is whole; its last link is {chain.links}:{chain.head.hex()}")
        return 0
    if chain.cut:
        _say(f"the chain ends at link {chain.links}: what was noted after it is gone")
    else:
        _say(f"the chain is broken at link {chain.broken}")
    return 1
