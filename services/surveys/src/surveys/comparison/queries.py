"""Which waves may be compared with each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from surveys.results.queries import WaveResult, results_of
from surveys.waves.queries import ContractStub, Wave

__all__ = ["Asked", "Closed", "closed_waves"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which waves a comparison is about: one kind, one questionnaire by its hash, and what narrows them."""

    kind: str
    instrument_sha256: str
    region: str | None = None
    service_category: str | None = None
    closed_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed wave with its contract and its newest result."""

    wave: Wave
    contract: ContractStub
    result: WaveResult


async def closed_waves(session: AsyncSession, asked: Asked, *, limit: int) -> Sequence[Closed]:
    """The closed waves of the caller's regions that fit, in order of id.

    Not open links, about which nobody knows whom they speak for, and not waves whose every answer the provider
    supervised. The same kind and the same questionnaire to the last word: a difference between two questionnaires is
    none between two providers.
    """
    statement = (
        select(Wave, ContractStub)
        .join(ContractStub, ContractStub.id == Wave.contract_id)
        .where(
            Wave.state == "closed",
            Wave.kind == asked.kind,
            Wave.instrument_sha256 == asked.instrument_sha256,
            Wave.design != "open_link",
        )
    )
    if asked.region is not None:
        statement = statement.where(Wave.region.startswith(asked.region, autoescape=True))
    if asked.service_category is not None:
        statement = statement.where(ContractStub.service_category.startswith(asked.service_category, autoescape=True))
    if asked.closed_since is not None:
        statement = statement.where(Wave.closed_at >= asked.closed_since)
    rows = (await session.execute(statement.order_by(Wave.id).limit(limit))).all()
    results = await results_of(session, [row.Wave.id for row in rows])
    return [
        Closed(row.Wave, row.ContractStub, result)
        for row in rows
        if (result := results.get(row.Wave.id)) is not None and not result.supervised
    ]
