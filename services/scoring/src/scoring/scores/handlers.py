from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evidence.service import store_collected
from scoring.scores.service import score_contracts
from shared.events import EventData
from shared.inbox import Received

__all__ = ["score_touched"]


async def score_touched(session: AsyncSession, events: Sequence[Received[EventData]]) -> None:
    """Once per fetched batch: add its evidence, lock the touched contracts in the order of their ids, score each once.

    Every event of the batch that speaks of a contract is a cause of its new score.
    """
    touched = await store_collected(session)
    causes: dict[UUID, list[UUID]] = {}
    for event in events:
        contract_id = getattr(event.data, "contract_id", None)
        if contract_id is not None:
            causes.setdefault(contract_id, []).append(event.id)
    await score_contracts(session, touched, causes=causes)
