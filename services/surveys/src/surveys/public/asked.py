"""What a page is asked with, without the framework that it came through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

__all__ = ["Asked", "FormMalformed", "read_form"]

FIELDS = 400


class FormMalformed(ValueError):  # noqa: N818 - as the problems are called
    """The body is no form of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request: query, form, cookies, the language wished for, the address for the limits. None of it is kept."""

    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, Sequence[str]] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    accept_language: str = ""
    address: str | None = None

    def value(self, name: str) -> str:
        """The first value of a field of the form, without the blanks around it; empty when it is not there."""
        values = self.form.get(name)
        return values[0].strip() if values else ""


def read_form(body: bytes) -> dict[str, list[str]]:
    """The fields of an `application/x-www-form-urlencoded` body (WHATWG URL standard, section 5).

    Raises:
        FormMalformed: it is not UTF-8, holds NUL, or has too many fields.
    """
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=FIELDS
        )
    except ValueError as error:
        raise FormMalformed("the body is no form") from error
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        if "\x00" in value:
            raise FormMalformed("a field holds the character NUL")
        # A browser sends the end of a line as CR LF; the limits count it as one character.
        form.setdefault(name, []).append(value.replace("\r\n", "\n"))
    return form
