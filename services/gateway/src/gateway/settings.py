"""What the gateway can be told by its environment."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from shared.settings import ServiceSettings

__all__ = ["GatewaySettings"]


class GatewaySettings(ServiceSettings):
    """Settings of the gateway besides the common ones."""

    contracts_url: str = Field(
        "http://127.0.0.1:8081", validation_alias="CONTRACTS_URL", description="Where the contracts service listens."
    )
    surveys_url: str = Field(
        "http://127.0.0.1:8082", validation_alias="SURVEYS_URL", description="Where the surveys service listens."
    )
    scoring_url: str = Field(
        "http://127.0.0.1:8083", validation_alias="SCORING_URL", description="Where the scoring service listens."
    )
    signing_keys: Path | None = Field(
        None,
        description="JWKS file with the private keys that tokens are signed with: the first signs, a second is still "
        "published. `python -m gateway keys init|rotate` writes it. Without it no token is issued.",
    )

    token_minutes: int = Field(10, ge=1, le=60, description="Life of an access token.")
    secret_checks: int = Field(
        2,
        ge=1,
        le=32,
        description="Secrets checked at the same time; each check costs 64 MiB and about 50 ms of a core.",
    )
    wrong_secrets_per_minute: int = Field(
        10,
        ge=1,
        description="Wrong secrets per client id and address in a minute before 429; six times as many per address.",
    )
    revocation_poll_seconds: float = Field(
        1.0,
        gt=0,
        description="How soon another replica's disabling of a client is seen; in the same process it counts at once.",
    )

    max_proxied_body_bytes: int = Field(16_777_216, ge=1024, description="A larger request body is refused with 413.")
    upstream_connections: int = Field(200, ge=1, description="Connections kept to each service at most.")
    upstream_connect_seconds: float = Field(3, gt=0, description="Wait for a connection to a service before 503.")
    upstream_answer_seconds: float = Field(
        30, gt=0, description="Wait for a service's answer, and for each further piece of it, before 504."
    )
    upstream_keepalive_seconds: float = Field(
        30,
        gt=0,
        description="Idle connections to services are dropped after this; less than the services' own 65 s.",
    )
    upload_idle_seconds: float = Field(20, gt=0, description="Wait for the next piece of a request body before 408.")

    dossier_seconds: float = Field(
        5, gt=0, description="A part of a dossier that takes longer is shown as unavailable."
    )
    dossier_waves: int = Field(20, ge=1, le=200, description="The newest waves whose results a dossier holds.")

    feed_retention_days: int = Field(30, ge=1, description="Days of events that a stream can resume from.")
    feed_poll_seconds: float = Field(
        2, gt=0, description="How soon a stream sees a change that another replica stored."
    )
    feed_streams: int = Field(1000, ge=1, description="Open streams per process; one more is answered 503.")
    feed_ping_seconds: int = Field(15, ge=1, description="A comment is sent on an idle stream this often.")
    feed_memory: int = Field(2000, ge=1, description="Score changes kept in memory for live streams.")

    openapi_seconds: float = Field(30, gt=0, description="How long the merged OpenAPI document is kept.")

    @model_validator(mode="after")
    def _keys_go_together(self) -> Self:
        if self.signing_keys is not None and self.keys is None:
            raise ValueError(
                "GONGPING_SIGNING_KEYS needs GONGPING_KEYS too: the public file that tokens are verified with"
            )
        return self
