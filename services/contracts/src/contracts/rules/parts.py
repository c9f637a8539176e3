"""What the parts of a rule set are made of: the base class, texts, exact figures, names of methods and moments."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StrictInt

__all__ = ["Days", "Figure", "Method", "Moment", "Months", "Part", "Percent", "Text", "Unit", "Words"]


class Part(BaseModel):
    """Part of a rule set: unknown fields are refused, nothing changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _exact(value: object) -> object:
    if isinstance(value, (bool, float)):
        raise ValueError('write the figure as a string, for example "0.0005"')  # noqa: TRY004 - pydantic wants ValueError
    return value


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite() or value < 0:
        raise ValueError("must be a finite number, not below 0")
    return value


Figure = Annotated[
    Decimal,
    BeforeValidator(_exact, json_schema_input_type=str),
    AfterValidator(_finite),
    Field(max_digits=24, decimal_places=8),
    PlainSerializer(lambda value: format(value, "f"), return_type=str),
]
Percent = Annotated[Figure, Field(le=100)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Days = Annotated[StrictInt, Field(ge=0, le=36_500)]
Months = Annotated[StrictInt, Field(ge=1, le=600)]
Method = Literal["open", "selective", "limited", "direct"]
Unit = Literal["calendarDays", "workingDays"]
Moment = Literal["awardNotice", "signed", "contractPublished", "copyFiled", "accepted", "acceptancePublished"]


class Words(Part):
    """A text in Chinese and English."""

    zh: Text
    """In Chinese."""
    en: Text
    """In English."""
