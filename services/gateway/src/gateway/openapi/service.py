import asyncio
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import structlog

from gateway.openapi.merge import merge_documents
from gateway.proxy.table import find_prefix
from gateway.settings import GatewaySettings
from gateway.upstreams import upstreams_of

__all__ = ["MergedDocument", "merged_document", "passed_to"]

_log = structlog.get_logger(__name__)
_FETCH_SECONDS = 3.0
_INCOMPLETE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class MergedDocument:
    """The merged document, ready to be sent."""

    document: dict[str, Any]
    body: bytes
    etag: str
    until: float


def passed_to(service: str, path: str) -> bool:
    """Whether the gateway passes an OpenAPI path on to a service."""
    prefix = find_prefix(path)
    return prefix is not None and prefix.service == service


async def merged_document(state: Any, own: dict[str, Any]) -> MergedDocument:  # noqa: ANN401 - an application's state
    """The gateway's document merged with those of the services that can be reached now; kept for a while.

    A document that lacks a service says so in `x-gongping-services` and is made anew soon.
    """
    kept: MergedDocument | None = getattr(state, "merged_document", None)
    if kept is not None and time.monotonic() < kept.until:
        return kept
    settings: GatewaySettings = state.settings
    services = await _fetch(upstreams_of(state))
    document = merge_documents(own, services, belongs=passed_to)
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    complete = all(found is not None for found in services.values())
    until = time.monotonic() + (
        settings.openapi_seconds if complete else min(_INCOMPLETE_SECONDS, settings.openapi_seconds)
    )
    merged = MergedDocument(document, body, f'"{hashlib.sha256(body).hexdigest()[:32]}"', until)
    state.merged_document = merged
    return merged


async def _fetch(upstreams: Mapping[str, httpx.AsyncClient]) -> dict[str, dict[str, Any] | None]:
    documents = await asyncio.gather(*(_document(name, upstream) for name, upstream in upstreams.items()))
    return dict(zip(upstreams, documents, strict=True))


async def _document(service: str, upstream: httpx.AsyncClient) -> dict[str, Any] | None:
    try:
        async with asyncio.timeout(_FETCH_SECONDS):
            answer = await upstream.get("/openapi.json")
        document = answer.raise_for_status().json()
    except (httpx.HTTPError, TimeoutError, ValueError) as error:
        _log.warning("no OpenAPI document", service=service, error=repr(error))
        return None
    return document if isinstance(document, dict) else None
