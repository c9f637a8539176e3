"""The `gongping` command as a process, against the contracts service over a real socket."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from tests.client.test_client_import import package, release

from contracts.app import service
from gongping_local.pytest_servers import Servers
from shared.testing import client_for, new_database, token

Json = dict[str, Any]


@dataclass
class Ended:
    """How the command ended."""

    status: int
    out: str
    err: str


@dataclass
class Desk:
    """A folder to work in and a gateway to talk to."""

    folder: Path
    url: str

    async def gongping(self, *words: str, **environment: str) -> Ended:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GONGPING_")}
        env = kept | {"COLUMNS": "200", "NO_COLOR": "1"} | environment
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gongping_client",
            *words,
            cwd=self.folder,
            env=env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode is not None
        return Ended(process.returncode, out.decode(), err.decode())

    def known(self, *, wrong: bool = False) -> None:
        """Leave the credentials where `make run` leaves them."""
        (self.folder / ".gongping").mkdir()
        content = {"url": self.url, "client_id": "demo", "client_secret": "wrong" if wrong else "secret"}
        (self.folder / ".gongping" / "client.json").write_text(json.dumps(content), encoding="utf-8")


async def issue(request: Request) -> Response:
    """The gateway's token endpoint, as far as the command needs it."""
    if request.headers.get("authorization") != "Basic ZGVtbzpzZWNyZXQ=":
        return JSONResponse({"error": "invalid_client", "error_description": "Unknown client or secret."}, 401)
    return JSONResponse({"access_token": token(roles=["finance"]), "expires_in": 600})


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        running = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running


@pytest.fixture
async def desk(servers: Servers, tmp_path: Path) -> AsyncIterator[Desk]:
    async with new_database(servers.postgres_url, "contracts") as url, client_for(service, url) as served:
        app = Starlette(routes=[Route("/oauth/token", issue, methods=["POST"]), Mount("/", served.app)])
        async with serving(app) as address:
            yield Desk(tmp_path, address)


async def test_an_import_shows_its_counts_and_repeats_without_change(desk: Desk) -> None:
    desk.known()
    package(desk.folder, release(1), release(2, period={"startDate": "2020-02-01", "endDate": "2020-01-01"}))
    first = await desk.gongping("import", "ocds", "package.json", "--region", "XK")
    assert first.status == 0, first.err
    assert "2 loaded (2 created, 0 updated, 0 unchanged)" in first.out
    assert "value in EUR" in first.out
    assert "3.00" in first.out
    assert "period-reversed: releases[1].contracts[0].period: ends on 2020-01-01" in first.out
    assert "/tag" in first.out
    report = json.loads((desk.folder / "package.json.report.json").read_text(encoding="utf-8"))
    assert (report["contracts"], report["values"], report["parties"]) == (2, {"EUR": "3.00"}, 2)
    second = await desk.gongping("import", "ocds", "package.json", "--report", "second.json")
    assert second.status == 0
    assert "2 unchanged: nothing was written" in second.out
    assert json.loads((desk.folder / "second.json").read_text(encoding="utf-8"))["outcomes"]["unchanged"] == 2


async def test_a_refused_record_is_the_exit_status(desk: Desk) -> None:
    desk.known()
    package(desk.folder, release(1), release(2, value={"amount": "7", "currency": "EUR"}))
    ended = await desk.gongping("import", "ocds", "package.json")
    assert ended.status == 1
    assert "rejected  releases[1].contracts[0].value.amount: must be a number, found the text '7'" in ended.out


async def test_invalid_json_is_said_with_line_and_reason(desk: Desk) -> None:
    desk.known()
    path = package(desk.folder, release(1))
    path.write_text(path.read_text(encoding="utf-8")[:-2] + "\n, x", encoding="utf-8")
    ended = await desk.gongping("import", "ocds", "package.json")
    assert ended.status == 1
    assert "invalid JSON at line 2, column 3" in ended.err
    assert "1 loaded" in ended.out
    report = json.loads((desk.folder / "package.json.report.json").read_text(encoding="utf-8"))
    assert report["invalid_json"]["line"] == 2


async def test_contracts_are_exported_line_by_line(desk: Desk) -> None:
    desk.known()
    package(desk.folder, release(1), release(2, status="pending"))
    await desk.gongping("import", "ocds", "package.json")
    ended = await desk.gongping("export", "contracts", "--output", "all.ndjson")
    assert (ended.status, ended.err) == (0, "2 contracts\n")
    lines = (desk.folder / "all.ndjson").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["title"] for line in lines} == {"Contract 1", "Contract 2"}
    ended = await desk.gongping("export", "contracts", "--state", "pending")
    (line,) = ended.out.splitlines()
    assert json.loads(line)["state"] == "pending"


async def test_asking_wrongly_is_status_2(desk: Desk) -> None:
    package(desk.folder, release(1))
    nobody = await desk.gongping("import", "ocds", "package.json")
    assert nobody.status == 2
    assert "GONGPING_URL" in nobody.err
    desk.known()
    assert (await desk.gongping("import", "ocds", "nowhere.json")).status == 2
    region = await desk.gongping("import", "ocds", "package.json", "--region", "Kosovo")
    assert (region.status, "'Kosovo' is no region" in region.err) == (2, True)


async def test_a_wrong_secret_and_a_gateway_that_is_away_are_status_1(desk: Desk) -> None:
    desk.known(wrong=True)
    refused = await desk.gongping("export", "contracts")
    assert refused.status == 1
    assert "401" in refused.err
    assert "Unknown client or secret." in refused.err
    words = ("--gateway", "http://127.0.0.1:1", "--client-id", "a")
    away = await desk.gongping("export", "contracts", *words, GONGPING_CLIENT_SECRET="b")
    assert away.status == 1
    assert "http://127.0.0.1:1 does not answer" in away.err


async def test_the_simulated_data_are_written_the_same_each_time(desk: Desk) -> None:
    words = ("demo", "generate", "--count", "3", "--seed", "7", "--as-of", "2026-01-31")
    first = await desk.gongping(*words, "a.json")
    await desk.gongping(*words, "b.json")
    assert first.status == 0
    assert "simulated data" in first.out
    assert (desk.folder / "a.json").read_bytes() == (desk.folder / "b.json").read_bytes()
    spoiled = await desk.gongping("demo", "load", "a.json.report", "--gateway", desk.url)
    assert spoiled.status == 2
