"""`Idempotency-Key` on POST: the committed answer is stored with the effect and replayed for 24 hours.

The lock is tried, not waited for: a second request with the same key while the first one runs gets 409 at once.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from fastapi import Request, Response
from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.jobs import ClaimedJob, Job
from shared.problems import Conflict, Unprocessable

__all__ = ["IdempotencyRequest", "purge_job", "replay", "request_of", "store"]

_MAX_KEY = 200
_KEPT_HEADERS = ("content-type", "etag", "location", "gongping-region", "link")


class IdempotencyInProgress(Conflict):
    """The same key is being worked on by another request."""

    slug, title = "idempotency-in-progress", "A request with this key is in progress"


class IdempotencyMismatch(Unprocessable):
    """The key was used for another body."""

    slug, title = "idempotency-mismatch", "This key was used for another request"


@dataclass(frozen=True, slots=True)
class IdempotencyRequest:
    """What identifies a repeated request."""

    client: str
    method: str
    path: str
    key: str
    body_sha256: bytes


async def request_of(request: Request, client: str) -> IdempotencyRequest | None:
    """The request's identity, or None when it carries no key."""
    key = request.headers.get("idempotency-key")
    if request.method != "POST" or key is None:
        return None
    if not 1 <= len(key) <= _MAX_KEY:
        raise Unprocessable(
            "Idempotency-Key must have 1 to 200 characters.",
            errors=[{"pointer": "header:idempotency-key", "detail": "1 to 200 characters"}],
        )
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return IdempotencyRequest(client, "POST", path, key, hashlib.sha256(await request.body()).digest())


async def replay(session: AsyncSession, asked: IdempotencyRequest) -> Response | None:
    """Take the key's lock and return the stored answer when there is one."""
    parameters = {"client": asked.client, "method": asked.method, "path": asked.path, "key": asked.key}
    lock = "\x1f".join(parameters.values())
    obtained = await session.execute(
        text("SELECT pg_try_advisory_xact_lock(hashtextextended(:lock, 0))"), {"lock": lock}
    )
    if not obtained.scalar_one():
        raise IdempotencyInProgress(
            "A request with this Idempotency-Key is still running; ask again when it has ended."
        )
    stored = (
        await session.execute(
            text(
                "SELECT body_sha256, status, headers, body FROM idempotency "
                "WHERE client = :client AND method = :method AND path = :path AND key = :key"
            ),
            parameters,
        )
    ).first()
    if stored is None:
        return None
    if bytes(stored.body_sha256) != asked.body_sha256:
        raise IdempotencyMismatch(
            "This Idempotency-Key was sent before with another body; use a new key for a new request."
        )
    return Response(bytes(stored.body), stored.status, {**stored.headers, "Idempotency-Replayed": "true"})


async def store(session: AsyncSession, asked: IdempotencyRequest, response: Response) -> None:
    """Keep a successful answer in the transaction of its effect."""
    if not 200 <= response.status_code < 300:
        return
    headers = {name: value for name, value in response.headers.items() if name in _KEPT_HEADERS}
    await session.execute(
        text(
            "INSERT INTO idempotency (client, method, path, key, body_sha256, status, headers, body, created_at) "
            "VALUES (:client, :method, :path, :key, :sha, :status, CAST(:headers AS jsonb), :body, :now)"
        ),
        {
            "client": asked.client,
            "method": asked.method,
            "path": asked.path,
            "key": asked.key,
            "sha": asked.body_sha256,
            "status": response.status_code,
            "headers": to_json(headers).decode(),
            "body": bytes(response.body),
            "now": clock.now(),
        },
    )


def purge_job(hours: int) -> Job:
    """The recurring job that forgets answers older than the retention."""

    async def purge(session: AsyncSession, _: ClaimedJob) -> None:
        await session.execute(
            text("DELETE FROM idempotency WHERE created_at < :before"), {"before": clock.now() - timedelta(hours=hours)}
        )

    return Job("idempotency.purge", purge, every=timedelta(minutes=10))
