"""Settings of the surveys service, beside those that all services have."""

from datetime import timedelta
from functools import cache
from pathlib import Path

from pydantic import Field, SecretStr
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
    event_wave_modules: bool = Field(
        default=False,
        description="A wave that opens by itself asks the questions of the contract's kind of service (health care, "
        "education, ...) where the library has them, else the common core.",
    )
    event_wave_max_age_days: int = Field(
        90, ge=1, description="A completion further back (import, replay) opens no wave: the recipients have moved on."
    )
    interval_level: float = Field(0.95, gt=0.5, lt=1, description="Confidence level of every interval.")
    korn_graubard_cap: bool = Field(
        default=True, description="Hold the effective size of a Korn-Graubard interval at n; R does not."
    )
    margin_minimum: int = Field(
        20, ge=5, description="Categories of a margin with fewer answers are merged with a neighbour before raking."
    )
    satisfaction_target: float = Field(
        80, gt=0, lt=100, description="Target on 0-100 that tipping points and P(true value >= target) speak of."
    )
    nonresponse_component: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="Declared error for non-response as a share of the scale, added to the one of sampling; by default "
        "0.15 times the share of those who did not answer. At least the distance of the weighted from the unweighted "
        "estimate is taken.",
    )

    surveys_key: SecretStr | None = Field(
        None, description="Secret that tokens, codes and references are hashed with, at least 32 characters."
    )
    surveys_key_file: Path | None = Field(
        None, description="File with that secret. Losing or changing it makes every token that is out unusable."
    )
    public_url: str = Field(
        "http://127.0.0.1:8080", description="Where the public reaches the gateway; printed on the invitation sheets."
    )
    sheet_font: Path | None = Field(
        None, description="TrueType font that is embedded in the invitation sheets; without it STSong-Light is named."
    )
    event_waves: str = Field(
        "midterm,completion,followUp",
        pattern=r"^\s*(needs|midterm|completion|followUp)?(\s*,\s*(needs|midterm|completion|followUp))*\s*$",
        description="Kinds of waves that open by themselves: needs when a contract is created, midterm when half of "
        "its time has passed, completion with its completion, followUp some days after its end.",
    )
    follow_up_days: int = Field(
        180, ge=1, le=3660, description="A follow-up wave opens this many days after the end of the contract."
    )
    reminder_days: str = Field(
        "3,7",
        pattern=r"^\s*\d+(\s*,\s*\d+)*\s*$",
        description="Days after the opening of a wave on which those who have not answered are reminded.",
    )
    frame_gap: float = Field(
        0.10, gt=0, lt=1, description="A larger gap (share) between a frame and another source makes a wave `caution`."
    )
    frame_audit_minimum: int = Field(
        30, ge=1, description="References that the random audit sample of a frame must have at least."
    )
    frame_cell: int = Field(
        10,
        ge=1,
        description="In an anonymous wave at least this many units of the frame share stratum and attributes.",
    )
    frame_retention_days: int = Field(
        30, ge=0, le=365, description="Frame, tokens and enumerators are deleted this many days after a wave's close."
    )
    mix_batch: int = Field(
        10, ge=10, description="Answers that leave the staging table together at least, while a wave is open."
    )
    mix_pool: int = Field(
        10, ge=0, description="Answers, drawn at random, that stay in the staging table for the next batch."
    )
    answer_retention_days: int = Field(
        1825, ge=30, description="Single answers are deleted this many days after a wave's close; its results stay."
    )

    @property
    def opens_by_itself(self) -> frozenset[str]:
        """Kinds of waves that open by events or by the calendar."""
        return frozenset(part.strip() for part in self.event_waves.split(",") if part.strip())

    @property
    def reminders(self) -> tuple[int, ...]:
        """Days of the reminders, ascending."""
        return tuple(sorted({int(part) for part in self.reminder_days.split(",")}))

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
    proof_of_work: bool = Field(
        default=True, description="Answers to an open link need a solved ALTCHA challenge (GET …/challenge)."
    )
    answers_per_minute: int = Field(10, ge=1, description="Answers without a token from one address in a minute.")
    answers_per_hour: int = Field(30, ge=1, description="Answers without a token from one address in an hour.")
    wrong_tokens_per_minute: int = Field(10, ge=1, description="Wrong tokens from one address in a minute before 429.")
    batches_per_minute: int = Field(60, ge=1, description="Batches of one collector in a minute.")
    burst_network: int = Field(
        20,
        ge=1,
        description="More answers to a wave from one network (/24, /48) in ten minutes are flagged as a burst.",
    )
    burst_enumerator: int = Field(
        5, ge=1, description="More answers of one enumerator collected within ten minutes are flagged as a burst."
    )


@cache
def policy() -> Policy:
    """The process's policy, read from the environment once."""
    return Policy()
