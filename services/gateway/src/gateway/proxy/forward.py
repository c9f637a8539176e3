"""One request to one service and its answer back, streamed both ways."""

import asyncio
from collections.abc import Mapping

import structlog
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from aiohttp import ConnectionTimeoutError as NoConnection
from aiohttp.client_exceptions import ClientConnectorError, InvalidURL
from starlette.types import Receive, Scope, Send
from yarl import URL

from gateway.proxy.access import Grant, check_answer_region
from gateway.proxy.errors import AmbiguousRequest, BadGateway, ClientGone, GatewayTimeout, ServiceDown
from gateway.proxy.headers import RequestHeaders, read_response
from gateway.proxy.table import Prefix, ServiceName
from gateway.proxy.upload import Upload, Watch, Watches, too_large
from shared.problems import Problem

__all__ = ["Forwarder"]

_log = structlog.get_logger(__name__)
_WITHOUT_BODY = (204, 304)
# What the HTTP client would add by itself: a caller that did not send it does not get it sent.
_NOT_ADDED = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


class Forwarder:
    """The pooled connections to the services; the pool is made with the first request, in the loop that serves it."""

    def __init__(
        self,
        upstreams: Mapping[ServiceName, str],
        *,
        max_body_bytes: int,
        connections: int,
        connect_seconds: float,
        answer_seconds: float,
        upload_idle_seconds: float,
        keepalive_seconds: float,
    ) -> None:
        self._origins = {service: url.rstrip("/") for service, url in upstreams.items()}
        self._origin_bytes = {service: origin.encode() for service, origin in self._origins.items()}
        self._max_body = max_body_bytes
        self._connections = connections
        self._upload_idle = upload_idle_seconds
        self._answer_seconds = answer_seconds
        self._keepalive = keepalive_seconds
        # No limit on the whole: an export may stream for minutes. `sock_read` starts when the request has been sent and
        # anew with every piece of the answer.
        self._timeout = ClientTimeout(
            total=None, connect=connect_seconds, sock_connect=connect_seconds, sock_read=answer_seconds
        )
        self._session: ClientSession | None = None
        self._watches = Watches()

    def _pool(self) -> ClientSession:
        if self._session is not None:
            return self._session
        self._session = ClientSession(
            connector=TCPConnector(limit=0, limit_per_host=self._connections, keepalive_timeout=self._keepalive),
            cookie_jar=DummyCookieJar(),  # one caller's cookies must never reach another
            auto_decompress=False,
            skip_auto_headers=_NOT_ADDED,
            timeout=self._timeout,
            trust_env=False,
        )
        return self._session

    async def close(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def forward(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        prefix: Prefix,
        headers: RequestHeaders,
        grant: Grant,
    ) -> int:
        """Pass a request on and its answer back; returns the status that the caller got.

        Raises:
            Problem: nothing has been sent yet, and the problem is the answer.
            ClientGone: the caller went away; the service's request was cancelled.
        """
        upload = self._upload(receive, headers)
        watch = Watch(receive, upload)
        self._watches.add(watch)
        try:
            body = None if upload is None else await upload.start()
            answer = await self._ask(scope, prefix, headers, body)
            try:
                return await self._answer(scope, send, answer, prefix, grant)
            finally:
                # An answer that was read to its end has given its connection back by itself; any other is cut.
                answer.close()
        except asyncio.CancelledError:
            if watch.gone:
                task = asyncio.current_task()
                if task is not None:
                    task.uncancel()
                raise ClientGone from None
            raise
        except (ClientError, TimeoutError) as error:
            if upload is not None and upload.failure is not None:
                raise upload.failure from None
            raise self._problem(error, prefix.service) from error
        finally:
            self._watches.remove(watch)

    def _upload(self, receive: Receive, headers: RequestHeaders) -> Upload | None:
        length = headers.length
        if headers.transfer_encoding is None and (length is None or length == b"0"):
            return None
        if length is not None and int(length) > self._max_body:
            raise too_large(self._max_body)
        return Upload(receive, limit=self._max_body, idle_seconds=self._upload_idle)

    async def _ask(self, scope: Scope, prefix: Prefix, headers: RequestHeaders, body: object) -> ClientResponse:
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        query: bytes = scope["query_string"]
        try:
            target = (raw_path + b"?" + query if query else raw_path).decode("ascii")
            # `encoded`: the path reaches the service byte for byte as the caller wrote it.
            url = URL(self._origins[prefix.service] + target, encoded=True)
        except (UnicodeDecodeError, ValueError):
            raise AmbiguousRequest("The path or query holds bytes that must be percent-encoded.") from None
        try:
            return await self._pool().request(
                scope["method"], url, headers=headers.forwarded, data=body, allow_redirects=False
            )
        except InvalidURL:
            raise AmbiguousRequest("The path or query cannot be read.") from None

    async def _answer(self, scope: Scope, send: Send, answer: ClientResponse, prefix: Prefix, grant: Grant) -> int:
        status = answer.status
        bodiless = status in _WITHOUT_BODY
        headers = read_response(answer.raw_headers, bodiless=bodiless, origin=self._origin_bytes[prefix.service])
        if headers.region is not None and prefix.scoped:
            check_answer_region(grant.principal, headers.region)
        await send({"type": "http.response.start", "status": status, "headers": headers.returned})
        if bodiless or scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return status
        content = answer.content
        try:
            more = True
            while more:
                piece = await content.readany()
                more = not content.at_eof()
                await send({"type": "http.response.body", "body": piece, "more_body": more})
        except (ClientError, TimeoutError) as error:
            # The status line is gone already. Leaving the answer unfinished makes the server cut the connection, which
            # is the only way left to tell the caller that the body is not whole.
            _log.warning("service broke off its answer", service=prefix.service, error=repr(error))
        return status

    def _problem(self, error: Exception, service: ServiceName) -> Problem:
        if isinstance(error, (NoConnection, ClientConnectorError)):
            _log.warning("service cannot be reached", service=service, error=str(error))
            return ServiceDown(f"The service {service} cannot be reached; nothing was changed.", service=service)
        if isinstance(error, TimeoutError):
            _log.warning("service did not answer in time", service=service)
            return GatewayTimeout(
                f"The service {service} did not answer within {self._answer_seconds:g} s; whether it acted is unknown. "
                "Repeat with the same Idempotency-Key.",
                service=service,
            )
        _log.warning("service answered badly", service=service, error=repr(error))
        return BadGateway(
            f"The service {service} broke off before it answered; whether it acted is unknown. "
            "Repeat with the same Idempotency-Key.",
            service=service,
        )
