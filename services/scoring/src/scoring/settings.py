from pydantic import Field

from shared.periods import ClockSettings
from shared.settings import ServiceSettings

__all__ = ["ScoringSettings"]


class ScoringSettings(ClockSettings, ServiceSettings):
    """Settings of the scoring service."""

    port: int = Field(8083, ge=0, le=65535, description="Port to listen on.")
    rescore_lanes: int = Field(
        2,
        ge=1,
        le=64,
        description="Parts of a bulk re-scoring that can run at the same time, in one or many processes.",
    )
    views_days: int = Field(
        14, ge=1, le=365, description="Days that the parties of an evaluated contract have for their views."
    )
    views_latest_days: int = Field(
        60, ge=1, le=365, description="Days after which no view is taken any more, if nothing was concluded before."
    )
    rescore_chunk: int = Field(500, ge=1, le=5000, description="Contracts re-scored in one transaction in bulk.")
    public_url: str = Field(
        "http://127.0.0.1:8080",
        description="Where the public reaches the gateway; the QR code of a report leads there.",
    )
