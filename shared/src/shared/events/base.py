"""The envelope, the event base class and the catalogue that maps a type to its model.

Source of the attribute names: CloudEvents 1.0 (lower-case letters and digits only).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

__all__ = ["CATALOG", "Amount", "Envelope", "EventData", "EventEntry", "Figure", "event"]

Kind = Literal["state", "fact"]

Amount = Annotated[
    Decimal,
    Field(max_digits=18, decimal_places=2, description="Money in the stated currency, two decimals; a JSON string."),
    PlainSerializer(lambda value: f"{value:.2f}", return_type=str),
]
Figure = Annotated[
    Decimal,
    Field(max_digits=24, decimal_places=8, description="An exact decimal figure; a JSON string."),
    PlainSerializer(lambda value: format(value.normalize(), "f"), return_type=str),
]


class EventData(BaseModel):
    """Payload of one event. Producers forbid unknown fields; a consumer parses with `parse`, which ignores them.

    Within v1 a model only grows, by fields with defaults (see docs/how-to.md). Enumerations are open strings: a
    consumer must have a branch for values that it does not know.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    TYPE: ClassVar[str]
    KIND: ClassVar[Kind]

    @classmethod
    def parse(cls, data: object) -> "EventData":
        """Read a payload as a tolerant consumer: fields that this release does not know are ignored."""
        return cls.model_validate(data, extra="ignore")


class Envelope(BaseModel):
    """A CloudEvents 1.0 event in structured JSON.

    `id` is a UUIDv7 made when the row is written. The position in its source's sequence (`epoch`, `seq`) is given later
    by the relay and travels in the headers, never in the body.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str = Field(description="The producing service: contracts, surveys or scoring.")
    type: str
    subject: str = Field(description="Id of the aggregate that the event is about.")
    time: datetime
    datacontenttype: str = "application/json"
    region: str = Field(
        description="`<country>-<code>`, the GB/T 2260 code for China; decides the subject's last token."
    )
    traceparent: str | None = None
    correlationid: str | None = None
    causationid: str | None = None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EventEntry:
    """One line of the catalogue."""

    name: str
    source: str
    kind: Kind
    model: type[EventData]
    summary: str


CATALOG: dict[str, EventEntry] = {}

_Model = TypeVar("_Model", bound=EventData)


def event(event_type: str, *, kind: Kind) -> Callable[[type[_Model]], type[_Model]]:
    """Register a payload model under its type.

    `kind="state"` carries the whole aggregate with a `version`, and an older version is ignored. `kind="fact"` is
    inserted by its own id and never ignored.
    """

    def register(model: type[_Model]) -> type[_Model]:
        if event_type in CATALOG:
            raise ValueError(f"{event_type} is registered twice")
        model.TYPE = event_type
        model.KIND = kind
        summary = (model.__doc__ or "").strip().splitlines()[0]
        CATALOG[event_type] = EventEntry(event_type, event_type.split(".", 1)[0], kind, model, summary)
        return model

    return register
