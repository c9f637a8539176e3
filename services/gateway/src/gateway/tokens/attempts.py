"""Checking secrets without letting anybody use the check as a weapon.

A check costs 50 ms of a core and 64 MiB on purpose. So: it runs in a thread, only a few at a time; a secret that was
right is remembered as a keyed hash, and one that was wrong too; and who sends many wrong ones is told to wait.
"""

import asyncio
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from gateway.clients.secrets import UNKNOWN_CLIENT_HASH, verify_secret
from gateway.tokens.errors import TokenRefused

__all__ = ["SecretChecker"]

_Value = TypeVar("_Value")
_WINDOW_SECONDS = 60.0
_PER_ADDRESS = 6
_MOST_REMEMBERED = 10_000
_MOST_WAITING_PER_CHECK = 16


class _Limit:
    """Counts events per key in fixed windows; the oldest key is forgotten when there are too many."""

    def __init__(self, most: int, now: Callable[[], float]) -> None:
        self._most = most
        self._now = now
        self._windows: OrderedDict[object, tuple[float, int]] = OrderedDict()

    def wait(self, key: object) -> int:
        """Whole seconds until the key may try again, 0 when it may now."""
        started, count = self._windows.get(key, (0.0, 0))
        left = started + _WINDOW_SECONDS - self._now()
        return max(1, round(left)) if count >= self._most and left > 0 else 0

    def note(self, key: object) -> None:
        started, count = self._windows.pop(key, (0.0, 0))
        moment = self._now()
        self._windows[key] = (moment, 1) if moment - started >= _WINDOW_SECONDS else (started, count + 1)
        if len(self._windows) > _MOST_REMEMBERED:
            self._windows.popitem(last=False)


class SecretChecker:
    """Decides whether a secret belongs to a client."""

    def __init__(self, *, at_once: int, wrong_per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        # A key of this process alone: a dump of the memory tables is of no use elsewhere.
        self._key = secrets.token_bytes(32)
        self._right: OrderedDict[bytes, None] = OrderedDict()
        self._wrong: OrderedDict[bytes, float] = OrderedDict()
        self._now = now
        self._threads = asyncio.Semaphore(at_once)
        self._waiting = 0
        self._most_waiting = at_once * _MOST_WAITING_PER_CHECK
        self._by_client = _Limit(wrong_per_minute, now)
        self._by_address = _Limit(wrong_per_minute * _PER_ADDRESS, now)
        self.checked = 0

    async def check(self, *, client_id: str, secret_hash: str | None, secret: str, address: str) -> bool:
        """Whether the secret is right; `secret_hash` None stands for an unknown client and takes as long.

        Raises:
            TokenRefused: too many wrong secrets (429), or too many checks waiting (503).
        """
        mark = self._mark(client_id, secret_hash, secret)
        if mark in self._right:
            self._right.move_to_end(mark)
            return True
        wait = max(self._by_client.wait((client_id, address)), self._by_address.wait(address))
        if wait:
            raise TokenRefused("slow_down", f"Too many wrong secrets; wait {wait} s.", status=429, retry_after=wait)
        if self._wrong.get(mark, 0.0) > self._now():
            right = False
        else:
            right = await self._verify(secret_hash, secret)
        if right:
            _remember(self._right, mark, None)
        else:
            _remember(self._wrong, mark, self._now() + _WINDOW_SECONDS)
            self._by_client.note((client_id, address))
            self._by_address.note(address)
        return right

    async def _verify(self, secret_hash: str | None, secret: str) -> bool:
        if self._waiting >= self._most_waiting:
            raise TokenRefused(
                "temporarily_unavailable", "Too many token requests wait; try again.", status=503, retry_after=1
            )
        self._waiting += 1
        try:
            async with self._threads:
                self.checked += 1
                right = await asyncio.to_thread(verify_secret, secret_hash or UNKNOWN_CLIENT_HASH, secret)
        finally:
            self._waiting -= 1
        return right and secret_hash is not None

    def _mark(self, client_id: str, secret_hash: str | None, secret: str) -> bytes:
        # The stored hash is part of the mark: a changed secret makes what was remembered void.
        parts = (client_id, secret_hash or "", secret)
        message = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
        return hmac.digest(self._key, message, hashlib.sha256)


def _remember(memory: OrderedDict[bytes, _Value], mark: bytes, value: _Value) -> None:
    memory[mark] = value
    if len(memory) > _MOST_REMEMBERED:
        memory.popitem(last=False)
