from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StrictInt

from shared.web import Model, Out

__all__ = ["AnnualIn", "Format", "Language", "LibraryOut", "ReportIn", "ReportOut", "SealOut"]

Language = Literal["zh", "en"]
Format = Literal["html", "pdf"]
Number = Annotated[str, Field(min_length=1, max_length=100)]


class ReportIn(Model):
    """A determination to report on."""

    determination_id: UUID = Field(description="The determination; it need not be served or published yet.")
    language: Language = Field("zh", description="Language of the report: zh or en.")
    number: Number | None = Field(
        None,
        description="Number of the report by the office's own register; by default `<region>-<year>-<four digits>`.",
        examples=["哈财绩报〔2026〕3号"],
    )


class AnnualIn(Model):
    """A year to report on."""

    region: str = Field(
        max_length=16, pattern=r"^[A-Z]{2}(-[0-9a-z]+)?$", description="Region with all below it.", examples=["CN-23"]
    )
    year: StrictInt = Field(ge=2000, le=2200, description="Calendar year of the signatures at the offices.")
    language: Language = Field("zh", description="Language of the report: zh or en.")
    number: Number | None = Field(
        None, description="Number of the report; by default `<region>-<year of issue>-<four digits>`."
    )


class SealOut(Out):
    """The scan of a sealed report, bound to the document that was sealed."""

    id: UUID = Field(description="Id of the upload.")
    document_sha256: str = Field(description="SHA-256 of the PDF that was printed and sealed.")
    scan_sha256: str = Field(description="SHA-256 of the uploaded scan.")
    binding: str = Field(description="SHA-256 of the text `<document_sha256>:<scan_sha256>`.")
    media_type: str = Field(description="application/pdf, image/png or image/jpeg.")
    size: int = Field(description="Size of the scan in bytes.")
    replaces: UUID | None = Field(description="The upload that it corrects.")
    reason: str | None = Field(description="Why it replaces that one.")
    uploaded_by: str = Field(description="Subject of the uploader's token.")
    uploaded_at: datetime = Field(description="When it was uploaded, UTC.")


class ReportOut(Out):
    """A numbered report."""

    id: UUID = Field(description="Id of the report.")
    kind: str = Field(description="contract or annual.")
    number: str = Field(description="Its number, unique in its region.")
    region: str = Field(description="`<country>-<code>`, the GB/T 2260 code for China.")
    language: str = Field(description="zh or en.")
    state: str = Field(description="queued: being made by a job; ready: it never changes again.")
    simulated: bool = Field(description="Whether any evidence that was used is simulated.")
    contract_id: UUID | None = Field(description="The contract; null for an annual report.")
    framework_id: str | None = Field(description="The framework; null for an annual report.")
    determination_id: UUID | None = Field(description="The determination that it reports; null for an annual report.")
    content_hash: str | None = Field(description="SHA-256 of the determined content; the QR code holds it.")
    year: int | None = Field(description="The year of an annual report.")
    document_sha256: str | None = Field(description="SHA-256 of the PDF; null while it is being made.")
    issued_by: str = Field(description="Subject of the caller's token who issued it.")
    issued_at: datetime = Field(description="When it was issued, UTC.")
    made_at: datetime | None = Field(description="When the document was made, UTC; null while it is being made.")
    replaced_by: UUID | None = Field(
        description="The determination that has taken the place of the reported one; null: it stands."
    )
    annulled_at: datetime | None = Field(
        description="When an appeal's decision took the determination out of force, UTC; null: it did not."
    )
    seal: SealOut | None = Field(description="The newest scan of the sealed report; null: none was uploaded.")


class LibraryOut(Out):
    """What came of an uploaded indicator library."""

    framework_id: str = Field(description="Id of the framework that the file describes.")
    version: str = Field(description="Its version.")
    hash: str = Field(description="SHA-256 of the RFC 8785 form of the document.")
    nodes: int = Field(description="Dimensions and indicators in it.")
    document: dict[str, object] = Field(
        description="The framework document as it was read; POST /v1/frameworks takes it as a draft."
    )
