"""The private keys that tokens are signed with, in a file of the gateway's; their public halves in one for all.

Rotation: `rotate` puts a new key first and keeps the one before as second, in both files. Tokens of the old key are
accepted until the next rotation, which must therefore be at least a token's life later. Services read the public file
again when it changes (within a second); the gateway signs with the new key only when the public file is that old, so
that no service meets a token whose key it has not read yet.
"""

import contextlib
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from joserfc.jwk import KeySet, OKPKey

from shared.auth import new_signing_key

__all__ = ["SigningKeys", "init_keys", "rotate_keys"]

_SETTLE_SECONDS = 3.0
_PUBLISHED = 2


class SigningKeys:
    """The signing file, read again when it changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._modified = 0.0
        self._checked = 0.0
        self._keys: list[OKPKey] = []

    def _current(self) -> list[OKPKey]:
        if time.monotonic() - self._checked > 1 or not self._keys:
            modified = self._path.stat().st_mtime
            if modified != self._modified:
                self._keys = _read(self._path)
                self._modified = modified
            self._checked = time.monotonic()
        return self._keys

    def signing(self) -> OKPKey:
        """The key to sign with: the newest, once every service has had the time to read it."""
        keys = self._current()
        fresh = time.time() - self._modified < _SETTLE_SECONDS
        return keys[1] if fresh and len(keys) > 1 else keys[0]

    def public(self) -> dict[str, Any]:
        """The JWKS document with the public halves (RFC 7517)."""
        return _public(self._current())


def _read(path: Path) -> list[OKPKey]:
    keys = KeySet.import_key_set(json.loads(path.read_text(encoding="utf-8"))).keys
    found = [key for key in keys if isinstance(key, OKPKey)]
    if not found or not all(key.is_private for key in found):
        raise ValueError(f"{path} must hold private Ed25519 keys; make it with `python -m gateway keys init`")
    return found


def _public(keys: list[OKPKey]) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False) for key in keys]}


def _write(path: Path, document: dict[str, Any], *, mode: int) -> None:
    """Replace a file in one step: a reader sees the old or the new, never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def _save(keys: list[OKPKey], *, signing: Path, public: Path) -> None:
    # The public file first: a verifier may know a key too early, never too late.
    _write(public, _public(keys), mode=0o644)
    _write(signing, {"keys": [key.as_dict(private=True) for key in keys]}, mode=0o600)


def init_keys(*, signing: Path, public: Path) -> bool:
    """Make both files where there is no signing file yet; returns whether it did. A lost public file is made again."""
    if signing.exists():
        if not public.exists():
            _write(public, _public(_read(signing)), mode=0o644)
        return False
    _save([new_signing_key()], signing=signing, public=public)
    return True


def rotate_keys(*, signing: Path, public: Path) -> str:
    """Sign with a new key from now on, and accept the one before for a while; returns the new key's id."""
    key = new_signing_key()
    _save([key, *_read(signing)][:_PUBLISHED], signing=signing, public=public)
    return key.kid or ""
