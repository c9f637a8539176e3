"""The state folder of a local deployment: what lies where, whose it is, who holds it."""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gongping_local.errors import AlreadyRunningError, LocalError
from gongping_local.process import write_atomically

MARKER = "gongping-state.json"
SERVICES = ("contracts", "surveys", "scoring", "gateway")


@dataclass(frozen=True)
class State:
    """Paths below the state folder. The folder and everything secret in it belong to the user who starts Gongping."""

    folder: Path

    @property
    def servers(self) -> Path:
        """Data of PostgreSQL and NATS, mode 0700, owned by the account that runs them."""
        return self.folder / "servers"

    @property
    def logs(self) -> Path:
        """One log per process."""
        return self.folder / "logs"

    @property
    def keys(self) -> Path:
        """Public keys (JWKS) that the services verify tokens with."""
        return self.folder / "keys" / "jwks.json"

    @property
    def signing_keys(self) -> Path:
        """Private keys (JWKS) that the gateway signs tokens with."""
        return self.folder / "keys" / "signing.json"

    @property
    def surveys_key(self) -> Path:
        """Secret that the surveys service hashes tokens, codes and references with."""
        return self.folder / "keys" / "surveys.key"

    @property
    def contracts_key(self) -> Path:
        """Secret that the contracts service hashes the identity of individual providers with."""
        return self.folder / "keys" / "contracts.key"

    @property
    def files(self) -> Path:
        """Content of documents, by hash."""
        return self.folder / "files"

    @property
    def client(self) -> Path:
        """URL and credentials of the demonstration's client."""
        return self.folder / "client.json"

    @property
    def demonstration(self) -> Path:
        """What the demonstration has left in the databases; absent before its first success."""
        return self.folder / "demonstration.json"

    def log(self, name: str) -> Path:
        """Log of a process."""
        return self.logs / f"{name}.log"

    def record(self, name: str) -> Path:
        """Record of a running process (pid and start time)."""
        return self.folder / "run" / f"{name}.json"

    def records(self) -> list[Path]:
        """Records of all processes, ours or left behind."""
        return sorted((self.folder / "run").glob("*.json"))


def default_folder() -> Path:
    """GONGPING_STATE, else `.gongping` in the working directory (`make run`: the project's folder)."""
    return Path(os.environ.get("GONGPING_STATE") or ".gongping").absolute()


def open_state(folder: Path) -> State:
    """Make the folder, or recognise it as one of ours.

    Raises:
        LocalError: it holds something else, or belongs to another user; nothing in it was touched.
    """
    try:
        return _open(folder)
    except PermissionError as error:
        raise LocalError(f"{error.filename} belongs to another user: name another state folder (STATE=...)") from error


def _open(folder: Path) -> State:
    if folder.exists() and not folder.is_dir():
        raise LocalError(f"{folder} is a file: name another state folder (STATE=...)")
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        raise LocalError(f"{folder} is not empty and no state folder of Gongping: name another one (STATE=...)")
    folder.mkdir(parents=True, exist_ok=True)
    # Started by root the servers run as nobody, who has to pass through to `servers`; nothing else is open to others.
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    if not (folder / MARKER).exists():
        write_atomically(folder / MARKER, json.dumps({"made_by": "gongping", "layout": 1}))
    state = State(folder)
    for part in (state.servers, state.logs, state.keys.parent, state.folder / "run"):
        part.mkdir(exist_ok=True)
        part.chmod(0o700)
    return state


@contextmanager
def held(state: State, *, url: str) -> Iterator[None]:
    """Hold the folder: only one supervisor at a time may work on it. The kernel lets go of it when the process ends.

    Raises:
        AlreadyRunningError: another one does; the message says which and where.
    """
    with (state.folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise AlreadyRunningError(_who_holds(lock.read(), state)) from error
        lock.truncate(0)
        json.dump({"pid": os.getpid(), "url": url}, lock)
        lock.flush()
        yield


def _who_holds(written: str, state: State) -> str:
    try:
        holder = json.loads(written)
        where = f"process {holder['pid']}, {holder['url']}"
    except (ValueError, KeyError):  # it has just begun and not said yet where it is
        where = "another process"
    return f"Gongping already runs on {state.folder}: {where}; stop that one, or name another state folder (STATE=...)"


def clear(state: State) -> None:
    """Remove all data, logs and credentials of a held state folder."""
    for entry in state.folder.iterdir():
        if entry.name in ("lock", MARKER):
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    open_state(state.folder)


@dataclass(frozen=True)
class Passwords:
    """Passwords of this deployment's servers, made once."""

    postgres: str
    nats: str
    roles: dict[str, str]


def passwords(state: State) -> Passwords:
    """The folder's passwords; made when there are none yet."""
    file = state.folder / "passwords.json"
    if not file.exists():
        made = {"postgres": _secret(), "nats": _secret(), "roles": {service: _secret() for service in SERVICES}}
        write_atomically(file, json.dumps(made, indent=1))
    read = json.loads(file.read_text())
    return Passwords(postgres=read["postgres"], nats=read["nats"], roles=dict(read["roles"]))


def make_hash_keys(state: State) -> None:
    """Make the secrets that services hash with when there are none yet: new ones would fit nothing that is stored."""
    for key in (state.surveys_key, state.contracts_key):
        if not key.exists():
            write_atomically(key, secrets.token_urlsafe(48))


def _secret() -> str:
    return secrets.token_urlsafe(24)
