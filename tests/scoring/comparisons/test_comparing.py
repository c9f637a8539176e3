"""What is compared with what, and what is refused: the slice's own computations, without a database."""

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from scoring.comparisons import analysis, costs, equity
from scoring.comparisons.purchases import Bought, index_of, read_bought, regions_above
from scoring.comparisons.results import Result, above, estimated, grouped, in_level, read_results
from shared import clock

NOW = clock.start_of(date(2026, 11, 1))
Json = Any


def seen(place: str) -> bool:
    return place != ""


def ident(number: int) -> UUID:
    return UUID(int=number)


def result(unit: str, value: float, *, n: int = 0, days: int = 10, error: float = 0.0) -> Result:
    return Result(str(ident(n)), unit, value, error, NOW - timedelta(days=days))


def peers(k: int, *, each: int = 3, step: float = 3.0) -> list[Result]:
    """Simulated: k units whose means lie `step` apart, each with results 4 points around its mean."""
    return [
        result(f"u{unit:02d}", 60 + step * unit + offset, n=10 * unit + place, days=30 * place)
        for unit in range(k)
        for place, offset in enumerate((-4.0, 0.0, 4.0)[:each])
    ]


@pytest.mark.parametrize(
    ("region", "level", "expected", "coarser"),
    [
        ("CN-230102", "county", "CN-230102", False),
        ("CN-230102", "city", "CN-230100", False),
        ("CN-230102", "province", "CN-230000", False),
        ("CN-230100", "county", "CN-230100", True),
        ("CN-230100", "city", "CN-230100", False),
        ("CN-230000", "city", "CN-230000", True),
        ("CN-230000", "province", "CN-230000", False),
        ("CN-231000", "city", "CN-231000", False),
        ("CN-230110", "county", "CN-230110", False),
        ("CN-500000", "province", "CN-500000", False),
        ("XK-xx", "city", "XK-xx", False),
    ],
)
def test_levels_of_regions(region: str, level: str, expected: str, coarser: bool) -> None:
    assert in_level(region, level) == expected
    assert above(region, level) is coarser


def test_results_of_a_unit_and_of_a_region() -> None:
    row = SimpleNamespace(
        contract_id="c1", region="CN-230102", owner="p7", score=91.5, width=2 * 1.959963984540054 * 2.0, counts_from=NOW
    )
    (own,) = read_results([row], by="provider", level="county")
    assert (own.unit, own.value) == ("p7", 91.5)
    assert own.error == pytest.approx(2.0)
    row.owner, row.width = None, None
    assert read_results([row], by="purchaser", level="county") == []
    (place,) = read_results([row], by="region", level="city")
    assert (place.unit, place.value, place.error) == ("CN-230100", 91.5, 0.0)
    row.region = "CN-230100"
    assert read_results([row], by="region", level="county") == []


def test_track_records_are_drawn_towards_the_peers() -> None:
    found = analysis.track_records(peers(8), now=NOW)
    assert (found["refused"], found["peers"]) == (None, 8)
    first, last = found["items"][0], found["items"][-1]
    assert first["unit"] == "u00"
    assert first["mean"] < first["estimate"] < found["mean"] < last["estimate"] < last["mean"]
    assert first["low"] < first["estimate"] < first["high"]
    assert 0 < first["weight"] < 1
    assert all(item["modelled"] for item in found["items"])
    lonely = analysis.track_records(peers(8)[:-2], now=NOW)["items"][-1]
    assert lonely["results"] == 1
    assert lonely["weight"] < last["weight"]


def test_few_peers_are_counted_and_not_modelled() -> None:
    found = analysis.track_records(peers(4), now=NOW)
    assert "at least 5" in found["refused"]
    assert [item["estimate"] for item in found["items"]] == [None] * 4
    assert not any(item["modelled"] for item in found["items"])
    assert found["items"][0]["mean"] == pytest.approx(60, abs=0.5)
    assert found["items"][0]["error"] > 0
    alone = analysis.track_records([result(f"u{n}", 70.0 + n) for n in range(9)], now=NOW)
    assert "nothing says what chance is" in alone["refused"]
    assert alone["items"][0]["error"] is None
    nothing = analysis.track_records([], now=NOW)
    assert (nothing["refused"], nothing["items"]) == ("nothing was determined", [])


def test_measured_errors_stand_in_for_second_contracts() -> None:
    found = analysis.track_records([result(f"u{n}", 70.0 + 4 * n, error=2.0) for n in range(9)], now=NOW)
    assert found["refused"] is None
    assert found["within_sd"] == 0
    assert found["items"][0]["error"] == pytest.approx(2 / 0.8 ** (10 / 365.25 / 2))


def test_funnel_needs_ten_peers_and_names_the_outlier() -> None:
    assert "9 peers" in analysis.funnels(peers(9), now=NOW, threshold=None)["refused"]
    odd = [result("odd", value, n=900 + n) for n, value in enumerate((20.0, 22.0, 24.0))]
    found = analysis.funnels([*peers(12, step=0.5), *odd], now=NOW, threshold=None)
    verdicts = {item["unit"]: item["verdict"] for item in found["items"]}
    assert verdicts.pop("odd") == "alarm"
    assert set(verdicts.values()) == {"inside"}
    assert found["items"][0]["alarm_low"] < found["items"][0]["alert_low"] < found["target"]
    shares = analysis.funnels([*peers(12, step=0.5), *odd], now=NOW, threshold=62.0)
    assert shares["measure"] == "below"
    assert 0 < shares["target"] < 1
    assert {item["unit"]: item["value"] for item in shares["items"]}["odd"] == 1
    unknown = analysis.funnels([result(f"u{n}", 70.0 + n) for n in range(11)], now=NOW, threshold=None)
    assert "nothing says what chance is" in unknown["refused"]


def test_league_tables_only_where_units_differ() -> None:
    found = analysis.league(peers(8, step=12.0), now=NOW)
    assert (found["league_table"], found["refused"]) == (True, None)
    assert [item["unit"] for item in found["items"]] == [f"u{n:02d}" for n in range(7, -1, -1)]
    assert found["items"][0]["rank_low"] == 1
    assert found == analysis.league(list(reversed(peers(8, step=12.0))), now=NOW)
    alike = analysis.league(peers(8, step=0.3), now=NOW)
    assert not alike["league_table"]
    assert "no league table" in alike["refused"]
    assert [item["unit"] for item in alike["items"]] == [f"u{n:02d}" for n in range(8)]
    assert all(item["rank"] is None for item in alike["items"])
    assert analysis.league(peers(3), now=NOW)["items"] == []


def series(*values: float) -> list[Result]:
    return [result("u", value, n=n, days=1000 - 20 * n) for n, value in enumerate(values)]


def test_charts_find_a_change_and_need_eight_points() -> None:
    calm = (80.0, 82.0, 79.0, 81.0, 80.0, 78.0, 82.0, 80.0)
    found = analysis.chart(series(*calm, 55.0), kind="individuals", baseline=8)
    assert [item["signals"] for item in found["items"]] == [[]] * 8 + [["beyond"]]
    assert found["items"][0]["label"] == str(ident(0))
    slow = series(*calm, *[76.0] * 8)
    assert analysis.chart(slow, kind="ewma", baseline=8)["items"][-1]["signals"] == ["beyond"]
    sums = analysis.chart(slow, kind="cusum", baseline=8)
    assert sums["items"][-1]["low"] < -sums["decision"]
    assert sums["items"][-1]["signals"] == ["beyond"]
    assert "7 points" in analysis.chart(series(*calm[:7]), kind="individuals", baseline=None)["refused"]
    flat = analysis.chart(series(*[80.0] * 9), kind="cusum", baseline=None)
    assert "no spread" in flat["refused"]
    quarters = [result("u", 50.0 if n % 5 == 0 else 80.0, n=n, days=1000 - 22 * n) for n in range(40)]
    shares = analysis.chart(quarters, kind="share", baseline=None)
    assert shares["centre"] == pytest.approx(0.2)
    assert shares["items"][0]["label"] == "2024-Q1"
    assert "4 points" in analysis.chart(quarters[:16], kind="share", baseline=None)["refused"]


# What was bought


TERMS: dict[str, Json] = {
    "currency": "CNY",
    "signed_on": "2025-12-20",
    "starts_on": "2026-01-01",
    "indicators": [
        {"indicator_id": "i1", "code": "O1", "name": "meals", "unit": "meal", "level": "output", "aspect": "quantity"},
        {"indicator_id": "i2", "code": "B1", "name": "health", "unit": "%", "level": "benefit", "aspect": "social"},
    ],
}


def contract(number: int = 1, **other: Json) -> SimpleNamespace:
    values = {"contract_id": ident(number), "provider_id": ident(70), "service_category": "A05", "region": "CN-230102"}
    return SimpleNamespace(**(values | other))


def observed(value: str, *, on: str = "2026-05-01", supersedes: str | None = None) -> dict[str, Json]:
    recorded = f"{on}T09:00:00Z"
    return {
        "indicator_id": "i1",
        "value": value,
        "observed_on": on,
        "recorded_at": recorded,
        "supersedes": supersedes,
    }


def paid(amount: str, *, kind: str = "payment", reverses: str | None = None, currency: str = "CNY") -> dict[str, Json]:
    return {"kind": kind, "amount": amount, "currency": currency, "reverses": reverses}


def evidence(*items: tuple[str, int, dict[str, Json]], number: int = 1) -> list[SimpleNamespace]:
    return [
        SimpleNamespace(contract_id=ident(number), kind=kind, id=ident(item), body=body) for kind, item, body in items
    ]


FULL = (
    ("contract", 1, TERMS),
    ("observation", 2, observed("580", on="2026-04-01")),
    ("observation", 3, observed("600")),
    ("observation", 4, observed("9999", on="2026-06-01")),
    ("observation", 5, observed("590", supersedes=str(ident(4)))),
    ("ledger", 6, paid("130000.00")),
    ("ledger", 7, paid("10000.00", kind="refund")),
    ("ledger", 8, paid("5000.00")),
    ("ledger", 9, paid("5000.00", kind="reversal", reverses=str(ident(8)))),
    ("ledger", 10, paid("7.00", currency="EUR")),
    ("acceptance", 11, {"result": "accepted"}),
)


def bought(*items: tuple[str, int, dict[str, Json]], indicator: str | None = None, **other: Json) -> Bought:
    (found,) = read_bought(evidence(*items), [contract(**other)], indicator=indicator)
    return found


def test_a_purchase_is_net_cost_and_accepted_units() -> None:
    found = bought(*FULL)
    assert found.reason is None
    purchase = found.purchase
    assert purchase is not None
    assert (purchase.cost, purchase.units, purchase.measure) == (Decimal(120000), Decimal(590), "O1 meals [meal]")
    assert (purchase.year, purchase.region, found.starts_on) == (2025, "CN-230102", "2026-01-01")


@pytest.mark.parametrize(
    ("items", "why"),
    [
        ([*FULL[1:]], "not dated|is dated"),
        ([("contract", 1, TERMS | {"indicators": []}), *FULL[1:]], "agreed: none"),
        ([("contract", 1, TERMS | {"indicators": TERMS["indicators"][:1] * 2}), *FULL[1:]], "agreed: O1, O1"),
        ([*FULL[:-1]], "nothing was accepted"),
        ([*FULL[:-1], ("acceptance", 11, {"result": "rejected"})], "nothing was accepted"),
        ([*FULL[:-1], ("acceptance", 11, {"result": "partlyAccepted"})], "accepted in part"),
        ([FULL[0], *FULL[5:]], "no units were observed of O1"),
    ],
)
def test_what_is_not_known_is_no_unit_cost(items: list[tuple[str, int, dict[str, Json]]], why: str) -> None:
    found = bought(*items)
    assert found.purchase is None
    assert found.reason is not None
    assert any(part in found.reason for part in why.split("|"))
    assert costs.unit_costs(found, [], [])["not_comparable"] == found.reason


def figure(kind: str, region: str, year: int, value: str, **other: Json) -> SimpleNamespace:
    rest = {"base_year": 2020 if kind == "price_index" else None, "service_category": None, "measure": None}
    return SimpleNamespace(
        kind=kind, region=region, year=year, value=Decimal(value), currency="CNY", id=ident(year), **(rest | other)
    )


INDEX = [
    figure("price_index", "CN-000000", 2023, "104"),
    figure("price_index", "CN-000000", 2025, "106.08"),
    figure("price_index", "CN-230000", 2025, "200"),
]


def test_unit_costs_stand_beside_the_previous_contract_and_direct_provision() -> None:
    earlier = {"signed_on": "2023-02-01", "starts_on": "2023-03-01"}
    rows = [*evidence(*FULL), *evidence(("contract", 20, TERMS | earlier), *FULL[1:], number=2)]
    now, before = read_bought(rows, [contract(), contract(2)])
    own = {"service_category": "A05", "measure": "O1 meals [meal]"}
    direct = [
        figure("direct_cost", "CN-230000", 2024, "1", **own),
        figure("direct_cost", "CN-230100", 2025, "250", **own),
    ]
    found = costs.unit_costs(now, [before], [*INDEX, *direct])
    assert found["unit_cost"] == Decimal("203.38983051")
    previous, provision = found["against"]
    assert previous["contract_id"] == ident(2)
    assert previous["unit_cost"] == Decimal("203.38983051")
    assert previous["in_prices_of_now"] == Decimal("207.45762712")
    assert previous["ratio"] == Decimal("0.98039216")
    assert (provision["in_prices_of_now"], provision["not_comparable"]) == (Decimal(250), None)
    alone = costs.unit_costs(now, [now], [])
    assert [side["not_comparable"] for side in alone["against"]] == [
        "the purchaser has no earlier contract of this kind of service",
        "no cost of direct provision of the same scope is recorded",
    ]
    unindexed, _ = costs.unit_costs(now, [before], [])["against"]
    assert unindexed["not_comparable"] == "no price index of 2023 and 2025"
    (unknown,) = read_bought(evidence(("contract", 20, TERMS | earlier), number=2), [contract(2)])
    unsaid, _ = costs.unit_costs(now, [unknown], [])["against"]
    assert unsaid["not_comparable"] == "nothing was accepted"


def test_prices_come_from_the_nearest_region_that_has_both_years() -> None:
    assert regions_above("CN-230102") == ["CN-230102", "CN-230100", "CN-230000", "CN-000000"]
    assert index_of(INDEX, "CN-230102", {2023, 2025})[2023] == Decimal(104)
    assert index_of(INDEX, "CN-230102", {2025})[2025] == Decimal(200)
    assert index_of(INDEX, "CN-230102", {2022, 2025}) == {}
    mixed = [
        figure("price_index", "CN-000000", 2023, "104"),
        figure("price_index", "CN-000000", 2025, "90", base_year=2024),
    ]
    assert index_of(mixed, "CN-230102", {2023, 2025}) == {}


def purchases(k: int) -> tuple[list[Bought], list[Result]]:
    """Simulated: contract n costs 100 + 10 n for 1 + n units; contract 6 pays twice that."""
    found, results = [], []
    for n in range(k):
        items = (
            ("contract", 1, TERMS),
            ("observation", 2, observed(str(1 + n))),
            ("ledger", 3, paid(str((100 + 10 * n) * (2 if n == 6 else 1)))),
            ("acceptance", 4, {"result": "accepted"}),
        )
        found += read_bought(evidence(*items, number=n), [contract(n)])
        results.append(result(str(ident(70)), 80.0, n=n))
    return found, results


def test_efficiency_compares_contracts_of_one_scope() -> None:
    found, results = purchases(12)
    made = costs.efficiency(found, results, [], measure=None, currency="CNY")
    assert (made["refused"], made["price_year"], made["measure"]) == (None, 2025, "O1 meals [meal]")
    assert made["items"][0]["efficiency"] == pytest.approx(100)
    assert made["items"][6]["efficiency"] == pytest.approx(50)
    assert made["items"][6]["peers"] != [ident(6)]
    assert all(item["constant_returns"] <= item["efficiency"] + 1e-9 for item in made["items"])
    few = costs.efficiency(found[:8], results, [], measure=None, currency="CNY")
    assert few["refused"] == "8 units; 9 are needed for 1 inputs and 2 outputs"
    unjudged = costs.efficiency(found, results[:10], [], measure=None, currency="CNY")
    assert unjudged["reasons"] == {"its provider's sub-score is not determined": 2}
    assert costs.efficiency(found, results, [], measure="other", currency="CNY")["reasons"] == {
        "counts by another unit": 12
    }
    foreign = costs.efficiency(found, results, [], measure=None, currency="EUR")
    assert foreign["reasons"] == {"in another currency": 12}


def test_efficiency_never_mixes_units_or_prices() -> None:
    found, results = purchases(12)
    renamed = TERMS | {"indicators": [TERMS["indicators"][0] | {"unit": "box"}]}
    earlier = TERMS | {"signed_on": "2023-06-01"}
    more: list[Bought] = []
    for number, terms in ((90, renamed), (91, earlier)):
        items = (("contract", 1, terms), *FULL[1:])
        more += read_bought(evidence(*items, number=number), [contract(number)])
    results += [result(str(ident(70)), 80.0, n=number) for number in (90, 91)]
    mixed = costs.efficiency([*found, *more], results, [], measure=None, currency="CNY")
    assert mixed["measures"] == ["O1 meals [box]", "O1 meals [meal]"]
    assert "name one" in mixed["refused"]
    chosen = costs.efficiency([*found, *more], results, [], measure="O1 meals [meal]", currency="CNY")
    assert chosen["reasons"] == {"counts by another unit": 1, "no price index of 2023 and 2025": 1}
    indexed = costs.efficiency([*found, *more], results, INDEX, measure="O1 meals [meal]", currency="CNY")
    assert indexed["peers"] == 13
    assert indexed["items"][-1]["cost"] == Decimal("122400.00")


# Equity


def total(region: str, value: int, *, contracts: int = 2, beneficiaries: int = 100, rated: int = 1) -> SimpleNamespace:
    return SimpleNamespace(
        region=region,
        contracts=contracts,
        value=Decimal(value),
        beneficiaries=beneficiaries,
        stated=contracts,
        rated=rated,
    )


def test_equity_counts_regions_that_were_given_nothing() -> None:
    totals = [
        total("CN-230102", 6000),
        total("CN-230103", 2000, rated=0),
        total("CN-230100", 999),
        total("CN-310101", 3000),
    ]
    population = [
        figure("population", place, 2026, people)
        for place, people in (("CN-230102", "100"), ("CN-230103", "100"), ("CN-230104", "100"), ("CN-230100", "300"))
    ]
    found = equity.regional_equity([], totals, population, level="county", now=NOW, visible=seen)
    items = {item["region"]: item for item in found["items"]}
    assert list(items) == ["CN-230102", "CN-230103", "CN-230104", "CN-310101"]
    assert items["CN-230102"]["money_per_head"] == Decimal("60.00")
    assert (items["CN-230104"]["contracts"], items["CN-230104"]["money_per_head"]) == (0, Decimal("0.00"))
    assert (items["CN-310101"]["money_per_head"], items["CN-310101"]["coverage"]) == (None, None)
    assert found["above_level"] == 2
    money = found["money_per_head"]
    assert (money["regions"], money["ratio"]) == (3, None)
    assert money["gini"] == pytest.approx(0.5)  # shares 0, 1/4, 3/4 of three equal populations
    assert money["theil_between"] == pytest.approx(0)
    assert found["third_party"] == pytest.approx(2 / 6)
    assert found["scores"] is None
    assert found["refused"] == "nothing was determined"
    hidden = equity.regional_equity(
        [], [], population, level="county", now=NOW, visible=lambda place: place != "CN-230104"
    )
    assert "CN-230104" not in {item["region"] for item in hidden["items"]}
    assert hidden["money_per_head"] is None


def test_gaps_of_scores_are_in_points() -> None:
    places = [f"CN-2301{n:02d}" for n in range(2, 9)]
    results = [
        result(place, 60 + 5.0 * n + offset, n=10 * n + k)
        for n, place in enumerate(places)
        for k, offset in enumerate((-3.0, 0.0, 3.0))
    ]
    found = equity.regional_equity(results, [], [], level="county", now=NOW, visible=seen)
    gaps = found["scores"]
    assert (gaps["lowest"], gaps["highest"]) == (places[0], places[-1])
    assert 25 < gaps["widest"] < 30
    assert gaps["adjusted_variance"] < gaps["raw_variance"]
    assert found["items"][0]["score"] == pytest.approx(60)
    assert found["items"][0]["estimate"] > 60


def test_the_same_results_in_any_order_are_one_group() -> None:
    results = peers(6)
    first, second = grouped(results, now=NOW), grouped(list(reversed(results)), now=NOW)
    assert first.values.tolist() == second.values.tolist()
    assert estimated(first).mean.tolist() == estimated(second).mean.tolist()
