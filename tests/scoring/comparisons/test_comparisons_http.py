"""Comparisons over HTTP: who may see what, and what is counted. All contracts and results are simulated."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text
from tests.scoring.cases import CONTRACT, complete_history, ident
from tests.scoring.comparisons.simulated_peers import (
    ABROAD,
    BASE,
    COUNTIES,
    GROUP,
    PATHS,
    PROVIDERS,
    contract_id,
)
from tests.scoring.conftest import Scoring
from tests.scoring.test_scoring_roles import SERVICE

from scoring.reports.annual_figures import annual_figures
from shared import clock


async def get(compared: Scoring, path: str, *, role: str = "finance", **params: str) -> Any:
    return await compared.get(f"{BASE}/{path}", role=role, **(GROUP | PATHS.get(path, {}) | params))


async def test_track_records_count_what_the_provider_answers_for(compared: Scoring) -> None:
    answer = await get(compared, "providers")
    assert (answer["peers"], answer["results"], answer["left_out"]) == (PROVIDERS, 36, 0)
    assert answer["refused"] is None
    first = answer["items"][0]
    assert first["unit"] == str(ident(4, 100))
    assert first["results"] == 3
    weights = [0.64, 0.8, 1.0]
    expected = sum(w * x for w, x in zip(weights, (56, 60, 64), strict=True)) / sum(weights)
    assert first["mean"] == pytest.approx(expected, abs=0.02)
    assert first["mean"] < first["estimate"] < answer["mean"]
    purchasers = await get(compared, "providers", by="purchaser")
    assert {item["mean"] for item in purchasers["items"]} == {70}
    assert "nothing says what chance is" in purchasers["refused"]
    unserved = await get(compared, "providers", in_effect="false")
    assert unserved["results"] == 37
    real = await get(compared, "providers", simulated="false")
    assert (real["items"], real["refused"]) == ([], "nothing was determined")
    assert (await get(compared, "providers", service_category="A06"))["items"] == []
    assert (await get(compared, "providers", service_category="A"))["peers"] == PROVIDERS
    assert (await get(compared, "providers", region="CN-31"))["peers"] == 1
    other = await compared.get(f"{BASE}/providers", framework_id="four-questions", simulated="true")
    assert other["items"] == []


async def test_a_provider_sees_itself_among_its_peers(compared: Scoring) -> None:
    own = compared.client.as_("provider", organisation=ident(4, 102))
    for path in ("providers", "funnel", "ranks"):
        answer = (await own.get(f"{BASE}/{path}", params=GROUP)).json()
        assert [item["unit"] for item in answer["items"]] == [str(ident(4, 102))], path
        assert (answer["peers"], answer["published_only"]) == (PROVIDERS, False)
    charted = await own.get(f"{BASE}/chart", params=GROUP | {"unit": str(ident(4, 103))})
    assert charted.json()["results"] == 0
    others = (await own.get(f"{BASE}/regions", params=GROUP)).json()
    assert others["published_only"]
    nobody = compared.client.as_("provider")
    assert (await nobody.get(f"{BASE}/providers", params=GROUP)).status_code == 403


async def test_the_public_sees_what_was_published(compared: Scoring) -> None:
    answer = (await compared.client.anonymous.get(f"{BASE}/providers", params=GROUP)).json()
    assert (answer["peers"], answer["results"], answer["published_only"]) == (6, 17, True)
    assert answer["items"][0]["results"] == 2  # an appeal withholds the third
    evaluator = await get(compared, "providers", role="evaluator")
    assert evaluator["items"] == answer["items"]


async def test_funnel_ranks_and_chart(compared: Scoring) -> None:
    funnel = await get(compared, "funnel")
    assert (funnel["refused"], len(funnel["items"])) == (None, PROVIDERS)
    assert {item["verdict"] for item in funnel["items"]} == {"inside"}
    assert funnel["phi"] > 1
    poor = await get(compared, "funnel", measure="below", threshold="60")
    assert poor["threshold"] == 60
    assert poor["items"][0]["value"] == pytest.approx(1 / 3)
    few = await get(compared, "funnel", by="region", level="city")
    assert "2 peers" in few["refused"]
    ranks = await get(compared, "ranks")
    assert ranks["league_table"] == (ranks["overlap"] <= 0.5)
    best = next(item for item in ranks["items"] if item["unit"] == str(ident(4, 111)))
    assert best["rank_low"] == 1
    assert best["top_quartile"] > 0.8
    assert sum(item["top_quartile"] for item in ranks["items"]) == pytest.approx(3, abs=1e-4)
    short = await get(compared, "chart")
    assert "3 points" in short["refused"]
    whole = await get(compared, "chart", by="region", level="province", unit="CN-230000", kind="ewma")
    assert (whole["refused"], whole["results"], len(whole["items"])) == (None, 33, 33)
    assert whole["level"] == "province"


async def test_regions_and_equity(compared: Scoring) -> None:
    regions = await get(compared, "regions")
    assert [item["unit"] for item in regions["items"]] == [*COUNTIES, ABROAD]
    assert regions["items"][0]["mean"] == pytest.approx((58 + 76) / 2, abs=1)
    assert regions["items"][0]["poor"] == pytest.approx(2 / 6, abs=1e-6)
    figures = compared.client.as_("operator")
    for place, people in zip(COUNTIES, (100, 200, 300, 400, 500, 600), strict=True):
        body = {"kind": "population", "region": place, "year": 2026, "value": str(people), "source": "simulated"}
        assert (await figures.post(f"{BASE}/figures", json=body)).status_code == 201
    answer = await get(compared, "equity", level="county")
    first = answer["items"][0]
    assert (first["region"], first["contracts"], first["value"]) == (COUNTIES[0], 2, "8000.00")
    assert (first["population"], first["money_per_head"], first["coverage"]) == (100, "80.00", 1)
    assert (first["stated"], first["third_party"]) == (1, 0)
    assert answer["money_per_head"]["regions"] == 6
    assert answer["money_per_head"]["gini"] > 0.1
    assert answer["money_per_head"]["theil"] == pytest.approx(
        answer["money_per_head"]["theil_within"] + answer["money_per_head"]["theil_between"]
    )
    assert answer["coverage"]["ratio"] == pytest.approx(12)
    assert answer["scores"]["highest"] == ABROAD
    assert answer["third_party"] == 0
    empty = await get(compared, "equity", year="2019")
    assert empty["money_per_head"] is None
    scoped = compared.client.as_("finance", regions=["CN-230102"])
    narrow = (await scoped.get(f"{BASE}/equity", params=GROUP | PATHS["equity"])).json()
    assert [item["region"] for item in narrow["items"]] == [COUNTIES[0]]


async def test_unit_costs_and_efficiency(compared: Scoring) -> None:
    costs = await compared.get(f"{BASE}/unit-costs", contract_id=str(contract_id(1, 2026)))
    (item,) = costs["items"]
    assert (item["unit_cost"], item["year"], item["not_comparable"]) == ("18.18181818", 2026, None)
    previous, direct = item["against"]
    assert previous["contract_id"] == str(contract_id(1, 2025))
    assert previous["not_comparable"] == "no price index of 2025 and 2026"
    assert "no cost of direct provision" in direct["not_comparable"]
    refused = await get(compared, "efficiency")
    assert refused["refused"] == "4 units; 9 are needed for 1 inputs and 2 outputs"
    assert refused["reasons"]["nothing was accepted"] == 24
    figures = compared.client.as_("finance")
    for year, level in ((2024, "100"), (2025, "102"), (2026, "105.06")):
        body = {"kind": "price_index", "region": "CN-000000", "year": year, "base_year": 2024, "value": level}
        made = await figures.post(f"{BASE}/figures", json=body | {"source": "simulated"})
        assert made.status_code == 201, made.text
    own = {"kind": "direct_cost", "region": "CN-230000", "year": 2025, "value": "20", "currency": "CNY"}
    scope = {"service_category": "A05", "measure": item["measure"], "source": "simulated"}
    assert (await figures.post(f"{BASE}/figures", json=own | scope)).status_code == 201
    costs = await compared.get(f"{BASE}/unit-costs", contract_id=str(contract_id(1, 2026)))
    previous, direct = costs["items"][0]["against"]
    assert (previous["in_prices_of_now"], previous["ratio"]) == ("18.72727273", "0.97087379")
    assert (direct["in_prices_of_now"], direct["unit_cost"]) == ("20.6", "20")
    answer = await get(compared, "efficiency")
    assert (answer["refused"], answer["peers"], answer["price_year"]) == (None, 12, 2026)
    assert max(each["efficiency"] for each in answer["items"]) == pytest.approx(100)
    missing = await compared.client.as_("finance").get(f"{BASE}/efficiency", params=GROUP)
    assert missing.status_code == 422
    assert missing.json()["errors"][0]["pointer"] == "query:service_category"


async def test_a_city_s_annual_report_says_the_same_of_equity(compared: Scoring) -> None:
    async with compared.database.transaction() as session:
        made = await annual_figures(
            session, number="1", region="CN-2301", year=2026, made_at=clock.now(), verify_at="simulated"
        )
    figures = made.equity
    assert figures is not None
    asked = {"region": "CN-2301", "in_effect": "false", "stage": figures.stage, "framework_id": figures.framework_id}
    answer = await get(compared, "equity", level="county", **asked)
    assert (figures.level, figures.regions) == ("county", answer["peers"])
    assert answer["scores"] is not None
    for name in ("raw_variance", "adjusted_variance", "between_sd", "widest", "widest_error"):
        assert float(getattr(figures, name)) == pytest.approx(answer["scores"][name], rel=1e-3, abs=1e-3), name
    assert (figures.highest, figures.lowest) == (answer["scores"]["highest"], answer["scores"]["lowest"])
    assert (figures.money is None) == (answer["money_per_head"] is None)
    if figures.money is not None:
        assert float(figures.money.theil) == pytest.approx(answer["money_per_head"]["theil"], abs=1e-6)
    assert float(figures.third_party or -1) == answer["third_party"]
    assert made.funnel is not None
    assert all(unit.name == "a simulated provider" for unit in made.funnel.units)


async def test_figures_are_corrected_and_never_changed(compared: Scoring) -> None:
    operator = compared.client.as_("operator", subject="officer-9")

    async def post(client: httpx.AsyncClient | None = None, **other: Any) -> httpx.Response:
        body = {"kind": "population", "region": "CN-650100", "year": 2025, "value": "4000000", "source": "simulated"}
        return await (client or operator).post(f"{BASE}/figures", json=body | other)

    first = (await post()).json()
    assert (first["recorded_by"], first["superseded_by"]) == ("officer-9", None)
    again = await post()
    assert (again.status_code, again.json()["figure_id"]) == (409, first["id"])
    second = await post(value="4054000", supersedes=first["id"])
    assert second.status_code == 201
    twice = await post(value="1", supersedes=first["id"])
    assert (twice.status_code, twice.json()["figure_id"]) == (409, second.json()["id"])
    other = await post(year=2024, supersedes=second.json()["id"])
    assert (other.status_code, other.json()["type"]) == (409, "/problems/figure-supersedes-other")
    assert (await post(supersedes=str(ident(9, 9)))).status_code == 404
    foreign = await post(compared.client.as_("operator", regions=["CN-23"]), year=2023)
    assert foreign.status_code == 403
    for bad in ({"value": "0"}, {"value": 0.5}, {"base_year": 2020}, {"kind": "direct_cost"}, {"region": "Harbin"}):
        assert (await post(**bad)).status_code == 422, bad
    listed = await compared.get(f"{BASE}/figures", kind="population", place="CN-65", limit="1")
    assert listed["items"][0]["superseded_by"] == second.json()["id"]
    rest = await compared.get(f"{BASE}/figures", kind="population", place="CN-65", cursor=listed["next"])
    assert [item["value"] for item in rest["items"]] == ["4054000"]
    async with compared.database.transaction() as session:
        with pytest.raises(Exception, match="append-only"):
            await session.execute(text("UPDATE reference_figures SET value = 1"))
        await session.rollback()


async def test_a_determination_counts_once_it_has_taken_effect(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    determined = await scoring.determine(CONTRACT)
    assert determined.status_code == 201, determined.text
    made = determined.json()
    asked = GROUP | {"in_effect": "true"}
    assert (await scoring.get(f"{BASE}/providers", **asked))["items"] == []
    early = await scoring.get(f"{BASE}/providers", **asked | {"in_effect": "false"})
    assert early["results"] == 1
    act = SERVICE | {"served_at": clock.now().isoformat()}
    finance = scoring.client.as_("finance")
    answer = await finance.post(f"/v1/determinations/{made['id']}/service", json=act)
    assert answer.status_code == 201, answer.text
    (item,) = (await scoring.get(f"{BASE}/providers", **asked))["items"]
    assert item["unit"] == str(ident(4, 2))
    assert item["mean"] == pytest.approx(float(made["provider_score"]))
    assert item["mean"] != pytest.approx(float(made["score"]))
    assert (await scoring.client.anonymous.get(f"{BASE}/providers", params=GROUP)).json()["items"] == []
    published = await finance.post(f"/v1/determinations/{made['id']}/publication", json={})
    assert published.status_code == 201, published.text
    assert (await scoring.client.anonymous.get(f"{BASE}/providers", params=GROUP)).json()["results"] == 1
