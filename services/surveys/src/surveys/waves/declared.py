"""What a wave declares beside its dates: margins, quotas, who was present. Checked before the first answer."""

from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, StrictInt, StringConstraints, model_validator

from shared.web import Model

__all__ = ["Category", "Independence", "Margin", "Quota", "QuotaTarget", "Stratum", "check_margins"]

Count = Annotated[StrictInt, Field(ge=1, le=2_000_000_000)]
Code = Annotated[str, StringConstraints(pattern=r"^[\w][\w.+-]{0,47}$")]
# The name of a frame attribute or of a question (a line of a matrix is `item.row`).
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,47}(\.[A-Za-z0-9_-]{1,48})?$")]
Population = Annotated[float, Field(gt=0, le=2e9, allow_inf_nan=False)]


class Stratum(Model):
    """A stratum of a probability sample."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,47}$")] = Field(
        description="Code that each response names.", examples=["urban"]
    )
    population: Count = Field(description="N_h, recipients in the stratum.", examples=[900])


class Category(Model):
    """A category of a margin."""

    code: Code = Field(description="Code of the attribute or of the answer.", examples=["female"])
    population: Population = Field(description="Recipients in the category.", examples=[1043])


class Margin(Model):
    """A distribution in the population that the answers are weighted to (raking)."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=48)] = Field(
        description="Name under which errors speak of it.", examples=["sex"]
    )
    source: Literal["frame", "item"] = Field(
        description="Where an answer's category comes from: an attribute of the frame, or an answer to a question."
    )
    variable: Variable = Field(description="Name of the attribute (or `stratum`), or code of the question.")
    categories: Annotated[tuple[Category, ...], Field(max_length=100)] = Field(
        (),
        description="Every category with its population; all margins sum to the same N. A margin on the frame may "
        "leave them out: they are counted when the frame is drawn.",
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        codes = [category.code for category in self.categories]
        if len(set(codes)) < len(codes):
            raise ValueError(f"margin {self.name} has a category twice")
        if len(codes) == 1:
            raise ValueError(f"margin {self.name} needs two categories or more")
        if not codes and self.source == "item":
            raise ValueError(f"margin {self.name}: a margin on a question states the population of its categories")
        return self


class QuotaTarget(Model):
    """How many answers are wanted from a category."""

    code: Code = Field(description="Code of the attribute.", examples=["rural"])
    target: Count = Field(description="Answers that the field work aims at.", examples=[60])


class Quota(Model):
    """What the field work aims at; it steers reminders and interviewers, and never closes the questionnaire."""

    variable: Variable = Field(description="Name of the frame's attribute, or `stratum`.")
    targets: Annotated[tuple[QuotaTarget, ...], Field(min_length=1, max_length=100)] = Field(
        description="Per category."
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        codes = [target.code for target in self.targets]
        if len(set(codes)) < len(codes):
            raise ValueError(f"quota {self.variable} has a category twice")
        return self


class Independence(Model):
    """Who was present at the answers."""

    supervised_by_provider: StrictBool = Field(
        False,
        description="True: answers are given at the provider's counter or before its staff. The wave is `caution`, and "
        "such answers alone make no score.",
    )
    interviewers: Literal["none", "purchaser", "third_party", "provider"] = Field(
        "none", description="Who employs the interviewers."
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.interviewers == "provider" and not self.supervised_by_provider:
            raise ValueError("interviewers of the provider make the answers supervised_by_provider")
        return self


def check_margins(margins: tuple[Margin, ...]) -> None:
    """Refuse two margins of one name or of one variable.

    Raises:
        ValueError: names the margin.
    """
    for what, seen in (
        ("margin", [margin.name for margin in margins]),
        ("margin on", [f"{margin.source} {margin.variable}" for margin in margins]),
    ):
        twice = sorted({name for name in seen if seen.count(name) > 1})
        if twice:
            raise ValueError(f"{what} {', '.join(twice)} is there twice")
