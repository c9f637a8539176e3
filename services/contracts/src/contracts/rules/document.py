"""A rule set as a document, and what its hash is made of.

The kind decides the parameters. The JSON Schema beside the shipped data is generated from these models (a test holds
the two together), so that a province can check its own version before it sends it.
"""

import hashlib
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, Union

import rfc8785
from pydantic import Field, create_model, model_validator

from contracts.rules.flag_parameters import FLAG_KINDS
from contracts.rules.parameters import KINDS
from contracts.rules.parts import Part, Text, Words

__all__ = ["Confidence", "Instrument", "Rule", "RuleSet", "canonical_sha256", "json_schema"]

Code = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=48)]
Version = Annotated[str, Field(pattern=r"^[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}$", max_length=32)]
Scope = Annotated[str, Field(pattern=r"^(\*|[A-Z]{2}(-[0-9A-Za-z]{1,12})?)$", max_length=16)]


def canonical_sha256(document: dict[str, Any]) -> str:
    """SHA-256 of the RFC 8785 form, as 64 hexadecimal digits."""
    return hashlib.sha256(rfc8785.dumps(document)).hexdigest()


class Confidence(Part):
    """How surely a text is known: read in a published text, told at second hand, or written down from memory."""

    grade: Literal["verified", "secondHand", "memoryHigh", "memoryMedium", "memoryLow", "own"]
    """verified; secondHand; from memory >= 95 %, 75-90 %, < 75 %; own: not law but a convention of this rule set."""
    note: Text | None = None
    """What was read, and what must be checked with a lawyer."""


class Instrument(Part):
    """A law, measure or standard that rules come from."""

    id: Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{0,31}$")]
    """Id, as the rules' sources name it."""
    title: Words
    """Title."""
    number: Text | None = None
    """Number of the document, or version of the standard."""
    in_force_from: date | None = None
    """In force from; null where not known."""
    confidence: Confidence
    """How surely its text is known."""


class Source(Part):
    """Where a rule comes from: an instrument of this set and the article, if it is known."""

    instrument: str
    """Id of the instrument."""
    article: Annotated[str, Field(min_length=1, max_length=50)] | None = None
    """Article, with its paragraph; null where not known."""

    def __str__(self) -> str:
        return f"{self.instrument} art. {self.article}" if self.article else self.instrument


class Rule(Part):
    """One rule. `phase` says which guard reads it; `standing` rules are read by no guard."""

    code: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
    """Code, unique in the set."""
    phase: Literal["conclusion", "implementation", "completion", "standing"]
    """conclusion is read at activation, completion at completion; the others by no guard."""
    severity: Literal["block", "warn", "inform"]
    """What a broken rule does; block only once a named person has confirmed the rule, until then it warns."""
    source: Source | None
    """Null: a convention of this set, which its confidence says."""
    confidence: Confidence
    """How surely the rule is known."""
    text: Words
    """The rule in words."""

    # Each kind is a class of its own, made below, with its own parameters: that gives the schema a `oneOf`.
    if TYPE_CHECKING:
        kind: str
        parameters: Any

    @cached_property
    def document(self) -> dict[str, Any]:
        """The rule as JSON, every field stated."""
        return self.model_dump(mode="json")

    @cached_property
    def sha256(self) -> str:
        """The hash that a confirmation and an override name."""
        return canonical_sha256(self.document)


if TYPE_CHECKING:
    AnyRule = Rule
else:
    _of_kind = tuple(
        create_model(
            f"{kind[0].upper()}{kind[1:]}Rule",
            __base__=Rule,
            # Made here, they stand in no source: looking for their docstrings takes half a second in all.
            __cls_kwargs__={"use_attribute_docstrings": False},
            __doc__=(parameters.__doc__ or "").strip(),
            kind=(Literal[kind], Field(description="How it is checked.")),
            parameters=(parameters, Field(description="Its figures.")),
        )
        for kind, parameters in KINDS.items()
    )
    AnyRule = Annotated[Union[_of_kind], Field(discriminator="kind")]  # noqa: UP007 - made of a tuple


class RuleSet(Part):
    """The rules of a jurisdiction at one version; what a contract pinned never changes."""

    id: Code
    """Code; it belongs to the scope that used it first."""
    version: Version
    """Three numbers; a changed word or figure is a new version."""
    jurisdiction: Annotated[str, Field(pattern=r"^(\*|[A-Z]{2})$")]
    """ISO 3166 country whose law it is; * for none."""
    scope: Scope
    """Region where it is in force, with everything below it; * everywhere."""
    in_force_from: date
    """Contracts signed from this day on; an older contract keeps its set."""
    title: Words
    """Title."""
    based_on: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,48}@[0-9.]{5,32}$")] | None = None
    """The set that this one was made from, as id@version."""
    note: Words | None = None
    """What whoever uses it must know."""
    instruments: tuple[Instrument, ...] = Field(max_length=200)
    """The instruments that the rules come from."""
    rules: tuple[AnyRule, ...] = Field(min_length=1, max_length=300)
    """The rules."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        known = {instrument.id for instrument in self.instruments}
        if len(known) != len(self.instruments):
            raise ValueError("two instruments have the same id")
        seen: set[str] = set()
        for position, rule in enumerate(self.rules):
            where = f"rules/{position} ({rule.code})"
            if rule.code in seen:
                raise ValueError(f"{where}: the code stands twice")
            seen.add(rule.code)
            if rule.source is None and rule.confidence.grade != "own":
                raise ValueError(f"{where}: a rule without a source is a convention; its confidence is own")
            if rule.source is not None and rule.source.instrument not in known:
                raise ValueError(f"{where}: {rule.source.instrument} is none of the instruments of this set")
            if rule.kind in FLAG_KINDS and rule.severity == "block":
                raise ValueError(f"{where}: a risk flag asks a question and never blocks")
        return self

    @cached_property
    def document(self) -> dict[str, Any]:
        """The set as JSON, every field stated."""
        return self.model_dump(mode="json")

    @cached_property
    def sha256(self) -> str:
        """The hash that a contract pins."""
        return canonical_sha256(self.document)

    @property
    def name(self) -> str:
        """Id and version, as `from` and `to` of a diff name it."""
        return f"{self.id}@{self.version}"

    def rule(self, code: str) -> Rule | None:
        """The rule with this code."""
        return next((rule for rule in self.rules if rule.code == code), None)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a rule set."""
    schema = RuleSet.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
