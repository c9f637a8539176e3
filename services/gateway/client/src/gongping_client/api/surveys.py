"""Calls about instruments, waves and responses."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

from gongping_client.api.contracts import pages
from gongping_client.models import Instrument, ResponseIn, Wave, WaveIn
from gongping_client.session import Session

__all__ = ["Waves"]


class Waves:
    """`/v1/waves` and `/v1/instruments`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def instruments(self) -> list[Instrument]:
        """The questionnaires."""
        return [Instrument.model_validate(item) for item in (await self._session.get("/v1/instruments"))["items"]]

    async def instrument(self, instrument_id: str) -> Instrument:
        """One questionnaire with its questions."""
        return Instrument.model_validate(await self._session.get(f"/v1/instruments/{instrument_id}"))

    async def list(self, **filters: object) -> AsyncIterator[Wave]:
        """Every wave of the caller's regions; filters: contract_id, state."""
        async for item in pages(self._session, "/v1/waves", **filters):
            yield Wave.model_validate(item)

    async def open(self, wave: WaveIn) -> Wave:
        """Open a wave by hand."""
        return Wave.model_validate(await self._session.post("/v1/waves", wave.document()))

    async def get(self, wave_id: UUID) -> Wave:
        """One wave."""
        return Wave.model_validate(await self._session.get(f"/v1/waves/{wave_id}"))

    async def respond(self, wave_id: UUID, submission_id: UUID, response: ResponseIn) -> bool:
        """Hand in one person's answers; False when they were handed in before. The id is a UUIDv4 of the caller's.

        409 when the wave is closed, or when the id was used for other answers.
        """
        path = f"/v1/waves/{wave_id}/responses/{submission_id}"
        answer = await self._session.request("PUT", path, json=response.document())
        return answer.status_code == 201

    async def respond_batch(self, wave_id: UUID, responses: Mapping[UUID, ResponseIn]) -> dict[str, Any]:
        """Hand in up to 500 answers that an enumerator collected; a result per item."""
        items = [{"submission_id": str(key), **response.document()} for key, response in responses.items()]
        answer: dict[str, Any] = await self._session.post(f"/v1/waves/{wave_id}/responses:batch", {"items": items})
        return answer

    async def close(self, wave_id: UUID) -> dict[str, Any]:
        """Close a wave; its estimates are computed and handed over."""
        answer: dict[str, Any] = await self._session.post(f"/v1/waves/{wave_id}/close")
        return answer

    async def results(self, wave_id: UUID) -> dict[str, Any]:
        """The published results of a closed wave."""
        answer: dict[str, Any] = await self._session.get(f"/v1/waves/{wave_id}/results")
        return answer
