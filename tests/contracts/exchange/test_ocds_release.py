"""Our contracts as OCDS 1.1.5: a release for every published change, the record, the bulk files, our extension."""

import json
from collections.abc import Callable
from importlib import resources
from typing import Any

import httpx
import jsonschema
import pytest

from contracts.exchange.build import release_of
from contracts.exchange.identity import identity_of, native_contract
from contracts.exchange.process import Change, Process
from contracts.exchange.values import day_text, number_of
from shared.clock import now
from shared.ids import new_id

Json = dict[str, Any]


def ocid_of(contract: Json) -> str:
    return f"ocds-xxxxxx-{contract['contract_id']}"


async def record_of(client: httpx.AsyncClient, ocid: str) -> Json:
    answer = await client.get(f"/v1/ocds/records/{ocid}")
    assert answer.status_code == 200, answer.text
    package: Json = answer.json()
    return package


def lines_of(text: str) -> list[Json]:
    return [json.loads(line) for line in text.splitlines()]


async def test_every_published_change_is_a_release(
    contracts: Any, assert_valid: Callable[[Json], None], as_package: Callable[[str, list[Json]], Json]
) -> None:
    provider = await contracts.organisation("provider", uscc="91110000600037341L")
    contract = await contracts.active(
        value="100000.50", provider_id=provider, procurement_method="open", tenderers=3, beneficiary_population=1200
    )
    public = contracts.client.anonymous
    path = f"/contracts/{contract['contract_id']}"
    await contracts.post(f"{path}/suspend", {"reason": "Zhang asked for it"})
    await contracts.post(f"{path}/resume")
    await contracts.observe(contract)
    visits = contract["indicators"][0]["indicator_id"]
    first = (await contracts.get(f"{path}/observations"))["items"][0]["id"]
    corrected = {
        "indicator_id": visits,
        "value": "56.5",
        "observed_on": "2025-06-30",
        "supersedes": first,
        "note": "counted twice",
    }
    await contracts.post(f"{path}/observations", corrected, expect=201)
    await contracts.report_milestones(contract)
    await contracts.accept(contract, "100000.50")
    payment = await contracts.book(
        contract, "payment", "90000.25", milestone_id=contract["milestones"][0]["milestone_id"]
    )
    await contracts.book(contract, "payment", "5000", voucher="V-1")
    again = await contracts.book(contract, "payment", "4000")
    await contracts.book(contract, "reversal", reverses=again["id"], note="typed twice")
    await contracts.book(contract, "refund", "1000")
    await contracts.book(contract, "deduction", "6000.25", note="Li was late")
    await contracts.post(f"{path}/complete")
    draft, pending = await contracts.draft(), await contracts.pending()

    package = (await public.get("/v1/ocds/releases?limit=200")).json()
    assert_valid(package)
    releases = package["releases"]
    assert {release["ocid"] for release in releases} == {ocid_of(contract)}
    assert len({release["id"] for release in releases}) == len(releases)
    tags = [release["tag"] for release in releases]
    assert tags[0] == ["planning", "tender", "award", "contract"]
    assert tags[1:3] == [["contractUpdate"], ["contractUpdate"]]
    assert tags[7] == ["implementationUpdate"]
    assert tags[-1] == ["contractTermination"]
    assert len(releases) == 1 + 2 + 5 + 3 + 1 + 6 + 1
    for hidden in ("Zhang", "Li was late", "counted twice"):
        assert hidden not in json.dumps(package, ensure_ascii=False)

    paged, address = [], "/v1/ocds/releases?limit=3"
    while address:
        answer = await public.get(address)
        paged += answer.json()["releases"]
        link = answer.headers.get("link")
        address = link.partition("<")[2].partition(">")[0] if link else ""
    assert paged == releases

    record = await record_of(public, ocid_of(contract))
    assert_valid(record)
    compiled = record["records"][0]["compiledRelease"]
    assert record["records"][0]["releases"] == releases
    (found,) = compiled["contracts"]
    assert found["status"] == "terminated"
    assert found["lifecycle"] == {"state": "completed", "endReason": "complete"}
    assert found["value"] == {"amount": 100000.5, "currency": "CNY"}
    assert found["simulated"] is True
    assert found["beneficiaryPopulation"] == 1200
    assert compiled["tender"]["numberOfTenderers"] == 3
    assert {party["id"] for party in compiled["parties"]} >= {"CN-USCC-91110000600037341L"}
    done = found["implementation"]
    assert done["finalValue"] == {"amount": 94000.25, "currency": "CNY"}
    values = {metric["id"]: [one["measure"] for one in metric["observations"]] for metric in done["metrics"]}
    assert values == {"visits": [56.5], "complaints": [55], "independence": [55], "satisfaction": [55]}
    assert {milestone["status"] for milestone in done["milestones"]} == {"met"}
    buyer = compiled["buyer"]["id"]
    sums = sum((1 if one["payer"]["id"] == buyer else -1) * one["value"]["amount"] for one in done["transactions"])
    assert sums == done["finalValue"]["amount"]
    (related,) = [one for one in done["transactions"] if "relatedImplementationMilestone" in one]
    assert (related["id"], related["relatedImplementationMilestone"]["id"]) == (payment["id"], "M1")
    assert [one["penaltyImposed"] for one in done["performanceFailures"]] == ["6000.25 CNY"]
    assert done["acceptances"][0]["opinion"] == {"kind": "onSite", "people": 30, "satisfied": 27}

    everything = await public.get("/v1/ocds/releases.ndjson")
    assert everything.headers["content-type"].startswith("application/x-ndjson")
    assert lines_of(everything.text) == releases
    assert lines_of((await public.get("/v1/ocds/records.ndjson")).text) == record["records"]
    assert lines_of((await public.get("/v1/ocds/records.ndjson?region=CN-31")).text) == []
    for unpublished in (draft, pending):
        for client in (public, contracts.staff):
            answer = await client.get(f"/v1/ocds/records/{ocid_of(unpublished)}")
            assert (answer.status_code, answer.json()["type"]) == (404, "/problems/record-not-found")
    assert_in_extension(record["records"][0])
    await contracts.staff.get("/v1/ocds/releases?cursor=WzFd")
    await contracts.refused("GET", "/ocds/releases?cursor=WzFd", status=422, slug="malformed")
    assert_valid(as_package("releases", releases))


def assert_in_extension(record: Json) -> None:
    """Every field of ours fits the extension's own schema, and all that the schema knows of a contract is there."""
    folder = resources.files("contracts.exchange").joinpath("extension")
    schema = json.loads(folder.joinpath("release-schema.json").read_text(encoding="utf-8"))
    value = {"type": "object", "required": ["amount", "currency"], "properties": {"amount": {"type": "number"}}}
    definitions = schema["definitions"] | {"Value": value}
    checked = 0
    for release in [*record["releases"], record["compiledRelease"]]:
        for contract in release["contracts"]:
            parts = [("Contract", contract), ("Implementation", contract.get("implementation", {}))]
            parts += [("Metric", metric) for metric in contract.get("agreedMetrics", [])]
            for name, part in parts:
                rules = {"definitions": definitions, "$ref": f"#/definitions/{name}"}
                jsonschema.Draft4Validator(rules).validate(part)
                checked += len(set(part) & set(definitions[name]["properties"]))
    assert checked > 10
    rules = {"definitions": definitions, "$ref": "#/definitions/Lifecycle"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft4Validator(rules).validate({"state": "paused"})


async def test_our_extension_is_read_from_the_service(contracts: Any) -> None:
    for name in ("extension.json", "release-schema.json"):
        answer = await contracts.client.anonymous.get(f"/v1/ocds/extensions/evaluation/{name}")
        assert answer.status_code == 200
        assert answer.json()
    assert (await contracts.client.anonymous.get("/v1/ocds/extensions/evaluation/other.json")).status_code == 422


def process(**fields: Any) -> Process:
    contract_id = new_id()
    party = {"organisation_id": str(new_id()), "uscc": None, "name": "A"}
    known: Json = {
        "contract_id": contract_id,
        "region": "CN-230102",
        "identity": identity_of(contract_id, None, prefix="ocds-xxxxxx"),
        "native": True,
        "has_base": False,
        "purchaser": party,
        "provider": party | {"organisation_id": str(new_id()), "name": "B"},
        "indicators": [],
        "milestones": [],
        "amendments": [],
        "needs_basis": None,
        "language": "zh",
    }
    return Process(**(known | fields))


def change(noun: str, **fields: Any) -> Change:
    known: Json = {"n": 7, "epoch": 1, "contract_id": new_id(), "noun": noun, "noun_id": new_id(), "terms": None}
    return Change(**(known | {"state": "active", "changed_at": now()} | fields))


@pytest.mark.parametrize(
    ("kind", "reversed_kind", "cause", "published"),
    [
        ("payment", None, None, "to provider"),
        ("reversal", "payment", None, "to purchaser"),
        ("refund", None, None, "to purchaser"),
        ("reversal", "refund", None, "to provider"),
        ("deduction", None, "result", "failure"),
        ("deduction", None, "saving", None),
        ("reversal", "deduction", None, "failure"),
        ("commitment", None, None, None),
        ("acceptance", None, None, None),
        ("reversal", "acceptance", None, None),
    ],
)
def test_what_an_entry_of_the_ledger_becomes(
    kind: str, reversed_kind: str | None, cause: str | None, published: str | None
) -> None:
    fact = {
        "id": new_id(),
        "kind": kind,
        "reversed_kind": reversed_kind,
        "reverses": new_id() if reversed_kind else None,
        "cause": cause,
        "amount": "10.10",
        "currency": "CNY",
        "booked_on": "2025-01-31",
        "milestone_code": None,
        "milestone_title": None,
    }
    told = release_of(process(), change("ledger"), fact)
    if published is None:
        assert told is None
        return
    assert told is not None
    done = told["contracts"][0]["implementation"]
    if published == "failure":
        (failure,) = done["performanceFailures"]
        assert failure["penaltyPaid"] is (kind == "deduction")
        assert failure["id"] == str(fact["reverses"] or fact["id"])
    else:
        (transaction,) = done["transactions"]
        assert transaction["payee"]["name"] == ("B" if published == "to provider" else "A")
        assert transaction["value"] == {"amount": 10.1, "currency": "CNY"}
        assert transaction["date"] == "2025-01-31T00:00:00+08:00"


def test_amounts_are_numbers_and_days_know_their_place() -> None:
    assert json.dumps([number_of("120000.00"), number_of("9999999999999.99"), number_of("0.10")]) == (
        "[120000, 9999999999999.99, 0.1]"
    )
    assert day_text("2025-03-01", "XK-01") == "2025-03-01T00:00:00Z"
    assert day_text(None, "CN-11") is None


def test_an_ocid_of_ours_leads_to_its_contract() -> None:
    contract_id = new_id()
    assert native_contract(f"ocds-xxxxxx-{contract_id}", prefix="ocds-xxxxxx") == contract_id
    for other in ("ocds-xxxxxx-1", f"ocds-yyyyyy-{contract_id}", f"x-ocds-xxxxxx-{contract_id}", ""):
        assert native_contract(other, prefix="ocds-xxxxxx") is None
