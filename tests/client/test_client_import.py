"""Whole files through the client into the contracts service, counted by hand beside it."""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.client.conftest import Office, office_with

from gongping_client import Client
from gongping_client.ocds.importer import import_ocds
from gongping_client.ocds.regions import BadRegionError, Regions, read_map, region_code
from gongping_local.pytest_servers import Servers
from shared.testing import token

Json = dict[str, Any]
KOSOVO = Path(__file__).parents[3] / "shared" / "data" / "kosovo" / "services_ocds_release_package.json"


def release(number: int, **fields: object) -> Json:
    contract: Json = {
        "id": "c",
        "status": "active",
        "title": f"Contract {number}",
        "value": {"amount": number, "currency": "EUR"},
    }
    return {
        "ocid": f"ocds-test01-{number}",
        "id": f"{number}-1",
        "date": "2020-01-01T00:00:00Z",
        "tag": ["contract"],
        "buyer": {"id": f"B{number % 3}", "name": f"Town {number % 3}"},
        "contracts": [contract | fields],
    }


def package(folder: Path, *releases: Json) -> Path:
    path = folder / "package.json"
    path.write_text(json.dumps({"version": "1.1", "releases": list(releases)}), encoding="utf-8")
    return path


@pytest.mark.skipif(not KOSOVO.exists(), reason="the shared data are not there")
async def test_the_real_package_loads_whole_and_once(office: Office) -> None:
    # The independent count: plain json, nothing of ours.
    releases = json.loads(KOSOVO.read_text(encoding="utf-8"), parse_float=Decimal)["releases"]
    found = [contract for one in releases for contract in one["contracts"]]
    values: Counter[str] = Counter()
    for contract in found:
        values[contract["value"]["currency"]] += contract["value"]["amount"]
    parties = {party["id"] for one in releases for party in one["parties"]}
    amendments = sum(len(contract.get("amendments", [])) for contract in found)
    transactions = sum(len(contract.get("implementation", {}).get("transactions", [])) for contract in found)
    reversed_ = sum(
        1 for c in found if c.get("period", {}).get("endDate", "9") < c.get("period", {}).get("startDate", "0")
    )
    assert (len(found), reversed_) == (1200, 2)

    steps: list[tuple[int, int]] = []
    first = await import_ocds(
        office.client, KOSOVO, regions=Regions(otherwise="XK-0"), progress=lambda *step: steps.append(step)
    )
    assert first.exit_status == 0
    assert (first.contracts, dict(first.outcomes)) == (1200, {"created": 1200})
    assert first.rejected == []
    assert (len(first.organisations), first.amendments, first.transactions) == (len(parties), amendments, transactions)
    assert first.values == dict(values)
    assert [warning["code"] for warning in first.warnings] == ["period-reversed"] * reversed_
    assert first.unmapped["/language"] == 1200
    assert first.unmapped["/tender/procurementMethodDetails"] == 1200
    assert first.unmapped["/tender/value/amount"] == sum("value" in one["tender"] for one in releases)
    assert steps[-1] == (1200, 1200)
    assert steps == sorted(steps)

    # What the service holds, counted from its answers.
    held = await office.contracts()
    assert Counter(contract["currency"] for contract in held) == Counter(c["value"]["currency"] for c in found)
    assert sum(Decimal(contract["value"]) for contract in held) == sum(values.values())
    assert sum(len(contract["amendments"]) for contract in held) == amendments
    assert sum(Decimal(contract["ledger"]["paid"]) for contract in held) == sum(
        (one["value"]["amount"] for c in found for one in c.get("implementation", {}).get("transactions", [])),
        Decimal(0),
    )
    assert {contract["region"] for contract in held} == {"XK-0"}
    assert {contract["origin"] for contract in held} == {"import"}
    assert len([one async for one in office.client.organisations.list()]) == len(parties)
    states = Counter(contract["state"] for contract in held)
    statuses = Counter(contract["status"] for contract in found)
    assert states["active"] == statuses["active"]
    assert states["completed"] + states["terminated"] == statuses["terminated"]

    before = await office.written()
    second = await import_ocds(office.client, KOSOVO, regions=Regions(otherwise="XK-0"))
    assert (second.exit_status, dict(second.outcomes)) == (0, {"unchanged": 1200})
    assert second.values == first.values
    assert second.organisations == first.organisations
    assert second.unmapped == first.unmapped
    assert await office.written() == before


async def test_bad_records_are_reported_and_the_rest_is_loaded(office: Office, tmp_path: Path) -> None:
    path = package(
        tmp_path,
        release(1),
        release(2, value={"amount": "2", "currency": "EUR"}),
        release(3),
        {"ocid": "ocds-test01-4", "tag": ["planning"]},
        release(5, status=None),
    )
    text = path.read_text(encoding="utf-8").replace('"amount": 3', '"amount": NaN')
    path.write_text(text, encoding="utf-8")
    report = await import_ocds(office.client, path)
    assert report.exit_status == 1
    assert (report.contracts, dict(report.outcomes)) == (1, {"created": 1, "rejected": 3, "skipped": 1})
    assert [(refused["place"], refused["reason"]) for refused in report.rejected] == [
        ("releases[1].contracts[0].value.amount", "must be a number, found the text '2'"),
        ("releases[2].contracts[0].value.amount", 'must be a number, found the object {"$number": "not finite"}'),
        ("releases[4].contracts[0].status", "is missing; the contract's true state would be a guess"),
    ]
    assert report.values == {"EUR": Decimal(1)}
    document = report.document()
    assert document["exit_status"] == 1
    json.dumps(document)


async def test_what_stands_before_a_broken_place_stays(office: Office, tmp_path: Path) -> None:
    path = package(tmp_path, *(release(number) for number in range(1, 21)))
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index('"ocds-test01-15"')] + "\n!", encoding="utf-8")
    report = await import_ocds(office.client, path)
    assert report.exit_status == 1
    assert report.contracts == 14
    assert report.broken is not None
    assert report.document()["invalid_json"]["line"] == 2
    assert len(await office.contracts()) == 14


async def test_a_process_in_several_releases_becomes_one_contract(office: Office, tmp_path: Path) -> None:
    later = release(1, status="terminated") | {"date": "2021-01-01T00:00:00Z", "id": "1-2"}
    path = package(tmp_path, later, release(2), release(1))
    report = await import_ocds(office.client, path)
    assert dict(report.outcomes) == {"created": 2}
    assert {contract["title"]: contract["state"] for contract in await office.contracts()} == {
        "Contract 1": "terminated",
        "Contract 2": "active",
    }


async def test_many_batches_keep_the_order_of_their_results(office: Office, tmp_path: Path) -> None:
    bad = {"amount": -1, "currency": "EUR"}
    releases = [release(number, **({"value": bad} if number % 100 == 0 else {})) for number in range(240)]
    report = await import_ocds(office.client, package(tmp_path, *releases))
    assert report.contracts == 237
    assert [refused["place"] for refused in report.rejected] == [
        f"releases[{number}].contracts[0].value.amount" for number in range(0, 240, 100)
    ]
    assert len(report.organisations) == 3


async def test_regions_come_from_the_table_by_id_by_name_and_for_all(office: Office, tmp_path: Path) -> None:
    table = tmp_path / "buyers.csv"
    table.write_text("buyer,region\nB1,XK-1\n\nTown 2,CN-230102\n", encoding="utf-8")
    path = package(tmp_path, release(1), release(2), release(3))
    report = await import_ocds(office.client, path, regions=Regions(read_map(table), "XK-9"))
    assert report.exit_status == 0
    regions = {contract["title"]: contract["region"] for contract in await office.contracts()}
    assert regions == {"Contract 1": "XK-1", "Contract 2": "CN-230102", "Contract 3": "XK-9"}


def test_region_codes_are_checked_before_anything_is_sent(tmp_path: Path) -> None:
    assert region_code("XK") == "XK-0"
    assert region_code(" CN-230102 ") == "CN-230102"
    for text in ("CN", "xk", "Kosovo", "XK-", ""):
        with pytest.raises(BadRegionError):
            region_code(text)
    table = tmp_path / "buyers.csv"
    table.write_text("B1,XK\nB2\n", encoding="utf-8")
    with pytest.raises(BadRegionError, match="line 2: two columns"):
        read_map(table)
    table.write_text("B1,somewhere\n", encoding="utf-8")
    with pytest.raises(BadRegionError, match="line 1: 'somewhere' is no region"):
        read_map(table)
    table.write_bytes(b"\xff\xfe")
    with pytest.raises(BadRegionError, match="cannot be read"):
        read_map(table)


async def test_a_refusal_of_the_gateway_stops_the_import_and_is_reported(servers: Servers, tmp_path: Path) -> None:
    async with office_with(servers, regions=["CN-23"]) as office:
        report = await import_ocds(office.client, package(tmp_path, release(1)), regions=Regions(otherwise="CN-31"))
        assert report.exit_status == 1
        assert report.stopped is not None
        assert "403 forbidden: Region CN-31 is outside your scope" in report.stopped
        assert await office.written() == 0


class Outage:
    """Lets so many requests through and breaks every connection after that."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.left = 2

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.left -= 1
        if self.left < 0:
            raise httpx.ConnectError("connection refused")
        await self.app(scope, receive, send)


async def test_an_outage_in_the_middle_keeps_what_was_imported(servers: Servers, tmp_path: Path) -> None:
    path = package(tmp_path, *(release(number) for number in range(150)))
    async with office_with(servers, Outage) as office:
        office.client.session._pause = 0.001
        report = await import_ocds(office.client, path, concurrency=1)
        assert report.stopped == "http://contracts does not answer: connection refused"
        assert (report.exit_status, report.contracts) == (1, 100)
        await office.client.session.aclose()
        again = Client(
            "http://contracts", token=token(roles=["finance"]), transport=httpx.ASGITransport(app=office.served.app)
        )
        async with again as client:
            resumed = await import_ocds(client, path)
            assert dict(resumed.outcomes) == {"unchanged": 100, "created": 50}


@pytest.mark.parametrize("content", ["[]", '{"hello":"world"}', "{}"])
async def test_what_is_no_package_is_said(office: Office, tmp_path: Path, content: str) -> None:
    path = tmp_path / "file.json"
    path.write_text(content, encoding="utf-8")
    report = await import_ocds(office.client, path)
    assert report.exit_status == 1
    assert report.stopped is not None
    assert "neither releases nor records" in report.stopped
