"""Under which user the servers run: PostgreSQL refuses to run as root."""

import contextlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gongping_local.errors import LocalError

NOBODY = 65534


@dataclass(frozen=True)
class Account:
    """How a server program is started: `uid` to drop to (None: stay), `prefix` before its command."""

    uid: int | None = None
    prefix: tuple[str, ...] = ()

    def own(self, folder: Path) -> None:
        """Give a folder of ours, with all that is in it, to this account; the folder gets mode 0700."""
        folder.chmod(0o700)
        if os.geteuid() != 0:
            return
        uid = self.uid or 0
        if folder.stat().st_uid == uid:
            return
        for parent, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.chown(Path(parent, name), uid, uid, follow_symlinks=False)
        os.chown(folder, uid, uid)  # last, so that an interrupted change is taken up again


OURSELVES = Account()


def choose_account(folder: Path, programs: Sequence[Path]) -> Account:
    """The account that can run these programs on this (existing) folder.

    An ordinary user runs them under the own uid. Root drops to `nobody`; where `nobody` cannot reach the folder or the
    programs (an environment below a root's home of mode 0700), root maps itself to `nobody` in a user namespace, which
    protects less but changes no modes of folders that are not ours.

    Raises:
        LocalError: neither way works; the message names the folder that is in the way.
    """
    if os.geteuid() != 0:
        return OURSELVES
    uid = _unprivileged_uid()
    dropped = Account(uid=uid)
    if all(_runs(program, uid=uid) for program in programs) and _enters(folder.parent, uid=uid):
        return dropped
    unshare = shutil.which("unshare")
    if unshare:
        mapped = Account(prefix=(unshare, "-U", f"--map-user={uid}", f"--map-group={uid}"))
        if all(_runs(program, prefix=mapped.prefix) for program in programs):
            return mapped
    closed = _first_closed(folder.parent, *programs)
    raise LocalError(
        f"PostgreSQL refuses to run as root, the user nobody cannot enter {closed}, and this system forbids user "
        "namespaces (unshare -U): start as an ordinary user, or move the checkout and the state folder (make run "
        "STATE=...) to where other users may enter"
    )


def _unprivileged_uid() -> int:
    # PostgreSQL looks the effective user up and refuses one that has no entry.
    with contextlib.suppress(KeyError):
        return pwd.getpwuid(NOBODY).pw_uid
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("nobody").pw_uid
    raise LocalError("PostgreSQL refuses to run as root and there is no user nobody: start as an ordinary user")


def _runs(program: Path, *, uid: int | None = None, prefix: tuple[str, ...] = ()) -> bool:
    flag = "-v" if program.name == "nats-server" else "--version"
    return _succeeds([*prefix, str(program), flag], uid=uid)


def _enters(folder: Path, *, uid: int) -> bool:
    return _succeeds(["/bin/sh", "-c", 'cd "$0"', str(folder)], uid=uid)


def _succeeds(command: list[str], *, uid: int | None) -> bool:
    groups: list[int] | None = None if uid is None else []
    try:
        done = subprocess.run(
            command,
            user=uid,
            group=uid,
            extra_groups=groups,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _first_closed(*paths: Path) -> Path:
    for path in paths:
        resolved = path.resolve()
        for parent in (*reversed(resolved.parents), resolved):
            if parent.is_dir() and not parent.stat().st_mode & 0o001:
                return parent
    return paths[0]
