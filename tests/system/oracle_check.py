"""Compare every score that is stored with its recomputation from what the owning services have published."""

import json
from collections import defaultdict
from typing import Any

from tests import oracle
from tests.system.world import World

_KINDS = {
    "contracts.observation.recorded.v1": "observations",
    "contracts.ledger.posted.v1": "ledger",
    "contracts.acceptance.recorded.v1": "acceptances",
    "surveys.wave.closed.v1": "waves",
}


async def published_facts(world: World) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Per contract what the outboxes of contracts and surveys hold: the owners' own account, not the listeners'."""
    facts: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for service in ("contracts", "surveys"):
        for row in await world.rows(service, "SELECT body FROM outbox ORDER BY n"):
            event = json.loads(bytes(row["body"]))
            kind = "contract" if event["type"].startswith("contracts.contract.") else _KINDS.get(event["type"])
            if kind:
                facts[event["data"]["contract_id"]][kind].append(event["data"])
    return facts


async def check_scores(world: World) -> int:
    """Each score equals the oracle's, and each contract that ought to have one has it; how many were compared."""
    facts = await published_facts(world)
    frameworks = {name: oracle.load(name) for name in ("cn-self-evaluation", "four-questions")}
    stored = {
        (str(row["contract_id"]), row["framework_id"]): row
        for row in await world.rows(
            "scoring",
            "SELECT contract_id, framework_id, stage, score::text, lower::text, upper::text, coverage::text, grade "
            "FROM score_heads",
        )
    }
    compared = 0
    for contract_id, known in facts.items():
        for name, framework in frameworks.items():
            expected = oracle.score(framework, known)
            row = stored.pop((contract_id, name), None)
            if expected is None:
                assert row is None, f"{contract_id} under {name} has a score and should have none"
                continue
            assert row is not None, f"{contract_id} under {name} has no score"
            for field in ("stage", "score", "lower", "upper", "coverage", "grade"):
                assert row[field] == expected[field], f"{contract_id} under {name}: {field}"
            compared += 1
    assert not stored, f"scores of contracts that nobody published: {list(stored)[:3]}"
    return compared


async def check_events(world: World) -> None:
    """Every outbox row has a number without gaps and is sent; every listener has each number once."""
    for source, listeners in {
        "contracts": ("surveys", "scoring"),
        "surveys": ("scoring",),
        "scoring": ("gateway",),
    }.items():
        rows = await world.rows(source, "SELECT epoch, seq, sent_at FROM outbox ORDER BY epoch, seq")
        assert all(row["sent_at"] is not None for row in rows)
        assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1)), f"{source}: numbers have gaps"
        last = await world.value(source, "SELECT last_seq FROM relay_state")
        assert last == len(rows)
        for listener in listeners:
            heard = await world.rows(
                listener, "SELECT seq FROM inbox WHERE source = $1 AND epoch > 0 ORDER BY seq", source
            )
            assert [row["seq"] for row in heard] == list(range(1, len(rows) + 1)), (
                f"{listener} has not each event of {source}"
            )
