from typing import Literal

from pydantic import Field

from shared.web import Out

__all__ = ["Jwks", "TokenError", "TokenOut"]


class TokenOut(Out):
    """RFC 6749 section 5.1."""

    access_token: str = Field(description="A JWT signed with Ed25519; send it as `Authorization: Bearer …`.")
    token_type: Literal["Bearer"] = Field(description="Always `Bearer`.")
    expires_in: int = Field(description="Life of the token in seconds.", examples=[600])
    scope: str = Field(description="The roles in the token, separated by spaces.", examples=["purchaser"])


class TokenError(Out):
    """RFC 6749 section 5.2."""

    error: str = Field(description="Code of the error.", examples=["invalid_client"])
    error_description: str = Field(description="What to do.")


class Jwks(Out):
    """RFC 7517: the public keys that tokens are verified with."""

    keys: list[dict[str, str]] = Field(description="Ed25519 keys; two while a rotation is under way.")
