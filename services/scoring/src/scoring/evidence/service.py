from collections.abc import Collection, Sequence
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.canonical import canonical, sha256
from scoring.evidence import queries
from scoring.evidence.errors import EvidenceNotFound, EvidenceSuperseded, SupersedesAnother
from scoring.evidence.items import ContractView, Item
from scoring.evidence.models import Evidence
from scoring.evidence.reconciliation import check_ledger, check_register
from scoring.evidence.schemas import EvidenceIn
from scoring.evidence.statements import STATED, Document, Statement, body_of, unverified_because
from shared import audit, clock
from shared.db import principal_in
from shared.ids import new_id
from shared.jobs import enqueue
from shared.problems import Unprocessable
from shared.telemetry import metrics

__all__ = ["SCORE_CONTRACT", "add", "add_statements", "collect", "state_evidence", "store_collected", "store_evidence"]

SCORE_CONTRACT: Final = "score-contract"
"""Kind of the job that scores one contract again; its key is the contract's id. The scores slice runs it."""

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
        (contract_id, version, region, simulated, state, title, service_category, purchaser_id, provider_id,
         purchaser_name, provider_name, currency, value, updated_at)
    SELECT t.contract_id, t.version, t.region, t.simulated, t.state, t.title, t.service_category, t.purchaser_id,
        t.provider_id, t.purchaser_name, t.provider_name, t.currency, CAST(t.value AS numeric), :now
    FROM unnest(
        CAST(:c_contract_id AS uuid[]), CAST(:c_version AS int[]), CAST(:c_region AS text[]),
        CAST(:c_simulated AS bool[]), CAST(:c_state AS text[]), CAST(:c_title AS text[]),
        CAST(:c_service_category AS text[]),
        CAST(:c_purchaser_id AS uuid[]), CAST(:c_provider_id AS uuid[]),
        CAST(:c_purchaser_name AS text[]), CAST(:c_provider_name AS text[]), CAST(:c_currency AS text[]),
        CAST(:c_value AS text[]))
        AS t(contract_id, version, region, simulated, state, title, service_category, purchaser_id, provider_id,
            purchaser_name, provider_name, currency, value)
    ORDER BY t.contract_id
    ON CONFLICT (contract_id) DO UPDATE SET
        version = excluded.version, region = excluded.region, simulated = excluded.simulated, state = excluded.state,
        title = excluded.title, service_category = excluded.service_category, purchaser_id = excluded.purchaser_id,
        provider_id = excluded.provider_id, purchaser_name = excluded.purchaser_name,
        provider_name = excluded.provider_name, currency = excluded.currency, value = excluded.value,
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
    "purchaser_name",
    "provider_name",
    "currency",
    "value",
)


async def add(
    session: AsyncSession,
    *,
    contract_id: UUID,
    statement: Statement,
    by: str | None = None,
    supersedes: UUID | None = None,
) -> UUID:
    """Add one statement to a contract's evidence; see `add_statements`. Returns the item's id."""
    (item_id,) = await add_statements(session, contract_id=contract_id, statements=[(statement, supersedes)], by=by)
    return item_id


async def add_statements(
    session: AsyncSession,
    *,
    contract_id: UUID,
    statements: Sequence[tuple[Statement, UUID | None]],
    by: str | None = None,
) -> list[UUID]:
    """Add statements to a contract's evidence and have the contract scored again; returns the items' ids.

    `by` is who states it, by default the caller. With each statement comes the standing one about the same measure that
    it corrects or follows, if any; both stay, and only the later one is scored. A statistic that lacks what its error
    rests on is stored `unverified`. The contract is locked for the rest of the transaction: a scoring job that is
    running either sees the new items or is asked again.

    Raises:
        EvidenceNotFound: no such contract, or no such statement to supersede, in the caller's scope.
        EvidenceSuperseded: the statement to supersede was superseded already.
        SupersedesAnother: the statement to supersede is about something else.
    """
    contract = await queries.contract_of(session, contract_id)
    if contract is None:
        raise EvidenceNotFound(f"Contract {contract_id} is unknown here, or of another region.")
    await queries.lock_contracts(session, [contract_id])
    for statement, superseded in statements:
        if superseded is not None:
            await _check_superseded(session, superseded, contract_id=contract_id, statement=statement)
    author = by or principal_in(session).subject
    items = [
        _item(statement, superseded, contract_id=contract_id, region=contract.region, by=author)
        for statement, superseded in statements
    ]
    session.add_all(items)
    await session.flush()
    for item in items:
        fields = {"contract_id": str(contract_id), "kind": item.kind, "measure": item.measure, "quality": item.quality}
        audit.record(session, "evidence.added", noun="evidence", noun_id=item.id, region=item.region, fields=fields)
    await enqueue(session, SCORE_CONTRACT, key=str(contract_id))
    return [item.id for item in items]


def _item(statement: Statement, supersedes: UUID | None, *, contract_id: UUID, region: str, by: str) -> Evidence:
    moment, item_id = clock.now(), new_id()
    lacks = unverified_because(statement)
    quality = "unverified" if lacks else "verified"
    body = body_of(
        statement,
        by=by,
        recorded_at=moment,
        supersedes=None if supersedes is None else str(supersedes),
        quality=quality,
        lacks=lacks,
    )
    return Evidence(
        id=item_id,
        version=1,
        kind=statement.kind,
        contract_id=contract_id,
        region=region,
        sha256=sha256(canonical({"body": body, "id": str(item_id), "kind": statement.kind})),
        body=body,
        valid_on=statement.valid_on,
        valid_until=statement.valid_until,
        recorded_at=moment,
        received_at=moment,
        event_id=None,
        measure=statement.measure,
        quality=quality,
        supersedes=supersedes,
        recorded_by=by,
    )


async def state_evidence(session: AsyncSession, body: EvidenceIn) -> Evidence:
    """Add a statement that a person makes over HTTP.

    Raises:
        EvidenceNotReconciled: an exact count that does not agree with its ledger or register.
        EvidenceNotFound, EvidenceSuperseded, SupersedesAnother: as `add` says.
    """
    if body.valid_on > clock.today():
        raise Unprocessable(
            "Evidence speaks of a day that has come.",
            errors=[{"pointer": "/valid_on", "detail": f"{body.valid_on} is in the future"}],
        )
    if body.reconciles is not None and body.value is not None:
        if body.reconciles.source == "ledger":
            named = body.reconciles.entries
            check_ledger(body.value, named, await queries.ledger_entries(session, body.contract_id, named))
        else:
            check_register(body.value, body.reconciles)
    statement = Statement(
        kind=body.kind,
        details=body.details(),
        document=None if body.document is None else Document(**body.document.model_dump()),
        se=body.exact(),
        **{name: getattr(body, name) for name in _STATEMENT},
    )
    item_id = await add(session, contract_id=body.contract_id, statement=statement, supersedes=body.supersedes)
    made = await queries.item_of(session, item_id)
    assert made is not None  # noqa: S101 - it was added just now
    return made


_STATEMENT = (
    "measure",
    "value",
    "tier",
    "dist",
    "df",
    "n",
    "deff",
    "unit",
    "method",
    "stage",
    "valid_on",
    "valid_until",
    "source",
    "simulated",
)


async def _check_superseded(
    session: AsyncSession, superseded: UUID, *, contract_id: UUID, statement: Statement
) -> None:
    old = await queries.item_of(session, superseded)
    if old is None:
        raise EvidenceNotFound(f"There is no evidence {superseded}, or it is of another region.")
    same_kind = (old.kind == "rating") == (statement.kind == "rating")
    if old.kind not in STATED or not same_kind or (old.contract_id, old.measure) != (contract_id, statement.measure):
        raise SupersedesAnother(
            f"Evidence {superseded} is {old.kind} of {old.measure} of contract {old.contract_id}; a {statement.kind} "
            f"of {statement.measure} of contract {contract_id} cannot supersede it."
        )
    if (successor := await queries.successor_of(session, superseded)) is not None:
        raise EvidenceSuperseded(
            f"Evidence {superseded} was superseded by {successor}; name that one.", evidence_id=str(successor)
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
    return ContractView(item.contract_id, 0, item.region, False, *[None] * 9)


def _columns(rows: Collection[Any], names: Sequence[str]) -> dict[str, list[Any]]:
    return {name: list(map(attrgetter(name), rows)) for name in names}
