"""A real gateway before real, small services, all on loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.app import SERVICE
from gateway.app import wrap as put_front
from gateway.settings import GatewaySettings
from shared.db import Database
from shared.service import create_app
from shared.testing import test_keys, token


class QuietServer(uvicorn.Server):
    """A server inside the test's own event loop; the process's signals stay as they are."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serve(app: ASGIApp, *, lifespan: Literal["on", "off"]) -> AsyncIterator[str]:
    """Run an ASGI application on a free port; gives its URL."""
    config = uvicorn.Config(  # peers are what they are: no test runs behind a terminator of TLS
        app,
        port=0,
        log_config=None,
        access_log=False,
        http="httptools",
        timeout_graceful_shutdown=1,
        lifespan=lifespan,
        proxy_headers=False,
    )
    server = QuietServer(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            raise RuntimeError("the server did not start") from task.exception()
        await asyncio.sleep(0)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@dataclass
class Seen:
    """A request as the service got it."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    client: tuple[str, int]

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


Handler = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass
class Upstream:
    """A small service: notes each request and answers as the test says."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    handler: Handler | None = None
    answer: tuple[int, list[tuple[str, str]], bytes] = (
        200,
        [("content-type", "application/json"), ("content-length", "12")],
        b'{"ok": true}',
    )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        target = scope["raw_path"].decode() + (f"?{scope['query_string'].decode()}" if scope["query_string"] else "")
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        seen = Seen(scope["method"], target, headers, b"", scope["client"])
        self.seen.append(seen)
        if self.handler is not None:
            await self.handler(scope, receive, send)
            return
        more = True
        while more:
            message = await receive()
            seen.body += message.get("body", b"")
            more = message.get("more_body", False)
        status, answer_headers, body = self.answer
        raw = [(name.encode(), value.encode()) for name, value in answer_headers]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})

    def reset(self) -> None:
        self.seen.clear()
        self.handler = None
        self.answer = type(self)().answer


@dataclass
class Gateway:
    """A running gateway."""

    url: str
    app: FastAPI
    front: ASGIApp

    @property
    def database(self) -> Database:
        database: Database = self.app.state.database
        return database

    def client(
        self,
        *roles: str,
        bearer: str | None = None,
        headers: Mapping[str, str] | None = None,
        **claims: Any,
    ) -> httpx.AsyncClient:
        """A caller with these roles (none: anonymous), or with this token."""
        if roles:
            bearer = token(roles=roles, **claims)
        own = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        return httpx.AsyncClient(base_url=self.url, headers=own | dict(headers or {}), timeout=20, trust_env=False)


@asynccontextmanager
async def run_gateway(
    database_url: str,
    *,
    own_keys: bool = False,
    **settings: Any,
) -> AsyncIterator[Gateway]:
    """A gateway with its background parts but without broker and jobs.

    It takes the tokens of `shared.testing`, or with `own_keys` those that its own key files say.
    """
    loaded = GatewaySettings.load(**({"database_url": database_url, "roles": "http", "pool_size": 4} | settings))
    app = create_app(SERVICE, loaded, keys=None if own_keys else test_keys())
    front = put_front(app, loaded)
    async with serve(front, lifespan="on") as url:
        await app.state.revocations.refresh(app.state.database)
        yield Gateway(url, app, front)
