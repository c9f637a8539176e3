"""Settings of the register's jobs and feeds."""

from functools import cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["ObligationSettings", "obligation_settings"]


class ObligationSettings(BaseSettings):
    """Read from the environment as GONGPING_OBLIGATIONS_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="GONGPING_OBLIGATIONS_", extra="ignore")

    notice_days: int = Field(
        3, ge=0, le=365, description="Calendar days before its last day from which a duty is due, and told once."
    )
    chunk: int = Field(
        100,
        ge=1,
        le=5000,
        description="Contracts that the job makes anew in one run (every 10 s); notices of a transaction.",
    )
    calendar_items: int = Field(
        1000, ge=1, le=20_000, description="Entries of a calendar at most; the nearest last days first."
    )
    calendar_past_days: int = Field(
        90, ge=0, le=3650, description="Days for which a calendar keeps what is done or waived."
    )


@cache
def obligation_settings() -> ObligationSettings:
    """The process's settings, read from the environment once."""
    return ObligationSettings()
