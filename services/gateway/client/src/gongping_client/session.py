"""One connection to the gateway: the token and its renewal, safe repetition, problems as exceptions."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx

from gongping_client.errors import ProblemError, UnreachableError, problem_of

__all__ = ["Session"]

_RENEW_BEFORE_SECONDS = 30.0
_TRIES = 4
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_REPEATABLE = frozenset({429, 502, 503, 504})


class Session:
    """Sends requests with a token by client credentials, which is renewed before it ends and after a 401.

    A request that got no answer, or 429, 502, 503 or 504, is sent again up to three times with a growing pause. That is
    safe: each POST carries an Idempotency-Key, the same one on each try, and PATCH, which cannot be repeated, is not.

    Args:
        url: address of the gateway, without `/v1`.
        client_id: the machine client; None asks as the anonymous public.
        client_secret: its secret.
        token: a bearer token from elsewhere in place of the client (never renewed).
        timeout: seconds for one answer.
        transport: an httpx transport in place of the network (tests).
        pause: seconds before the first repetition; doubles each time.
    """

    def __init__(
        self,
        url: str,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        token: str | None = None,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
        pause: float = 0.2,
    ) -> None:
        address = httpx.URL(url.rstrip("/"))
        self._client = httpx.AsyncClient(
            base_url=address,
            timeout=timeout,
            transport=transport,
            follow_redirects=False,
            trust_env=address.host not in _LOOPBACK,  # a proxy of the environment does not lead to this machine
        )
        self._client_id = client_id
        self._client_secret = client_secret
        self._token = token
        self._renew_at = float("inf") if token else 0.0
        self._renewing = asyncio.Lock()
        self._pause = pause

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    @property
    def http(self) -> httpx.AsyncClient:
        """The httpx client, for streams."""
        return self._client

    async def authorization(self, *, rejected: str | None = None) -> dict[str, str]:
        """The Authorization header; a new token is fetched when there is none, it ends soon, or it was rejected."""
        if self._client_id is None and self._token is None:
            return {}
        if self._token is None or self._token == rejected or time.monotonic() >= self._renew_at:
            async with self._renewing:  # many requests at once renew once
                if self._token is None or self._token == rejected or time.monotonic() >= self._renew_at:
                    await self._fetch_token()
        return {"Authorization": f"Bearer {self._token}"}

    async def _fetch_token(self) -> None:
        if self._client_id is None:
            return
        asked = time.monotonic()
        form = {"grant_type": "client_credentials"}
        response = await self._send(
            "POST", "/oauth/token", data=form, auth=httpx.BasicAuth(self._client_id, self._client_secret or "")
        )
        if response.status_code >= 400:
            raise problem_of(response)
        document = response.json()
        lasts = float(document.get("expires_in", 600))
        self._token = str(document["access_token"])
        self._renew_at = asked + max(lasts - _RENEW_BEFORE_SECONDS, lasts / 2)

    async def _send(self, method: str, path: str, **arguments: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """Send with repetition; the last answer is returned, whatever it is."""
        tries = 1 if method == "PATCH" else _TRIES
        for tried in range(1, tries + 1):
            pause = self._pause * 2 ** (tried - 1)
            try:
                response = await self._client.request(method, path, **arguments)
            except httpx.TransportError as error:
                if tried == tries:
                    reason = str(error) or type(error).__name__
                    raise UnreachableError(f"{self._client.base_url} does not answer: {reason}") from error
            else:
                if tried == tries or not _passing(response):
                    return response
                pause = max(pause, _retry_after(response))
            await asyncio.sleep(pause)
        raise AssertionError  # pragma: no cover - the loop returns or raises

    async def request(  # noqa: D417 - the names say what they are
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        content: bytes | None = None,
        params: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        if_match: str | None = None,
        keyed: bool = True,
    ) -> httpx.Response:
        """Send one request and return its answer.

        Args:
            json: a body that the standard encoder can write; `content` is a JSON body already written.
            if_match: the ETag under which the object was read.
            keyed: whether a POST carries an Idempotency-Key.

        Raises:
            ProblemError: the gateway refused.
            UnreachableError: no answer after the repetitions.
        """
        sent = dict(headers or {})
        if method == "POST" and keyed:
            sent.setdefault("Idempotency-Key", str(uuid4()))
        if if_match is not None:
            sent["If-Match"] = if_match
        body: dict[str, Any] = {} if json is None else {"json": json}
        if content is not None:
            body = {"content": content}
            sent.setdefault("Content-Type", "application/json")
        query = {key: _text(value) for key, value in (params or {}).items() if value is not None}
        authorization = await self.authorization()
        response = await self._send(method, path, params=query, headers=sent | authorization, **body)
        if response.status_code == 401 and self._client_id is not None:
            rejected = authorization["Authorization"].removeprefix("Bearer ")
            authorization = await self.authorization(rejected=rejected)
            response = await self._send(method, path, params=query, headers=sent | authorization, **body)
        if response.status_code >= 400:
            raise problem_of(response)
        return response

    async def get(self, path: str, **params: object) -> Any:  # noqa: ANN401 - any JSON value
        """GET a JSON document."""
        return (await self.request("GET", path, params=params)).json()

    async def find(self, path: str, **params: object) -> Any | None:  # noqa: ANN401 - any JSON value
        """GET a JSON document, or None where there is none (404)."""
        try:
            return await self.get(path, **params)
        except ProblemError as problem:
            if problem.status == 404:
                return None
            raise

    async def post(self, path: str, json: object = None, **options: Any) -> Any:  # noqa: ANN401 - any JSON value
        """POST a JSON document and return the answer's."""
        response = await self.request(
            "POST", path, json={} if json is None and "content" not in options else json, **options
        )
        return response.json() if response.content else None


def _text(value: object) -> str | int | float:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, int | float) else str(value)


def _passing(response: httpx.Response) -> bool:
    """Whether the refusal is one that passes: overload, a service that restarts, our own first try still running."""
    if response.status_code == 409:
        return response.headers.get("content-type", "").startswith("application/problem+json") and (
            problem_of(response).slug == "idempotency-in-progress"
        )
    return response.status_code in _REPEATABLE


def _retry_after(response: httpx.Response) -> float:
    try:
        return min(float(response.headers.get("Retry-After", "0")), 30.0)
    except ValueError:
        return 0.0
