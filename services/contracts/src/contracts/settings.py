"""Settings of the contracts service."""

from pydantic import Field

from shared.settings import ServiceSettings

__all__ = ["ContractsSettings"]


class ContractsSettings(ServiceSettings):
    """What the contracts service adds to the common settings."""

    port: int = Field(8081, ge=0, le=65535, description="Port to listen on.")
