from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from gateway.clients.models import ASSIGNABLE_ROLES
from shared.auth import normalise_scope
from shared.web import Model, Out

__all__ = ["CLIENT_ID", "ClientCreated", "ClientIn", "ClientOut", "Role", "Scope"]

CLIENT_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{2,63}$"
Role = Literal["finance", "purchaser", "provider", "evaluator", "auditor", "operator"]
Scope = Annotated[
    str, StringConstraints(pattern=r"^(\*|[A-Z]{2}(-[0-9A-Za-z]{1,12})?)$"), AfterValidator(normalise_scope)
]
assert set(Role.__args__) == set(ASSIGNABLE_ROLES)  # type: ignore[attr-defined]  # noqa: S101 - two spellings of one list


class ClientIn(Model):
    """A new client of the API."""

    name: str = Field(
        min_length=1,
        max_length=200,
        description="Whose system this is; unique.",
        examples=["Harbin finance bureau, budget system"],
    )
    organisation: UUID | None = Field(
        None,
        description="Organisation (contracts service) on whose behalf the client acts.",
        examples=["0199a5e2-7c1b-7000-8000-000000000001"],
    )
    unit: str | None = Field(
        None, max_length=200, description="Unit or department within the organisation.", examples=["Culture division"]
    )
    roles: list[Role] = Field(
        min_length=1, max_length=6, description="What its tokens may do.", examples=[["purchaser"]]
    )
    regions: list[Scope] = Field(
        min_length=1,
        max_length=100,
        description="Scope: `*` all, `CN` the country, `CN-23` a province, `CN-2301` a city, `CN-230102` a county.",
        examples=[["CN-2301"]],
    )


class ClientOut(Out):
    """A client; never its secret."""

    id: str = Field(description="`client_id` of the token request, and the subject of its tokens.")
    name: str = Field(description="Whose system this is.")
    organisation: UUID | None = Field(description="Organisation on whose behalf it acts.")
    unit: str | None = Field(description="Unit or department within the organisation.")
    roles: list[str] = Field(description="What its tokens may do.")
    regions: list[str] = Field(description="Scope prefixes in their shortest form.")
    enabled: bool = Field(description="Whether it gets tokens and its tokens are accepted.")
    tokens_not_before_at: datetime | None = Field(
        description="Tokens issued at or before this instant (UTC) are refused."
    )
    version: int = Field(description="Rises with every change.")
    created_at: datetime = Field(description="Instant of creation, UTC.")
    updated_at: datetime = Field(description="Instant of the last change, UTC.")


class ClientCreated(ClientOut):
    """A new client with its secret, which is shown this once and kept as a hash only."""

    client_secret: str = Field(description="The secret for `/oauth/token`. It cannot be read again.")
