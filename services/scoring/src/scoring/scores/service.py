from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.canonical import canonical_text
from scoring.frameworks.document import Framework
from scoring.frameworks.registry import Registry
from scoring.frameworks.service import registry
from scoring.scores.evaluation import Outcome, evaluate
from scoring.scores.facts import Facts, read_facts
from scoring.scores.identity import chain_hash
from scoring.scores.models import ScoreHead
from scoring.scores.queries import Head, Read, read_evidence
from scoring.scores.retirement import mark_live
from shared import clock
from shared.copying import copy_in
from shared.events import ScoreReason, ScoreUpdated
from shared.outbox import emit

__all__ = ["by_framework", "score_contracts", "standing_event"]

_COLUMNS = {
    "contract_id": "uuid",
    "version": "int",
    "simulated": "bool",
    "framework_id": "text",
    "framework_version": "text",
    "framework_hash": "text",
    "region": "text",
    "stage": "text",
    "score": "text",
    "lower": "text",
    "upper": "text",
    "coverage": "text",
    "grade": "text",
    "grade_lower": "text",
    "grade_upper": "text",
    "held": "text",
    "contributions": "text",
    "content": "text",
    "content_hash": "text",
    "previous_hash": "text",
    "chain_hash": "text",
    "causes": "text",
    "parts": "text",
    "ungated": "text",
    "gates": "text",
    "thin": "text",
}
_MADE = (
    f"SELECT * FROM unnest({', '.join(f'CAST(:{name} AS {kind}[])' for name, kind in _COLUMNS.items())}) "  # noqa: S608 - our own words
    f"AS t({', '.join(_COLUMNS)})"
)
_WRITE = """
    WITH made AS ({made}), added AS (
        INSERT INTO score_rows
            (contract_id, framework_id, framework_version, framework_hash, version, region, simulated, content,
             content_hash, previous_hash, chain_hash, causes, parts, recorded_at)
        SELECT contract_id, framework_id, framework_version, framework_hash, version, region, simulated,
            CAST(content AS json), content_hash, previous_hash, chain_hash, CAST(causes AS json),
            CAST(parts AS json), :recorded_at
        FROM made
    ), due AS (
        INSERT INTO score_uncertainty_due (contract_id, framework_id, version)
        SELECT contract_id, framework_id, version FROM made ON CONFLICT DO NOTHING
    )
    INSERT INTO score_heads
        (contract_id, framework_id, framework_version, framework_hash, version, region, simulated, stage, score,
         lower, upper, coverage, grade, grade_lower, grade_upper, held, contributions, content_hash, chain_hash,
         ungated, gates, thin, recorded_at)
    SELECT contract_id, framework_id, framework_version, framework_hash, version, region, simulated, stage,
        CAST(score AS numeric), CAST(lower AS numeric), CAST(upper AS numeric), CAST(coverage AS numeric), grade,
        grade_lower, grade_upper, CAST(held AS json), CAST(contributions AS json), content_hash, chain_hash,
        CAST(ungated AS numeric), CAST(gates AS json), CAST(thin AS json), :recorded_at
    FROM made
    ON CONFLICT (contract_id, framework_id) DO UPDATE SET
        framework_version = excluded.framework_version, framework_hash = excluded.framework_hash,
        version = excluded.version, region = excluded.region, simulated = excluded.simulated, stage = excluded.stage,
        score = excluded.score, lower = excluded.lower, upper = excluded.upper, coverage = excluded.coverage,
        grade = excluded.grade, grade_lower = excluded.grade_lower, grade_upper = excluded.grade_upper,
        held = excluded.held, contributions = excluded.contributions, content_hash = excluded.content_hash,
        chain_hash = excluded.chain_hash, ungated = excluded.ungated, gates = excluded.gates, thin = excluded.thin,
        recorded_at = excluded.recorded_at
    """
_WRITE_ARRAYS = text(_WRITE.format(made=_MADE))
# In bulk the rows are copied into a table of the connection first: a third less work for the database than arrays.
COPY_FROM = 200
_STAGE = text(
    f"CREATE TEMPORARY TABLE IF NOT EXISTS scores_made ({', '.join(map(' '.join, _COLUMNS.items()))}) "
    "ON COMMIT DELETE ROWS"
)
_WRITE_COPIED = text(_WRITE.format(made="SELECT * FROM scores_made"))


@dataclass(frozen=True, slots=True)
class _Change:
    """A score that differs from the head, on its way into the database."""

    outcome: Outcome
    region: str
    head: Head | None
    chain_hash: str
    causes: Sequence[UUID]
    recorded_at: datetime

    @property
    def version(self) -> int:
        return self.head.version + 1 if self.head else 1


async def score_contracts(
    session: AsyncSession,
    contract_ids: Sequence[UUID],
    *,
    causes: Mapping[UUID, Sequence[UUID]],
    frameworks: Sequence[Framework] | None = None,
    framework_id: str | None = None,
) -> int:
    """Score contracts that this transaction has locked; returns the rows written.

    Each is scored once under each framework in force for its region and service category (only `framework_id` where it
    is given), or under each of `frameworks`. A row is written, and `ScoreUpdated` emitted, only where the content hash
    differs from the head's: repeated and reordered events leave no trace. `causes` names per contract the events that
    led here. A head whose framework is out of force for the contract is retired: kept, and no live score any more.
    Under stated `frameworks` heads stay live or retired as they are.
    """
    read = {str(each.contract_id): each for each in await read_evidence(session, contract_ids)}
    facts = [one for key, each in read.items() if (one := read_facts(key, each.evidence)) is not None]
    if not facts:
        return 0
    if frameworks is None:
        known = await registry(session, stamp=next(iter(read.values())).stamp)
        regions = {key: each.region for key, each in read.items()}
        groups = by_framework(facts, known, regions, framework_id=framework_id)
        await mark_live(session, facts, groups, read=read, framework_id=framework_id)
    else:
        groups = dict.fromkeys(frameworks, facts)
    moment = clock.now()
    changes = [
        _change(outcome, read[outcome.facts.contract_id], causes=causes, recorded_at=moment)
        for framework, group in groups.items()
        for outcome in evaluate(group, framework)
        if outcome is not None and _differs(outcome, read[outcome.facts.contract_id])
    ]
    if changes:
        await _write(session, changes)
        for change in changes:
            _announce(session, change)
    return len(changes)


def by_framework(
    facts: Sequence[Facts], known: Registry, regions: Mapping[str, str], *, framework_id: str | None = None
) -> dict[Framework, list[Facts]]:
    """The contracts of a batch by the framework that they are scored under, in the order of the frameworks' ids."""
    groups: dict[Framework, list[Facts]] = {}
    for one in facts:
        for framework in known.applicable(regions[one.contract_id], one.terms.get("service_category")):
            if framework_id in {None, framework.id}:
                groups.setdefault(framework, []).append(one)
    return dict(sorted(groups.items(), key=lambda item: (item[0].id, item[0].hash)))


def _differs(outcome: Outcome, source: Read) -> bool:
    head = source.heads.get(outcome.framework.id)
    return head is None or head.content_hash != outcome.content_hash


def _change(outcome: Outcome, source: Read, *, causes: Mapping[UUID, Sequence[UUID]], recorded_at: datetime) -> _Change:
    head = source.heads.get(outcome.framework.id)
    because = sorted(causes.get(source.contract_id, ()))
    previous = head.chain_hash if head else None
    return _Change(
        outcome=outcome,
        region=source.region,
        head=head,
        chain_hash=chain_hash(previous, outcome.content_hash, recorded_at=recorded_at, causes=because),
        causes=because,
        recorded_at=recorded_at,
    )


async def _write(session: AsyncSession, changes: Sequence[_Change]) -> None:
    outcomes = [change.outcome for change in changes]
    frameworks = [outcome.framework for outcome in outcomes]
    columns: dict[str, list[Any]] = {
        "contract_id": [outcome.facts.contract_id for outcome in outcomes],
        "framework_id": [framework.id for framework in frameworks],
        "framework_version": [framework.version for framework in frameworks],
        "framework_hash": [framework.hash for framework in frameworks],
        "version": [change.version for change in changes],
        "region": [change.region for change in changes],
        "simulated": [outcome.simulated for outcome in outcomes],
        **{name: [outcome.result[name] for outcome in outcomes] for name in _RESULT},
        "held": [canonical_text(outcome.result["held"]) for outcome in outcomes],
        "contributions": [canonical_text(outcome.contributions) for outcome in outcomes],
        "content": [outcome.content for outcome in outcomes],
        "content_hash": [outcome.content_hash for outcome in outcomes],
        "previous_hash": [change.head.chain_hash if change.head else None for change in changes],
        "chain_hash": [change.chain_hash for change in changes],
        "causes": [canonical_text([str(cause) for cause in change.causes]) for change in changes],
        "parts": [canonical_text(outcome.parts) for outcome in outcomes],
        "ungated": [outcome.result.get("ungated") for outcome in outcomes],
        "gates": [_optional(outcome.result.get("gates")) for outcome in outcomes],
        "thin": [_optional(outcome.result.get("thin")) for outcome in outcomes],
    }
    connection = await session.connection()
    recorded_at = {"recorded_at": changes[0].recorded_at}
    if len(changes) < COPY_FROM:
        await connection.execute(_WRITE_ARRAYS, columns | recorded_at)
        return
    columns["contract_id"] = [UUID(contract_id) for contract_id in columns["contract_id"]]
    await connection.execute(_STAGE)
    records = zip(*(columns[name] for name in _COLUMNS), strict=True)
    await copy_in(session, "scores_made", columns=tuple(_COLUMNS), records=records)
    await connection.execute(_WRITE_COPIED, recorded_at)


def _optional(value: object) -> str | None:
    return None if value is None else canonical_text(value)


_RESULT = ("stage", "score", "lower", "upper", "coverage", "grade", "grade_lower", "grade_upper")


def _announce(session: AsyncSession, change: _Change) -> None:
    outcome, framework, head = change.outcome, change.outcome.framework, change.head
    event = ScoreUpdated(
        contract_id=UUID(outcome.facts.contract_id),
        framework_id=framework.id,
        framework_version=framework.version,
        framework_hash=framework.hash,
        version=change.version,
        region=change.region,
        simulated=outcome.simulated,
        **{name: outcome.result[name] for name in _RESULT},
        held=tuple(outcome.result["held"]),
        previous_score=head.score if head else None,
        previous_grade=head.grade if head else None,
        reasons=reasons_of(outcome, head),
        content_hash=outcome.content_hash,
        chain_hash=change.chain_hash,
        causes=tuple(change.causes),
        recorded_at=change.recorded_at,
    )
    causation = change.causes[-1] if change.causes else None
    emit(session, event, subject=outcome.facts.contract_id, region=change.region, causation=causation)


def standing_event(head: ScoreHead) -> ScoreUpdated:
    """A live score as it stands, for a snapshot; why it moved is not said again."""
    return ScoreUpdated(
        contract_id=head.contract_id,
        framework_id=head.framework_id,
        framework_version=head.framework_version,
        framework_hash=head.framework_hash,
        version=head.version,
        region=head.region,
        simulated=head.simulated,
        stage=head.stage,
        score=f"{head.score:.6f}",
        lower=f"{head.lower:.6f}",
        upper=f"{head.upper:.6f}",
        coverage=f"{head.coverage:.6f}",
        grade=head.grade,
        grade_lower=head.grade_lower,
        grade_upper=head.grade_upper,
        held=tuple(head.held),
        content_hash=head.content_hash,
        chain_hash=head.chain_hash,
        recorded_at=head.recorded_at,
    )


def reasons_of(outcome: Outcome, head: Head | None) -> tuple[ScoreReason, ...]:
    """The leaves whose points changed, in the order of the framework; a leaf that is gone counts 0 now."""
    before = head.contributions if head else {}
    changed = [node for node, points in outcome.contributions.items() if before.get(node) != points]
    gone = [node for node in before if node not in outcome.contributions]
    return tuple(
        ScoreReason(
            node=node,
            name=outcome.names.get(node, node),
            before=before.get(node),
            after=outcome.contributions.get(node, "0.000000"),
        )
        for node in [*changed, *gone]
    )
