"""Calls about imports."""

from collections.abc import Sequence

from gongping_client.models import ImportAnswer
from gongping_client.session import Session

__all__ = ["Imports"]


class Imports:
    """`/v1/imports`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def ocds(self, items: Sequence[bytes]) -> ImportAnswer:
        """Import up to 200 releases, each the JSON of `{"place", "release", "region"}`.

        No Idempotency-Key is sent: an import can be repeated as it is, and the answer to a repetition should say so.
        """
        body = b'{"items":[' + b",".join(items) + b"]}"
        answer = await self._session.post("/v1/imports/ocds", content=body, keyed=False)
        return ImportAnswer.model_validate(answer)
