"""Responses over HTTP. The single response is checked against its wave's instrument; these models describe it."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import UUID4, Field, StrictInt

from shared.web import Model, Out
from surveys.kernel.receipts import receipt_of
from surveys.responses.content import Card, Content

__all__ = [
    "BatchIn",
    "BatchOut",
    "Challenge",
    "CollectedIn",
    "ItemOut",
    "Receipt",
    "ResponseIn",
    "receipt",
]

BATCH_LIMIT = 500

Choice = Annotated[str, Field(max_length=4000)]
AnswersField = Annotated[
    dict[str, StrictInt | Choice | list[Choice] | dict[str, StrictInt | Choice]],
    Field(
        description="One answer per question code; the instrument's `answer_schema` says exactly what is allowed.",
        examples=[{"overall": 4, "access": "not_used", "improve": "希望延长开放时间"}],
    ),
]


class ResponseIn(Model):
    """A response of the public."""

    answers: AnswersField
    language: str | None = Field(
        None, description="Language that it was answered in (BCP 47), one that the wave offers."
    )
    mode: Literal["web", "counter"] = Field("web", description="At a distance, or at the provider's counter.")
    duration_seconds: Annotated[StrictInt, Field(ge=0, le=86_400)] | None = Field(
        None, description="Seconds from the first question to the end."
    )
    stratum: str | None = Field(
        None, description="Stratum of the respondent; required where the wave has strata and asks without tokens."
    )


class CollectedIn(Model):
    """A response that an enumerator collected."""

    submission_id: UUID4 = Field(description="Random id made by the client, a UUID of version 4.")
    answers: AnswersField
    enumerator_id: str = Field(description="Pseudonym of the enumerator.", pattern=r"^[A-Za-z0-9._-]{1,64}$")
    collected_at: datetime = Field(description="When it was collected, with its offset; only the date is kept.")
    language: str | None = Field(
        None, description="Language that it was answered in (BCP 47), one that the wave offers."
    )
    duration_seconds: Annotated[StrictInt, Field(ge=0, le=86_400)] | None = Field(
        None, description="Seconds from the first question to the end."
    )
    stratum: str | None = Field(
        None, description="Stratum of the respondent; required where the wave has strata and there is no token."
    )
    token: str | None = Field(
        None,
        max_length=64,
        description="Token or spoken code of the respondent's invitation; it is spent and not kept.",
    )


class BatchIn(Model):
    """Responses that enumerators collected, each judged for itself."""

    items: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=BATCH_LIMIT)] = Field(
        description="Collected responses."
    )


class Receipt(Out):
    """What was stored; the same for every repetition of the same response."""

    wave_id: UUID = Field(description="The wave.")
    submission_id: UUID = Field(description="The client's id of the response.")
    content_sha256: str = Field(description="SHA-256 of the RFC 8785 form of the response as it was sent.")
    received_on: date = Field(description="Day of the first reception (UTC); no finer time is kept.")
    receipt: str = Field(
        description="Code by which the answer is found in the wave's ledger, and withdrawn until the wave freezes."
    )
    simulated: bool = Field(description="True: the contract is made up for demonstration.")


class ItemOut(Out):
    """What became of one item of a batch."""

    index: int = Field(description="Position in the batch, from 0.")
    submission_id: UUID | None = Field(description="The client's id; null when it was missing or malformed.")
    status: int = Field(description="201 stored, 200 was stored before, 409 refused, 422 malformed, 503 try again.")
    receipt: Receipt | None = Field(description="What was stored; null when refused.")
    problem: dict[str, Any] | None = Field(description="RFC 9457 problem document; null when stored.")


class BatchOut(Out):
    """What became of each item, in the order of the batch."""

    wave_id: UUID = Field(description="The wave.")
    simulated: bool = Field(description="True: the contract is made up for demonstration.")
    created: int = Field(description="Items stored now.")
    unchanged: int = Field(description="Items that were stored before with the same content.")
    refused: int = Field(description="Items that were not stored.")
    items: list[ItemOut] = Field(description="One result per item.")


class Challenge(Out):
    """An ALTCHA challenge, version 2, as its widget reads it."""

    parameters: dict[str, Any] = Field(
        description="What is to be solved: `algorithm`, `cost` (iterations), `keyPrefix` (hexadecimal), `expiresAt` "
        "(seconds since 1970), and more that the widget knows."
    )
    signature: str = Field(description="The service's signature of the parameters, hexadecimal.")


def receipt(card: Card, submission_id: UUID, content: Content, *, received_on: date, leaf: bytes) -> Receipt:
    """The receipt of a stored response."""
    return Receipt(
        wave_id=card.wave_id,
        submission_id=submission_id,
        content_sha256=content.sha256.hex(),
        received_on=received_on,
        receipt=receipt_of(leaf),
        simulated=card.simulated,
    )
