"""Who asks, and what they may see: bearer JWTs (Ed25519), roles and region scope.

The gateway issues tokens for machine clients; every service verifies them by itself with a JWKS file, so that it starts
alone. A verified token is cached until it expires: one verification costs more than the rest of a small request.
"""

import json
import re
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import structlog
from fastapi import Depends, Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from shared import clock
from shared.problems import Forbidden, Unauthorized

__all__ = [
    "PUBLIC",
    "ROLES",
    "SYSTEM",
    "CurrentPrincipal",
    "Keys",
    "Principal",
    "allow",
    "mint",
    "new_signing_key",
    "normalise_scope",
    "require_region",
]

ROLES = ("finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public")
_log = structlog.get_logger(__name__)
ISSUER = "gongping"
ALGORITHM = "Ed25519"
_CACHE_SIZE = 10_000
_LEEWAY_SECONDS = 5


def normalise_scope(region: str) -> str:
    """A region as a scope prefix: `CN-230000` (a province by GB/T 2260) covers all that begins with `CN-23`."""
    country, _, code = region.partition("-")
    if country == "CN":
        while len(code) >= 2 and code.endswith("00"):
            code = code[:-2]
    return f"{country}-{code}" if code else country


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller. `regions` holds prefixes: `*` all, `CN` a country, `CN-23` a province, `CN-230102` a county."""

    subject: str
    roles: frozenset[str]
    regions: tuple[str, ...]
    organisation: UUID | None = None
    unit: str | None = None
    prefixes: tuple[str, ...] = field(init=False, default=(), repr=False)
    patterns: tuple[str, ...] = field(init=False, default=(), repr=False)

    def __post_init__(self) -> None:
        scopes = () if "*" in self.regions else tuple(normalise_scope(region) for region in self.regions)
        prefixes = tuple(scope if "-" in scope else f"{scope}-" for scope in scopes)
        object.__setattr__(self, "prefixes", prefixes)
        # `patterns` says the same to LIKE, for which \, % and _ have a meaning of their own.
        object.__setattr__(self, "patterns", tuple(re.sub(r"([\\%_])", r"\\\1", prefix) + "%" for prefix in prefixes))

    @property
    def unlimited(self) -> bool:
        """Whether the scope is every region."""
        return "*" in self.regions

    def may_see(self, region: str) -> bool:
        """Whether a region lies in the scope."""
        return self.unlimited or region.startswith(self.prefixes)


SYSTEM = Principal("system", frozenset({"operator"}), ("*",))
PUBLIC = Principal("public", frozenset({"public"}), ("*",))
# The anonymous public has no region of its own; what it may read is decided by `allow("public")` per endpoint, which is
# given only to published data and open waves.


def require_region(principal: Principal, region: str) -> None:
    """Refuse (403) a body that names a region outside the scope."""
    if not principal.may_see(region):
        raise Forbidden(
            f"Region {region} is outside your scope ({', '.join(principal.regions) or 'none'}).", region=region
        )


def new_signing_key() -> OKPKey:
    """A fresh Ed25519 key whose id is its RFC 7638 thumbprint."""
    key = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": ALGORITHM})
    key.ensure_kid()
    return key


def mint(
    key: OKPKey,
    *,
    subject: str,
    roles: Iterable[str],
    regions: Sequence[str],
    organisation: UUID | None = None,
    unit: str | None = None,
    ttl: timedelta = timedelta(minutes=10),
) -> str:
    """Sign an access token."""
    issued = int(clock.now().timestamp())
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "sub": subject,
        "iat": issued,
        "exp": issued + int(ttl.total_seconds()),
        "roles": sorted(roles),
        "regions": list(regions),
    }
    if organisation:
        claims["org"] = str(organisation)
    if unit:
        claims["unit"] = unit
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, key, algorithms=[ALGORITHM])


class Keys:
    """Verifies tokens with the public keys of a JWKS file; the file is read again when it changes (rotation)."""

    def __init__(self, source: Path | dict[str, Any] | None) -> None:
        self._path = source if isinstance(source, Path) else None
        self._keys: KeySet | None = KeySet.import_key_set(source) if isinstance(source, dict) else None  # type: ignore[arg-type]
        self._modified = 0.0
        self._checked = 0.0
        self._cache: OrderedDict[str, tuple[Principal, float]] = OrderedDict()

    def _current(self) -> KeySet:
        if self._path is not None and time.monotonic() - self._checked > 1:
            self._checked = time.monotonic()
            try:
                modified = self._path.stat().st_mtime
                if modified != self._modified:
                    self._keys = KeySet.import_key_set(json.loads(self._path.read_text(encoding="utf-8")))
                    self._modified = modified
                    self._cache.clear()
            except (OSError, AttributeError, KeyError, TypeError, ValueError, JoseError) as error:
                # A file that is just being exchanged; the keys that are known stay valid meanwhile.
                _log.warning("keys cannot be read", path=str(self._path), error=str(error))
        if self._keys is None:
            raise Unauthorized("This service has no keys to verify tokens with (GONGPING_KEYS).")
        return self._keys

    def verify(self, token: str) -> Principal:
        """The principal of a token; Unauthorized when it is expired, malformed or signed by another key."""
        keys = self._current()
        moment = clock.now().timestamp()
        known = self._cache.get(token)
        if known is not None:
            principal, expires = known
            if moment < expires:
                return principal
            del self._cache[token]
            raise Unauthorized("The token has expired; ask /oauth/token for a new one.")
        try:
            claims = jwt.decode(token, keys, algorithms=[ALGORITHM]).claims
            principal = Principal(
                subject=str(claims["sub"]),
                roles=frozenset(str(role) for role in claims["roles"]),
                regions=tuple(str(region) for region in claims["regions"]),
                organisation=UUID(claims["org"]) if claims.get("org") else None,
                unit=claims.get("unit"),
            )
            expires, not_before = float(claims["exp"]), float(claims.get("nbf") or claims.get("iat") or 0)
        except (JoseError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise Unauthorized("The token is malformed or was not signed by this system.") from error
        if claims.get("iss") != ISSUER or moment < not_before - _LEEWAY_SECONDS:
            raise Unauthorized("The token was not issued by this system, or not yet valid.")
        if not moment < expires:  # so written, NaN counts as expired
            raise Unauthorized("The token has expired; ask /oauth/token for a new one.")
        self._cache[token] = (principal, expires)
        if len(self._cache) > _CACHE_SIZE:
            self._cache.popitem(last=False)
        return principal

    def principal_of(self, authorization: str | None) -> Principal:
        """The principal of an Authorization header; no header is the anonymous public."""
        if not authorization:
            return PUBLIC
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthorized("Send the token as `Authorization: Bearer <token>`.")
        return self.verify(token.strip())


def _current_principal(request: Request) -> Principal:
    principal: Principal | None = request.scope.get("gongping.principal")
    if principal is None:
        keys: Keys = request.app.state.keys
        principal = keys.principal_of(request.headers.get("authorization"))
        request.scope["gongping.principal"] = principal
    return principal


async def current_principal(request: Request) -> Principal:
    """FastAPI dependency: the caller, the anonymous public included."""
    return _current_principal(request)


CurrentPrincipal = Annotated[Principal, Depends(current_principal)]


class _Allowed:
    """Dependency that lets only certain roles pass; `roles` is read by the role matrix test."""

    def __init__(self, roles: tuple[str, ...]) -> None:
        self.roles = frozenset(roles)

    async def __call__(self, request: Request) -> Principal:
        principal = _current_principal(request)
        if principal.roles & self.roles:
            return principal
        if principal is PUBLIC:
            raise Unauthorized("This needs a token; ask /oauth/token for one.")
        raise Forbidden(f"This needs one of the roles {', '.join(sorted(self.roles))}.")


Role = Literal["finance", "purchaser", "provider", "evaluator", "auditor", "operator", "public"]


def allow(*roles: Role) -> Any:  # noqa: ANN401 - used inside Annotated
    """Let these roles pass: 401 without a token, 403 for another role.

    Used as `principal: Annotated[Principal, allow("finance", "purchaser")]`.
    """
    return Depends(_Allowed(roles))
