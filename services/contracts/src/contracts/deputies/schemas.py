"""Bodies and answers about deputies and named persons."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from contracts.policies.schemas import Action
from shared.auth import normalise_scope
from shared.web import Model, Out

__all__ = [
    "DeputyIn",
    "DeputyOut",
    "Duty",
    "ResponsibilitiesOut",
    "ResponsibilityIn",
    "ResponsibilityOut",
    "RevocationIn",
    "ScopeText",
    "Subject",
]

ScopeText = Annotated[
    str,
    Field(
        pattern=r"^(\*|[A-Z]{2}(-[0-9A-Za-z]{1,12})?)$", description="Region with everything below it; * everywhere."
    ),
    AfterValidator(normalise_scope),
]
Subject = Annotated[str, Field(min_length=1, max_length=200)]
Duty = Literal["handler", "reviewer", "signer", "supervisor", "contact"]
_DUTIES = "handler (经办) | reviewer (审核) | signer (签发) | supervisor (监管) | contact (联络)"


class DeputyIn(Model):
    """Who acts for whom, from when to when, and in what."""

    subject: Subject | None = Field(
        None, description="Who is represented: the subject of that person's token; you when left out."
    )
    deputy: Subject = Field(description="Who acts: the subject of the deputy's token.")
    region: ScopeText = Field(examples=["CN-230102"])
    actions: list[Action] = Field(min_length=1, max_length=10, description="In which actions.")
    starts_on: date = Field(description="First day; not past.")
    ends_on: date = Field(description="Last day.")
    reason: str = Field(min_length=1, max_length=2000, description="Why: leave, posting, and the order's number.")


class RevocationIn(Model):
    """Why a deputy's right ends early."""

    reason: str = Field(min_length=1, max_length=2000, description="The reason.")


class DeputyOut(Out):
    """A deputy."""

    id: UUID = Field(description="Id of the entry.")
    subject: str = Field(description="Who is represented.")
    deputy: str = Field(description="Who acts.")
    scope: str = Field(description="Region with everything below it.")
    actions: list[str] = Field(description="In which actions.")
    starts_on: date = Field(description="First day.")
    ends_on: date = Field(description="Last day.")
    reason: str = Field(description="Why.")
    named_by: str = Field(description="Who named the deputy.")
    named_at: datetime = Field(description="When the deputy was named.")
    revoked_by: str | None = Field(description="Who ended it early.")
    revoked_at: datetime | None = Field(description="When it was ended early.")
    revocation_reason: str | None = Field(description="Why it was ended early.")


class ResponsibilityIn(Model):
    """Who answers for a duty."""

    duty: Duty = Field(description=f"{_DUTIES}; reviewer and signer are those of acts that name nobody else.")
    subject: Subject = Field(description="Who: the subject of that person's token.")


class ResponsibilityOut(Out):
    """Who answered or answers for a duty in a contract."""

    id: UUID = Field(description="Id of the entry.")
    duty: str = Field(description=f"{_DUTIES}.")
    subject: str = Field(description="Who.")
    named_by: str = Field(description="Who named that person.")
    named_at: datetime = Field(description="Since when.")
    ended_by: str | None = Field(description="Who named another person.")
    ended_at: datetime | None = Field(description="Until when; null: now.")
    handover_id: UUID | None = Field(description="The handover that it came by.")


class ResponsibilitiesOut(Out):
    """Who answered and answers for what in a contract."""

    items: list[ResponsibilityOut] = Field(description="In the order in which they were named.")
