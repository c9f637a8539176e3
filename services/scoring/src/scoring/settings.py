from pydantic import Field

from shared.settings import ServiceSettings

__all__ = ["ScoringSettings"]


class ScoringSettings(ServiceSettings):
    """Settings of the scoring service."""

    port: int = Field(8083, ge=0, le=65535, description="Port to listen on.")
    rescore_lanes: int = Field(
        2,
        ge=1,
        le=64,
        description="Parts of a bulk re-scoring that can run at the same time, in one or many processes.",
    )
    rescore_chunk: int = Field(500, ge=1, le=5000, description="Contracts re-scored in one transaction in bulk.")
