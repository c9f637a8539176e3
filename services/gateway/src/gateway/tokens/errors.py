from typing import Literal

__all__ = ["TokenRefused"]

Code = Literal[
    "invalid_request",
    "invalid_client",
    "unsupported_grant_type",
    "invalid_scope",
    "slow_down",
    "temporarily_unavailable",
]


class TokenRefused(Exception):  # noqa: N818 - RFC 6749 speaks of an error response, not of an error
    """An error answer of the token endpoint.

    Source: RFC 6749 section 5.2. `slow_down` (too many wrong secrets, 429) follows RFC 8628 section 3.5, the only one
    of the family that names this case.
    """

    def __init__(self, code: Code, description: str, *, status: int = 400, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status
        self.retry_after = retry_after
