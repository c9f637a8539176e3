"""Settings of the contracts service."""

from pydantic import Field

from shared.settings import ServiceSettings

__all__ = ["ContractsSettings"]


class ContractsSettings(ServiceSettings):
    """What the contracts service adds to the common settings."""

    port: int = Field(8081, ge=0, le=65535, description="Port to listen on.")
    max_bulk_organisations: int = Field(
        500, ge=1, description="Items of one bulk upsert of organisations; more is 413."
    )
    max_bulk_contracts: int = Field(200, ge=1, description="Items of one bulk upsert of contracts; more is 413.")
