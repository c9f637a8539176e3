"""What the routes of frames take."""

from typing import Annotated, Literal, Self

from pydantic import Field, StrictInt, StringConstraints, model_validator

from shared.web import Model
from surveys.frames.rows import KeyedHash, RawReference

__all__ = [
    "KEYED",
    "AuditIn",
    "DrawIn",
    "EnumeratorsIn",
    "Holder",
    "IssueIn",
    "MarksIn",
    "ReconcileIn",
    "ReferencesIn",
    "SheetsIn",
    "Source",
]

Holder = Literal["purchaser", "provider", "third_party"]
Source = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Pseudonym = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Count = Annotated[StrictInt, Field(ge=1, le=2_000_000_000)]
KEYED = "Keyed hash of the reference, 64 hexadecimal digits."


class DrawIn(Model):
    """How many to draw; a census leaves both out."""

    sample: Count | None = Field(
        None,
        description="n of a probability sample, spread over the strata in proportion; by default what was declared.",
    )
    allocation: Annotated[dict[str, Count], Field(min_length=1, max_length=200)] | None = Field(
        None, description="Or n_h for every stratum.", examples=[{"urban": 120, "rural": 100}]
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.sample is not None and self.allocation is not None:
            raise ValueError("give either sample or allocation")
        return self


class ReconcileIn(Model):
    """What the frame's size is compared with; without paid_units and indicator_code, the contract's beneficiaries."""

    paid_units: Count | None = Field(None, description="Service units (people) that were paid.")
    indicator_code: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = Field(
        None, description="Or the contract's indicator whose newest observation counts them."
    )
    basis: Source = Field(description="Where the number comes from: the acceptance record, the invoice.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.paid_units is not None and self.indicator_code is not None:
            raise ValueError("give either paid_units or indicator_code")
        return self


class ReferencesIn(Model):
    """References, raw or as keyed hashes; raw ones are hashed at once and stored nowhere."""

    references: Annotated[tuple[RawReference, ...], Field(max_length=5000)] = Field((), description="Raw references.")
    reference_hmacs: Annotated[tuple[KeyedHash, ...], Field(max_length=5000)] = Field(
        (), description="Or keyed hashes, as loading and inviting returned them or as the holder made them."
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if bool(self.references) == bool(self.reference_hmacs):
            raise ValueError("give either references or reference_hmacs")
        return self


class AuditIn(ReferencesIn):
    """A random sample of recipients from a source that is not the frame's."""

    source: Source = Field(description="Where the sample comes from.", examples=["health insurance register"])
    held_by: Holder = Field(description="Who holds that source; the provider's cannot audit a frame.")


class IssueIn(Model):
    """How many invitations to make."""

    limit: Annotated[StrictInt, Field(ge=1, le=5000)] = Field(
        1000, description="Invitations in one answer at most; repeat the call until none remain."
    )


class MarkIn(Model):
    """What was found out about an invitation."""

    reference_hmac: KeyedHash = Field(description=KEYED)
    mark: Literal["bounced", "not_eligible"] | None = Field(
        description="bounced: it came back. not_eligible: the person is outside the population; the token stops "
        "working. null takes a mark back."
    )


class MarksIn(Model):
    """Marks of unanswered invitations."""

    items: Annotated[tuple[MarkIn, ...], Field(min_length=1, max_length=5000)] = Field(description="Marks.")


class SheetIn(Model):
    """One person's sheet."""

    token: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22}$")] = Field(
        description="The token as it was issued."
    )
    code: Annotated[str, StringConstraints(min_length=11, max_length=20)] = Field(
        description="The spoken code as it was issued."
    )
    label: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = Field(
        None, description="What the sender needs to find the addressee, printed small; stored nowhere."
    )


class SheetsIn(Model):
    """Sheets to print: one per person, or a poster for a wave that asks whoever comes."""

    items: Annotated[tuple[SheetIn, ...], Field(max_length=500)] = Field(
        (), description="Tokens and codes as they were issued; none makes the poster of an open link."
    )


class EnumeratorsIn(Model):
    """Interviewers of a wave."""

    pseudonyms: Annotated[tuple[Pseudonym, ...], Field(min_length=1, max_length=500)] = Field(
        description="Pseudonyms; who they are stands in the employer's own list."
    )
    employed_by: Holder = Field(description="Who employs them; provider makes their answers supervised.")
