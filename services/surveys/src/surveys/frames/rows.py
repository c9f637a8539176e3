"""The rows of a frame as they come: JSON or newline-delimited JSON, and the keyed hash that replaces a reference."""

import hmac
import json
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError, model_validator

from shared.problems import TooLarge
from shared.web import Model
from surveys.frames.errors import FrameMalformed
from surveys.keys import derived_key

__all__ = [
    "ERRORS_SHOWN",
    "ROWS_BODY",
    "ROWS_LIMIT",
    "Channel",
    "FrameRowIn",
    "Hashed",
    "KeyedHash",
    "RawReference",
    "Unit",
    "read_rows",
    "reference_key",
    "units_of",
]

ROWS_LIMIT = 10_000
ERRORS_SHOWN = 20

KeyedHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
RawReference = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Channel = Literal["post", "sms", "email", "phone", "visit", "counter", "app"]
AttributeName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,31}$")]
AttributeValue = Annotated[str, StringConstraints(pattern=r"^[\w][\w.+-]{0,47}$")]
StratumCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,47}$")]


class FrameRowIn(Model):
    """One unit of a frame. Names, addresses and telephone numbers have no place here."""

    reference: RawReference | None = Field(
        None, description="Reference in the holder's list; it is hashed at once and stored nowhere."
    )
    reference_hmac: KeyedHash | None = Field(
        None, description="Or the keyed hash (64 hexadecimal digits) that the holder of the list made of it."
    )
    stratum: StratumCode | None = Field(None, description="Stratum of the unit; required where the wave has strata.")
    attributes: Annotated[dict[AttributeName, AttributeValue], Field(max_length=8)] = Field(
        default_factory=dict,
        description="Coarse variables that the answers are weighted by: age band, sex, kind of service. Every row has "
        "the same ones.",
        examples=[{"age": "60-69", "sex": "female"}],
    )
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = Field(
        None, description="Language of the invitation (BCP 47)."
    )
    channel: Channel | None = Field(None, description="How the invitation is sent.")

    @model_validator(mode="after")
    def _one_reference(self) -> Self:
        if (self.reference is None) == (self.reference_hmac is None):
            raise ValueError("give either reference or reference_hmac")
        if "stratum" in self.attributes:
            raise ValueError("stratum is a field of its own, not an attribute")
        return self


@dataclass(frozen=True, slots=True)
class Unit:
    """A row with the keyed hash in the place of its reference."""

    reference_hmac: bytes
    stratum: str | None
    attributes: dict[str, str]
    language: str | None
    channel: str | None


@dataclass(frozen=True, slots=True)
class Hashed:
    """Units in the order of their rows, and who made the keyed hashes: `service` or `holder`."""

    units: list[Unit]
    keyed_by: str


# How a request body with rows looks in the interface document.
ROWS_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["rows"],
                "properties": {
                    "rows": {"type": "array", "items": FrameRowIn.model_json_schema(), "maxItems": ROWS_LIMIT}
                },
            }
        },
        "application/x-ndjson": {"schema": {"type": "string", "description": "One row, as in JSON, per line."}},
    },
}


class _Rows(Model):
    rows: Annotated[list[FrameRowIn], Field(min_length=1, max_length=ROWS_LIMIT)]


_LINES = TypeAdapter(list[FrameRowIn])


def reference_key(wave_id: UUID, reference: str) -> bytes:
    """The keyed hash of a reference, different in every wave, so that two waves' lists cannot be joined.

    Width, case and white space do not count: `１３ ａ` and `13A` are one reference.

    Raises:
        ServiceKeyMissing: the service has no secret.
    """
    plain = "".join(unicodedata.normalize("NFKC", reference).split()).upper()
    message = wave_id.bytes + plain.encode("utf-8", "replace")
    return hmac.digest(derived_key("reference"), message, "sha256")


def read_rows(body: bytes, *, lines: bool) -> list[FrameRowIn]:
    """The rows of a request body: `{"rows": [...]}`, or one JSON object a line.

    Raises:
        FrameMalformed: names row and field of the first errors.
        TooLarge: more rows than one request may have.
    """
    if not lines:
        return _validated(lambda: _Rows.model_validate_json(body).rows)
    texts = [line for line in body.splitlines() if line.strip()]
    if len(texts) > ROWS_LIMIT:
        raise TooLarge(f"A request may have {ROWS_LIMIT} rows at most; send the rest in further ones.")
    if not texts:
        raise FrameMalformed("There are no rows.", errors=[{"pointer": "/rows", "detail": "must have a row"}])
    for index, line in enumerate(texts):
        try:
            json.loads(line)
        except (ValueError, RecursionError) as error:
            errors = [{"pointer": f"/rows/{index}", "detail": "is not JSON"}]
            raise FrameMalformed(f"Row {index} is not JSON.", errors=errors) from error
    return _validated(lambda: _LINES.validate_json(b"[" + b",".join(texts) + b"]"), prefix=("rows",))


def units_of(wave_id: UUID, rows: Sequence[FrameRowIn]) -> Hashed:
    """The rows with keyed hashes.

    Raises:
        FrameMalformed: both kinds of references in one request, or a reference twice.
    """
    kinds = {"service" if row.reference is not None else "holder" for row in rows}
    if len(kinds) > 1:
        raise FrameMalformed(
            "Give the references of all rows, or the keyed hashes of all.",
            errors=[{"pointer": "/rows", "detail": "mixes reference and reference_hmac"}],
        )
    units = [
        Unit(
            _hash_of(wave_id, row),
            row.stratum,
            dict(sorted(row.attributes.items())),
            row.language,
            row.channel,
        )
        for row in rows
    ]
    first: dict[bytes, int] = {}
    errors = [
        {"pointer": f"/rows/{index}", "detail": f"has the reference of row {first[unit.reference_hmac]}"}
        for index, unit in enumerate(units)
        if first.setdefault(unit.reference_hmac, index) != index
    ]
    if errors:
        raise FrameMalformed(
            f"{len(errors)} rows repeat a reference: one person has one invitation.", errors=errors[:ERRORS_SHOWN]
        )
    return Hashed(units, kinds.pop())


def _hash_of(wave_id: UUID, row: FrameRowIn) -> bytes:
    if row.reference is not None:
        return reference_key(wave_id, row.reference)
    return bytes.fromhex(row.reference_hmac or "")


def _validated(parse: Callable[[], list[FrameRowIn]], *, prefix: tuple[str, ...] = ()) -> list[FrameRowIn]:
    try:
        return parse()
    except ValidationError as error:
        errors = [
            {"pointer": "/" + "/".join(map(str, (*prefix, *found["loc"]))), "detail": found["msg"]}
            for found in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        shown = errors[:ERRORS_SHOWN]
        raise FrameMalformed(f"{shown[0]['pointer']}: {shown[0]['detail']}", errors=shown) from error
