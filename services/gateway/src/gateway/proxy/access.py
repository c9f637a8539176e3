"""Who makes a request, decided once before anything else: token, revocation, region."""

import base64
import json
from collections import OrderedDict
from urllib.parse import parse_qsl

from gateway.clients.revocation import Revocations
from shared import clock
from shared.auth import PUBLIC, Keys, Principal
from shared.problems import Forbidden, NotFound, Unauthorized, Unavailable

__all__ = ["Access", "Grant", "check_answer_region", "check_query_region"]

_CACHE_SIZE = 10_000
_LONGEST_HEADER = 8192
_REVOKED = "The client was disabled or its tokens were revoked."


class Grant:
    """A verified token: the principal, and when the token was issued and ends (POSIX seconds)."""

    __slots__ = ("expires", "issued", "principal", "token")

    def __init__(self, *, token: str, principal: Principal, issued: float, expires: float) -> None:
        self.token = token
        self.principal = principal
        self.issued = issued
        self.expires = expires


ANONYMOUS = Grant(token="", principal=PUBLIC, issued=0.0, expires=float("inf"))


def _instants(token: str) -> tuple[float, float]:
    """`iat` and `exp` of a token whose signature has just been verified."""
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return float(claims.get("iat", 0)), float(claims["exp"])


class Access:
    """Verifies Authorization headers.

    The raw header is the cache key, so that a request with a known token costs two dictionary lookups. Expiry, a
    rotated key and revocation still count at once: `Keys` is asked each time, and it forgets its tokens when the keys
    change.
    """

    def __init__(self, keys: Keys, revocations: Revocations) -> None:
        self._keys = keys
        self._revocations = revocations
        self._grants: OrderedDict[bytes, Grant] = OrderedDict()

    def grant(self, authorization: bytes | None) -> Grant:
        """The grant of an Authorization header; without one, the anonymous public (the endpoint decides).

        Raises:
            Unauthorized: malformed, expired, signed by another key, or the client was disabled.
            Unavailable: just started, so that it is not known who is disabled.
        """
        if authorization is None:
            return ANONYMOUS
        known = self._grants.get(authorization)
        if known is not None:
            try:
                self._keys.verify(known.token)
            except Unauthorized:
                del self._grants[authorization]
                raise
        else:
            known = self._verify(authorization)
        if not self._revocations.known:
            raise Unavailable("The gateway is starting and does not know yet which clients are disabled.")
        if self._revocations.covers(known.principal.subject, known.issued):
            raise Unauthorized(_REVOKED)
        return known

    def refusal(self, grant: Grant) -> str | None:
        """Why a grant no longer counts, or None: for answers that last longer than a moment."""
        if clock.now().timestamp() >= grant.expires:
            return "The token has expired."
        return _REVOKED if self._revocations.covers(grant.principal.subject, grant.issued) else None

    def _verify(self, authorization: bytes) -> Grant:
        scheme, _, rest = authorization.partition(b" ")
        if scheme.lower() != b"bearer" or not rest or len(authorization) > _LONGEST_HEADER:
            raise Unauthorized("Send the token as `Authorization: Bearer <token>`.")
        token = rest.strip().decode("latin-1")
        principal = self._keys.verify(token)
        issued, expires = _instants(token)
        grant = Grant(token=token, principal=principal, issued=issued, expires=expires)
        self._grants[authorization] = grant
        if len(self._grants) > _CACHE_SIZE:
            self._grants.popitem(last=False)
        return grant


def check_query_region(principal: Principal, query: bytes) -> None:
    """Refuse (403) a `region` parameter that names a region outside the scope."""
    if principal is PUBLIC or principal.unlimited:
        return
    if b"region" not in query and b"%" not in query:  # the name may be percent-encoded too
        return
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name == "region" and value and not principal.may_see(value):
            raise Forbidden(
                f"Region {value} is outside your scope ({', '.join(principal.regions) or 'none'}).", region=value
            )


def check_answer_region(principal: Principal, region: bytes) -> None:
    """Answer 404 where a service shows a row outside the scope: the second wall behind the service's own."""
    if principal is PUBLIC or principal.unlimited:
        return
    for one in region.decode("latin-1").split(","):
        if not principal.may_see(one.strip()):
            raise NotFound("There is no such object, or it lies outside your regions.")
