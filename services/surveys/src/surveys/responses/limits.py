"""How many answers may come from one address, and the bursts that results are told of.

The limits are the reference's: ten answers a minute and thirty an hour from an address without an invitation, ten wrong
tokens a minute, sixty batches a minute from one collector. An address is known as a keyed hash for at most an hour, in
the memory of the process: the key is drawn at random every day and never stored, and with it the hashes become
meaningless. Nothing of this is in the database, and several processes count each for itself.
"""

import hashlib
import hmac
import ipaddress
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from surveys.responses.errors import TooManyAnswers

__all__ = ["BURST_WINDOW", "Limits", "Quotas", "bursts"]

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
BURST_WINDOW = timedelta(minutes=10)
REMEMBERED = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """What is allowed per address or collector; `network_burst` is the number from one network in ten minutes."""

    answers_per_minute: int = 10
    answers_per_hour: int = 30
    unproven_per_hour: int = 3
    wrong_tokens_per_minute: int = 10
    batches_per_minute: int = 60
    network_burst: int = 20


class Limits:
    """The counts of one process. An address None is not limited: the caller is known by other means."""

    def __init__(self, quotas: Quotas, *, now: Callable[[], float] = time.monotonic) -> None:
        self._quotas = quotas
        self._now = now
        self._seen: OrderedDict[bytes, deque[float]] = OrderedDict()
        self._key, self._key_since = secrets.token_bytes(32), now()

    def admit_answer(self, address: str | None) -> None:
        """Count an answer that comes without an invitation.

        Raises:
            TooManyAnswers: with the seconds to wait.
        """
        if address is None:
            return
        quotas = self._quotas
        seen = self._of("answer", _host(address), HOUR, max(quotas.answers_per_minute, quotas.answers_per_hour))
        self._refuse(seen, quotas.answers_per_minute, MINUTE)
        self._refuse(seen, quotas.answers_per_hour, HOUR)
        seen.append(self._now())

    def admit_unproven(self, address: str | None) -> None:
        """Count an answer to an open link that comes without a proof of work, from a browser that runs no script.

        Raises:
            TooManyAnswers: with the seconds to wait.
        """
        if address is None:
            return
        most = self._quotas.unproven_per_hour
        seen = self._of("unproven", _host(address), HOUR, most)
        self._refuse(seen, most, HOUR)
        seen.append(self._now())

    def admit_try(self, address: str | None) -> None:
        """Look whether an address may try a token (before the try; `note_wrong_token` counts).

        Raises:
            TooManyAnswers: too many of its tokens were wrong.
        """
        if address is not None:
            most = self._quotas.wrong_tokens_per_minute
            self._refuse(self._of("token", _host(address), MINUTE, most), most, MINUTE)

    def note_wrong_token(self, address: str | None) -> None:
        """A token of this address was wrong. Right ones are not counted: a household shares an address."""
        if address is not None:
            most = self._quotas.wrong_tokens_per_minute
            self._of("token", _host(address), MINUTE, most).append(self._now())

    def admit_batch(self, collector: str) -> None:
        """Count a batch of a collector.

        Raises:
            TooManyAnswers: with the seconds to wait.
        """
        most = self._quotas.batches_per_minute
        seen = self._of("batch", collector, MINUTE, most)
        self._refuse(seen, most, MINUTE)
        seen.append(self._now())

    def note_answer(self, address: str | None, wave: str) -> bool:
        """Count an answer to a wave from a network (/24, /48); True when it is one of an unusual burst."""
        if address is None:
            return False
        most = self._quotas.network_burst
        seen = self._of("network", f"{wave} {_network(address)}", BURST_WINDOW.total_seconds(), most + 1)
        seen.append(self._now())
        return len(seen) > most

    def _of(self, kind: str, subject: str, seconds: float, most: int) -> deque[float]:
        """The last times of a subject, at most `most` and within so many seconds."""
        moment = self._now()
        if moment - self._key_since >= DAY:
            self._key, self._key_since = secrets.token_bytes(32), moment
            self._seen.clear()
        name = hmac.digest(self._key, f"{kind} {subject}".encode(), hashlib.sha256)[:16]
        seen = self._seen.pop(name, None) or deque(maxlen=most)
        self._seen[name] = seen
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        while seen and seen[0] <= moment - seconds:
            seen.popleft()
        return seen

    def _refuse(self, seen: deque[float], most: int, seconds: float) -> None:
        moment = self._now()
        if len(seen) >= most and seen[-most] > moment - seconds:
            wait = max(1, round(seen[-most] + seconds - moment + 0.5))
            raise TooManyAnswers(f"Too many at once from here; wait {wait} s and send it again.", retry_after=wait)


def bursts(collected: Sequence[tuple[str, datetime]], *, most: int) -> list[bool]:
    """For each (enumerator, instant) of a batch whether more than `most` of the enumerator's fall into ten minutes."""
    flagged = [False] * len(collected)
    by_enumerator: dict[str, list[tuple[datetime, int]]] = {}
    for index, (enumerator, at) in enumerate(collected):
        by_enumerator.setdefault(enumerator, []).append((at, index))
    for timed in by_enumerator.values():
        if len(timed) <= most:
            continue
        timed.sort()
        start = flagged_to = 0
        for end, (at, _) in enumerate(timed):
            while at - timed[start][0] >= BURST_WINDOW:
                start += 1
            if end - start >= most:
                for _, index in timed[max(start, flagged_to) : end + 1]:
                    flagged[index] = True
                flagged_to = end + 1
    return flagged


def _host(address: str) -> str:
    """The address of a customer: an IPv6 line has 2^64 addresses of its own."""
    return _prefix(address, 64) if ":" in address else address


def _network(address: str) -> str:
    return _prefix(address, 48) if ":" in address else address.rpartition(".")[0] or address


def _prefix(address: str, length: int) -> str:
    try:
        return str(ipaddress.IPv6Network((address.partition("%")[0], length), strict=False))
    except ValueError:
        return address
