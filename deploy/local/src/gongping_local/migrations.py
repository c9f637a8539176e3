"""Which database is up to date already, so that a later start need not load every service twice."""

import contextlib
import hashlib
import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path

import asyncpg

from gongping_local.errors import LocalError
from gongping_local.postgres import connected
from gongping_local.process import write_atomically
from gongping_local.services import command
from gongping_local.state import State


async def migrate(state: State, service: str, *, env: Mapping[str, str]) -> None:
    """Migrate a service's database, unless it is where it was left and the migrations are the same files.

    Raises:
        LocalError: the migration failed; the message carries the end of its log.
    """
    files = fingerprint(service)
    note = state.folder / "migrated" / f"{service}.json"
    if files == _noted(note).get("files") and await _revision(env["DATABASE_URL"]) == _noted(note).get("revision"):
        return
    await command(state, service, "migrate", env=env)
    note.parent.mkdir(exist_ok=True)
    revision = await _revision(env["DATABASE_URL"])
    write_atomically(note, json.dumps({"files": files, "revision": revision}))


def fingerprint(service: str) -> str:
    """Hash over a service's migration files, inside its package or beside it in a checkout."""
    spec = importlib.util.find_spec(service)  # finds without importing
    if spec is None or spec.origin is None:
        raise LocalError(f"the service {service} is not installed: run `make setup`")
    package = Path(spec.origin).parent
    digest = hashlib.sha256()
    for folder in (package / "migrations", package.parents[1] / "migrations"):
        for file in sorted(folder.rglob("*.py")):
            digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _noted(note: Path) -> dict[str, object]:
    try:
        read: dict[str, object] = json.loads(note.read_text())
    except (OSError, ValueError):
        return {}
    return read


async def _revision(url: str) -> str | None:
    """Alembic's own record in the database; None for one that was never migrated."""
    async with connected(url) as connection:
        with contextlib.suppress(asyncpg.UndefinedTableError):
            return str(await connection.fetchval("SELECT string_agg(version_num, ',' ORDER BY 1) FROM alembic_version"))
    return None
