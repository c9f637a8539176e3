"""What a framework would change before it is approved: every contract of its region under both, with the same draws."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

import numpy as np
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evidence.queries import contracts_after
from scoring.frameworks.document import Framework
from scoring.frameworks.errors import FrameworkNotFound
from scoring.frameworks.modules import module_of
from scoring.frameworks.queries import covers, version_row
from scoring.frameworks.registry import Applied, Registry, order
from scoring.frameworks.service import registry, registry_if_approved
from scoring.scores.evaluation import Evaluated, evaluate_with
from scoring.scores.facts import Facts, read_facts
from scoring.scores.impacts.models import FrameworkImpact, ImpactChange
from scoring.scores.queries import read_evidence
from scoring.scores.simulation import drawn_grades
from shared import audit, clock
from shared.auth import Principal
from shared.ids import new_id
from shared.jobs import ClaimedJob, Continue, Job, enqueue

__all__ = ["IMPACT_JOB", "ask_impact"]

KIND: Final = "scores.impact"
_CHUNK: Final = 100
_EVEN: Final = 0.5
_START: Final = UUID(int=0)
Pair = tuple[Framework | None, Framework]


async def ask_impact(
    session: AsyncSession, framework_id: str, framework_version: str, *, principal: Principal
) -> FrameworkImpact:
    """Ask for the impact of a registered version; one that is being computed already is given back.

    It is compared with the version of the same id that is in force, or else with the framework that it inherits.
    Raises FrameworkNotFound, also outside of the caller's scope.
    """
    row = await version_row(session, framework_id, framework_version, lock=True)
    if row is None or not covers(principal, row.scope):
        raise FrameworkNotFound(f"There is no framework {framework_id} {framework_version} in your scope.")
    running = select(FrameworkImpact).where(FrameworkImpact.hash == row.hash, FrameworkImpact.state == "running")
    found = (await session.execute(running)).scalars().first()
    if found is not None:
        return found
    against = _against(await registry(session), row.document)
    impact = FrameworkImpact(
        id=new_id(),
        framework_id=framework_id,
        framework_version=framework_version,
        hash=row.hash,
        scope=row.scope,
        against=None if against is None else f"{against.document['id']}@{against.document['version']}",
        state="running",
        contracts=0,
        changed=0,
        expected=Decimal(0),
        transitions={},
        asked_by=principal.subject,
        asked_at=clock.now(),
        finished_at=None,
    )
    session.add(impact)
    await session.flush()
    await enqueue(session, KIND, key=str(impact.id))
    audit.record(session, "framework.impact_asked", noun="framework", noun_id=f"{framework_id} {framework_version}")
    return impact


def _against(known: Registry, document: Mapping[str, object]) -> Applied | None:
    """What a version is compared with: its predecessor in force, else what it inherits."""
    own = [each for each in known.versions if each.document["id"] == document["id"] and each.in_force]
    own = [each for each in own if each.document["version"] != document["version"]]
    if own:
        return max(own, key=lambda each: order(each.document["version"]))
    inherits = document.get("inherits")
    return known.written(inherits["hash"]) if isinstance(inherits, Mapping) else None


async def _run(session: AsyncSession, job: ClaimedJob) -> Continue | None:
    """One chunk of contracts; the counts, the changes and the cursor are one commit."""
    impact = await session.get_one(FrameworkImpact, UUID(job.key), with_for_update=True)
    try:
        supposed = await registry_if_approved(session, impact.framework_id, impact.framework_version)
    except FrameworkNotFound:
        supposed = None
    candidate = None if supposed is None else supposed.written(impact.hash)
    if supposed is None or candidate is None:
        impact.state, impact.finished_at = "stale", clock.now()
        return None
    after = UUID(job.cursor) if job.cursor else _START
    contract_ids = await contracts_after(session, after=after, scope=impact.scope, limit=_CHUNK)
    if not contract_ids:
        impact.state, impact.finished_at = "done", clock.now()
        return None
    standing = _against(await registry(session), candidate.document)
    groups: dict[Pair, list[Facts]] = {}
    regions: dict[str, str] = {}
    for read in await read_evidence(session, contract_ids):
        facts = read_facts(str(read.contract_id), read.evidence)
        if facts is None:
            continue
        category = facts.terms.get("service_category")
        new = [each for each in supposed.applicable(read.region, category) if each.id == impact.framework_id]
        if new:
            old = None if standing is None else supposed.concrete(standing, module_of(standing.document, category))
            regions[facts.contract_id] = read.region
            groups.setdefault((old, new[0]), []).append(facts)
    rows = [row for pair, batch in groups.items() for row in _compare(impact, pair, batch, regions)]
    if rows:
        await session.execute(insert(ImpactChange), rows)
    return Continue(str(contract_ids[-1]), progress={"contracts": impact.contracts, "changed": impact.changed})


def _compare(
    impact: FrameworkImpact, pair: Pair, batch: Sequence[Facts], regions: Mapping[str, str]
) -> list[dict[str, object]]:
    """Add a batch to the counts; returns the rows of the contracts that change or probably do."""
    old, new = pair
    before = None if old is None else evaluate_with(batch, old)
    after = evaluate_with(batch, new)
    transitions: dict[str, dict[str, int]] = {grade: dict(to) for grade, to in impact.transitions.items()}
    rows: list[dict[str, object]] = []
    expected = float(impact.expected)
    for n, outcome in enumerate(after.outcomes):
        if outcome is None:
            continue
        former = None if before is None else before.outcomes[n]
        probability = 1.0 if before is None or former is None else _chance(before, after, n)
        was, now = "none" if former is None else former.result["grade"], outcome.result["grade"]
        impact.contracts += 1
        expected += probability
        transitions.setdefault(was, {})[now] = transitions.get(was, {}).get(now, 0) + 1
        if was == now and probability < _EVEN:
            continue
        impact.changed += was != now
        rows.append(
            {
                "impact_id": impact.id,
                "contract_id": UUID(outcome.facts.contract_id),
                "region": regions[outcome.facts.contract_id],
                "score_before": None if former is None else Decimal(former.result["score"]),
                "grade_before": None if former is None else was,
                "score_after": Decimal(outcome.result["score"]),
                "grade_after": now,
                "probability": Decimal(f"{probability:.6f}"),
            }
        )
    impact.transitions, impact.expected = transitions, Decimal(f"{expected:.6f}")
    return rows


def _chance(before: Evaluated, after: Evaluated, n: int) -> float:
    """Probability that the grade differs under common random numbers.

    The draws of an item of evidence are seeded from the contract and the item, never from the framework: both sides see
    the same ones.
    """
    return float(np.mean(drawn_grades(before, n) != drawn_grades(after, n)))


IMPACT_JOB = Job(KIND, _run)
