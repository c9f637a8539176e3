"""Answers of the exchange. OCDS documents keep the camelCase of the standard; the feed is ours."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from shared.web import Out

__all__ = ["FeedItem", "FeedOut", "FeedPlace", "FeedSize", "RecordPackage", "ReleasePackage"]


class _Package(Out):
    uri: str = Field(description="Address of this package.")
    version: str = Field(description="Version of OCDS.", examples=["1.1"])
    publishedDate: str = Field(description="When the package was made (RFC 3339).")  # noqa: N815 - OCDS
    extensions: list[str] = Field(description="Extensions of OCDS that the releases may use.")
    publisher: dict[str, str] = Field(description="`name`: who publishes.")
    license: str | None = Field(None, description="Address of the licence; left out where none is set.")


class ReleasePackage(_Package):
    """A release package of OCDS 1.1.5."""

    releases: list[dict[str, Any]] = Field(description="Releases, oldest first; amounts are numbers in `currency`.")


class RecordPackage(_Package):
    """A record package of OCDS 1.1.5."""

    records: list[dict[str, Any]] = Field(description="One record: `ocid`, `releases`, `compiledRelease`.")


class FeedItem(Out):
    """One change of a contract, or one fact about it."""

    contract_id: UUID = Field(description="The contract.")
    ocid: str = Field(description="Its process: GET /v1/ocds/records/{ocid}.")
    region: str = Field(description="Region that owns it.")
    noun: str = Field(description="What changed: contract | milestone | ledger | observation | acceptance | import.")
    noun_id: UUID = Field(description="Id of that: of the contract, the report, the entry, the kept release, ...")
    state: str = Field(description="State of the contract after the change.")
    version: int = Field(description="Version of the contract after the change.")
    simulated: bool = Field(description="Made up for a demonstration or a test.")
    changed_at: datetime = Field(description="When (UTC); the order of the feed is that of the commits, not of this.")


class FeedPlace(Out):
    """Where to read on."""

    offset: str = Field(description="Opaque place in the feed; valid for ever.")
    path: str = Field(description="Path with query of the page there.")


class FeedSize(Out):
    """What the feed covers for the caller, up to the watermark."""

    changes: int = Field(description="Changes in all.")
    contracts: int = Field(description="Contracts that they are about.")
    first_at: datetime | None = Field(description="The earliest change.")
    last_at: datetime | None = Field(description="The latest change.")


class FeedOut(Out):
    """A page of the changes feed."""

    items: list[FeedItem] = Field(description="Changes in the order asked for.")
    next_page: FeedPlace = Field(description="The same direction, after the last item; ask again there when empty.")
    prev_page: FeedPlace = Field(description="The other direction, before the first item.")
    more: bool = Field(description="Whether `next_page` has items now.")
    size: FeedSize | None = Field(description="What the feed covers; null unless `size=true`.")
