"""The rule sets: which result demands what, of whom, until when, and the clocks of rectifications and appeals.

A rule set is a versioned document with the source of every rule and how sure it is. The shipped ones lie in `data/`; a
region adds its own over HTTP, with a second person's approval. The most specific one that applies to a contract's
region decides.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, StrictInt, model_validator

from scoring.canonical import canonical, sha256
from shared.web import Model, Money

__all__ = ["AppealClocks", "Choice", "Demand", "RectificationClocks", "RuleSet", "rule_set_hash", "shipped_rule_sets"]

Code = Annotated[str, Field(pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*$", max_length=64)]
Days = Annotated[StrictInt, Field(ge=1, le=250)]
Source = Annotated[str, Field(min_length=1, max_length=1000, description="Where the rule comes from.")]
Confidence = Annotated[
    str, Field(min_length=1, max_length=300, description="How sure it is: verified, second-hand, memory, own choice.")
]


class Title(Model):
    """A name in two languages."""

    zh: str = Field(min_length=1, max_length=200, description="Chinese.")
    en: str = Field(min_length=1, max_length=200, description="English.")


class Choice(Model):
    """What may be decided; an adverse choice needs a determination that bears it."""

    code: Code = Field(description="Code of the choice.")
    adverse: StrictBool = Field(default=False, description="Whether it is to the disadvantage of a party.")
    amount: StrictBool = Field(default=False, description="Whether it names the money that it moves.")


class Demand(Model):
    """A consequence that a result demands."""

    code: Code = Field(description="Code of the rule.")
    kind: Literal["support", "improve", "cut", "withhold", "payment", "renewal", "budget", "publish"] = Field(
        description="support | improve | cut | withhold | payment | renewal | budget | publish."
    )
    title: Title = Field(description="What is demanded.")
    basis: Literal["grade", "provider"] = Field(
        description="The determination's grade, or that of the provider's own sub-score; payment and renewal go by "
        "the provider's only."
    )
    grades: Annotated[list[str], Field(min_length=1, max_length=20)] = Field(description="Grades that demand it.")
    stages: list[Literal["interim", "completion", "followUp"]] | None = Field(
        None, description="Stages at which it is demanded; by default all."
    )
    resolutions: list[Literal["partly", "none"]] | None = Field(
        None, description="After a rectification only: the resolutions that demand it."
    )
    adverse: StrictBool = Field(
        default=False, description="Adverse as such: blocked while the determination is unsure."
    )
    money: StrictBool = Field(default=False, description="Moves money: waits while an appeal suspends it.")
    rectification: StrictBool = Field(default=False, description="Opens a rectification.")
    owner: Literal["finance", "purchaser"] = Field(description="Who must act.")
    working_days: Days = Field(description="Working days from the day on which the determination takes effect.")
    percent: Annotated[Money, Field(gt=0, le=100)] | None = Field(
        None, description="Share of the contract's value that is proposed, per cent; null where no rule states one."
    )
    choices: Annotated[list[Choice], Field(min_length=1, max_length=20)] = Field(description="What may be decided.")
    source: Source
    confidence: Confidence

    @model_validator(mode="after")
    def _by_the_provider(self) -> Self:
        if self.kind in {"payment", "renewal"} and self.basis != "provider":
            raise ValueError(f"{self.code}: payment and renewal use only what the provider answers for")
        if self.percent is not None and not self.money:
            raise ValueError(f"{self.code}: a share of the value moves money")
        return self


class RectificationClocks(Model):
    """Clocks of a rectification, in working days."""

    monitoring: Days = Field(description="From the activation to the conclusion.")
    elimination: Days = Field(description="From the conclusion to the end of the elimination period.")
    nothing_found: Days = Field(description="The same when nothing was found.")
    reply: Days = Field(description="To answer a question.")
    unreported_from: Days = Field(
        description="A resolution without a report is not made before this day of the period."
    )
    source: Source
    confidence: Confidence


class AppealClocks(Model):
    """Clocks of an appeal, in working days."""

    file: Days = Field(description="From the service of the decision to the last day for filing.")
    decide: Days = Field(description="From the filing to the decision.")
    refile: Days = Field(description="From the decision to the new determination when the result changes.")
    source: Source
    confidence: Confidence


class RuleSet(Model):
    """What the results of a region's contracts lead to."""

    id: Code = Field(description="Id of the rule set.")
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$", max_length=32)] = Field(description="Version.")
    applies_to: Annotated[str, Field(pattern=r"^[A-Z]{2}(-[0-9A-Za-z]{1,12})?$")] = Field(
        description="Region with everything below it, as a scope prefix: `CN`, `CN-23`, `CN-2301`, `CN-230102`."
    )
    title: Title = Field(description="Name.")
    source: Source
    confidence: Confidence
    demands: Annotated[list[Demand], Field(max_length=100)] = Field(description="What results demand.")
    after_rectification: Annotated[list[Demand], Field(max_length=100)] = Field(
        description="What a rectification demands that did not succeed."
    )
    rectification: RectificationClocks = Field(description="Clocks of rectifications.")
    appeal: AppealClocks = Field(description="Clocks of appeals.")

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        codes = [demand.code for demand in (*self.demands, *self.after_rectification)]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if twice:
            raise ValueError(f"the code {twice[0]} stands twice")
        if any(demand.resolutions for demand in self.demands):
            raise ValueError("resolutions belong to demands after a rectification")
        if any(not demand.resolutions or demand.rectification for demand in self.after_rectification):
            raise ValueError("a demand after a rectification names its resolutions and opens no further rectification")
        if sum(demand.rectification for demand in self.demands) > 1 and _overlapping(self.demands):
            raise ValueError("one result opens one rectification")
        return self

    def applies(self, region: str) -> bool:
        """Whether it holds for a contract's region."""
        return region == self.applies_to or region.startswith(
            self.applies_to if "-" in self.applies_to else f"{self.applies_to}-"
        )

    def demand(self, code: str) -> Demand:
        """The demand with that code."""
        return next(demand for demand in (*self.demands, *self.after_rectification) if demand.code == code)


def _overlapping(demands: list[Demand]) -> bool:
    grades = [grade for demand in demands if demand.rectification for grade in demand.grades]
    return len(grades) != len(set(grades))


def rule_set_hash(rule_set: RuleSet) -> str:
    """SHA-256 of the RFC 8785 form of the document, hexadecimal."""
    return sha256(canonical(rule_set.model_dump(mode="json")))


@cache
def shipped_rule_sets() -> tuple[RuleSet, ...]:
    """The rule sets that are shipped, by id."""
    data = files("scoring.results") / "data"
    found = [
        RuleSet.model_validate(json.loads(entry.read_text(encoding="utf-8")))
        for entry in data.iterdir()
        if entry.name.endswith("result-use.json")
    ]
    return tuple(sorted(found, key=lambda each: each.id))
