from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt, StringConstraints, model_validator

from scoring.evidence.statements import Distribution
from shared.web import Figure, Model, Out

__all__ = ["DocumentIn", "EvidenceIn", "EvidenceOut", "Reconciliation"]

Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")]


class DocumentIn(Model):
    """The document that a statement rests on."""

    sha256: str = Field(
        pattern="^[0-9a-f]{64}$", description="SHA-256 of the document's bytes, lower-case hexadecimal."
    )
    title: str = Field(min_length=1, max_length=500, description="Its title.")
    link: str | None = Field(None, max_length=2000, description="Where it is kept; a URL or a file number.")


class Reconciliation(Model):
    """What a count without error agrees with: entries of the contract's ledger, or a register."""

    source: Literal["ledger", "register"] = Field(description="ledger: of this contract. register: of any authority.")
    entries: tuple[UUID, ...] = Field(
        (),
        max_length=1000,
        description="Ledger: the entries whose amounts (refunds and reversals negative) add up to it.",
    )
    register_name: Text | None = Field(None, description="Register: its name and keeper.")
    reference: Text | None = Field(None, description="Register: number or date of the extract.")
    count: Figure | None = Field(
        None, description="Register: the figure that the extract gives, in the measure's unit."
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.source == "ledger" and not self.entries:
            raise ValueError("name the ledger's `entries`")
        if self.source == "register" and None in {self.register_name, self.reference, self.count}:
            raise ValueError("name the register (`register_name`), the extract (`reference`) and its `count`")
        return self


_LEAST_ERROR = Decimal("0.000001")


class Period(Model):
    """The days in which a statistic was collected."""

    first_on: date = Field(description="First day.")
    last_on: date = Field(description="Last day.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.last_on < self.first_on:
            raise ValueError("`last_on` is before `first_on`")
        return self


class EvidenceIn(Model):
    """A statement about a contract that no event brings: a manual fact, or a statistic that was typed by hand."""

    contract_id: UUID = Field(description="The contract.")
    kind: Literal["manual", "statistic"] = Field(
        description="manual: a fact with a document. statistic: an estimate; without n, design, response rate, period, "
        "executing body and standard error it stays `unverified`: shown, not scored."
    )
    measure: Code = Field(description="Code that a framework's rule `manual` names.", examples=["waiting-days"])
    value: Figure | None = Field(None, description="In the unit of the indicator; with a tier: points inside it.")
    tier: Code | None = Field(None, description="Manual only: code of a qualitative tier.", examples=["partly"])
    dist: Distribution = Field(description="Distribution of the error: exact, normal, t, beta, or tier.")
    se: Figure | None = Field(
        None, ge=0, description="Standard error of the value, in its unit; 0 only where it is exact."
    )
    df: Figure | None = Field(None, gt=0, description="Degrees of freedom of the standard error (dist t).")
    n: StrictInt | None = Field(None, ge=1, lt=2**31, description="Size of the sample, units.")
    deff: Figure | None = Field(None, gt=0, description="Design effect: variance against a simple random sample.")
    unit: str | None = Field(None, min_length=1, max_length=50, description="Unit of the value.", examples=["days"])
    method: Text | None = Field(None, description="How it was found; with a value inside a tier: why this value.")
    design: Text | None = Field(None, description="Statistic: how the sample was drawn.")
    response_rate: Figure | None = Field(None, gt=0, le=1, description="Statistic: share that answered, 0-1.")
    period: Period | None = Field(None, description="Statistic: when it was collected.")
    body: Text | None = Field(None, description="Statistic: the body that carried it out.")
    document: DocumentIn | None = Field(None, description="The document; a manual fact must have one.")
    reconciles: Reconciliation | None = Field(None, description="What an exact count agrees with.")
    stage: Literal["interim", "completion", "followUp"] | None = Field(
        None, description="Null: it holds at every stage."
    )
    valid_on: date = Field(description="The day that it speaks of.")
    valid_until: date | None = Field(None, description="The first day on which it no longer holds.")
    source: Text = Field(description="Where it comes from.")
    simulated: StrictBool = Field(False, description="Whether it is made up, for a demonstration or a test.")
    supersedes: UUID | None = Field(None, description="The statement about the same measure that this one corrects.")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for fails, fault in (*self._value_rules(), *self._error_rules(), *self._frame_rules()):
            if fails:
                raise ValueError(fault)
        return self

    def _value_rules(self) -> tuple[tuple[bool, str], ...]:
        picked = self.tier is not None and self.value is not None
        return (
            ((self.tier is None) != (self.dist != "tier"), "`tier` and dist tier go together"),
            (self.tier is None and self.value is None, "state a `value` (or a `tier`)"),
            (picked and self.method is None, "a value inside a tier needs its reason in `method`"),
            (picked and not 0 <= (self.value or 0) <= 100, "a value inside a tier lies between 0 and 100 points"),
        )

    def _error_rules(self) -> tuple[tuple[bool, str], ...]:
        # What six decimals do not keep would be stored as no error at all.
        sure, positive = self.dist in {"exact", "tier"}, self.se is not None and self.se >= _LEAST_ERROR
        manual = self.kind == "manual"
        return (
            (sure and bool(self.se), f"dist {self.dist} has no standard error"),
            (
                self.dist == "exact" and self.reconciles is None,
                "a standard error of 0 is for counts that reconcile with a ledger or register: state `reconciles`",
            ),
            (
                not sure and self.se is not None and not positive,
                "a standard error of 0 is for exact counts only; six decimals are kept",
            ),
            (manual and not sure and not positive, "state the standard error `se`"),
            (manual and self.dist == "t" and self.df is None, "dist t needs the degrees of freedom `df`"),
            (self.dist == "beta" and self.n is None, "dist beta needs the size of the sample `n`"),
        )

    def _frame_rules(self) -> tuple[tuple[bool, str], ...]:
        statistic = self.kind == "statistic"
        return (
            (
                statistic and self.dist in {"exact", "tier"},
                "a statistic has an error: state dist normal, t or beta with its `se`",
            ),
            (not statistic and self.document is None, "a manual fact needs its `document`"),
            (self.reconciles is not None and self.dist != "exact", "only an exact count reconciles"),
            (
                self.valid_until is not None and self.valid_until <= self.valid_on,
                "`valid_until` is not after `valid_on`",
            ),
        )

    def details(self) -> dict[str, Any]:
        """What the kind adds to the body."""
        if self.kind == "manual":
            return {} if self.reconciles is None else {"reconciles": self.reconciles.model_dump(mode="json")}
        stated = {
            "design": self.design,
            "response_rate": None if self.response_rate is None else f"{self.response_rate:.6f}",
            "period": None if self.period is None else self.period.model_dump(mode="json"),
            "body": self.body,
        }
        return {name: value for name, value in stated.items() if value is not None}

    def exact(self) -> Decimal | None:
        """The standard error as it is stored: 0 for an exact count."""
        return Decimal(0) if self.dist == "exact" else self.se


class EvidenceOut(Out):
    """One item of evidence."""

    id: UUID = Field(
        description="Id of the fact or statement, or of the aggregate (contract, wave) whose state this is."
    )
    version: int = Field(description="Version of the aggregate; 1 for a fact or statement.")
    kind: str = Field(description="contract, observation, ledger, acceptance, wave, manual, statistic or rating.")
    contract_id: UUID = Field(description="The contract that it speaks of.")
    region: str = Field(description="`<country>-<code>`, the GB/T 2260 code for China.")
    sha256: str = Field(description="SHA-256 of the RFC 8785 form of kind, id and body; score rows name it.")
    body: dict[str, Any] = Field(description="What the item says; money and figures are decimal strings.")
    measure: str | None = Field(description="Statements only: the measure or criterion.")
    quality: str = Field(description="verified, or unverified: shown, not scored; `body.lacks` says what is missing.")
    supersedes: UUID | None = Field(description="The statement that this one corrects; that one stays.")
    valid_on: date = Field(description="The day that it speaks of.")
    valid_until: date | None = Field(description="The first day on which it no longer holds; null: none is stated.")
    recorded_at: datetime = Field(description="When its owner recorded it, UTC.")
    received_at: datetime = Field(description="When it came to scoring, UTC.")
    recorded_by: str | None = Field(description="Statements only: who stated it.")
    event_id: UUID | None = Field(description="The event that brought it; null for a statement.")
