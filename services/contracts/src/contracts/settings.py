"""Settings of the contracts service."""

from pydantic import Field, SecretStr

from shared.settings import ServiceSettings

__all__ = ["ContractsSettings"]


class ContractsSettings(ServiceSettings):
    """What the contracts service adds to the common settings."""

    port: int = Field(8081, ge=0, le=65535, description="Port to listen on.")
    max_bulk_organisations: int = Field(
        500, ge=1, description="Items of one bulk upsert of organisations; more is 413."
    )
    max_bulk_budget_projects: int = Field(
        500, ge=1, description="Items of one bulk upsert of budget projects; more is 413."
    )
    max_voucher_lines: int = Field(2000, ge=1, description="Lines of one file of treasury vouchers; more is 413.")
    max_bulk_contracts: int = Field(200, ge=1, description="Items of one bulk upsert of contracts; more is 413.")
    contracts_key: SecretStr | None = Field(
        None,
        description="Secret that the identity of individual providers is hashed with, at least 32 characters; better "
        "in a file (GONGPING_CONTRACTS_KEY_FILE). With another secret the same person gets another pseudonym.",
    )
    max_succession_contracts: int = Field(
        5000, ge=1, description="Open contracts that one merger, split or dissolution may move; more is 413."
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
