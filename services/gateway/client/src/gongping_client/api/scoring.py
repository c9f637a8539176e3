"""Calls about scores and determinations."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from gongping_client.api.contracts import pages
from gongping_client.models import Determination, DeterminationIn, Score
from gongping_client.session import Session

__all__ = ["Scores"]


class Scores:
    """`/v1/scores`, `/v1/frameworks`, `/v1/evidence` and `/v1/determinations`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def frameworks(self) -> list[dict[str, Any]]:
        """The frameworks."""
        items: list[dict[str, Any]] = (await self._session.get("/v1/frameworks"))["items"]
        return items

    async def live(self, contract_id: UUID) -> dict[str, Score]:
        """The live scores of a contract by framework; empty while there is none yet."""
        answer = await self._session.find(f"/v1/scores/{contract_id}")
        items = answer["items"] if isinstance(answer, dict) else answer or []
        return {item["framework_id"]: Score.model_validate(item) for item in items}

    async def history(self, contract_id: UUID, *, framework_id: str) -> AsyncIterator[dict[str, Any]]:
        """Every score row of a contract under a framework."""
        async for item in pages(self._session, f"/v1/scores/{contract_id}/history", framework_id=framework_id):
            yield item

    async def explanation(self, contract_id: UUID, *, framework_id: str) -> dict[str, Any]:
        """The tree behind a score; the points lost over its leaves add up to 100 - score."""
        path = f"/v1/scores/{contract_id}/explanation"
        answer: dict[str, Any] = await self._session.get(path, framework_id=framework_id)
        return answer

    async def evidence(self, contract_id: UUID) -> AsyncIterator[dict[str, Any]]:
        """What the scores of a contract rest on."""
        async for item in pages(self._session, "/v1/evidence", contract_id=contract_id):
            yield item

    async def determine(self, determination: DeterminationIn) -> Determination:
        """Pin the live score by a signed act."""
        return Determination.model_validate(await self._session.post("/v1/determinations", determination.document()))

    async def determination(self, determination_id: UUID) -> Determination:
        """One determination, with what the live score says now."""
        return Determination.model_validate(await self._session.get(f"/v1/determinations/{determination_id}"))
