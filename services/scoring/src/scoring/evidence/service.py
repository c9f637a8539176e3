from collections.abc import Collection, Sequence
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evidence.items import ContractView, Item
from shared import clock
from shared.telemetry import metrics

__all__ = ["collect", "store_collected", "store_evidence"]

_COLLECTED = "scoring.evidence"

_STORE = text(
    """
    WITH stored AS (
        INSERT INTO evidence
            (id, version, kind, contract_id, region, sha256, body, valid_on, recorded_at, event_id, received_at)
        SELECT t.id, t.version, t.kind, t.contract_id, t.region, t.sha256, CAST(t.body AS json), t.valid_on,
            t.recorded_at, t.event_id, :now
        FROM unnest(
            CAST(:id AS uuid[]), CAST(:version AS int[]), CAST(:kind AS text[]), CAST(:contract_id AS uuid[]),
            CAST(:region AS text[]), CAST(:sha256 AS text[]), CAST(:body AS text[]), CAST(:valid_on AS date[]),
            CAST(:recorded_at AS timestamptz[]), CAST(:event_id AS uuid[]))
            AS t(id, version, kind, contract_id, region, sha256, body, valid_on, recorded_at, event_id)
        ORDER BY t.id, t.version
        ON CONFLICT DO NOTHING
    )
    INSERT INTO contracts AS known
        (contract_id, version, region, simulated, state, title, service_category, purchaser_id, provider_id, currency,
         value, updated_at)
    SELECT t.contract_id, t.version, t.region, t.simulated, t.state, t.title, t.service_category, t.purchaser_id,
        t.provider_id, t.currency, CAST(t.value AS numeric), :now
    FROM unnest(
        CAST(:c_contract_id AS uuid[]), CAST(:c_version AS int[]), CAST(:c_region AS text[]),
        CAST(:c_simulated AS bool[]), CAST(:c_state AS text[]), CAST(:c_title AS text[]),
        CAST(:c_service_category AS text[]),
        CAST(:c_purchaser_id AS uuid[]), CAST(:c_provider_id AS uuid[]), CAST(:c_currency AS text[]),
        CAST(:c_value AS text[]))
        AS t(contract_id, version, region, simulated, state, title, service_category, purchaser_id, provider_id,
            currency, value)
    ORDER BY t.contract_id
    ON CONFLICT (contract_id) DO UPDATE SET
        version = excluded.version, region = excluded.region, simulated = excluded.simulated, state = excluded.state,
        title = excluded.title, service_category = excluded.service_category, purchaser_id = excluded.purchaser_id,
        provider_id = excluded.provider_id, currency = excluded.currency, value = excluded.value,
        updated_at = excluded.updated_at
    WHERE excluded.version > known.version OR known.version = 0
    RETURNING contract_id, version
    """
)

_ITEM = ("id", "version", "kind", "contract_id", "region", "sha256", "body", "valid_on", "recorded_at", "event_id")
_VIEW = (
    "contract_id",
    "version",
    "region",
    "simulated",
    "state",
    "title",
    "service_category",
    "purchaser_id",
    "provider_id",
    "currency",
    "value",
)


def collect(session: AsyncSession, item: Item, *, view: ContractView | None = None) -> None:
    """Keep an item for the end of the batch, with the contract's projection when it is a state."""
    session.info.setdefault(_COLLECTED, []).append((item, view))


async def store_collected(session: AsyncSession) -> list[UUID]:
    """Store what the handlers of this batch collected; returns the touched contracts, locked."""
    collected: list[tuple[Item, ContractView | None]] = session.info.pop(_COLLECTED, [])
    if not collected:
        return []
    return await store_evidence(
        session, [item for item, _ in collected], views=[view for _, view in collected if view is not None]
    )


async def store_evidence(
    session: AsyncSession, items: Collection[Item], *, views: Collection[ContractView]
) -> list[UUID]:
    """Add items, bring the contracts' projections up to date and lock the touched contracts in the order of their ids.

    Everything is safe to repeat and to mix: an item that is known is skipped, an older version of a contract changes
    nothing, and a fact about a contract that is not known yet makes a stub and waits. One statement: ON CONFLICT DO
    UPDATE locks a row even where its WHERE is false, so the upsert is the lock. Returns the touched contracts in that
    order.
    """
    latest: dict[UUID, ContractView] = {}
    for view in views:
        if view.contract_id not in latest or view.version > latest[view.contract_id].version:
            latest[view.contract_id] = view
    for item in items:
        latest.setdefault(item.contract_id, _stub(item))
    contracts = [latest[contract_id] for contract_id in sorted(latest)]
    parameters = _columns(items, _ITEM) | {f"c_{name}": values for name, values in _columns(contracts, _VIEW).items()}
    connection = await session.connection()
    stored = await connection.execute(_STORE, parameters | {"now": clock.now()})
    stubs = {row.contract_id for row in stored if row.version == 0}
    for item in items:
        if item.contract_id in stubs:
            metrics.waiting_facts.labels(item.kind).inc()
    return [view.contract_id for view in contracts]


def _stub(item: Item) -> ContractView:
    return ContractView(item.contract_id, 0, item.region, False, None, None, None, None, None, None, None)


def _columns(rows: Collection[Any], names: Sequence[str]) -> dict[str, list[Any]]:
    return {name: list(map(attrgetter(name), rows)) for name in names}
