"""What bodies and answers have in common."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

__all__ = ["Answer", "Body", "Figure", "Money", "Page"]

Money = Annotated[Decimal, PlainSerializer(lambda value: f"{value:.2f}", return_type=str, when_used="json")]
Figure = Annotated[Decimal, PlainSerializer(lambda value: format(value, "f"), return_type=str, when_used="json")]


class Body(BaseModel):
    """A body to send: an unknown field is a mistake of the caller's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def document(self) -> dict[str, Any]:
        """The JSON document, without what was not given."""
        return self.model_dump(mode="json", exclude_none=True)


class Answer(BaseModel):
    """An answer: fields that this release of the library does not know are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Page(Answer):
    """One page of a list, not yet typed."""

    items: list[dict[str, Any]]
    next: str | None = Field(None, description="Cursor of the next page.")
