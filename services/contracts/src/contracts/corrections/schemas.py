"""Bodies and answers about corrections."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field, StrictInt

from contracts.corrections.models import Correction
from shared.web import Model, Out

__all__ = [
    "CorrectableOut",
    "CorrectionApprovalIn",
    "CorrectionBulkIn",
    "CorrectionIn",
    "CorrectionItem",
    "CorrectionLine",
    "CorrectionOut",
    "CorrectionsOut",
    "FieldsOut",
    "NoteIn",
    "RejectionIn",
    "correction_out",
]

Value = str | StrictInt | None


class CorrectionIn(Model):
    """A term to correct (更正)."""

    field: str = Field(
        min_length=1,
        max_length=120,
        description="Field of the contract, or `indicators.<code>.<field>`, `milestones.<code>.<field>`; "
        "GET /v1/corrections/fields lists them.",
        examples=["value", "indicators.visits.target"],
    )
    old: Value = Field(description="What is recorded now, as the contract's answer writes it.", examples=["120000.00"])
    new: Value = Field(description="What stands instead; money and figures as text.", examples=["102000.00"])
    reason: str = Field(min_length=1, max_length=2000, description="How the mistake came about.")
    proof_sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the document that proves it.")
    proof_title: str | None = Field(None, min_length=1, max_length=300, description="What the document is.")


class CorrectionItem(CorrectionIn):
    """One correction of a batch."""

    contract_id: UUID = Field(description="Contract.")


class CorrectionBulkIn(Model):
    """Corrections to ask for; each is taken or refused by itself."""

    items: list[CorrectionItem] = Field(min_length=1, description="The corrections, 500 at most by default.")


class CorrectionApprovalIn(Model):
    """Corrections to approve; each is approved or refused by itself."""

    ids: list[UUID] = Field(min_length=1, description="Ids of corrections, 500 at most by default.")
    note: str | None = Field(None, min_length=1, max_length=2000, description="Remark.")


class NoteIn(Model):
    """A remark of the second person."""

    note: str | None = Field(None, min_length=1, max_length=2000, description="Remark.")


class RejectionIn(Model):
    """Why a correction is not made."""

    reason: str = Field(min_length=1, max_length=2000, description="The reason.")


class CorrectionLine(Out):
    """A correction without its values."""

    id: UUID = Field(description="Id of the correction.")
    contract_id: UUID = Field(description="Contract.")
    region: str = Field(description="Region of the contract.")
    field: str = Field(description="What is corrected.")
    state: str = Field(description="requested | approved | rejected.")
    requested_by: str = Field(description="Who asked for it: the token's subject; in an act, who prepared it.")
    requested_at: datetime = Field(description="When it was asked for.")
    decided_by: str | None = Field(description="The second person; in an act, who signed it.")
    decided_at: datetime | None = Field(description="When it was decided.")
    version: int | None = Field(description="Version of the contract that holds the new value; null unless approved.")


class CorrectionOut(CorrectionLine):
    """A correction."""

    old: Any = Field(description="What stood; null where the field is withheld from you.")
    new: Any = Field(description="What stands instead; null where the field is withheld from you.")
    reason: str | None = Field(description="How the mistake came about; null where the field is withheld from you.")
    proof_sha256: str = Field(description="SHA-256 of the document that proves it.")
    proof_title: str | None = Field(description="What the document is; null where the field is withheld from you.")
    act_id: UUID | None = Field(description="The act in three hands that it came by.")
    decision_note: str | None = Field(description="Remark or reason of the decision.")


class CorrectionsOut(Out):
    """Corrections of a contract."""

    items: list[CorrectionOut] = Field(description="In the order in which they were asked for.")


class CorrectableOut(Out):
    """A field and what a correction does for it."""

    field: str = Field(description="Name; <code> stands for the code of an indicator or milestone.")
    correctable: bool = Field(description="Whether it can be corrected.")
    reason: str = Field(description="When a correction is right, or what is done instead.")


class FieldsOut(Out):
    """What can be corrected and what cannot."""

    items: list[CorrectableOut] = Field(description="Fields.")


def correction_out(correction: Correction, *, withheld: bool = False) -> CorrectionOut:
    """The answer for a correction; `withheld` leaves out what its field holds."""
    shown = CorrectionOut.model_validate(correction)
    hidden = {"old": None, "new": None, "reason": None, "proof_title": None, "decision_note": None}
    return shown.model_copy(update=hidden) if withheld else shown
