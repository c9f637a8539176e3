from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from gateway.settings import GatewaySettings
from gateway.tokens.attempts import SecretChecker
from gateway.tokens.errors import TokenRefused
from gateway.tokens.keys import SigningKeys
from gateway.tokens.schemas import Jwks, TokenError, TokenOut
from gateway.tokens.service import issue_token, read_token_request
from shared.db import Database
from shared.problems import Unavailable

__all__ = ["router"]

# No transactional route: the Authorization header may hold Basic credentials here, and nothing is written.
router = APIRouter(tags=["tokens"])

_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {
                            "type": "string",
                            "const": "client_credentials",
                            "description": "The only grant.",
                        },
                        "client_id": {"type": "string", "description": "Unless sent by HTTP Basic."},
                        "client_secret": {"type": "string", "description": "Unless sent by HTTP Basic."},
                        "scope": {"type": "string", "description": "Some of the client's roles, separated by spaces."},
                    },
                }
            }
        },
    }
}
_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": TokenError, "description": "invalid_request, unsupported_grant_type or invalid_scope"},
    401: {"model": TokenError, "description": "invalid_client"},
    429: {"model": TokenError, "description": "slow_down: too many wrong secrets"},
    503: {"model": TokenError, "description": "temporarily_unavailable"},
}


@router.post(
    "/oauth/token", response_model=TokenOut, responses=_REFUSALS, openapi_extra=_FORM, summary="Get an access token"
)
async def issue(request: Request) -> JSONResponse:
    """Exchange client credentials for an access token of a few minutes (RFC 6749 section 4.4).

    `scope` may narrow the token to some of the client's roles. Errors are those of RFC 6749 section 5.2.
    """
    issuer = _issuer(request)
    if issuer.keys is None:
        raise Unavailable("This gateway has no signing key (GONGPING_SIGNING_KEYS), so that it issues no tokens.")
    database: Database = request.app.state.database
    try:
        asked = read_token_request(
            content_type=request.headers.get("content-type", ""),
            authorization=request.headers.get("authorization"),
            body=await request.body(),
        )
        address = request.client.host if request.client else ""
        token = await issue_token(
            database, asked, checker=issuer.checker, keys=issuer.keys, address=address, life=issuer.life
        )
    except TokenRefused as refusal:
        return _refusal(refusal)
    return JSONResponse(token.model_dump(), headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


@dataclass(frozen=True, slots=True)
class _Issuer:
    keys: SigningKeys | None
    checker: SecretChecker
    life: timedelta


def _issuer(request: Request) -> _Issuer:
    """What issuing needs, made with the first request and kept with the application."""
    state = request.app.state
    issuer: _Issuer | None = getattr(state, "token_issuer", None)
    if issuer is None:
        settings: GatewaySettings = state.settings
        issuer = state.token_issuer = _Issuer(
            SigningKeys(settings.signing_keys) if settings.signing_keys else None,
            SecretChecker(at_once=settings.secret_checks, wrong_per_minute=settings.wrong_secrets_per_minute),
            timedelta(minutes=settings.token_minutes),
        )
    return issuer


def _refusal(refusal: TokenRefused) -> JSONResponse:
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    if refusal.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="gongping"'
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    body = TokenError(error=refusal.code, error_description=refusal.description)
    return JSONResponse(body.model_dump(), refusal.status, headers=headers)


@router.get("/.well-known/jwks.json", response_model=Jwks, summary="Public keys")
async def jwks(request: Request) -> JSONResponse:
    """The public keys that tokens are verified with (RFC 7517). During a rotation there are two."""
    keys = _issuer(request).keys
    document = keys.public() if keys is not None else {"keys": []}
    return JSONResponse(
        document, headers={"Cache-Control": "public, max-age=60"}, media_type="application/jwk-set+json"
    )
