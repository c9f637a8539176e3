import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import structlog

from gateway.views.schemas import DossierOut, Part, PartOk, PartUnavailable
from shared import clock
from shared.auth import Principal
from shared.problems import NotFound, Unauthorized, Unavailable

__all__ = ["compose_dossier"]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Caller:
    """On whose behalf the services are asked."""

    principal: Principal
    headers: Mapping[str, str]
    seconds: float


async def compose_dossier(
    upstreams: Mapping[str, httpx.AsyncClient],
    contract_id: UUID,
    *,
    principal: Principal,
    headers: Mapping[str, str],
    seconds: float,
    most_waves: int,
) -> DossierOut:
    """Ask the three services at the same time; a part that is down or late is named, never guessed.

    Raises:
        NotFound: the contract does not exist or lies outside the caller's regions.
        Unauthorized: the token ended on the way.
        Unavailable: no service answered at all.
    """
    caller = _Caller(principal, headers, seconds)
    composed_at = clock.now()
    contract, feedback, score = await asyncio.gather(
        _part("contracts", _contract(upstreams["contracts"], contract_id, caller), caller),
        _part("surveys", _feedback(upstreams["surveys"], contract_id, caller, most_waves), caller),
        _part("scoring", _read(upstreams["scoring"], f"/v1/scores/{contract_id}", caller), caller),
    )
    parts = (contract, feedback, score)
    if all(isinstance(part, PartUnavailable) for part in parts):
        raise Unavailable(
            "None of the services behind the dossier answers.", parts=[part.model_dump() for part in parts]
        )
    return DossierOut(
        contract_id=contract_id,
        composed_at=composed_at,
        complete=all(isinstance(part, PartOk) for part in parts),
        contract=contract,
        feedback=feedback,
        score=score,
    )


async def _part(service: str, work: Any, caller: _Caller) -> Part:  # noqa: ANN401 - a coroutine of any JSON value
    """Run one part within its time and turn its failure into the reason for it."""
    try:
        async with asyncio.timeout(caller.seconds):
            return PartOk(status="ok", data=await work)
    except (TimeoutError, httpx.TimeoutException):
        reason = f"The service {service} did not answer within {caller.seconds:g} s."
    except httpx.TransportError:
        reason = f"The service {service} cannot be reached."
    except httpx.HTTPStatusError as error:
        if error.response.status_code == 403:
            return PartUnavailable(status="unavailable", reason="Your role may not read this part.")
        reason = f"The service {service} answered {error.response.status_code}."
    except ValueError:
        reason = f"The service {service} sent an answer that cannot be read."
    _log.warning("a part of a dossier is missing", service=service, reason=reason)
    return PartUnavailable(status="unavailable", reason=reason)


async def _read(upstream: httpx.AsyncClient, path: str, caller: _Caller) -> Any:  # noqa: ANN401 - any JSON value
    """A service's answer, None for 404.

    Raises:
        Unauthorized: the service refused the token.
        NotFound: the answer belongs to a region outside the caller's scope.
        httpx.HTTPError: anything else that is no success.
    """
    answer = await upstream.get(path, headers=dict(caller.headers))
    if answer.status_code == 401:
        raise Unauthorized("The token has expired; ask /oauth/token for a new one.")
    if answer.status_code == 404:
        return None
    answer.raise_for_status()
    region = answer.headers.get("Gongping-Region")
    if region is not None and not caller.principal.may_see(region):
        raise _not_found()
    return answer.json()


async def _contract(upstream: httpx.AsyncClient, contract_id: UUID, caller: _Caller) -> Any:  # noqa: ANN401 - any JSON value
    contract = await _read(upstream, f"/v1/contracts/{contract_id}", caller)
    if contract is None:
        raise _not_found()
    return contract


async def _feedback(upstream: httpx.AsyncClient, contract_id: UUID, caller: _Caller, most_waves: int) -> Any:  # noqa: ANN401 - any JSON value
    """The newest waves, each with its results where they are published."""
    page = await _read(upstream, f"/v1/waves?contract_id={contract_id}&limit={most_waves}", caller)
    if page is None:
        return None
    waves: list[dict[str, Any]] = page["items"]
    results = await asyncio.gather(
        *(_part("surveys", _read(upstream, f"/v1/waves/{wave['id']}/results", caller), caller) for wave in waves)
    )
    return {
        "waves": [wave | {"results": result.model_dump()} for wave, result in zip(waves, results, strict=True)],
        "more": page.get("next") is not None,
    }


def _not_found() -> NotFound:
    return NotFound("There is no such contract, or it lies outside your regions.")
