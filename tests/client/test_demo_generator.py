import csv
import json
import random
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from contracts.catalogue.queries import item_of
from contracts.contracts.schemas import IndicatorIn, MilestoneIn
from contracts.organisations.uscc import check_uscc
from gongping_client.demo import sizes
from gongping_client.demo.dataset import Dataset
from gongping_client.demo.generate import DEFAULT_SEED, generate_contract, generate_dataset
from gongping_client.demo.places import PLACES
from gongping_client.demo.uscc import simulated_uscc

SHELF = Path(__file__).parents[3] / "shared" / "data"
DAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return generate_dataset(as_of=DAY, count=60)


def test_the_same_seed_and_day_give_the_same_document(dataset: Dataset, tmp_path: Path) -> None:
    again = generate_dataset(seed=DEFAULT_SEED, as_of=DAY, count=60)
    again.save(tmp_path / "again.json")
    dataset.save(tmp_path / "first.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "first.json").read_bytes()
    assert Dataset.load(tmp_path / "first.json") == dataset
    assert generate_dataset(seed=1, as_of=DAY, count=60) != dataset


def test_everything_is_marked_simulated(dataset: Dataset) -> None:
    document = json.loads(dataset.model_dump_json())
    assert document["simulated"] is True
    assert "simulated" in document["label"]
    for contract in document["contracts"]:
        assert contract["title"].startswith("【模拟】")
        assert contract["summary"].startswith("simulated: ")
        parts = [contract, *contract["observations"], *contract["reports"], *contract["answers"]]
        assert all(part["simulated"] is True for part in parts)
    for organisation in document["organisations"]:
        assert organisation["simulated"] is True
        assert organisation["name"].startswith("【模拟】")


def test_credit_codes_pass_both_checks_and_are_told_at_sight(dataset: Dataset) -> None:
    codes = [check_uscc(organisation.uscc) for organisation in dataset.organisations]
    assert len({code.code for code in codes}) == len(codes)
    assert all(code.code[8:10] == "XX" for code in codes)
    kinds = {organisation.roles: set[str | None]() for organisation in dataset.organisations}
    for organisation, code in zip(dataset.organisations, codes, strict=True):
        kinds[organisation.roles].add(code.kind)
    assert kinds["purchaser",] == {"organ (机关)"}
    assert len(kinds["provider",]) >= 3


def test_a_credit_code_has_room_for_six_digits() -> None:
    assert check_uscc(simulated_uscc("N2", division="230102", number=999_999)).kind is not None
    with pytest.raises(ValueError, match="six digits"):
        simulated_uscc("N2", division="230102", number=1_000_000)


def test_contracts_lie_in_several_provinces_and_buy_several_services(dataset: Dataset) -> None:
    assert len({contract.region[3:5] for contract in dataset.contracts}) >= 6
    categories = {contract.terms.service_category for contract in dataset.contracts}
    assert len(categories) >= 6
    assert all(item_of(category) for category in categories)


def test_every_contract_can_be_activated_and_completed(dataset: Dataset) -> None:
    stages = Counter(contract.stage for contract in dataset.contracts)
    assert set(stages) == {"active", "completed", "answered"}
    for contract in dataset.contracts:
        terms = contract.terms
        assert {indicator.level for indicator in terms.indicators} == {"output", "benefit", "satisfaction"}
        for kind in ("delivery", "financing"):
            assert sum(one.percentage for one in terms.milestones if one.kind == kind) == 100
        for indicator in terms.indicators:
            IndicatorIn.model_validate(indicator.document())
        for milestone in terms.milestones:
            MilestoneIn.model_validate(milestone.document())
        assert terms.signed_on is not None
        assert terms.starts_on is not None
        assert terms.ends_on is not None
        assert terms.signed_on < terms.starts_on < terms.ends_on
        assert (terms.ends_on - terms.starts_on).days <= 1095
        assert terms.signed_on <= DAY
        told = [one.observed_on for one in contract.observations] + [one.booked_on for one in contract.ledger]
        assert all(day <= DAY for day in told)
        finished = contract.stage != "active"
        assert (contract.acceptance is not None) == finished
        assert bool(contract.answers) == (contract.stage == "answered")
        if contract.acceptance is None:
            continue
        observed = {one.indicator_code for one in contract.observations}
        assert observed == {one.code for one in terms.indicators if one.level != "satisfaction"}
        assert {one.milestone_code for one in contract.reports} == {one.code for one in terms.milestones}
        settled = [
            entry for entry in (*contract.ledger, *contract.settlement) if entry.kind in ("payment", "deduction")
        ]
        assert sum(entry.amount or Decimal(0) for entry in settled) == contract.acceptance.accepted_value
        assert all((entry.amount or 0) > 0 for entry in settled)
        assert contract.acceptance.accepted_value <= (terms.value or 0)
        opinion = contract.acceptance.opinion
        assert opinion is not None
        assert 0 < opinion.satisfied <= opinion.people


def test_answers_are_enough_to_be_heard_and_cannot_be_ordered(dataset: Dataset) -> None:
    answered = [contract for contract in dataset.contracts if contract.answers]
    for contract in answered:
        population = contract.terms.beneficiary_population or 0
        assert population / 2 < len(contract.answers) <= population
    ids: list[UUID] = [answer.submission_id for contract in answered for answer in contract.answers]
    assert len(set(ids)) == len(ids)
    assert {one.version for one in ids} == {4}
    means = [sum(int(one.answers["overall"]) for one in each.answers) / len(each.answers) for each in answered]
    assert max(means) - min(means) > 0.5  # providers differ


def test_sizes_follow_the_quantiles() -> None:
    drawn = random.Random(1)
    values = sorted(sizes.draw(drawn, sizes.VALUE_EUR) for _ in range(20_000))
    for share, expected in sizes.VALUE_EUR.items():
        assert values[int(share * len(values))] == pytest.approx(expected, rel=0.06)
    assert sizes.quantile(sizes.VALUE_EUR, 0.5) == pytest.approx(8_190)
    assert sizes.quantile(sizes.VALUE_EUR, 0.375) == pytest.approx((2_480 * 8_190) ** 0.5)  # halfway by logarithm
    assert sizes.quantile(sizes.TERM_DAYS, 1.0) == sizes.quantile(sizes.TERM_DAYS, 0.99)


def test_values_of_the_data_set_have_the_right_size() -> None:
    values = sorted(contract.terms.value or Decimal(0) for contract in generate_dataset(as_of=DAY, count=300).contracts)
    median = values[150] / sizes.CNY_PER_EUR
    assert 5_000 < median < 13_000
    assert all(value % 100 == 0 for value in values)


def test_the_story_has_a_contract_of_its_own() -> None:
    one = generate_contract(key="STORY-1", as_of=DAY)
    other = generate_contract(key="STORY-2", as_of=DAY)
    assert [contract.key for contract in one.contracts] == ["STORY-1"]
    assert one.organisations == other.organisations
    assert one.contracts[0].terms.value == other.contracts[0].terms.value
    assert one.contracts[0].stage == "answered"


@pytest.mark.skipif(not SHELF.exists(), reason="the shared data are not there")
def test_places_are_those_of_the_standard() -> None:
    with (SHELF / "gbt2260" / "areas.csv").open(encoding="utf-8") as file:
        counties = {row["code"]: row["name"] for row in csv.DictReader(file)}
    with (SHELF / "gbt2260" / "cities.csv").open(encoding="utf-8") as file:
        cities = {row["code"]: row["name"] for row in csv.DictReader(file)}
    with (SHELF / "gbt2260" / "provinces.csv").open(encoding="utf-8") as file:
        provinces = {row["code"]: row["name"] for row in csv.DictReader(file)}
    for place in PLACES:
        assert counties[place.code] == place.county
        assert cities[place.code[:4]] == place.city
        assert provinces[place.code[:2]] == place.province
