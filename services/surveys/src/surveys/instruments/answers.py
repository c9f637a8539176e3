"""What may be answered: the generated JSON Schema and the compiled validator, both from one pydantic type."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, NotRequired, Required

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from surveys.instruments.document import Instrument, RatingItem, TextItem

__all__ = ["Answers", "Questionnaire", "pointer"]

Answers = dict[str, int | str]
# PostgreSQL's jsonb cannot hold the character NUL.
WITHOUT_NUL = r"^[^\u0000]*$"


class Questionnaire:
    """An instrument made ready to check answers."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.items = {item.code: item for item in instrument.items}
        self.rating_codes = tuple(item.code for item in instrument.ratings)
        self.type = _answers_type(instrument)
        self.schema = _answers_schema(instrument, TypeAdapter(self.type))

    def answered(self, answers: Mapping[str, object]) -> int:
        """Count the rating items that were answered; "don't know" is an answer too."""
        return sum(code in answers for code in self.rating_codes)

    def expected(self, code: str) -> str:
        """What an item takes, for the error that says so."""
        item = self.items.get(code)
        if item is None:
            return "there is no such question in this instrument"
        if isinstance(item, TextItem):
            return f"must be a text of at most {item.max_length} characters"
        scale = self.instrument.scale_of(item)
        return f"must be one of {', '.join(map(str, (*scale.values, *scale.codes)))}"

    def errors(self, error: ValidationError, *, prefix: tuple[str, ...] = ("answers",)) -> list[dict[str, str]]:
        """Pointer and detail of each wrong answer, one per question."""
        found: dict[str, str] = {}
        for problem in error.errors(include_url=False, include_context=False, include_input=False):
            location = problem["loc"]
            if location[: len(prefix)] == prefix and len(location) > len(prefix):
                code = str(location[len(prefix)])
                detail = "must be answered" if problem["type"] == "missing" else self.expected(code)
                found.setdefault(pointer((*prefix, code)), detail)
            else:
                found.setdefault(pointer(location), problem["msg"])
        return [{"pointer": where, "detail": detail} for where, detail in found.items()]


def pointer(location: Iterable[int | str]) -> str:
    """RFC 6901 pointer of a location."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location) or "/"


def _answers_type(instrument: Instrument) -> Any:  # noqa: ANN401 - a type made at run time
    fields: dict[str, Any] = {}
    for item in instrument.items:
        kind = _rating(instrument, item) if isinstance(item, RatingItem) else _text(item)
        fields[item.code] = Required[kind] if item.required else NotRequired[kind]
    make: Any = TypedDict  # the fields are known at run time only, which mypy does not take
    made = make("Answers", fields)
    made.__pydantic_config__ = ConfigDict(extra="forbid", strict=True)
    return made


def _rating(instrument: Instrument, item: RatingItem) -> Any:  # noqa: ANN401 - a type made at run time
    scale = instrument.scale_of(item)
    # A strict integer with limits and not a Literal: Literal[1] takes `true`.
    point = Annotated[int, Field(strict=True, ge=scale.values[0], le=scale.values[-1])]
    return point | Literal[scale.codes] if scale.codes else point


def _text(item: TextItem) -> Any:  # noqa: ANN401 - a type made at run time
    return Annotated[str, StringConstraints(max_length=item.max_length, pattern=WITHOUT_NUL)]


def _answers_schema(instrument: Instrument, adapter: TypeAdapter[Answers]) -> dict[str, Any]:
    schema = adapter.json_schema()
    for item in instrument.items:
        schema["properties"][item.code]["title"] = next(iter(item.text.values()))
    schema["title"] = f"Answers to {instrument.id} {instrument.version}"
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:gongping:answers:{instrument.sha256}",
        **schema,
    }
