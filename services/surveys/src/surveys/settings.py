"""Settings of the surveys service, beside those that all services have."""

from datetime import timedelta

from pydantic import Field

from shared.settings import ServiceSettings

__all__ = ["Settings"]


class Settings(ServiceSettings):
    """Read from the environment as GONGPING_<NAME>."""

    wave_days: int = Field(
        28, ge=1, le=366, description="A wave stays open this many days unless its opening says otherwise."
    )
    wave_grace_hours: int = Field(
        72,
        ge=0,
        le=1000,
        description="Batches that enumerators collected in time are taken this long after the end; then the wave freezes.",
    )
    event_wave_census: bool = Field(
        default=True,
        description="A wave that a contract's completion opens is a census when the contract names its beneficiaries; false: always an open link.",
    )
    event_wave_max_age_days: int = Field(
        90,
        ge=1,
        description="A completion that lies further back (an import, a replay) opens no wave: the recipients have moved on.",
    )
    interval_level: float = Field(0.95, gt=0.5, lt=1, description="Confidence level of every interval.")
    korn_graubard_cap: bool = Field(
        default=True, description="Hold the effective size of a Korn-Graubard interval at n; R does not (see docs)."
    )
    max_answer_bytes: int = Field(65_536, ge=1024, description="A larger single response is refused with 413.")
    answer_batch: int = Field(256, ge=1, le=2000, description="Responses that share one commit at most.")
    answer_writers: int = Field(
        2, ge=1, le=16, description="Commits of responses that run at the same time in one process."
    )
    answer_queue: int = Field(
        10_000, ge=1, description="Responses that may wait for their commit; one more is answered 503."
    )

    @property
    def grace(self) -> timedelta:
        """Between a wave's end and its freeze."""
        return timedelta(hours=self.wave_grace_hours)
