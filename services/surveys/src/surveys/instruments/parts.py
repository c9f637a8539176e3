"""The small parts that questionnaires are made of: texts, scales, options."""

import hashlib
from typing import Annotated, Self

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints, model_validator

__all__ = [
    "Code",
    "Language",
    "MatrixRow",
    "NoOpinion",
    "Option",
    "Part",
    "Scale",
    "ScalePoint",
    "Words",
    "canonical_sha256",
    "duplicates",
]

# Numbers of points that the statistics and the pages know. Three and ten come with questionnaires of others.
SCALE_POINTS = (3, 4, 5, 7, 10, 11)

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,47}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]  # BCP 47
Words = Annotated[
    dict[Language, Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\u0000]*$")]],
    Field(min_length=1, description="One text per language (BCP 47 tag)."),
]


def canonical_sha256(document: object) -> str:
    """SHA-256 of the RFC 8785 form of a JSON value, in lower-case hexadecimal."""
    return hashlib.sha256(rfc8785.dumps(document)).hexdigest()  # type: ignore[arg-type]


def duplicates(codes: list[str]) -> list[str]:
    """The codes that are there more than once, sorted."""
    return sorted({code for code in codes if codes.count(code) > 1})


class Part(BaseModel):
    """Base of every part: unknown fields are refused, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ScalePoint(Part):
    """One point of a scale.

    `index` is what the point counts for on 0-100 where a city's form says so (for example 100, 80, 60, 30 for the four
    levels 很满意 to 不满意); without it the points are spread evenly.
    """

    value: Annotated[int, Field(strict=True, ge=0, le=10)]
    """What is answered; a higher value is better."""
    label: Words
    """What the point means, per language."""
    index: Annotated[int, Field(strict=True, ge=0, le=100)] | None = None
    """What the point counts for, 0-100; null: spread evenly."""


class NoOpinion(Part):
    """No opinion (don't know, not used, prefer not to say): missing for every measure, counted apart."""

    code: Code
    """What is answered."""
    label: Words
    """What it means, per language."""


class Option(Part):
    """One answer of a choice; an `exclusive` one ("none of these") stands alone in a multiple choice."""

    code: Code
    """What is answered."""
    label: Words
    """What the option means, per language."""
    exclusive: StrictBool = False
    """True: in a multiple choice it stands alone."""


class MatrixRow(Part):
    """One line of a matrix."""

    code: Code
    """Code of the line; the member of the answer's object."""
    text: Words
    """What is asked in this line, per language."""


class Scale(Part):
    """A rating scale; a higher value is better."""

    code: Code
    """Code of the scale; items name it."""
    points: Annotated[tuple[ScalePoint, ...], Field(min_length=3, max_length=11)]
    """3, 4, 5, 7, 10 or 11 points with consecutive values, in the order in which a page shows them."""
    no_opinion: Annotated[tuple[NoOpinion, ...], Field(max_length=5)] = ()
    """Answers that are no opinion."""

    @property
    def values(self) -> tuple[int, ...]:
        """The values in ascending order."""
        return tuple(sorted(point.value for point in self.points))

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the answers that are no opinion."""
        return tuple(answer.code for answer in self.no_opinion)

    @property
    def indices(self) -> tuple[float, ...]:
        """What each value, ascending, counts for on 0-100: as declared, else evenly from 0 to 100."""
        declared = {point.value: point.index for point in self.points}
        last = len(self.points) - 1
        return tuple(
            100.0 * step / last if (found := declared[value]) is None else float(found)
            for step, value in enumerate(self.values)
        )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        values = self.values
        if values != tuple(range(values[0], values[0] + len(values))):
            raise ValueError(f"scale {self.code}: the values must follow one another without a gap")
        if len(values) not in SCALE_POINTS:
            raise ValueError(f"scale {self.code}: a scale has {', '.join(map(str, SCALE_POINTS))} points")
        declared = [point.index is not None for point in self.points]
        if any(declared) != all(declared):
            raise ValueError(f"scale {self.code}: either every point has an index or none")
        if any(low > high for low, high in zip(self.indices, self.indices[1:], strict=False)):
            raise ValueError(f"scale {self.code}: a higher value cannot have a lower index")
        twice = duplicates(list(self.codes))
        if twice:
            raise ValueError(f"scale {self.code}: {', '.join(twice)} is there twice")
        return self
