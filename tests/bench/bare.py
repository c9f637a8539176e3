"""The bare counterparts that the product is measured against: as little code as the same job needs.

usage: python tests/bench/bare.py chain-producer | chain-consumer | insert | proxy | static PORT
DATABASE_URL, NATS_URL and UPSTREAM come from the environment.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import nats
import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel
from starlette.types import ASGIApp, Receive, Scope, Send

STREAM, SUBJECT = "BARE", "bare.done"


def chain_producer() -> FastAPI:
    """POST: one statement inserts the row and its outbox row; then one JetStream publish. GET: is the result there?"""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=8, max_size=20)
        await app.state.pool.execute(
            "CREATE TABLE IF NOT EXISTS thing (id uuid PRIMARY KEY, body text);"
            "CREATE TABLE IF NOT EXISTS box (id uuid PRIMARY KEY, body text, sent bool DEFAULT false);"
            "CREATE TABLE IF NOT EXISTS seen (id uuid PRIMARY KEY);"
            "CREATE TABLE IF NOT EXISTS result (id uuid PRIMARY KEY, body text)"
        )
        client = await nats.connect(os.environ["NATS_URL"])
        stream = client.jetstream()
        await stream.add_stream(name=STREAM, subjects=["bare.>"], storage="file")
        queue: asyncio.Queue[UUID] = asyncio.Queue()

        async def relay() -> None:
            while True:
                thing = await queue.get()
                await stream.publish(SUBJECT, str(thing).encode(), headers={"Nats-Msg-Id": str(thing)})

        app.state.queue = queue
        tasks = [asyncio.create_task(relay()) for _ in range(16)]
        yield
        for task in tasks:
            task.cancel()
        await client.close()
        await app.state.pool.close()

    app = FastAPI(lifespan=lifespan)

    @app.post("/things/{thing}")
    async def post(thing: UUID) -> dict[str, str]:
        await app.state.pool.execute(
            "WITH t AS (INSERT INTO thing VALUES ($1, $2)) INSERT INTO box (id, body) VALUES ($1, $2)", thing, "x" * 200
        )
        app.state.queue.put_nowait(thing)
        return {"id": str(thing)}

    @app.get("/things/{thing}")
    async def get(thing: UUID, response: Response) -> dict[str, bool]:
        found = await app.state.pool.fetchval("SELECT true FROM result WHERE id = $1", thing)
        if not found:
            response.status_code = 404
        return {"found": bool(found)}

    return app


async def chain_consumer() -> None:
    """One fetch, one transaction with the inbox row and the result, one acknowledgement."""
    pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=2, max_size=4)
    client = await nats.connect(os.environ["NATS_URL"])
    stream = client.jetstream()
    pull = await stream.pull_subscribe("bare.>", durable="bare", stream=STREAM)
    while True:
        try:
            messages = await pull.fetch(100, timeout=5)
        except TimeoutError:  # the client's own is a subclass
            continue
        ids = [UUID(message.data.decode()) for message in messages]
        async with pool.acquire() as connection, connection.transaction():
            fresh = await connection.fetch(
                "INSERT INTO seen SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING RETURNING id", ids
            )
            await connection.execute(
                "INSERT INTO result SELECT unnest($1::uuid[]), $2 ON CONFLICT DO NOTHING",
                [row["id"] for row in fresh],
                "y" * 200,
            )
        for message in messages:
            await message.ack()


class Answer(BaseModel):
    """The one validated model."""

    answers: dict[str, int | str]
    language: str | None = None
    duration_seconds: int | None = None


def insert() -> FastAPI:
    """A validated body and one autocommitted insert per request."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=32, max_size=32)
        await app.state.pool.execute("CREATE TABLE IF NOT EXISTS answer (id uuid PRIMARY KEY, body jsonb)")
        yield
        await app.state.pool.close()

    app = FastAPI(lifespan=lifespan)

    @app.put("/answers/{answer_id}", status_code=201)
    async def put(answer_id: UUID, answer: Answer) -> dict[str, str]:
        await app.state.pool.execute("INSERT INTO answer VALUES ($1, $2)", answer_id, answer.model_dump_json())
        return {"id": str(answer_id)}

    @app.get("/")
    async def live() -> dict[str, str]:
        return {}

    return app


class Static:
    """A backend that answers at once."""

    BODY = json.dumps({"items": ["x" * 40] * 20}).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer any request."""
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(self.BODY)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.BODY})


class Proxy:
    """Raw ASGI and a pooled aiohttp client: no authentication, no tracing, no limits."""

    def __init__(self) -> None:
        self._session: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a GET on."""
        if scope["type"] == "lifespan":
            await Static()(scope, receive, send)
            return
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=200)
            self._session = aiohttp.ClientSession(
                connector=connector, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
            )
        async with self._session.get(os.environ["UPSTREAM"] + scope["path"]) as response:
            headers = [(name.lower(), value) for name, value in response.raw_headers]
            await send({"type": "http.response.start", "status": response.status, "headers": headers})
            async for chunk in response.content.iter_any():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})


def main(part: str, port: int) -> None:
    """Run one part."""
    if part == "chain-consumer":
        asyncio.run(chain_consumer())
        return
    apps: dict[str, ASGIApp] = {
        "chain-producer": chain_producer() if part == "chain-producer" else Static(),
        "insert": insert() if part == "insert" else Static(),
        "static": Static(),
        "proxy": Proxy(),
    }
    uvicorn.run(
        apps[part], host="127.0.0.1", port=port, log_level="warning", access_log=False, loop="uvloop", http="httptools"
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
