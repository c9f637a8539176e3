"""A determination stands: number, grade and hash, whatever comes later."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.system.oracle_check import check_scores
from tests.system.world import World

from gongping_client.demo.story import FRAMEWORK, run_story
from gongping_client.models import DeterminationIn, ObservationIn

pytestmark = pytest.mark.system

LATER_EVENTS = 1_000


@pytest.mark.timeout(400)
async def test_a_determination_is_unchanged_after_a_thousand_further_events(world: World) -> None:
    client = world.client
    story = await run_story(client, echo=lambda _: None)
    number = f"模拟认定-{story.contract_id}"
    issued = await client.scores.determine(
        DeterminationIn(contract_id=story.contract_id, framework_id=FRAMEWORK, document_number=number)
    )
    before = await client.session.get(f"/v1/determinations/{issued.id}")
    contract = await client.contracts.get(story.contract_id)
    indicator = next(each for each in contract.indicators if each.level == "output")
    today = datetime.now(UTC).date()
    gate = asyncio.Semaphore(16)

    async def observe(step: int) -> None:
        # Late evidence that moves the live score up and down again.
        value = indicator.target * Decimal(step % 100) / 100
        async with gate:
            body = ObservationIn(indicator_id=indicator.indicator_id, value=value, observed_on=today)
            await client.contracts.observe(story.contract_id, body)

    await asyncio.gather(*(observe(step) for step in range(LATER_EVENTS)))
    await world.quiet(seconds=240)
    after = await client.session.get(f"/v1/determinations/{issued.id}")
    changes = {name for name in before if before[name] != after[name]}
    assert changes == {"would_now_be"}
    assert (after["score"], after["grade"], after["content_hash"]) == (issued.score, issued.grade, issued.content_hash)
    assert after["would_now_be"]["content_hash"] != issued.content_hash
    row = await world.rows(
        "scoring", "SELECT content_hash FROM score_rows WHERE content_hash = $1", issued.content_hash
    )
    assert row, "the pinned row is still there"
    await check_scores(world)
