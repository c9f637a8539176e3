"""How changed scores are written: a row of the history, the live head, the record that is due, and the event.

After an event a few contracts are written by one statement. In bulk the rows are copied straight into their tables: of
what a re-scoring writes only the heads exist before, and only they go through a table of the connection.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from json.encoder import encode_basestring as quoted
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.canonical import canonical_text
from scoring.scores.evaluation import Outcome
from scoring.scores.identity import chain_hash
from scoring.scores.parts import parts_text
from scoring.scores.queries import Head, Read
from shared.copying import copy_in
from shared.events import ScoreReason, ScoreUpdated
from shared.outbox import emit

__all__ = ["Change", "announce", "change_of", "write"]


@dataclass(frozen=True, slots=True)
class Change:
    """A score that differs from the head, on its way into the database."""

    contract_id: UUID
    outcome: Outcome
    region: str
    head: Head | None
    chain_hash: str
    causes: Sequence[UUID]
    recorded_at: datetime

    @property
    def version(self) -> int:
        """Number of the row in its chain."""
        return self.head.version + 1 if self.head else 1


def change_of(
    outcome: Outcome, source: Read, *, causes: Mapping[UUID, Sequence[UUID]], recorded_at: datetime
) -> Change:
    """The next row of a contract's chain under a framework; `causes` names per contract the events behind it."""
    head = source.heads.get(outcome.framework.id)
    because = sorted(causes.get(source.contract_id, ()))
    previous = head.chain_hash if head else None
    return Change(
        contract_id=source.contract_id,
        outcome=outcome,
        region=source.region,
        head=head,
        chain_hash=chain_hash(previous, outcome.content_hash, recorded_at=recorded_at, causes=because),
        causes=because,
        recorded_at=recorded_at,
    )


# Columns of the statements with the type in which they are sent; numbers and JSON as text, which costs least here.
_SHARED: Final = {
    "contract_id": "uuid",
    "framework_id": "text",
    "framework_version": "text",
    "framework_hash": "text",
    "version": "int",
    "region": "text",
    "simulated": "bool",
    "content_hash": "text",
    "chain_hash": "text",
}
_HEAD: Final = _SHARED | {
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
    "ungated": "text",
    "gates": "text",
    "thin": "text",
}
_ROW: Final = _SHARED | {"content": "text", "previous_hash": "text", "causes": "text", "parts": "text"}
_BOTH: Final = _HEAD | _ROW
_WRITE_HEADS = """
    INSERT INTO score_heads
        (contract_id, framework_id, framework_version, framework_hash, version, region, simulated, stage, score,
         lower, upper, coverage, grade, grade_lower, grade_upper, held, contributions, content_hash, chain_hash,
         ungated, gates, thin, recorded_at)
    SELECT contract_id, framework_id, framework_version, framework_hash, version, region, simulated, stage,
        CAST(score AS numeric), CAST(lower AS numeric), CAST(upper AS numeric), CAST(coverage AS numeric), grade,
        grade_lower, grade_upper, CAST(held AS json), CAST(contributions AS json), content_hash, chain_hash,
        CAST(ungated AS numeric), CAST(gates AS json), CAST(thin AS json), :recorded_at
    FROM {made}
    ON CONFLICT (contract_id, framework_id) DO UPDATE SET
        framework_version = excluded.framework_version, framework_hash = excluded.framework_hash,
        version = excluded.version, region = excluded.region, simulated = excluded.simulated, stage = excluded.stage,
        score = excluded.score, lower = excluded.lower, upper = excluded.upper, coverage = excluded.coverage,
        grade = excluded.grade, grade_lower = excluded.grade_lower, grade_upper = excluded.grade_upper,
        held = excluded.held, contributions = excluded.contributions, content_hash = excluded.content_hash,
        chain_hash = excluded.chain_hash, ungated = excluded.ungated, gates = excluded.gates, thin = excluded.thin,
        recorded_at = excluded.recorded_at
    """
_ARRAYS = (
    f"SELECT * FROM unnest({', '.join(f'CAST(:{name} AS {kind}[])' for name, kind in _BOTH.items())}) "  # noqa: S608 - our own words
    f"AS t({', '.join(_BOTH)})"
)
_WRITE_ARRAYS = text(
    f"""
    WITH made AS ({_ARRAYS}), added AS (
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
    {_WRITE_HEADS.format(made="made")}
    """  # noqa: S608 - our own words
)
# From so many changes on copying is cheaper, though it takes four round trips instead of one.
COPY_FROM = 200
_STAGE = text(
    f"CREATE TEMPORARY TABLE IF NOT EXISTS heads_made ({', '.join(map(' '.join, _HEAD.items()))}) ON COMMIT DELETE ROWS"
)
_WRITE_COPIED = text(_WRITE_HEADS.format(made="heads_made"))
_RESULT: Final = ("stage", "score", "lower", "upper", "coverage", "grade", "grade_lower", "grade_upper")


async def write(session: AsyncSession, changes: Sequence[Change]) -> None:
    """Add the rows, move the heads, and note that uncertainty records are due; at least one change, of one moment."""
    recorded_at = changes[0].recorded_at
    columns = _columns(changes)
    connection = await session.connection()
    if len(changes) < COPY_FROM:
        await connection.execute(_WRITE_ARRAYS, columns | {"recorded_at": recorded_at})
        return
    rows = zip(*(columns[name] for name in _ROW), repeat(recorded_at))
    await copy_in(session, "score_rows", columns=(*_ROW, "recorded_at"), records=rows)
    due = ("contract_id", "framework_id", "version")
    records = zip(*(columns[name] for name in due), strict=True)
    await copy_in(session, "score_uncertainty_due", columns=due, records=records)
    await connection.execute(_STAGE)
    heads = zip(*(columns[name] for name in _HEAD), strict=True)
    await copy_in(session, "heads_made", columns=tuple(_HEAD), records=heads)
    await connection.execute(_WRITE_COPIED, {"recorded_at": recorded_at})


def _columns(changes: Sequence[Change]) -> dict[str, list[Any]]:
    outcomes = [change.outcome for change in changes]
    frameworks = [outcome.framework for outcome in outcomes]
    return {
        "contract_id": [change.contract_id for change in changes],
        "framework_id": [framework.id for framework in frameworks],
        "framework_version": [framework.version for framework in frameworks],
        "framework_hash": [framework.hash for framework in frameworks],
        "version": [change.version for change in changes],
        "region": [change.region for change in changes],
        "simulated": [outcome.simulated for outcome in outcomes],
        **{name: [outcome.result[name] for outcome in outcomes] for name in _RESULT},
        "held": [_listed(outcome.result["held"]) for outcome in outcomes],
        "contributions": [_contributions(outcome.contributions) for outcome in outcomes],
        "content": [outcome.content for outcome in outcomes],
        "content_hash": [outcome.content_hash for outcome in outcomes],
        "previous_hash": [change.head.chain_hash if change.head else None for change in changes],
        "chain_hash": [change.chain_hash for change in changes],
        "causes": [_listed([str(cause) for cause in change.causes]) for change in changes],
        "parts": [parts_text(outcome.parts) for outcome in outcomes],
        "ungated": [outcome.result.get("ungated") for outcome in outcomes],
        "gates": [_optional(outcome.result.get("gates")) for outcome in outcomes],
        "thin": [_optional(outcome.result.get("thin")) for outcome in outcomes],
    }


def _optional(value: object) -> str | None:
    return None if value is None else canonical_text(value)


def _listed(values: Sequence[str]) -> str:
    return canonical_text(values) if values else "[]"


def _contributions(points: Mapping[str, str]) -> str:
    """Canonical JSON, written directly: one of them per row."""
    pairs = [f'{quoted(node)}:"{points[node]}"' for node in sorted(points)]
    return f"{{{','.join(pairs)}}}"


def announce(session: AsyncSession, change: Change) -> None:
    """Tell the others that a live score moved, and why."""
    outcome, framework, head = change.outcome, change.outcome.framework, change.head
    event = ScoreUpdated(
        contract_id=change.contract_id,
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
        reasons=_reasons(outcome, head),
        content_hash=outcome.content_hash,
        chain_hash=change.chain_hash,
        causes=tuple(change.causes),
        recorded_at=change.recorded_at,
    )
    causation = change.causes[-1] if change.causes else None
    emit(session, event, subject=outcome.facts.contract_id, region=change.region, causation=causation)


def _reasons(outcome: Outcome, head: Head | None) -> tuple[ScoreReason, ...]:
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
