"""The gateway as a process of its own: its commands, its start, its end."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from tests.support import eventually

from gateway.__main__ import main
from gateway.app import SERVICE
from gateway.clients.secrets import verify_secret
from gongping_local.ports import free_port
from gongping_local.pytest_servers import Servers
from shared.testing import opened


@pytest.fixture
def environment(database_url: str, servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    own = {
        "DATABASE_URL": database_url,
        "NATS_URL": servers.nats_url,
        "GONGPING_SIGNING_KEYS": str(tmp_path / "keys" / "signing.json"),
        "GONGPING_KEYS": str(tmp_path / "keys" / "public.json"),
        "GONGPING_SUBJECT_PREFIX": tmp_path.name.replace("_", "-"),
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    return own


@asynccontextmanager
async def serving(environment: Mapping[str, str], *arguments: str) -> AsyncIterator[tuple[Process, httpx.AsyncClient]]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "serve", "--port", str(port), *arguments),
        env=os.environ | environment,
        stderr=PIPE,
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as caller:

            async def live() -> bool:
                try:
                    return (await caller.get("/health/live")).status_code == 200
                except httpx.TransportError:
                    return False

            await eventually(live, timeout=60)
            yield process, caller
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


CREATE = ["client", "create", "--name", "Demo", "--roles", "operator, auditor", "--regions", "*"]


async def test_a_first_client_gets_a_token_and_its_stream_ends_cleanly_with_the_process(
    environment: dict[str, str], tmp_path: Path
) -> None:
    secret_file = tmp_path / "secrets" / "demo"
    assert await asyncio.to_thread(main, ["keys", "init"]) == 0
    create = [*CREATE, "--id", "demo", "--secret-file", str(secret_file)]
    assert await asyncio.to_thread(main, create) == 0
    assert secret_file.stat().st_mode & 0o777 == 0o600
    form = {
        "grant_type": "client_credentials",
        "client_id": "demo",
        "client_secret": secret_file.read_text().strip(),
    }
    async with serving(environment) as (process, caller):
        granted = await caller.post("/oauth/token", data=form)
        assert granted.status_code == 200, granted.text
        caller.headers["Authorization"] = f"Bearer {granted.json()['access_token']}"
        assert [item["id"] for item in (await caller.get("/v1/clients")).json()["items"]] == ["demo"]
        ready = await caller.get("/health/ready")
        assert ready.status_code == 200, ready.text
        async with caller.stream("GET", "/v1/streams/scores") as stream:
            lines = stream.aiter_lines()
            assert await anext(lines) == ": open"
            process.send_signal(signal.SIGTERM)
            rest = [line async for line in lines]  # raises if the connection is cut instead of ended
        assert "event: stream.end" in rest
        await asyncio.wait_for(process.wait(), 20)
        assert process.stderr is not None
        log = (await process.stderr.read()).decode()
    assert "Traceback" not in log
    assert "without completing" not in log


async def test_a_disabled_client_is_refused_by_every_process(environment: dict[str, str], tmp_path: Path) -> None:
    await asyncio.to_thread(main, ["keys", "init"])
    secret_file = tmp_path / "demo"
    await asyncio.to_thread(main, [*CREATE, "--id", "demo", "--secret-file", str(secret_file)])
    form = {"grant_type": "client_credentials", "client_id": "demo", "client_secret": secret_file.read_text().strip()}
    options = ("--roles", "http")
    async with serving(environment, *options) as (_, one), serving(environment, *options) as (_, two):
        bearer = (await one.post("/oauth/token", data=form)).json()["access_token"]
        for caller in (one, two):
            caller.headers["Authorization"] = f"Bearer {bearer}"
            assert (await caller.get("/v1/clients")).status_code == 200
        assert (await one.post("/v1/clients/demo/disable")).status_code == 200
        assert (await one.get("/v1/clients")).status_code == 401

        async def refused_by_two() -> bool:
            return (await two.get("/v1/clients")).status_code == 401

        await eventually(refused_by_two)


def test_a_client_without_a_file_is_shown_its_secret(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(CREATE) == 0
    shown = dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines())

    async def stored() -> tuple[str, list[str]]:
        async with opened(SERVICE, environment["DATABASE_URL"]) as database, database.reading() as session:
            row = (await session.execute(text("SELECT id, roles, secret_hash FROM client"))).one()
            assert verify_secret(row.secret_hash, shown["client_secret"])
            return row.id, row.roles

    assert asyncio.run(stored()) == (shown["client_id"], ["auditor", "operator"])


def test_creating_again_changes_nothing_and_says_so(
    environment: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    create = [*CREATE, "--id", "demo", "--secret-file", str(tmp_path / "secret")]
    assert [main(create), main(create)] == [0, 0]
    assert capsys.readouterr().out.splitlines() == ["client demo written", "client demo is as wanted"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--roles", "king"], "roles.0"),
        (["--regions", "Harbin"], "regions.0"),
        (["--id", "a b"], "--id must have"),
        (["--organisation", "x"], "badly formed"),
    ],
)
def test_what_cannot_be_is_refused(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str], arguments: list[str], reason: str
) -> None:
    assert main([*CREATE, *arguments]) == 1
    assert reason in capsys.readouterr().err


def test_a_short_secret_is_refused(
    environment: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "secret").write_text("short\n")
    assert main([*CREATE, "--id", "demo", "--secret-file", str(tmp_path / "secret")]) == 1
    assert "fewer than 16" in capsys.readouterr().err


def test_a_taken_name_is_refused(environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert [main(CREATE), main(CREATE)] == [0, 1]
    assert "exists" in capsys.readouterr().err


def test_keys_are_made_and_rotated(environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert [main(["keys", action]) for action in ("init", "init", "rotate")] == [0, 0, 0]
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["keys made", "keys exist already"]
    public = json.loads(Path(environment["GONGPING_KEYS"]).read_text())
    assert lines[2] == f"signing with {public['keys'][0]['kid']}"


def test_keys_need_both_files(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("GONGPING_KEYS", raising=False)
    assert main(["keys", "init", "--signing", "unused.json"]) == 2
    assert "--public" in capsys.readouterr().err
