"""POST /v1/imports/ocds: per-item results, savepoints, regions, repetition."""

import asyncio
import json
from collections import Counter
from typing import Any

from tests.contracts.conftest import Contracts
from tests.contracts.imports.conftest import assert_problem, make

from gongping_client.demo.uscc import simulated_uscc
from shared.events import ContractImported, ContractState, LedgerPosted, OrganisationRecorded

Json = dict[str, Any]


def item(release: Json, *, place: str = "releases[0]", **fields: str) -> Json:
    return {"place": place, "release": release, **fields}


def numbered(number: int, **fields: Any) -> Json:
    return make(**fields) | {"ocid": f"ocds-test01-{number}"}


async def imported(contracts: Contracts, *items: Json, expect: int = 200) -> Json:
    return await contracts.post("/imports/ocds", {"items": list(items)}, expect=expect)


async def test_a_release_becomes_a_contract_at_its_true_state(contracts: Contracts) -> None:
    answer = await imported(contracts, item(make(), region="XK-0"))
    (result,) = answer["results"]
    assert {name: answer[name] for name in ("created", "updated", "unchanged", "rejected", "skipped")} == {
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "rejected": 0,
        "skipped": 0,
    }
    assert result["outcome"] == "created"
    assert (result["place"], result["ocid"], result["source_contract_id"]) == (
        "releases[0].contracts[0]",
        "ocds-test01-1",
        "c1",
    )
    assert (result["amendments"], result["transactions"], result["milestones"]) == (2, 2, 2)
    assert (result["currency"], result["value"]) == ("EUR", "1000.25")
    assert len(result["organisations"]) == 2
    contract = await contracts.get(f"/contracts/{result['contract_id']}")
    assert (contract["state"], contract["origin"], contract["region"]) == ("active", "import", "XK-0")
    assert (contract["purchaser"]["name"], contract["provider"]["name"]) == ("Town", "Care Ltd")
    assert (contract["signed_on"], contract["starts_on"], contract["ends_on"]) == (
        "2021-01-02",
        "2021-01-03",
        "2021-12-31",
    )
    assert (contract["value"], contract["budget"], contract["tenderers"]) == ("1000.25", "1200.50", 4)
    assert contract["ledger"]["paid"] == "400.25"
    assert contract["ledger"]["refunded"] == "100.00"
    assert [amendment["external_id"] for amendment in contract["amendments"]] == ["am1", "am2"]
    assert {milestone["code"]: milestone["status"] for milestone in contract["milestones"]} == {
        "m1": "met",
        "p1": "partlyMet",
    }
    assert contract["external_ids"] == [{"source": "ocds-test01", "id": "ocds-test01-1/c1"}]
    assert set(contract["gaps"]) == set(result["gaps"]) == {"contract_number", "service_category", "indicators", "uscc"}
    emitted = await contracts.emitted()
    assert Counter(event.type for event in emitted) == {
        OrganisationRecorded.TYPE: 2,
        ContractImported.TYPE: 1,
        LedgerPosted.TYPE: 2,
    }
    (event,) = await contracts.emitted(ContractImported)
    assert set(ContractImported.model_validate(event.data).gaps) == set(result["gaps"])


async def test_the_same_release_again_changes_nothing(contracts: Contracts) -> None:
    first = await imported(contracts, item(make(), region="XK-0"))
    before = await contracts.emitted()
    second = await imported(contracts, item(make(), region="XK-1"))
    assert second["unchanged"] == 1
    assert await contracts.emitted() == before
    mine, again = first["results"][0], second["results"][0]
    assert again == mine | {"outcome": "unchanged"}
    assert first["unmapped"] == second["unmapped"]


async def test_a_changed_release_brings_its_contract_up_to_date(contracts: Contracts) -> None:
    first = await imported(contracts, item(make(), region="XK-0"))
    changed = make(status="terminated")
    changed["contracts"][0]["implementation"]["finalValue"] = {"amount": 300.25, "currency": "EUR"}
    second = await imported(contracts, item(changed, region="XK-0"))
    assert second["updated"] == 1
    contract_id = first["results"][0]["contract_id"]
    assert second["results"][0]["contract_id"] == contract_id
    contract = await contracts.get(f"/contracts/{contract_id}")
    assert (contract["state"], contract["end_reason"], contract["final_value"]) == ("completed", "complete", "300.25")
    assert contract["ledger"]["paid"] == "400.25"  # not booked a second time
    assert (await imported(contracts, item(changed)))["unchanged"] == 1


async def test_a_bad_release_does_not_stop_the_others(contracts: Contracts) -> None:
    bad_amount = numbered(2, value={"amount": "1000", "currency": "EUR"})
    no_buyer = numbered(3) | {"buyer": None, "parties": []}
    too_long = numbered(4, title="x" * 300_000)  # its event would be too large for the broker
    answer = await imported(
        contracts,
        item(numbered(1), place="releases[0]"),
        item(bad_amount, place="releases[1]"),
        item(no_buyer, place="releases[2]"),
        item(too_long, place="releases[3]"),
        item({"ocid": "ocds-test01-5"}, place="releases[4]"),
        item({}, place="releases[5]"),
        item(numbered(7), place="releases[6]"),
    )
    assert [(one["outcome"], one["place"]) for one in answer["results"]] == [
        ("created", "releases[0].contracts[0]"),
        ("rejected", "releases[1].contracts[0].value.amount"),
        ("rejected", "releases[2].buyer"),
        ("rejected", "releases[3].contracts[0]"),
        ("skipped", "releases[4]"),
        ("rejected", "releases[5].ocid"),
        ("created", "releases[6].contracts[0]"),
    ]
    reasons = [one["reason"] for one in answer["results"]]
    assert reasons[1] == "must be a number, found the text '1000'"
    assert "limit is 262144" in reasons[3]
    assert reasons[4] == "the release has no contract"
    emitted = Counter(event.type for event in await contracts.emitted())
    assert emitted[ContractImported.TYPE] == 2
    assert emitted[LedgerPosted.TYPE] == 4  # nothing half-done of the one that was too long
    assert len((await contracts.get("/contracts"))["items"]) == 2


async def test_the_region_is_the_buyers_seat_then_the_items_then_unknown(contracts: Contracts) -> None:
    seated = numbered(1)
    seated["parties"][0]["details"] = {"gbt2260": "230102"}
    answer = await imported(
        contracts,
        item(seated, region="XK-0"),
        item(numbered(2) | {"buyer": {"id": "B2", "name": "Village"}}, region="XK-7"),
        item(numbered(3) | {"buyer": {"id": "B3", "name": "City"}}),
    )
    assert [one["region"] for one in answer["results"]] == ["CN-230102", "XK-7", "ZZ-0"]
    assert ["region" in one["gaps"] for one in answer["results"]] == [False, False, True]


async def test_a_foreign_region_in_the_body_is_forbidden(contracts: Contracts) -> None:
    province = contracts.client.as_("finance", regions=("CN-23",))
    body = {"items": [item(numbered(1), region="CN-230102"), item(numbered(2), region="CN-31")]}
    assert_problem(await province.post("/v1/imports/ocds", json=body), 403, "forbidden")
    assert await contracts.emitted() == []


async def test_a_seat_outside_the_scope_is_refused_alone(contracts: Contracts) -> None:
    foreign = numbered(2) | {"buyer": {"id": "B2", "name": "Far"}}
    foreign["parties"] = [{"id": "B2", "name": "Far", "roles": ["buyer"], "details": {"gbt2260": "310101"}}]
    province = contracts.client.as_("finance", regions=("CN-23",))
    body = {"items": [item(numbered(1), region="CN-230102"), item(foreign, region="CN-230102")]}
    answer = (await province.post("/v1/imports/ocds", json=body)).json()
    assert [one["outcome"] for one in answer["results"]] == ["created", "rejected"]
    assert "CN-310101 is outside your scope" in answer["results"][1]["reason"]


async def test_a_contract_of_a_foreign_region_is_not_confirmed(contracts: Contracts) -> None:
    await imported(contracts, item(make(), region="XK-0"))
    province = contracts.client.as_("finance", regions=("CN-23",))
    answer = (await province.post("/v1/imports/ocds", json={"items": [item(make(), region="CN-23")]})).json()
    (result,) = answer["results"]
    assert result["outcome"] == "rejected"
    assert result["contract_id"] is None


async def test_one_party_with_many_spellings_is_one_organisation(contracts: Contracts) -> None:
    spelled = numbered(2)
    spelled["parties"][1]["name"] = "CARE Ltd."
    answer = await imported(contracts, item(numbered(1)), item(spelled))
    first, second = answer["results"]
    assert first["organisations"] == second["organisations"]
    again = await imported(contracts, item(spelled), item(numbered(1)))
    assert again["unchanged"] == 2
    organisation = await contracts.get(f"/organisations/{first['organisations'][1]}")
    assert organisation["name"] == "Care Ltd"
    assert organisation["external_ids"] == [{"source": "ocds-test01", "id": "S1"}]


async def test_a_buyer_that_also_supplies_is_one_organisation_with_both_roles(contracts: Contracts) -> None:
    both = numbered(1)
    both["awards"][0]["suppliers"] = [{"id": "B1", "name": "Town"}]
    (result,) = (await imported(contracts, item(both)))["results"]
    assert len(set(result["organisations"])) == 1
    organisation = await contracts.get(f"/organisations/{result['organisations'][0]}")
    assert organisation["roles"] == ["provider", "purchaser"]


async def test_batches_at_the_same_time_share_their_parties(contracts: Contracts) -> None:
    batches = [[item(numbered(10 * batch + n)) for n in range(5)] for batch in range(6)]
    answers = await asyncio.gather(*(imported(contracts, *batch) for batch in batches))
    assert sum(answer["created"] for answer in answers) == 30
    assert len({tuple(one["organisations"]) for answer in answers for one in answer["results"]}) == 1
    assert len(await contracts.emitted(OrganisationRecorded)) == 2


async def test_a_contract_twice_in_a_batch_is_recorded_once(contracts: Contracts) -> None:
    answer = await imported(contracts, item(make()), item(make(title="Home care II")))
    assert [one["outcome"] for one in answer["results"]] == ["created", "updated"]
    assert len({one["contract_id"] for one in answer["results"]}) == 1


async def test_a_ledger_keeps_its_currency(contracts: Contracts) -> None:
    await imported(contracts, item(make()))
    dollars = make()
    for owner in (dollars["contracts"][0], *dollars["contracts"][0]["implementation"]["transactions"]):
        owner["value"]["currency"] = "USD"
    (result,) = (await imported(contracts, item(dollars)))["results"]
    assert result["outcome"] == "rejected"
    assert "is recorded in EUR" in result["reason"]


async def test_text_that_no_database_holds_is_no_obstacle(contracts: Contracts) -> None:
    items = [
        item(numbered(1, title="Home\x00 care")),
        item(numbered(2, title="half a pair \ud800")),
        item(numbered(3) | {"\ud800": 1}),
    ]
    headers = {"Content-Type": "application/json"}
    answer = (
        await contracts.staff.post("/v1/imports/ocds", content=json.dumps({"items": items}), headers=headers)
    ).json()
    assert [one["outcome"] for one in answer["results"]] == ["created", "rejected", "created"]
    assert answer["results"][1]["reason"] == "has half of a surrogate pair, which is no character"


async def test_a_completed_contract_needs_no_guard(contracts: Contracts) -> None:
    bare = numbered(1, status="terminated", finalStatus="complete", implementation={}, milestones=[], dateSigned=None)
    (result,) = (await imported(contracts, item(bare)))["results"]
    contract = await contracts.get(f"/contracts/{result['contract_id']}")
    assert (contract["state"], contract["signed_on"], contract["indicators"]) == ("completed", None, [])
    assert ContractState.model_fields.keys() - contract.keys() <= set()


async def test_what_is_no_batch_is_malformed(contracts: Contracts) -> None:
    bodies: list[Json] = [
        {},
        {"items": []},
        {"items": [{"release": {}}]},
        {"items": [item({})], "more": 1},
        {"items": [item({}, region="x")]},
    ]
    for body in bodies:
        assert_problem(await contracts.staff.post("/v1/imports/ocds", json=body), 422, "malformed")
    too_many = {"items": [item({})] * 201}
    problem = assert_problem(await contracts.staff.post("/v1/imports/ocds", json=too_many), 422, "malformed")
    assert problem["errors"][0]["pointer"] == "/items"


async def test_only_those_who_may_record_contracts_may_import(contracts: Contracts) -> None:
    body = {"items": [item(make())]}
    for role in ("provider", "evaluator", "auditor"):
        assert_problem(await contracts.client.as_(role).post("/v1/imports/ocds", json=body), 403, "forbidden")
    assert_problem(await contracts.client.anonymous.post("/v1/imports/ocds", json=body), 401, "unauthorized")


def supplied_by(number: int, party_id: str, name: str, code: str) -> Json:
    release = numbered(number)
    identifier = {"scheme": "CN-USCC", "id": code}
    release["parties"].append({"id": party_id, "name": name, "roles": ["supplier"], "identifier": identifier})
    release["awards"][0]["suppliers"] = [{"id": party_id, "name": name}]
    return release


async def test_a_party_that_contradicts_its_credit_code_costs_its_own_contracts_only(contracts: Contracts) -> None:
    code, other = (simulated_uscc("91", division="230102", number=number) for number in (1, 2))
    known = {"source": "ocds-test01", "id": "S9"}
    await contracts.organisation("provider", name="Real Ltd", uscc=code, seat="CN-230102", external_id=known)
    answer = await imported(contracts, item(supplied_by(1, "S9", "Other Ltd", other)), item(numbered(2)))
    assert [one["outcome"] for one in answer["results"]] == ["rejected", "created"]
    assert "the party Real Ltd cannot be recorded" in answer["results"][0]["reason"]
    assert other in answer["results"][0]["reason"]


async def test_a_party_is_known_by_its_credit_code(contracts: Contracts) -> None:
    code = simulated_uscc("91", division="230102", number=1)
    known = await contracts.organisation("provider", name="Real Ltd", uscc=code)
    (result,) = (await imported(contracts, item(supplied_by(1, "S9", "REAL", code))))["results"]
    assert result["organisations"][1] == known
    organisation = await contracts.get(f"/organisations/{known}")
    assert organisation["name"] == "Real Ltd"
    assert organisation["external_ids"] == [{"source": "ocds-test01", "id": "S9"}]
