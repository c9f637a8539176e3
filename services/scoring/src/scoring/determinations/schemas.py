from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BeforeValidator, Field, StrictInt, model_validator

from scoring.evidence.schemas import DocumentIn
from scoring.scores.schemas import PartUncertaintyOut
from shared.web import Model, Out

__all__ = [
    "ActOut",
    "DeterminationIn",
    "DeterminationOut",
    "Justification",
    "Panel",
    "PartCertaintyOut",
    "PublicationIn",
    "ReviewOut",
    "ServiceIn",
    "SoftenedTargetOut",
    "WouldNowBe",
]

Six = Annotated[str, BeforeValidator(lambda value: value if isinstance(value, str) else f"{value:.6f}")]

Justification = Annotated[str, Field(min_length=10, max_length=2000)]


class Panel(Model):
    """A panel's decision upon a third evaluation: it settles what the probabilities leave open."""

    evaluation_id: UUID = Field(description="The third evaluation of the contract that the panel had before it.")
    members: StrictInt = Field(ge=3, le=99, description="Number of members that decided.")
    decided_on: date = Field(description="Day of the decision.")
    reasons: str = Field(min_length=1, max_length=4000, description="Why the panel decided so.")
    document: DocumentIn = Field(description="The signed decision.")


class DeterminationIn(Model):
    """A score row to pin by a signed act. The caller is the signer."""

    contract_id: UUID = Field(description="The contract.")
    framework_id: str = Field(max_length=64, description="The framework.", examples=["cn-self-evaluation"])
    document_number: str = Field(
        min_length=1, max_length=100, description="Number of the signed document.", examples=["哈财绩〔2026〕17号"]
    )
    score_version: StrictInt | None = Field(
        None, ge=1, lt=2**31, description="Number of the score row that was read; refused when it is not the newest."
    )
    content_hash: str | None = Field(
        None, pattern="^[0-9a-f]{64}$", description="Names one score row explicitly, also one that is not the newest."
    )
    replaces: UUID | None = Field(None, description="The determination that this one corrects.")
    reason: str | None = Field(
        None, min_length=1, max_length=4000, description="Why it is replaced: the correction or the appeal's decision."
    )
    panel: Panel | None = Field(
        None, description="A panel's decision, where the grade is undetermined, adverse or held by a gate."
    )

    reweighted: dict[str, Justification] = Field(
        {},
        max_length=200,
        description="By node, why evidence was impossible to obtain: for each indicator that the contract agreed to "
        "reweight and that has no evidence. Indicators that the framework itself reweights are justified there.",
    )

    softened_targets: dict[str, Justification] = Field(
        {},
        max_length=200,
        description="By indicator id, why a target asks for less than the contract itself did before, or than earlier "
        "contracts agreed and reached: for each that GET /v1/targets marks as `softened`, unless the framework only "
        "informs about them.",
    )

    @model_validator(mode="after")
    def _reasoned(self) -> Self:
        if (self.replaces is None) != (self.reason is None):
            raise ValueError("a determination that replaces another states its reason, and only such a one does")
        return self


class ServiceIn(Model):
    """The document was handed over."""

    party: Literal["provider", "purchaser"] = Field(description="Who received it.")
    method: Literal["in_person", "registered_mail", "electronic", "left_in_place", "public_notice"] = Field(
        description="How; a public notice counts as served 30 days after it was put up, or at `effective_at`."
    )
    served_at: AwareDatetime = Field(description="When it was received, or the notice put up (RFC 3339 with its zone).")
    effective_at: AwareDatetime | None = Field(
        None, description="When the determination takes effect, where the law says later than `served_at`."
    )
    proof: DocumentIn = Field(description="The proof of service: receipt, postal record, screen record.")


class PublicationIn(Model):
    """The determination is made known to everybody."""

    published_at: AwareDatetime | None = Field(None, description="When; by default now.")
    link: str | None = Field(None, max_length=2000, description="Where it was published.")


class ActOut(Out):
    """What was done with a determination after it was signed."""

    kind: str = Field(description="service, publication, suspension, release or annulment.")
    acted_at: datetime = Field(description="When it was done, UTC.")
    effective_at: datetime | None = Field(description="Service: when the determination takes effect for it, UTC.")
    party: str | None = Field(description="Service: provider or purchaser.")
    method: str | None = Field(description="Service: how the document was handed over.")
    proof: dict[str, Any] | None = Field(description="Service: the proof, by the hash of its document.")
    appeal_id: UUID | None = Field(description="The appeal that led to it.")
    reason: str | None = Field(description="Why, or where it was published.")
    recorded_at: datetime = Field(description="When it was recorded, UTC.")


class SoftenedTargetOut(Out):
    """An agreed target that asked for less than the contract itself did, or than earlier ones agreed and reached."""

    indicator_id: str = Field(description="The agreed indicator.")
    name: str = Field(description="Its name.")
    unit: str = Field(description="Its unit.")
    target: str = Field(description="The agreed target, six decimals.")
    against: str = Field(
        description="agreed: the contract's own target at another time; history | region | sector: whose medians it "
        "lies short of."
    )
    median_target: str = Field(description="Median of their targets; agreed: the contract's own then.")
    median_result: str | None = Field(description="Median of their results; null: against is `agreed`.")
    unit_before: str | None = Field(
        None, description="Unit of `median_target`: another than `unit` where that was changed; null: as `unit`."
    )
    reason: str | None = Field(description="Why it was agreed all the same; null: the framework asked for none.")


class WouldNowBe(Out):
    """What the live score says now; it changes nothing."""

    version: int = Field(description="Number of the newest score row.")
    stage: str = Field(description="Its stage.")
    score: Six = Field(description="Its score, 0-100, six decimals.")
    grade: str = Field(description="Its grade.")
    difference: str = Field(description="Its score less the determined one, six decimals with a sign.")
    content_hash: str = Field(description="Hash of its content.")


class PartCertaintyOut(PartUncertaintyOut):
    """How sure a sub-score is, as it was pinned."""

    probability_or_worse: Six = Field(description="P of its grade or a worse one, 0-1; adverse needs .90.")


class ReviewOut(Out):
    """Why a determination is to be looked at again; it changes nothing by itself."""

    reason: str = Field(description="correction (更正): a term that the score rests on was corrected.")
    correction_id: UUID = Field(description="The correction: GET /v1/contracts/{id}/corrections.")
    fields: list[str] = Field(description="What was corrected.")
    since: datetime = Field(description="When it became known here, UTC.")


class DeterminationOut(Out):
    """A determination; it never changes."""

    id: UUID = Field(description="Id of the determination.")
    contract_id: UUID = Field(description="The contract.")
    framework_id: str = Field(description="The framework.")
    framework_version: str = Field(description="Its version.")
    framework_hash: str = Field(description="SHA-256 of its document.")
    region: str = Field(description="`<country>-<code>`, the GB/T 2260 code for China.")
    simulated: bool = Field(description="Whether any evidence that was used is simulated.")
    stage: str = Field(description="interim, completion or followUp.")
    score_version: int = Field(description="Number of the score row that is pinned.")
    score: Six = Field(description="The determined score, 0-100, six decimals.")
    grade: str = Field(description="The grade that binds: excellent, good, fair or poor.")
    point_grade: str | None = Field(description="Band of the score before caps; null before this was recorded.")
    capped_by: list[str] | None = Field(
        description="Why `grade` is lower than `point_grade`: `gate:<code>`, `coverage` (excellent needs 0.95)."
    )
    label: str | None = Field(description="firm (P of the grade >= .90), indicative (>= .70) or undetermined.")
    probabilities: dict[str, str] | None = Field(description="P of each grade before the coverage cap, 0-1.")
    p_grade: Six | None = Field(description="P of the grade that binds, 0-1.")
    p_grade_or_worse: Six | None = Field(description="P of that grade or a worse one, 0-1.")
    median: Six | None = Field(description="Median of the draws, points.")
    interval_lower: Six | None = Field(description="2.5 % quantile of the draws, points.")
    interval_upper: Six | None = Field(description="97.5 % quantile of the draws, points.")
    uncertainty_hash: str | None = Field(description="SHA-256 of the pinned uncertainty record.")
    binding: bool | None = Field(
        description="Whether consequences may open by themselves: not while it is undetermined and no panel decided."
    )
    adverse_allowed: bool | None = Field(
        description="Whether adverse ones may: P of the grade or worse >= .90, or a panel decided."
    )
    panel: dict[str, Any] | None = Field(description="The panel's decision.")
    provider_score: Six | None = Field(description="0-100: only what the provider answers for; null: nothing.")
    provider_grade: str | None = Field(description="Its grade.")
    purchaser_score: Six | None = Field(description="0-100: only what the purchaser answers for; null: nothing.")
    purchaser_grade: str | None = Field(description="Its grade.")
    part_certainty: dict[str, PartCertaintyOut | None] | None = Field(
        description="How sure the sub-scores of provider and purchaser are, each by the draws of its own leaves; null: "
        "nothing is its own, or it was determined before this was computed."
    )
    evaluator_dependent: bool | None = Field(
        description="Whether the score's grade would be another without one of the evaluators; null: nobody rated it."
    )
    reweighted: dict[str, str] | None = Field(
        description="By node, why evidence was impossible to obtain, so that its weight went to others; null: none."
    )
    softened_targets: list[SoftenedTargetOut] | None = Field(
        description="Agreed targets that asked for less than earlier contracts, as compared when it was signed, each "
        "with the signer's reason; null: determined before this was compared."
    )
    coverage: Six = Field(description="Share of the weight with evidence, 0-1.")
    content_hash: str = Field(description="SHA-256 of the pinned content.")
    chain_hash: str = Field(description="The pinned row in its chain.")
    evidence_cutoff: datetime = Field(description="Evidence that came in later is not in it, UTC.")
    document_number: str = Field(description="Number of the signed document.")
    signed_by: str | None = Field(description="Who signed: the subject of the caller's token; not for the public.")
    issued_at: datetime = Field(description="When it was issued, UTC.")
    replaces: UUID | None = Field(description="The determination that it corrects.")
    reason: str | None = Field(description="Why it replaces that one.")
    replaced_by: UUID | None = Field(description="The determination that corrects it; null: it is the one in force.")
    appeal_id: UUID | None = Field(description="The appeal that it was decided upon.")
    served_at: datetime | None = Field(description="When the party concerned received the document, UTC.")
    effective_at: datetime | None = Field(description="When it took or takes effect, UTC; null: not served yet.")
    published_at: datetime | None = Field(description="When it was published, UTC.")
    annulled_at: datetime | None = Field(description="When an appeal's decision annulled it, UTC.")
    suspended_by: list[UUID] = Field(description="Appeals that suspend publication and money effects.")
    review_due: list[ReviewOut] = Field(
        description="Why it is to be looked at again: corrections that came after its evidence. Empty once it was "
        "replaced, and for the public."
    )
    would_now_be: WouldNowBe | None = Field(
        description="What the live score says now, for officers, when one is read; null when nothing differs."
    )
