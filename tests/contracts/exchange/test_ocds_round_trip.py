"""OCDS in -> out -> in: nothing is lost that the standard has a field for."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from contracts.app import service
from gongping_local.pytest_servers import Servers
from shared.testing import client_for, new_database

Json = dict[str, Any]
BESIDE = {"id", "date", "tag"}  # of a release itself: the compiled one has its own


def lines_of(text: str) -> list[Json]:
    return [json.loads(line) for line in text.splitlines()]


def leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, child in value.items():
            yield from leaves(child, f"{path}/{name}")
    elif isinstance(value, list):
        for position, child in enumerate(value):
            key = child.get("id", position) if isinstance(child, dict) else position
            yield from leaves(child, f"{path}/{key}")
    else:
        yield path, value


def content(release: Json) -> dict[str, object]:
    return dict(leaves({name: value for name, value in release.items() if name not in BESIDE}))


async def send(client: httpx.AsyncClient, releases: list[Json]) -> Json:
    items = [{"place": f"releases[{i}]", "release": one, "region": "XK-0"} for i, one in enumerate(releases)]
    answer = await client.post("/v1/imports/ocds", json={"items": items})
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    assert body["rejected"] == body["skipped"] == 0, [one for one in body["results"] if one["reason"]]
    return body


async def records_of(client: httpx.AsyncClient) -> dict[str, Json]:
    answer = await client.get("/v1/ocds/records.ndjson")
    assert answer.status_code == 200
    return {record["ocid"]: record for record in lines_of(answer.text)}


def varied(releases: list[Json], *, most: int) -> list[Json]:
    """Releases that differ in the fields that they have: one of each shape, then the first ones."""
    shapes: dict[tuple[str, ...], Json] = {}
    for one in releases:
        shapes.setdefault(tuple(sorted({path for path, _ in leaves_by_field(one)})), one)
    chosen = list(shapes.values())
    return (chosen + [one for one in releases if one not in chosen])[:most]


def leaves_by_field(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, child in value.items():
            yield from leaves_by_field(child, f"{path}/{name}")
    elif isinstance(value, list):
        for child in value:
            yield from leaves_by_field(child, path)
    else:
        yield path, value


async def test_real_releases_come_out_as_they_went_in(
    contracts: Any,
    servers: Servers,
    shelf: Path,
    assert_valid: Callable[[Json], None],
    as_package: Callable[[str, list[Json]], Json],
) -> None:
    kosovo = json.loads((shelf / "kosovo" / "services_ocds_release_package.json").read_text(encoding="utf-8"))
    samples = [json.loads((shelf / "examples" / name).read_text(encoding="utf-8")) for name in ("cn.json", "impl.json")]
    real = varied(kosovo["releases"], most=50)
    sent = {one["ocid"]: one for one in [*real, *(release for sample in samples for release in sample["releases"])]}
    staff = contracts.client.as_("operator")
    await send(staff, list(sent.values()))
    out = await records_of(staff)
    assert set(out) == set(sent)
    for ocid, release in sent.items():
        assert out[ocid]["releases"] == [release]
        assert content(out[ocid]["compiledRelease"]) == content(release)
    assert_valid(as_package("releases", [release for record in out.values() for release in record["releases"]]))
    assert_valid(as_package("records", list(out.values())))

    public = await records_of(contracts.client.anonymous)
    states = {(one["ocid"], one["contracts"][0]["status"]) for one in sent.values()}
    assert set(public) == {ocid for ocid, status in states if status in ("active", "terminated")}

    async with new_database(servers.postgres_url, "contracts") as url, client_for(service, url) as other:
        there = other.as_("operator")
        await send(there, [record["compiledRelease"] for record in out.values()])
        again = await records_of(there)
        assert {ocid: content(one["compiledRelease"]) for ocid, one in again.items()} == {
            ocid: content(one["compiledRelease"]) for ocid, one in out.items()
        }
        repeated = await send(there, [record["compiledRelease"] for record in again.values()])
        assert repeated["unchanged"] == len(again)


async def test_our_own_contracts_come_back_from_another_system(contracts: Any, servers: Servers) -> None:
    done = await contracts.completed(value="120000.00")
    await contracts.post(
        f"/contracts/{(await contracts.active())['contract_id']}/terminate",
        {"reason": "x", "end_reason": "unsuccessful"},
    )
    out = await records_of(contracts.client.anonymous)
    assert len(out) == 2
    async with new_database(servers.postgres_url, "contracts") as url, client_for(service, url) as other:
        there = other.as_("operator")
        await send(there, [record["compiledRelease"] for record in out.values()])
        again = await records_of(there)
        assert {ocid: content(one["compiledRelease"]) for ocid, one in again.items()} == {
            ocid: content(one["compiledRelease"]) for ocid, one in out.items()
        }
        found = {one["title"] + one["state"]: one for one in (await there.get("/v1/contracts")).json()["items"]}
        completed = next(one for one in found.values() if one["state"] == "completed")
        terminated = next(one for one in found.values() if one["state"] == "terminated")
        assert (completed["value"], completed["ledger"]["paid"], completed["region"]) == (
            "120000.00",
            "120000.00",
            "XK-0",
        )
        assert completed["signed_on"] == done["signed_on"]
        assert [one["status"] for one in completed["milestones"]] == ["met", "met", "met"]
        assert (terminated["end_reason"], completed["end_reason"]) == ("unsuccessful", "complete")


async def test_what_is_recorded_here_comes_on_top_of_the_import(contracts: Any, shelf: Path) -> None:
    sample = json.loads((shelf / "examples" / "cn.json").read_text(encoding="utf-8"))["releases"][0]
    sample["contracts"].append(copy.deepcopy(sample["contracts"][0]) | {"id": "c2", "status": "pending"})
    staff = contracts.staff
    body = await send(staff, [sample])
    contract_id = body["results"][0]["contract_id"]
    await contracts.book({"contract_id": contract_id}, "payment", "1000")
    await contracts.post(f"/contracts/{contract_id}/terminate", {"reason": "x", "end_reason": "incomplete"})
    changed = copy.deepcopy(sample)
    changed["contracts"][0]["title"] = "居家养老服务(续)"
    await send(staff, [changed])
    await send(staff, [changed])

    record = (await records_of(staff))[sample["ocid"]]
    ids = [release["id"] for release in record["releases"]]
    assert len(ids) == len(set(ids)) == 5
    assert ids[0] == sample["id"]
    assert ids[4].startswith(f"{sample['id']}-")
    first, second = record["compiledRelease"]["contracts"]
    assert (first["title"], first["status"], second["status"]) == ("居家养老服务(续)", "terminated", "pending")
    assert first["lifecycle"] == {"state": "terminated", "endReason": "incomplete"}
    assert first["implementation"]["finalValue"] == {"amount": 980000, "currency": "CNY"}
    paid = {one["value"]["amount"]: one for one in first["implementation"]["transactions"]}
    assert set(paid) == {250000, 1000}
    assert paid[1000]["payer"]["id"] == "CN-USCC-1"

    public = (await records_of(contracts.client.anonymous))[sample["ocid"]]
    assert [one["id"] for one in public["compiledRelease"]["contracts"]] == ["c1"]
    parts = [part for one in [*public["releases"], public["compiledRelease"]] for part in one["contracts"]]
    assert {part["id"] for part in parts} == {"c1"}
    foreign = await records_of(contracts.client.as_("auditor", regions=["CN-31"]))
    assert [one["id"] for one in foreign[sample["ocid"]]["compiledRelease"]["contracts"]] == ["c1"]


async def test_odd_texts_are_kept(contracts: Any) -> None:
    release: Json = {
        "ocid": "ocds-test01-9",
        "id": "1\x00",
        "date": "2021-05-01T00:00:00Z",
        "tag": ["contract"],
        "initiationType": "tender",
        "buyer": {"id": "B", "name": "Town"},
        "tender": {"id": "t", "description": "a\x00b"},
        "contracts": [{"id": 5, "awardID": "a", "title": "x", "status": "active"}],
    }
    body = await send(contracts.staff, [release])
    assert body["created"] == 1
    (record,) = (await records_of(contracts.staff)).values()
    assert record["compiledRelease"]["tender"]["description"] == "a\x00b"
    assert record["releases"][0]["contracts"][0]["id"] == 5
