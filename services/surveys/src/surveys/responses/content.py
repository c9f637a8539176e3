"""From the bytes of a response to what is stored: checking, hashing."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, Required
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json
from typing_extensions import TypedDict

from surveys.instruments.queries import Questionnaire
from surveys.kernel.rates import disposition
from surveys.responses.errors import ResponseMalformed

__all__ = ["Card", "Content", "content_of", "decode"]

DAY = 86_400
_make_type: Any = TypedDict  # the fields are known at run time only, which mypy does not take


class Content(NamedTuple):
    """A checked response, ready to be stored."""

    sha256: bytes
    answers: str
    disposition: str
    mode: str
    language: str | None = None
    stratum: str | None = None
    duration_seconds: int | None = None
    enumerator_id: str | None = None
    collected_at: datetime | None = None
    """In UTC, so that comparing many is cheap."""
    collected_on: date | None = None
    """The day where it was collected: that of the offset it was sent with."""


class Card:
    """What of a wave never changes, kept in the process: enough to check a response without asking the database.

    Whether the wave is open is not here: the insert decides that, under the wave's lock.
    """

    def __init__(
        self,
        questionnaire: Questionnaire,
        *,
        wave_id: UUID,
        region: str,
        simulated: bool,
        design: str,
        languages: tuple[str, ...],
        strata: tuple[str, ...],
    ) -> None:
        self.wave_id = wave_id
        self.name = str(wave_id)
        self.region = region
        self.simulated = simulated
        self.design = design
        self.questionnaire = questionnaire
        fields = _common_fields(questionnaire, languages=languages)
        stratum = {"stratum": Required[Literal[strata]] if strata else NotRequired[None]}
        mode = {"mode": NotRequired[Literal["web", "counter"]]}
        collected = {
            "collected_at": Required[AwareDatetime],
            "enumerator_id": Required[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]],
        }
        # Who comes with a token has the stratum of the invitation, and cannot choose another.
        self._adapters = {
            (False, False): _adapter(fields | stratum | mode),
            (False, True): _adapter(fields | mode),
            (True, False): _adapter(fields | stratum | collected),
            (True, True): _adapter(fields | collected),
        }

    def adapter(self, *, collected: bool, invited: bool) -> TypeAdapter[dict[str, Any]]:
        """What checks a response: handed in by an enumerator or not, with a token or without."""
        return self._adapters[collected, invited]


def decode(body: bytes) -> dict[str, Any]:
    """The JSON object of a body.

    Raises:
        ResponseMalformed: it is not JSON, or no object.
    """
    try:
        raw = from_json(body)
    except ValueError as error:
        raise _malformed([{"pointer": "/", "detail": f"is not JSON: {error}"}]) from error
    if not isinstance(raw, dict):
        raise _malformed([{"pointer": "/", "detail": "must be an object"}])
    return raw


def content_of(card: Card, raw: dict[str, Any], *, collected: bool = False, invited: bool = False) -> Content:
    """Check a response against the wave and its instrument, and hash it.

    The hash is the SHA-256 of the RFC 8785 form of the response as it was sent; the token is no part of it.

    Raises:
        ResponseMalformed: with a pointer for each wrong field.
    """
    adapter = card.adapter(collected=collected, invited=invited)
    try:
        found = adapter.validate_python(raw)
    except ValidationError:
        # JSON knows one kind of number: 4.0 is the integer 4. It is rare, so that only a refusal looks for it.
        raw = _integers(raw)
        try:
            found = adapter.validate_python(raw)
        except ValidationError as error:
            raise _malformed(card.questionnaire.errors(error)) from error
    answers = found["answers"]
    if problems := card.questionnaire.rules(answers):
        raise _malformed(problems)
    answered, applicable = card.questionnaire.completion(answers)
    told = found.get
    at = told("collected_at")
    return Content(
        hashlib.sha256(_canonical(found, raw)).digest(),
        to_json(answers).decode(),
        disposition(answered=answered, applicable=applicable),
        "enumerator" if collected else told("mode", "web"),
        told("language"),
        told("stratum"),
        told("duration_seconds"),
        told("enumerator_id"),
        None if at is None else at.astimezone(UTC),
        None if at is None else at.date(),
    )


def _canonical(found: dict[str, Any], raw: Mapping[str, Any]) -> bytes:
    """RFC 8785 form of a checked response as it was sent.

    The fields of the adapters stand in the order of their names, so that what they return is sorted. A checked response
    holds objects with ASCII names, strings and integers below 2^53, for which pydantic's encoder writes the same bytes
    as RFC 8785 asks for, thirty times as fast as a general implementation. The instant alone was read into another
    form.
    """
    return to_json(found | {"collected_at": raw["collected_at"]} if "collected_at" in found else found)


def _common_fields(questionnaire: Questionnaire, *, languages: tuple[str, ...]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "answers": Required[questionnaire.type],
        "language": NotRequired[Literal[languages] | None],
        "duration_seconds": NotRequired[Annotated[int, Field(strict=True, ge=0, le=DAY)] | None],
    }
    return fields


def _adapter(fields: dict[str, Any]) -> TypeAdapter[dict[str, Any]]:
    made = _make_type("Response", {name: fields[name] for name in sorted(fields)})
    made.__pydantic_config__ = ConfigDict(extra="forbid")
    return TypeAdapter(made)


def _integers(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, dict):
        return {key: _integers(part) for key, part in value.items()}
    return [_integers(part) for part in value] if isinstance(value, list) else value


def _malformed(errors: list[dict[str, str]]) -> ResponseMalformed:
    return ResponseMalformed("; ".join(f"{error['pointer']}: {error['detail']}" for error in errors[:5]), errors=errors)
