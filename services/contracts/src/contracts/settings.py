"""Settings of the contracts service."""

from pathlib import Path

from pydantic import Field, SecretStr

from contracts.clocks import ClockSettings
from shared.settings import ServiceSettings

__all__ = ["ContractsSettings"]


class ContractsSettings(ClockSettings, ServiceSettings):
    """What the contracts service adds to the common settings."""

    port: int = Field(8081, ge=0, le=65535, description="Port to listen on.")
    max_bulk_organisations: int = Field(
        500, ge=1, description="Items of one bulk upsert of organisations; more is 413."
    )
    max_bulk_budget_projects: int = Field(
        500, ge=1, description="Items of one bulk upsert of budget projects; more is 413."
    )
    max_voucher_lines: int = Field(2000, ge=1, description="Lines of one file of treasury vouchers; more is 413.")
    max_overdue_contracts: int = Field(
        500, ge=1, description="Contracts with something open in one list of overdue payments; more is 413."
    )
    max_bulk_contracts: int = Field(200, ge=1, description="Items of one bulk upsert of contracts; more is 413.")
    max_bulk_acts: int = Field(200, ge=1, description="Acts reviewed or signed in one request; more is 413.")
    max_bulk_corrections: int = Field(500, ge=1, description="Corrections of one batch; more is 413.")
    max_bulk_returns: int = Field(500, ge=1, description="Returns of one mass submission to a campaign; more is 413.")
    contracts_key: SecretStr | None = Field(
        None,
        description="Secret that the identity of individual providers is hashed with, at least 32 characters; better "
        "in a file (GONGPING_CONTRACTS_KEY_FILE). With another secret the same person gets another pseudonym.",
    )
    max_succession_contracts: int = Field(
        5000, ge=1, description="Open contracts that one merger, split or dissolution may move; more is 413."
    )
    max_import_bytes: int = Field(
        268_435_456, ge=1024, description="Bytes of one table to import, all its parts together; more is 413."
    )
    max_import_unpacked_bytes: int = Field(
        1_073_741_824, ge=1024, description="Bytes that a workbook to import may unpack to; a larger one is refused."
    )
    max_import_rows: int = Field(1_000_000, ge=1, description="Rows of one table to import; a longer one is refused.")
    secrecy_words: Path | None = Field(
        None,
        description="JSON file with the words and markings that suggest a state secret, in place of the shipped list "
        "(services/contracts/src/contracts/disclosure/data); read once at the start.",
    )
    files_url: str | None = Field(
        None,
        pattern=r"^(file:///|s3://).+$",
        description="Where the content of documents is kept: file:///folder, or s3://bucket of an S3-compatible object "
        "store; without it documents are recorded by reference only.",
    )
    files_endpoint: str | None = Field(
        None,
        pattern=r"^https?://[^\s]+$",
        description="Address of the object store, as this service and the callers reach it; Amazon's when left out.",
    )
    files_region: str | None = Field(None, description="Region of the object store; us-east-1 when left out.")
    files_access_key: SecretStr | None = Field(None, description="Access key of the object store.")
    files_secret_key: SecretStr | None = Field(
        None, description="Secret key of the object store; better in a file (GONGPING_FILES_SECRET_KEY_FILE)."
    )
    files_url_seconds: int = Field(
        900, ge=1, le=604_800, description="How long an address of the object store that is given out works."
    )
    max_document_bytes: int = Field(
        52_428_800,
        ge=1,
        description="Bytes of one stored document; what is put through this service is limited by max_body_bytes too.",
    )
    ocid_prefix: str = Field(
        "ocds-xxxxxx",
        pattern=r"^ocds-[a-z0-9]{6}$",
        description="Prefix of our contracting processes in OCDS, issued by the Open Contracting Partnership; the "
        "default is fake. Never change it once releases were read by others: it is a part of every ocid.",
    )
    ocds_language: str = Field(
        "zh", pattern=r"^[a-z]{2}$", description="Language of the texts of our releases (ISO 639-1)."
    )
    ocds_publisher: str = Field("Gongping", min_length=1, description="Name of the publisher in OCDS packages.")
    ocds_license: str | None = Field(None, description="Address of the licence of the published data.")
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s]+[^/\s]$",
        description="Address at which others reach this API, without a slash at its end; OCDS packages then name their "
        "own address and that of our extension.",
    )
    max_feed_page: int = Field(1000, ge=1, description="Largest page of the changes feed.")
