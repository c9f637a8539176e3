"""What the server runs: an ASGI application that passes requests on and leaves the rest to FastAPI."""

import time
from functools import partial

import structlog
from prometheus_client import Histogram
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.proxy.access import Access, check_query_region
from gateway.proxy.errors import AmbiguousRequest, ClientGone, MethodNotPassed
from gateway.proxy.forward import Forwarder
from gateway.proxy.headers import RequestHeaders, read_request
from gateway.proxy.pages import unavailable_page
from gateway.proxy.table import Prefix, find_prefix
from gateway.proxy.tracing import Tracing
from shared.problems import Problem, TooLarge, problem_response
from shared.telemetry import is_private, metrics

__all__ = ["Front"]

_log = structlog.get_logger("http")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_CLIENT_GONE = 499  # for metrics and traces only; nobody receives it


class Front:
    """Decides for each request where it belongs and whether its token counts."""

    def __init__(self, app: ASGIApp, *, access: Access, forwarder: Forwarder, tracing: Tracing) -> None:
        self._app = app
        self._access = access
        self._forwarder = forwarder
        self._tracing = tracing
        # prometheus_client looks labels up under a lock; the children are few and kept here.
        self._timers: dict[tuple[str, str, int], Histogram] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand the lifespan on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        prefix = find_prefix(scope["path"])
        if prefix is None:
            await self._answer_here(scope, receive, send)
        else:
            await self._pass_on(scope, receive, send, prefix)

    async def _answer_here(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The gateway's own endpoints. Revocation counts for them too; the role is for the endpoint to check."""
        for name, value in scope["headers"]:
            if name == b"authorization" and value[:7].lower() == b"bearer ":
                try:
                    grant = self._access.grant(value)
                except Problem as problem:
                    self._observe(scope["method"], "none", problem.status, 0.0)
                    await problem_response(problem)(scope, receive, send)
                    return
                scope["gongping.principal"] = grant.principal
                scope["gongping.refusal"] = partial(self._access.refusal, grant)
                break
        await self._app(scope, receive, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send, prefix: Prefix) -> None:
        started = time.perf_counter()
        method: str = scope["method"]
        hop = None
        # An answer to a survey leaves counts only: no span, no line in a log, no trace for the service to continue.
        private = is_private(scope["path"])
        try:
            headers = _read(scope)
            if not private:
                hop = self._tracing.hop(headers.traceparent, method)
            grant = self._access.grant(None if prefix.pages else headers.authorization)
            query: bytes = scope["query_string"]
            if query and prefix.scoped:
                check_query_region(grant.principal, query)
            _introduce(scope, headers, hop.header if hop is not None else None)
            status = await self._forwarder.forward(scope, receive, send, prefix=prefix, headers=headers, grant=grant)
        except ClientGone:
            status = _CLIENT_GONE
        except Problem as problem:
            status = problem.status
            response = unavailable_page(problem) if prefix.pages else problem_response(problem)
            if isinstance(problem, TooLarge):
                # The rest of the body is on its way; only a closed connection stops it.
                response.headers["Connection"] = "close"
            await response(scope, receive, send)
        except Exception as error:
            status = 500
            if private:
                _log.error("request could not be passed on", kind=type(error).__name__)
                raise RuntimeError("a private request could not be passed on") from None
            _log.error("request could not be passed on", method=method, route=prefix.template, exc_info=error)
            raise
        finally:
            seconds = time.perf_counter() - started
        self._observe(method, prefix.template, status, seconds)
        if hop is not None:
            hop.end(method=method, route=prefix.template, status=status)
        if status >= 500 and not private:
            _log.warning(
                "request failed",
                method=method,
                route=prefix.template,
                status=status,
                seconds=round(seconds, 4),
                trace_id=hop.trace_id if hop is not None else None,
            )

    def _observe(self, method: str, route: str, status: int, seconds: float) -> None:
        key = (method if method in _METHODS else "other", route, status)
        timer = self._timers.get(key)
        if timer is None:
            timer = self._timers[key] = metrics.requests.labels(*key)
        timer.observe(seconds)


def _read(scope: Scope) -> RequestHeaders:
    """The request's headers, where method and path are such that they may be passed on."""
    if scope["method"] not in _METHODS:
        raise MethodNotPassed(f"The method {scope['method']} is not supported.")
    if ".." in scope["path"]:
        raise AmbiguousRequest("The path must not hold `..`.")
    return read_request(scope["headers"])


def _introduce(scope: Scope, headers: RequestHeaders, traceparent: str | None) -> None:
    """Add what only the gateway may say: the trace, and where the request came from."""
    client = scope.get("client")
    if traceparent is not None:
        headers.forwarded.append(("traceparent", traceparent))
    headers.forwarded += (
        ("X-Forwarded-For", client[0] if client else "unknown"),
        ("X-Forwarded-Proto", scope["scheme"]),
        ("X-Forwarded-Host", headers.host.decode("latin-1")),
    )
