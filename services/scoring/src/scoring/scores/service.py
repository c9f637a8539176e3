from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.frameworks.document import Framework
from scoring.frameworks.registry import Registry
from scoring.frameworks.service import registry
from scoring.scores.evaluation import Outcome, evaluate
from scoring.scores.facts import Facts, read_facts
from scoring.scores.models import ScoreHead
from scoring.scores.queries import Read, read_evidence
from scoring.scores.recording import announce, change_of, write
from scoring.scores.retirement import mark_live
from shared import clock
from shared.events import ScoreUpdated

__all__ = ["by_framework", "score_contracts", "standing_event"]


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
        change_of(outcome, read[outcome.facts.contract_id], causes=causes, recorded_at=moment)
        for framework, group in groups.items()
        for outcome in evaluate(group, framework)
        if outcome is not None and _differs(outcome, read[outcome.facts.contract_id])
    ]
    if changes:
        await write(session, changes)
        for change in changes:
            announce(session, change)
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
