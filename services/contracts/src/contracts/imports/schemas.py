"""Bodies and answers of an import."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field

from contracts.organisations.schemas import WarningOut
from contracts.regions.queries import parse_region
from shared.web import Model, Money, Out

__all__ = ["MAX_ITEMS", "ImportBatch", "ImportItem", "ImportOut", "ImportResult"]

MAX_ITEMS = 200
RegionText = Annotated[str, AfterValidator(parse_region)]


class ImportItem(Model):
    """One release of OCDS 1.1; several releases of one process are compiled into one before they are sent."""

    place: str = Field(
        min_length=1, max_length=300, description="Where it stands in its file.", examples=["releases[17]"]
    )
    # Keys are not checked here: one that is half a surrogate pair must not cost the other 199 releases.
    release: dict[Any, Any] = Field(description="The release, as the publisher wrote it.")
    region: RegionText | None = Field(
        None,
        max_length=16,
        description="Region of its contracts when the buyer's seat does not tell it.",
        examples=["XK-0"],
    )


class ImportBatch(Model):
    """Releases to import."""

    items: list[ImportItem] = Field(min_length=1, max_length=MAX_ITEMS, description="The releases, 200 at most.")


class ImportResult(Out):
    """What became of one contract of a release (or of a release that has none, or that was refused whole)."""

    place: str = Field(
        description="Where it stands; of a refusal the field that is wrong.", examples=["releases[17].contracts[0]"]
    )
    ocid: str | None = Field(description="Id of the contracting process; null when the release has none.")
    source_contract_id: str | None = Field(description="Id of the contract in the release.")
    outcome: str = Field(
        description="created | updated | unchanged | rejected | skipped (a release without a contract)."
    )
    reason: str | None = Field(description="Why it was rejected or skipped.")
    contract_id: UUID | None = Field(description="Id of the contract here.")
    region: str | None = Field(description="Its region; decided by the first import.")
    state: str | None = Field(description="The state in which the source shows it.")
    currency: str | None = Field(description="ISO 4217 code; XXX when the source has no amount.")
    value: Money | None = Field(description="Its value; null when the source has none.")
    amendments: int = Field(description="Amendments in the source.")
    transactions: int = Field(description="Transactions in the source.")
    milestones: int = Field(description="Milestones in the source.")
    organisations: list[UUID] = Field(description="Purchaser and provider as organisations here.")
    gaps: list[str] = Field(description="What the source does not have: signature, period, uscc, region, ...")
    warnings: list[WarningOut] = Field(description="What contradicts itself and was kept as given.")


class ImportOut(Out):
    """Results in the order of the items, contract by contract."""

    created: int = Field(description="Contracts that were recorded.")
    updated: int = Field(description="Contracts that changed since the import before.")
    unchanged: int = Field(description="Contracts that were known as they are.")
    rejected: int = Field(description="Contracts (or whole releases) that were refused.")
    skipped: int = Field(description="Releases without a contract.")
    results: list[ImportResult] = Field(description="One result per contract.")
    unmapped: dict[str, int] = Field(
        description="Fields that have no home here, by path, with the number of values.", examples=[{"/language": 1}]
    )
