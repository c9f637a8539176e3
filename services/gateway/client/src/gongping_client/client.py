"""The client: everything that the gateway offers, as typed calls."""

from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Any, Self

import httpx

from gongping_client.api.contracts import Contracts, Organisations
from gongping_client.api.imports import Imports
from gongping_client.api.scoring import Scores
from gongping_client.api.surveys import Waves
from gongping_client.credentials import Credentials
from gongping_client.models import ScoreChange
from gongping_client.session import Session
from gongping_client.stream import score_changes

__all__ = ["Client"]


class Client:
    """A client of one gateway.

        async with Client("https://gongping.example", client_id="…", client_secret="…") as client:
            contract = await client.contracts.complete(contract_id)

    A refusal raises `ProblemError` with status, slug, detail and further members; no answer raises `UnreachableError`.
    The arguments are those of `Session`.
    """

    def __init__(
        self,
        url: str,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        token: str | None = None,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.session = Session(
            url, client_id=client_id, client_secret=client_secret, token=token, timeout=timeout, transport=transport
        )
        self.organisations = Organisations(self.session)
        self.contracts = Contracts(self.session)
        self.imports = Imports(self.session)
        self.waves = Waves(self.session)
        self.scores = Scores(self.session)

    @classmethod
    def of(cls, credentials: Credentials, **options: Any) -> Self:  # noqa: ANN401 - the options of __init__
        """A client with found credentials."""
        return cls(credentials.url, client_id=credentials.client_id, client_secret=credentials.client_secret, **options)

    async def regions(self, *, parent: str | None = None) -> list[dict[str, Any]]:
        """Provinces, or the prefectures of a province."""
        items: list[dict[str, Any]] = (await self.session.get("/v1/regions", parent=parent))["items"]
        return items

    async def catalogue(self) -> list[dict[str, Any]]:
        """The guiding catalogue."""
        items: list[dict[str, Any]] = (await self.session.get("/v1/catalogue"))["items"]
        return items

    async def ready(self) -> bool:
        """Whether the gateway says that it is ready."""
        response = await self.session.http.get("/health/ready")
        return response.status_code == 200

    def score_changes(
        self, *, region: str | None = None, after: str | None = None
    ) -> AsyncGenerator[ScoreChange | None, None]:
        """Score changes as they happen (see `gongping_client.stream.score_changes`)."""
        return score_changes(self.session, region=region, after=after)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.session.aclose()
