"""Bodies and answers about documents."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StrictBool, StrictInt, model_validator

from contracts.documents.types import document_types
from shared.web import Model, Out

__all__ = ["DocumentIn", "DocumentOut", "UploadOut", "WithdrawIn"]

About = Literal[
    "contract",
    "amendment",
    "milestone",
    "acceptance",
    "ledger",
    "subcontract",
    "failure",
    "settlement",
    "inspection",
    "finding",
    "correction",
]
_ABOUT = (
    "contract | amendment | milestone | acceptance | ledger | subcontract | failure | settlement | inspection | "
    "finding | correction."
)


def _known_type(value: str) -> str:
    if value not in document_types():
        raise ValueError(f"is no code of the OCDS list documentType: {', '.join(document_types())}")
    return value


class DocumentIn(Model):
    """A document to record: by reference to where it lies, or to be stored here where a store is configured."""

    document_type: Annotated[str, Field(max_length=64), AfterValidator(_known_type)] = Field(
        description="Code of the OCDS list documentType.", examples=["contractSigned"]
    )
    title: str = Field(min_length=1, max_length=500, description="Title.")
    description: str | None = Field(None, min_length=1, max_length=4000, description="What it is about.")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of its bytes, lower-case hexadecimal.")
    media_type: str | None = Field(
        None,
        pattern=r"^[a-z]+/[a-z0-9][a-z0-9.+-]{0,100}$",
        description="IANA media type; needed to store it.",
        examples=["application/pdf"],
    )
    size_bytes: Annotated[StrictInt, Field(ge=1, le=10**12)] | None = Field(
        None, description="Size in bytes; needed to store it."
    )
    url: str | None = Field(
        None, pattern=r"^https?://[^\s]+$", max_length=2000, description="Where it can be read; not when stored here."
    )
    language: str | None = Field(None, pattern=r"^[a-z]{2}$", description="Its language (ISO 639-1).", examples=["zh"])
    dated_on: date | None = Field(None, description="Date that it bears.")
    about: About = Field("contract", description=f"What it is about: {_ABOUT}")
    about_id: UUID | None = Field(None, description="Id of that part; not for the contract itself.")
    supersedes: UUID | None = Field(None, description="The document whose place it takes.")
    store: StrictBool = Field(
        False, description="Keep its content here: the answer says where to put it. Needs a configured store."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.about == "contract") != (self.about_id is None):
            raise ValueError("about_id belongs to every part but the contract itself")
        if self.store and (self.media_type is None or self.size_bytes is None or self.url is not None):
            raise ValueError("to be stored here it needs media_type and size_bytes, and no url")
        return self


class WithdrawIn(Model):
    """Why the document is withdrawn."""

    reason: str = Field(min_length=1, max_length=2000, description="The reason.")


class UploadOut(Out):
    """Where to put the content."""

    method: str = Field(description="PUT.")
    url: str = Field(description="Address: of the object store, or of this service (with the caller's token).")
    expires_at: datetime | None = Field(description="Until when the address works; null: as long as it is awaited.")


class DocumentOut(Out):
    """A document. It is never changed; a later one takes its place, or it is withdrawn with a reason."""

    id: UUID = Field(description="Id of the document.")
    contract_id: UUID = Field(description="Contract.")
    document_type: str = Field(description="Code of the OCDS list documentType.")
    title: str = Field(description="Title.")
    description: str | None = Field(description="What it is about.")
    sha256: str = Field(description="SHA-256 of its bytes.")
    media_type: str | None = Field(description="IANA media type.")
    size_bytes: int | None = Field(description="Size in bytes.")
    url: str | None = Field(description="Where it can be read, when it lies elsewhere.")
    language: str | None = Field(description="Its language.")
    dated_on: date | None = Field(description="Date that it bears.")
    about: str = Field(description=_ABOUT)
    about_id: UUID | None = Field(description="Id of that part.")
    storage: str = Field(description="reference (it lies elsewhere) | awaited (no content yet) | stored | erased.")
    supersedes: UUID | None = Field(description="The document whose place it takes.")
    recorded_by: str = Field(description="Who recorded it.")
    recorded_at: datetime = Field(description="When.")
    stored_at: datetime | None = Field(description="When its content came and was checked.")
    withdrawn_at: datetime | None = Field(description="When it was withdrawn.")
    withdrawal_reason: str | None = Field(description="Why.")
    upload: UploadOut | None = Field(description="Where to put the content, in the answer that recorded it; else null.")
