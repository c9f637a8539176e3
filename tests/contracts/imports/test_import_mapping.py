"""The mapping of an OCDS release is pure: no database, no clock."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.imports.conftest import make

from contracts.imports.mapping import MappedContract, RejectedContract, map_release, source_of
from gongping_client.demo.uscc import simulated_uscc

Json = dict[str, Any]


def only(release: Json) -> MappedContract:
    (contract,) = map_release(release, place="releases[0]").contracts
    assert isinstance(contract, MappedContract), contract
    return contract


def refused(release: Json) -> RejectedContract:
    (contract,) = map_release(release, place="releases[17]").contracts
    assert isinstance(contract, RejectedContract), contract
    return contract


def test_everything_that_has_a_home_is_mapped() -> None:
    contract = only(make())
    assert (contract.source, contract.external_id) == ("ocds-test01", "ocds-test01-1/c1")
    assert (contract.title, contract.state, contract.end_reason) == ("Home care", "active", None)
    assert (contract.value, contract.currency, contract.budget) == (Decimal("1000.25"), "EUR", Decimal("1200.50"))
    assert (contract.purchaser.external_id, contract.purchaser.name) == ("B1", "Town")
    assert contract.provider is not None
    assert (contract.provider.external_id, contract.provider.role) == ("S1", "provider")
    assert (contract.procurement_method, contract.tenderers) == ("open", 4)
    assert (contract.starts_on, contract.ends_on) == (date(2021, 1, 3), date(2021, 12, 31))
    assert [(one.external_id, one.amended_on, one.rationale) for one in contract.amendments] == [
        ("am1", date(2021, 3, 1), "more visits"),
        ("am2", None, None),
    ]
    assert [(one.code, one.kind, one.status, one.met_on) for one in contract.milestones] == [
        ("m1", "delivery", "met", date(2021, 6, 29)),
        ("p1", "financing", "partlyMet", None),
    ]
    assert [(one.kind, one.amount, one.milestone_code) for one in contract.transactions] == [
        ("payment", Decimal("400.25"), "m1"),
        ("refund", Decimal("100.00"), None),
    ]
    assert contract.extras["ocds"]["award_id"] == "a1"


def test_a_day_is_the_day_that_the_source_wrote() -> None:
    # 00:30 on the 2nd in Beijing is still the 1st in UTC; the contract was signed on the 2nd.
    assert only(make()).signed_on == date(2021, 1, 2)


def test_fields_without_a_home_are_counted_by_path() -> None:
    unmapped = map_release(make(), place="releases[0]").unmapped
    expected = {
        "/tag",
        "/initiationType",
        "/language",
        "/parties/id",  # the tenderer's
        "/parties/name",
        "/parties/roles",
        "/planning/budget/description",
        "/tender/procurementMethodDetails",
        "/tender/value/amount",
        "/tender/value/currency",
        "/awards/status",
    }
    assert set(unmapped) == expected
    assert set(unmapped.values()) == {1}


@pytest.mark.parametrize(
    ("fields", "state", "end_reason"),
    [
        ({"status": "pending"}, "pending", None),
        ({"status": "active"}, "active", None),
        ({"status": "cancelled"}, "cancelled", "cancelled"),
        ({"status": "terminated", "implementation": {}}, "terminated", None),
        ({"status": "terminated", "implementation": {"endDate": "2021-12-31"}}, "terminated", None),
        (
            {"status": "terminated", "implementation": {"finalValue": {"amount": 9, "currency": "EUR"}}},
            "completed",
            "complete",
        ),
        ({"status": "terminated", "finalStatus": "unsuccessful"}, "terminated", "unsuccessful"),
        ({"status": "terminated", "finalStatus": "complete", "implementation": {}}, "completed", "complete"),
        ({"status": "active", "implementation": {"finalValue": {"amount": 9, "currency": "EUR"}}}, "active", None),
    ],
)
def test_the_true_state_needs_evidence(fields: Json, state: str, end_reason: str | None) -> None:
    contract = only(make(milestones=[], **fields))
    assert (contract.state, contract.end_reason) == (state, end_reason)
    assert ("end_reason" in contract.gaps) == (state == "terminated" and end_reason is None)


def test_delivery_milestones_all_met_are_evidence_of_completion() -> None:
    met = [{"id": "m1", "status": "met", "type": "delivery"}, {"id": "p", "status": "scheduled", "type": "payment"}]
    assert only(make(status="terminated", milestones=met, implementation={})).state == "completed"
    open_ = [*met, {"id": "m2", "status": "notMet"}]
    assert only(make(status="terminated", milestones=open_, implementation={})).state == "terminated"


def test_an_end_date_of_the_implementation_is_when_it_ended() -> None:
    contract = only(make(status="terminated", implementation={"endDate": "2021-11-30T08:00:00+08:00"}))
    assert contract.ended_at == "2021-11-30T00:00:00+00:00"


@pytest.mark.parametrize("status", [None, "complete", "ACTIVE", 3])
def test_a_state_is_never_guessed(status: object) -> None:
    assert refused(make(status=status)).place == "releases[17].contracts[0].status"


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        ("1000.25", "must be a number, found the text '1000.25'"),
        ({"$numberLong": "1000"}, 'must be a number, found the object {"$numberLong": "1000"}'),
        ({"$number": "NaN"}, 'must be a number, found the object {"$number": "NaN"}'),
        (float("nan"), "must be a finite number, found nan"),
        (float("inf"), "must be a finite number, found inf"),
        (-1, "must not be negative, found -1"),
        (-0.01, "must not be negative, found -0.01"),
        (True, "must be a number, found true"),
        ([1], "must be a number, found a list"),
        (10**17, "is larger than can be recorded"),
        (12345678901234.123, "has more than 15 digits, which a JSON number does not carry exactly: 12345678901234.123"),
    ],
)
def test_an_amount_is_a_number_that_means_what_it_says(amount: object, reason: str) -> None:
    refusal = refused(make(value={"amount": amount, "currency": "EUR"}))
    assert refusal.place == "releases[17].contracts[0].value.amount"
    assert refusal.reason == reason
    assert refusal.contract_ref == "c1"


def test_half_cents_are_rounded_and_said() -> None:
    contract = only(make(value={"amount": 0.125, "currency": "EUR"}, implementation={}))
    assert contract.value == Decimal("0.12")
    assert [warning["code"] for warning in contract.warnings] == ["amount-rounded"]


@pytest.mark.parametrize("currency", [None, "eur", "EURO", 978])
def test_an_amount_needs_its_currency(currency: object) -> None:
    assert refused(make(value={"amount": 1, "currency": currency})).place.endswith("value.currency")


def test_without_any_amount_there_is_no_currency() -> None:
    contract = only(make(value=None, implementation=None))
    assert (contract.value, contract.currency) == (None, "XXX")
    assert "value" in contract.gaps


def test_a_release_without_a_buyer_is_refused() -> None:
    def lose(release: Json, _: Json) -> None:
        del release["buyer"]
        release["parties"] = release["parties"][1:]

    refusal = refused(make(lose))
    assert refusal.place == "releases[17].buyer"
    assert refusal.reason == "is missing, and no party has the role buyer"


def test_the_party_with_the_role_is_the_buyer() -> None:
    def lose(release: Json, _: Json) -> None:
        del release["buyer"]

    assert only(make(lose)).purchaser.name == "Town"


def test_a_buyer_needs_a_name() -> None:
    def unname(release: Json, _: Json) -> None:
        release["buyer"] = {"id": "B9"}

    assert refused(make(unname)).reason == "the buyer has no name"


def test_a_day_that_stands_for_none_is_left_open_and_said() -> None:
    contract = only(make(period={"startDate": "2019-01-30", "endDate": "9999-12-31"}, dateSigned="0001-01-01"))
    assert (contract.starts_on, contract.ends_on, contract.signed_on) == (date(2019, 1, 30), None, None)
    (warning,) = contract.warnings
    assert warning["code"] == "day-impossible"
    assert "9999-12-31 is no day that was meant" in warning["detail"]


def test_a_reversed_period_is_kept_and_said() -> None:
    contract = only(make(period={"startDate": "2019-01-30", "endDate": "2019-01-16"}, dateSigned="2019-01-30"))
    assert (contract.starts_on, contract.ends_on) == (date(2019, 1, 30), date(2019, 1, 16))
    (warning,) = contract.warnings
    assert warning["code"] == "period-reversed"
    assert (
        warning["detail"]
        == "releases[0].contracts[0].period: ends on 2019-01-16, before it starts on 2019-01-30; kept as given"
    )


def test_an_end_follows_from_the_duration_and_stays_a_gap() -> None:
    contract = only(make(period={"startDate": "2021-01-01", "durationInDays": 30}))
    assert contract.ends_on == date(2021, 1, 31)
    assert "period" in contract.gaps
    assert contract.extras["ends_on_from"] == "period.durationInDays"


def test_a_stated_end_wins_over_the_duration() -> None:
    release = make(period={"startDate": "2021-01-01", "endDate": "2021-06-30", "durationInDays": 30})
    assert only(release).ends_on == date(2021, 6, 30)
    assert map_release(release, place="releases[0]").unmapped["/contracts/period/durationInDays"] == 1


def test_gaps_say_what_the_source_did_not_have() -> None:
    assert set(only(make()).gaps) == {"contract_number", "service_category", "indicators", "uscc"}
    bare = make(dateSigned=None, period=None, awardID=None)
    bare["awards"], bare["tender"] = [], None
    assert set(only(bare).gaps) == {
        "contract_number",
        "service_category",
        "indicators",
        "uscc",
        "signature",
        "period",
        "provider",
        "procurement_method",
    }


@pytest.mark.parametrize("day", ["30.01.2019", "2019-13-01", "soon", 20190130])
def test_a_day_that_is_none_is_refused(day: object) -> None:
    assert refused(make(dateSigned=day)).place == "releases[17].contracts[0].dateSigned"


def test_one_bad_contract_does_not_stop_the_other() -> None:
    release = make()
    release["contracts"].append(release["contracts"][0] | {"id": "c2", "value": {"amount": "7", "currency": "EUR"}})
    mapped = map_release(release, place="releases[17]")
    good, bad = mapped.contracts
    assert isinstance(good, MappedContract)
    assert good.budget is None  # a budget of two contracts is no budget of one
    assert isinstance(bad, RejectedContract)
    assert bad.place == "releases[17].contracts[1].value.amount"
    assert "/contracts/id" not in mapped.unmapped


def test_the_same_contract_twice_in_a_release_is_refused() -> None:
    release = make()
    release["contracts"].append(release["contracts"][0])
    assert isinstance(map_release(release, place="releases[0]").contracts[1], RejectedContract)


def test_money_that_contradicts_itself_is_said() -> None:
    def overpay(_: Json, contract: Json) -> None:
        contract["value"]["amount"] = 100
        contract["implementation"]["finalValue"] = {"amount": 50, "currency": "EUR"}

    codes = [warning["code"] for warning in only(make(overpay)).warnings]
    assert codes == ["final-value-differs", "paid-over-value"]


def test_a_ledger_has_one_currency() -> None:
    def foreign(_: Json, contract: Json) -> None:
        contract["implementation"]["transactions"][1]["value"]["currency"] = "USD"

    refusal = refused(make(foreign))
    assert refusal.place == "releases[17].contracts[0].implementation.transactions[1].value.currency"


def test_a_transaction_of_nothing_is_left_out_and_said() -> None:
    def empty(_: Json, contract: Json) -> None:
        contract["implementation"]["transactions"][1]["value"]["amount"] = 0

    contract = only(make(empty))
    assert len(contract.transactions) == 1
    assert [warning["code"] for warning in contract.warnings] == ["transaction-of-zero"]


def test_the_region_comes_from_the_buyers_seat() -> None:
    def seated(**party: object) -> Json:
        release = make()
        release["parties"][0].update(party)
        return release

    assert only(seated()).purchaser.seat is None
    assert only(seated(details={"gbt2260": "230102"})).purchaser.seat == "CN-230102"
    assert only(seated(address={"region": "黑龙江省", "locality": "哈尔滨市"})).purchaser.seat == "CN-2301"
    assert only(seated(address={"region": "黑龙江省", "locality": "某镇"})).purchaser.seat == "CN-23"
    assert only(seated(address={"region": "London"})).purchaser.seat is None
    coded = {"scheme": "CN-USCC", "id": simulated_uscc("11", division="230102", number=7)}
    assert only(seated(identifier=coded)).purchaser.seat == "CN-230102"


def test_a_credit_code_that_fails_its_check_is_not_used() -> None:
    release = make()
    release["parties"][1]["identifier"] = {"scheme": "CN-USCC", "id": "91110000600037341X"}
    contract = only(release)
    assert contract.provider is not None
    assert contract.provider.uscc is None
    assert [warning["code"] for warning in contract.warnings] == ["uscc-invalid"]
    release["parties"][1]["identifier"] = {"scheme": "CN-USCC", "id": "91110000600037341L"}
    provider = only(release).provider
    assert provider is not None
    assert provider.uscc == "91110000600037341L"


def test_a_new_release_that_says_the_same_has_the_same_hash() -> None:
    release, later = make(), make()
    later["id"], later["date"], later["language"] = "2-compiled", "2022-01-01T00:00:00Z", "fr"
    assert only(release).content_hash == only(later).content_hash
    assert only(release).content_hash != only(make(title="Home care II")).content_hash


def test_the_source_is_the_publishers_namespace() -> None:
    assert source_of("ocds-213czf-000-00001") == "ocds-213czf"
    assert source_of("something") == "ocds"


def test_the_real_package_maps_whole(kosovo: Path) -> None:
    releases = json.loads(kosovo.read_text(encoding="utf-8"))["releases"]
    mapped = [map_release(release, place=f"releases[{n}]") for n, release in enumerate(releases)]
    contracts = [one for release in mapped for one in release.contracts]
    assert len(contracts) == 1200
    assert all(isinstance(one, MappedContract) for one in contracts)
    warnings = [warning["code"] for one in contracts if isinstance(one, MappedContract) for warning in one.warnings]
    assert warnings == ["period-reversed", "period-reversed"]
    assert sum(release.unmapped["/language"] for release in mapped) == 1200


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place of a document."""
    children: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    return [path, *(place for key, child in children for place in paths(child, (*path, key)))]


@given(st.data())
def test_no_release_is_bad_enough_to_stop_the_import(data: st.DataObject) -> None:
    release = make()
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(paths(release)[1:]))
        owner: Any = release
        for key in place[:-1]:
            owner = owner[key]
        owner[place[-1]] = data.draw(json_values)
    mapped = map_release(release, place="releases[0]")
    for one in mapped.contracts:
        if isinstance(one, RejectedContract):
            assert one.place.startswith("releases[0]")
            assert one.reason
        else:
            assert len(one.content_hash) == 64
    json.dumps(mapped.unmapped).encode()
