from datetime import date, datetime
from itertools import pairwise
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StrictInt, StringConstraints, model_validator

from shared.web import Model, Out

__all__ = [
    "EvaluatorIn",
    "EvaluatorOut",
    "FormIn",
    "FormOut",
    "InterestIn",
    "InterestOut",
    "OrganisationIn",
    "OrganisationOut",
    "ReasonIn",
]

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-[0-9A-Za-z]{1,12}$")]
Nature = Literal["employment", "ownership", "family", "business", "advice", "dispute", "other"]


class Text(Model):
    """A text in English and Chinese."""

    en: str = Field(min_length=1, max_length=2000, description="English.")
    zh: str = Field(min_length=1, max_length=2000, description="Chinese.")


class Scale(Model):
    """Ends of a scale."""

    minimum: StrictInt = Field(0, ge=0, le=1000, description="Lowest mark.")
    maximum: StrictInt = Field(100, ge=1, le=1000, description="Highest mark.")


class Anchor(Model):
    """What a mark means, so that two evaluators mean the same by it."""

    value: StrictInt = Field(description="A mark on the scale.")
    description: Text = Field(description="What a service that deserves this mark looks like.")


class Tier(Model):
    """A tier of a qualitative criterion; `maximum` belongs to the next tier, in the highest tier to this one."""

    code: Code = Field(description="Code of the tier.", examples=["partly_achieved"])
    title: Text = Field(description="Its name.")
    minimum: StrictInt = Field(description="Lowest mark in it, inclusive.")
    maximum: StrictInt = Field(description="Where the next tier begins.")


class Criterion(Model):
    """One thing to rate."""

    code: Code = Field(description="Code that a framework's `rating` indicators ask for.", examples=["management"])
    title: Text = Field(description="What is rated.")
    points: list[Text] = Field([], max_length=20, description="What to look at, one by one.")
    source: str | None = Field(None, max_length=2000, description="Where the points come from, and how sure that is.")
    weight: StrictInt | None = Field(
        None, ge=1, le=100, description="Share of the total in per cent, where a framework takes the total only."
    )
    scale: Scale = Field(Scale(), description="The scale, by default 0-100.")
    anchors: list[Anchor] = Field(min_length=2, max_length=20, description="Marks with their meaning, ascending.")
    tiers: list[Tier] = Field([], max_length=10, description="Tiers, ascending, without gaps; empty: a plain scale.")
    narrative_minimum: StrictInt = Field(20, ge=1, le=2000, description="Characters of reasoning at least.")

    @model_validator(mode="after")
    def _anchored(self) -> Self:
        low, high, name = self.scale.minimum, self.scale.maximum, self.code
        if low >= high:
            raise ValueError(f"criterion {name}: the scale is empty")
        values = [anchor.value for anchor in self.anchors]
        if any(one >= other for one, other in pairwise(values)):
            raise ValueError(f"criterion {name}: the anchors do not ascend")
        if values[0] != low or values[-1] != high:
            raise ValueError(f"criterion {name}: both ends of the scale {low}-{high} need an anchor")
        if self.tiers:
            codes = [tier.code for tier in self.tiers]
            ends = [low, *(tier.maximum for tier in self.tiers)]
            if len(set(codes)) < len(codes):
                raise ValueError(f"criterion {name}: a tier's code is there twice")
            if [tier.minimum for tier in self.tiers] != ends[:-1] or ends[-1] != high or sorted(set(ends)) != ends:
                raise ValueError(
                    f"criterion {name}: the tiers do not cover the scale {low}-{high} without gap and overlap"
                )
        return self


class FormIn(Model):
    """A version of a rating form; it never changes afterwards."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{2,63}$", description="Id of the form.", examples=["mof-three-tiers"])
    version: str = Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$", max_length=32, description="Semantic version.")
    title: Text = Field(description="Title.")
    source: str = Field(min_length=1, max_length=2000, description="Rule or decision that it follows.")
    criteria: list[Criterion] = Field(min_length=1, max_length=60, description="What is rated.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        codes = [criterion.code for criterion in self.criteria]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if twice:
            raise ValueError(f"criterion {', '.join(twice)}: there twice")
        weights = [criterion.weight for criterion in self.criteria if criterion.weight is not None]
        if weights and (len(weights) < len(codes) or sum(weights) != 100):
            unweighted = [each.code for each in self.criteria if each.weight is None]
            raise ValueError(f"the weights sum to {sum(weights)}, not to 100; without a weight: {unweighted or 'none'}")
        return self


class FormOut(Out):
    """A version of a rating form."""

    id: str = Field(description="Id of the form.")
    version: str = Field(description="Its version.")
    sha256: str = Field(description="SHA-256 of the RFC 8785 form of the document; evaluations name it.")
    document: FormIn = Field(description="The form.")
    recorded_by: str = Field(description="Who recorded it: the subject of the token.")
    recorded_at: datetime = Field(description="When, UTC.")


class OrganisationIn(Model):
    """An organisation that sends evaluators."""

    region: Region = Field(description="Region whose register it is on.", examples=["CN-230000"])
    name: str = Field(min_length=1, max_length=200, description="Name of the organisation.")
    organisation_id: UUID | None = Field(
        None, description="Its id among the organisations of the contracts service, if it is a party to contracts too."
    )


class OrganisationOut(Out):
    """An evaluator organisation."""

    id: UUID = Field(description="Id.")
    region: str = Field(description="Region whose register it is on.")
    name: str = Field(description="Name.")
    organisation_id: UUID | None = Field(description="Its id in the contracts service.")
    state: str = Field(description="active, or suspended: its evaluators get no new cases.")
    version: int = Field(description="Counts the changes.")
    recorded_at: datetime = Field(description="When it was recorded, UTC.")


class EvaluatorIn(Model):
    """An evaluator under a pseudonym; no name is taken."""

    organisation_id: UUID = Field(description="The evaluator organisation.")
    code: str = Field(pattern=r"^[A-Z0-9][A-Z0-9-]{1,31}$", description="Pseudonym.", examples=["E-0042"])
    subject: str = Field(min_length=1, max_length=200, description="Subject of the evaluator's token: a pseudonym too.")
    home_region: Region = Field(description="Where the evaluator works.", examples=["CN-230100"])
    categories: list[Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9A-Z.-]{0,15}$")]] = Field(
        [], max_length=50, description="Prefixes of the service categories the evaluator is qualified for; empty: all."
    )


class EvaluatorOut(Out):
    """An evaluator."""

    id: UUID = Field(description="Id; ratings and calibrations name it.")
    organisation_id: UUID = Field(description="The evaluator organisation.")
    code: str = Field(description="Pseudonym.")
    region: str = Field(description="Region whose register the evaluator is on: the organisation's.")
    home_region: str = Field(description="Where the evaluator works.")
    categories: list[str] = Field(description="Prefixes of service categories; empty: all.")
    state: str = Field(description="active, or retired: gets no new cases.")
    version: int = Field(description="Counts the changes.")
    recorded_at: datetime = Field(description="When recorded, UTC.")


class InterestIn(Model):
    """A conflict of interest, with an organisation or with one contract."""

    organisation_id: UUID | None = Field(None, description="Purchaser or provider that the interest is with.")
    contract_id: UUID | None = Field(None, description="The contract that the interest is with.")
    nature: Nature = Field(description="Kind of interest.")
    statement: str = Field(min_length=1, max_length=2000, description="What it is, without names of other people.")
    ends_on: date | None = Field(None, description="Last day on which it counts; null: it stays.")

    @model_validator(mode="after")
    def _about_one(self) -> Self:
        if (self.organisation_id is None) == (self.contract_id is None):
            raise ValueError("name either organisation_id or contract_id")
        return self


class InterestOut(Out):
    """A declared conflict of interest; it never changes."""

    id: UUID = Field(description="Id.")
    evaluator_id: UUID = Field(description="The evaluator.")
    organisation_id: UUID | None = Field(description="The organisation that it is with.")
    contract_id: UUID | None = Field(description="The contract that it is with.")
    nature: str = Field(description="Kind of interest.")
    statement: str = Field(description="What it is.")
    ends_on: date | None = Field(description="Last day on which it counts.")
    declared_by: str = Field(description="Who declared it: the subject of the token.")
    declared_at: datetime = Field(description="When, UTC.")


class ReasonIn(Model):
    """Why."""

    reason: str = Field(min_length=1, max_length=2000, description="The reason; it is kept.")
