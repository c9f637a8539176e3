"""Settings common to every service; each service subclasses `ServiceSettings` and documents its own fields."""

import os
from pathlib import Path
from typing import Any, Self

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["ServiceSettings"]


class ServiceSettings(BaseSettings):
    """Read from the environment. `<NAME>_FILE` names a file that holds the value (secrets of a deployment)."""

    model_config = SettingsConfigDict(env_prefix="GONGPING_", extra="ignore", populate_by_name=True)

    database_url: str = Field(
        validation_alias="DATABASE_URL", description="postgresql://role:password@host:port/database"
    )
    nats_url: str = Field(
        "nats://127.0.0.1:14222",
        validation_alias="NATS_URL",
        description="nats://[user:password@]host:port, several by commas.",
    )
    keys: Path | None = Field(None, description="JWKS file with the public keys that tokens are verified with.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on.")
    roles: str = Field(
        "http,relay,consume,jobs", description="What this process does, a list of http, relay, consume, jobs."
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")
    log_format: str = Field("json", description="json or console.")
    trace_file: Path | None = Field(None, description="Append finished spans as JSON lines to this file.")
    trace_ratio: float = Field(1.0, ge=0, le=1, description="Share of the traces that start here which are recorded.")

    pool_size: int = Field(10, ge=1, description="Database connections kept open.")
    pool_overflow: int = Field(10, ge=0, description="Further database connections under load.")
    pool_timeout_seconds: float = Field(10, gt=0, description="Wait for a free connection before answering 503.")
    statement_timeout_ms: int = Field(15_000, ge=0, description="PostgreSQL cancels a statement after this time.")
    max_body_bytes: int = Field(4_194_304, ge=1024, description="A larger request body is refused with 413.")
    max_event_bytes: int = Field(262_144, ge=1024, description="A larger event body is refused before the commit.")
    idempotency_hours: int = Field(24, ge=1, description="How long a committed answer is replayed for its key.")
    outbox_retention_days: int = Field(400, ge=1, description="Sent events are kept this long; unsent ones for ever.")
    job_retention_days: int = Field(
        30, ge=1, description="Jobs that are done are kept this long; failed ones for ever."
    )
    inbox_retention_days: int = Field(400, ge=1, description="Inbox rows below the floor are kept this long.")

    subject_prefix: str = Field(
        "gongping", pattern=r"^[A-Za-z0-9_-]+$", description="First token of every NATS subject and stream name."
    )
    stream_replicas: int = Field(1, ge=1, le=5, description="JetStream replicas: 1 on one machine, 3 in a cluster.")
    stream_max_bytes: int = Field(
        512_000_000, ge=1_000_000, description="Size of a stream; full means refused, not dropped."
    )
    stream_max_age_days: int = Field(30, ge=1, description="Events older than this leave the stream (not the outbox).")
    watermark_seconds: float = Field(5, gt=0, description="Each source announces its last number this often.")
    repair_grace_seconds: float = Field(2, ge=0, description="A number missing for longer is asked for again.")
    fetch_batch: int = Field(200, ge=1, le=1000, description="Events applied in one transaction at most.")
    ack_wait_seconds: int = Field(60, ge=5, description="An unacknowledged event is delivered again after this time.")
    retry_seconds: str = Field(
        "1,5,30,120,600",
        pattern=r"^\s*(\d+(\.\d+)?\s*(,\s*\d+(\.\d+)?\s*)*)?$",
        description="Delays between tries of an event whose handler fails; then it is dead.",
    )
    ready_outbox_age_seconds: float = Field(60, gt=0, description="Not ready when the oldest unsent event is older.")

    @classmethod
    def load(cls, **overrides: Any) -> Self:  # noqa: ANN401 - any field's value
        """Read the environment, `<NAME>_FILE` included. Arguments win over both."""
        values: dict[str, Any] = {}
        for name, field in cls.model_fields.items():
            variable = str(field.validation_alias or f"GONGPING_{name.upper()}")
            path = os.environ.get(f"{variable}_FILE")
            if path:
                values[name] = Path(path).read_text(encoding="utf-8").strip()
        return cls(**(values | overrides))

    @property
    def retry_delays(self) -> tuple[float, ...]:
        """`retry_seconds` as numbers."""
        return tuple(float(part) for part in self.retry_seconds.split(",") if part.strip())

    def has_role(self, role: str) -> bool:
        """Whether this process takes that part."""
        return role in {part.strip() for part in self.roles.split(",")}
