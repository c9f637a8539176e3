"""The main job through the gateway, on real processes."""

import asyncio
import json
from pathlib import Path

import pytest
from tests.system.oracle_check import check_events, check_scores
from tests.system.world import World, until

from gongping_client.demo.story import run_story

pytestmark = pytest.mark.system


async def test_the_story_is_told_and_its_scores_are_right(world: World) -> None:
    lines: list[str] = []
    result = await run_story(world.client, echo=lines.append)
    assert result.score_after != result.score_before
    assert result.score_with_voice != result.score_after, lines
    assert any("simulated" in line for line in lines)
    await world.quiet()
    await check_events(world)
    assert await check_scores(world) >= 2


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


async def test_one_trace_leads_from_the_request_to_the_commit_of_the_score(world: World) -> None:
    result = await run_story(world.client, echo=lambda _: None)
    spans = Path(world.deployment.environments["gateway"]["GONGPING_TRACE_FILE"])

    async def chain() -> set[str] | None:
        lines = [json.loads(line) for line in await asyncio.to_thread(lines_of, spans)]
        for trace in {line["trace_id"] for line in lines if "complete" in line["name"]}:
            mine = [line for line in lines if line["trace_id"] == trace]
            services = {line["service"] for line in mine}
            applied = {line["name"] for line in mine if line["service"] == "scoring"}
            if {"gateway", "contracts", "scoring"} <= services and "apply contracts.contract.completed.v1" in applied:
                return services
        return None

    assert await until(chain, what="one trace over gateway, contracts and scoring", seconds=20)
    assert result.milliseconds > 0


async def test_the_dossier_has_all_parts_and_is_honest_about_one_that_is_down(world: World) -> None:
    result = await run_story(world.client, echo=lambda _: None)
    dossier = await world.client.contracts.dossier(result.contract_id)
    assert {part: dossier[part]["status"] for part in ("contract", "feedback", "score")} == dict.fromkeys(
        ("contract", "feedback", "score"), "ok"
    )
    await world.stop("surveys")
    try:
        dossier = await world.client.contracts.dossier(result.contract_id)
        assert dossier["feedback"]["status"] == "unavailable"
        assert dossier["feedback"]["reason"]
        assert dossier["contract"]["status"] == dossier["score"]["status"] == "ok"
    finally:
        await world.start("surveys")


async def test_a_foreign_province_sees_nothing(world: World) -> None:
    result = await run_story(world.client, echo=lambda _: None)
    region = (await world.client.contracts.get(result.contract_id)).region
    foreign = "CN-65" if not region.startswith("CN-65") else "CN-23"
    stranger = await world.make_client("stranger", roles="finance,purchaser", regions=foreign)
    async with stranger:
        for path in (
            f"/v1/contracts/{result.contract_id}",
            f"/v1/scores/{result.contract_id}",
            f"/v1/contracts/{result.contract_id}/dossier",
        ):
            response = await stranger.session.http.get(path, headers=await stranger.session.authorization())
            assert response.status_code == 404, path
        listed = [contract.region async for contract in stranger.contracts.list()]
        assert all(each.startswith(foreign) for each in listed)
        response = await stranger.session.http.get(
            "/v1/contracts",
            params={"region": region},
            headers=await stranger.session.authorization(),
        )
        assert response.status_code == 403
