import base64
import binascii
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl, unquote_plus

from gateway.clients.queries import Credentials, credentials_of
from gateway.tokens.attempts import SecretChecker
from gateway.tokens.errors import TokenRefused
from gateway.tokens.keys import SigningKeys
from gateway.tokens.schemas import TokenOut
from shared.auth import mint
from shared.db import Database

__all__ = ["TokenRequest", "issue_token", "read_token_request"]

_LONGEST_ID = 64
_LONGEST_SECRET = 512


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a caller of the token endpoint sent."""

    client_id: str
    secret: str
    scope: frozenset[str] | None


def read_token_request(*, content_type: str, authorization: str | None, body: bytes) -> TokenRequest:
    """Read a token request.

    Source: RFC 6749 sections 2.3.1 (credentials by HTTP Basic or in the body, never both), 3.2 (no parameter twice),
    4.4.2 (client credentials).

    Raises:
        TokenRefused: invalid_request, invalid_client or unsupported_grant_type.
    """
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise TokenRefused("invalid_request", "Send the parameters as application/x-www-form-urlencoded.")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), errors="strict", max_num_fields=20
        )
    except ValueError:
        raise TokenRefused("invalid_request", "The body is no form.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise TokenRefused("invalid_request", "A parameter is given twice.")
    grant_type = form.get("grant_type")
    if not grant_type:
        raise TokenRefused(
            "invalid_request", "The parameter grant_type is missing; send grant_type=client_credentials."
        )
    client_id, secret = _credentials(authorization, form)
    if grant_type != "client_credentials":
        raise TokenRefused("unsupported_grant_type", "Only client_credentials is supported.")
    scope = form.get("scope")
    return TokenRequest(client_id, secret, frozenset(scope.split()) if scope else None)


def _credentials(authorization: str | None, form: dict[str, str]) -> tuple[str, str]:
    if authorization is None:
        client_id, secret = form.get("client_id"), form.get("client_secret")
        if not client_id or secret is None:
            raise TokenRefused("invalid_client", "Send client_id and client_secret, or HTTP Basic.", status=401)
    else:
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            raise TokenRefused(
                "invalid_client", "Authenticate with HTTP Basic or with client_id and client_secret.", status=401
            )
        if "client_secret" in form:
            raise TokenRefused("invalid_request", "Send the credentials once: by HTTP Basic or in the body.")
        try:
            decoded = base64.b64decode(encoded.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise TokenRefused("invalid_client", "The Basic credentials cannot be read.", status=401) from None
        first, colon, second = decoded.partition(":")
        if not colon or not first:
            raise TokenRefused("invalid_client", "The Basic credentials cannot be read.", status=401)
        client_id, secret = unquote_plus(first), unquote_plus(second)
        if form.get("client_id", client_id) != client_id:
            raise TokenRefused("invalid_request", "The body names another client than the Basic credentials.")
    if len(client_id) > _LONGEST_ID or len(secret) > _LONGEST_SECRET or "\x00" in client_id:
        raise _wrong()
    return client_id, secret


async def issue_token(
    database: Database,
    request: TokenRequest,
    *,
    checker: SecretChecker,
    keys: SigningKeys,
    address: str,
    life: timedelta,
) -> TokenOut:
    """Check the credentials and sign a token. `scope` may narrow it to some of the client's roles.

    Raises:
        TokenRefused: invalid_client, invalid_scope, slow_down or temporarily_unavailable.
    """
    async with database.reading() as session:  # closed before the check: a connection must not wait for argon2
        client = await credentials_of(session, request.client_id)
    secret_hash = client.secret_hash if client is not None else None
    right = await checker.check(
        client_id=request.client_id, secret_hash=secret_hash, secret=request.secret, address=address
    )
    if client is None or not right or not client.enabled:
        raise _wrong()
    roles = _roles(client, request.scope)
    token = mint(
        keys.signing(),
        subject=client.id,
        roles=roles,
        regions=client.regions,
        organisation=client.organisation,
        unit=client.unit,
        ttl=life,
    )
    return TokenOut(
        access_token=token,
        token_type="Bearer",  # noqa: S106 - no password
        expires_in=int(life.total_seconds()),
        scope=" ".join(roles),
    )


def _roles(client: Credentials, asked: frozenset[str] | None) -> list[str]:
    own = set(client.roles)
    if asked is None:
        return sorted(own)
    if not asked <= own:
        raise TokenRefused(
            "invalid_scope", f"The client has the roles {', '.join(sorted(own))}; ask for some of these."
        )
    return sorted(asked)


def _wrong() -> TokenRefused:
    # One answer for unknown, wrong and disabled: it must not tell which client ids exist.
    return TokenRefused("invalid_client", "Unknown client, wrong secret, or the client is disabled.", status=401)
