"""Settings of the surveys service, beside those that all services have."""

from datetime import timedelta
from functools import cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import ServiceSettings

__all__ = ["Policy", "Settings", "policy"]


class Policy(BaseSettings):
    """How waves are opened and judged; event handlers and jobs need it too, where there is no request."""

    model_config = SettingsConfigDict(env_prefix="GONGPING_", extra="ignore", populate_by_name=True)

    wave_days: int = Field(
        28, ge=1, le=366, description="A wave stays open this many days unless its opening says otherwise."
    )
    wave_grace_hours: int = Field(
        72,
        ge=0,
        le=1000,
        description="Batches collected in time are taken this long after the end; then a wave freezes.",
    )
    event_wave_census: bool = Field(
        default=True,
        description="A wave opened by an event is a census where the contract names beneficiaries, else an open link.",
    )
    event_wave_max_age_days: int = Field(
        90, ge=1, description="A completion further back (import, replay) opens no wave: the recipients have moved on."
    )
    interval_level: float = Field(0.95, gt=0.5, lt=1, description="Confidence level of every interval.")
    korn_graubard_cap: bool = Field(
        default=True, description="Hold the effective size of a Korn-Graubard interval at n; R does not."
    )

    @property
    def duration(self) -> timedelta:
        """From a wave's opening to its end."""
        return timedelta(days=self.wave_days)

    @property
    def grace(self) -> timedelta:
        """From a wave's end to its freeze."""
        return timedelta(hours=self.wave_grace_hours)


class Settings(Policy, ServiceSettings):
    """Read from the environment as GONGPING_<NAME>."""

    max_answer_bytes: int = Field(65_536, ge=1024, description="A larger single response is refused with 413.")
    answer_batch: int = Field(256, ge=1, le=2000, description="Responses that share one commit at most.")
    answer_writers: int = Field(2, ge=1, le=16, description="Commits of responses at the same time in one process.")
    answer_queue: int = Field(10_000, ge=1, description="Responses that may wait for their commit; one more gets 503.")


@cache
def policy() -> Policy:
    """The process's policy, read from the environment once."""
    return Policy()
