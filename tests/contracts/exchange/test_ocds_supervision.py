"""Standards, inspections, findings and settlements in OCDS: outcomes for everybody, words of people for nobody. Simulated."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx

from contracts.app import service
from gongping_local.pytest_servers import Servers
from shared import clock
from shared.testing import client_for, new_database

Json = dict[str, Any]
DOCUMENT = {"sha256": "b" * 64, "title": "检查照片（模拟）", "link": "https://example.org/photo.pdf"}
STANDARDS: list[Json] = [
    {"standard": "每周上门两次", "kind": "service", "result": "met", "evidence": "Wang's list"},
    {"standard": "护理员持证", "kind": "technical", "result": "partly", "document_sha256": "c" * 64},
]


async def asked(client: httpx.AsyncClient, path: str, body: Json, *, expect: int = 200) -> Json:
    answer = await client.post(f"/v1{path}", json=body)
    assert answer.status_code == expect, answer.text
    found: Json = answer.json()
    return found


class Reader:
    """What the public reads of one contract; `checked` holds it to the standard and to our extension's schema."""

    def __init__(self, contracts: Any, contract: Json, valid: Callable[[Json], None], package: Any) -> None:
        self._public, self._valid, self._package = contracts.client.anonymous, valid, package
        self._record = f"/v1/ocds/records/ocds-xxxxxx-{contract['contract_id']}"

    async def releases(self) -> list[Json]:
        package = (await self._public.get("/v1/ocds/releases?limit=200")).json()
        assert "Wang" not in json.dumps(package, ensure_ascii=False)
        found: list[Json] = package["releases"]
        return found

    async def implementation(self) -> Json:
        record = (await self._public.get(self._record)).json()
        assert "Wang" not in json.dumps(record, ensure_ascii=False)
        found: Json = record["records"][0]["compiledRelease"]["contracts"][0].get("implementation", {})
        return found

    async def checked(self) -> Json:
        self._valid((await self._public.get(self._record)).json())
        self._valid(self._package("releases", await self.releases()))
        return await self.implementation()


async def inspected(contracts: Any, contract: Json) -> str:
    auditor = contracts.client.as_("auditor", subject="one")
    plan = {
        "title": "Wang inspects",
        "planned_on": clock.today().isoformat(),
        "announced": False,
        "place": "Wang's flat",
        "inspectors": [{"role": "财政部门"}],
        "checklist": [{"code": "staff", "text": "人员配备", "source": "合同第三条"}, {"code": "log", "text": "台账"}],
    }
    planned = await asked(auditor, f"/contracts/{contract['contract_id']}/inspections", plan, expect=201)
    return str(planned["id"])


VISIT: Json = {
    "results": [{"code": "staff", "result": "notMet", "note": "Wang was ill"}, {"code": "log", "result": "met"}],
    "summary": "Wang was ill",
    "documents": [DOCUMENT],
}


async def concluded(contracts: Any, contract: Json, inspection: str) -> Json:
    """A finding of the inspection, resolved in part, with an effect; its clock still runs."""
    auditor, second = (contracts.client.as_("auditor", subject=each) for each in ("one", "two"))
    provider = contracts.client.as_(
        "provider", organisation=contract["provider"]["organisation_id"], subject="provider"
    )
    cause = {"reason": "inspection", "inspection_id": inspection, "responsible": "provider", "demand": "Wang must go"}
    finding = await asked(auditor, f"/contracts/{contract['contract_id']}/findings", cause, expect=201)
    path = f"/findings/{finding['id']}"
    await asked(auditor, f"{path}/activate", {"reason": "Wang"})
    conclusion = {
        "violations": [{"type": "staffing", "text": "Wang"}, {"type": "recordsMissing", "text": "Wang"}],
        "demand": "Wang",
        "words": "Wang",
        "document": {"sha256": "d" * 64, "title": "Wang"},
    }
    await asked(auditor, f"{path}/conclude", conclusion)
    report = {"words": "Wang", "document": {"sha256": "e" * 64, "title": "Wang"}}
    await asked(provider, f"{path}/report", report)
    resolution = report | {"results": ["eliminated", "not_eliminated"]}
    await asked(second, f"{path}/resolve", resolution)
    entry = await contracts.book(contract, "penalty", "500.00", cause="damages")
    effect = {"kind": "payment", "decision": "penalty", "entry_id": entry["id"], "reason": "Wang"}
    await asked(auditor, f"{path}/effects", effect, expect=201)
    return {"path": path, "id": finding["id"], "auditor": auditor}


async def test_standards_inspections_and_findings_are_released_with_their_outcome(
    contracts: Any, assert_valid: Callable[[Json], None], as_package: Callable[[str, list[Json]], Json]
) -> None:
    contract = await contracts.active()
    public = Reader(contracts, contract, assert_valid, as_package)
    body = {"result": "rejected", "accepted_on": "2025-06-30", "standards": STANDARDS}
    rejected = await contracts.post(f"/contracts/{contract['contract_id']}/acceptances", body, expect=201)
    again = await contracts.accept(contract, "60000.00", standards=STANDARDS[:1], repeats=rejected["id"])
    inspection = await inspected(contracts, contract)
    told = await public.implementation()
    assert "inspections" not in told, "one that is planned may be unannounced"
    first, second = told["acceptances"]
    assert first["standards"] == [
        {"id": "1", "standard": "每周上门两次", "kind": "service", "result": "met"},
        {"id": "2", "standard": "护理员持证", "kind": "technical", "result": "partly", "sha256": "c" * 64},
    ]
    assert (second["id"], second["repeats"]) == (f"acceptance-{again['id']}", f"acceptance-{rejected['id']}")

    auditor = contracts.client.as_("auditor", subject="one")
    visit = VISIT | {"visited_on": clock.today().isoformat()}
    await asked(auditor, f"/inspections/{inspection}/visit", visit)
    (seen,) = (await public.implementation())["inspections"]
    assert (seen["id"], seen["announced"]) == (f"inspection-{inspection}", False)
    assert seen["points"] == [
        {"id": "staff", "description": "人员配备", "source": "合同第三条", "result": "notMet"},
        {"id": "log", "description": "台账", "result": "met"},
    ]
    finding = await concluded(contracts, contract, inspection)
    told = await public.implementation()
    assert "findings" not in told, "its outcome is not there before its end"
    documents = {one["documentType"]: one for one in told["documents"]}
    assert documents["physicalProgressReport"]["url"] == DOCUMENT["link"]

    with clock.frozen(clock.now()):
        clock.advance(timedelta(days=30))
        contracts.staff = contracts.client.as_("purchaser", "finance", "operator")
        late = contracts.client.as_("auditor", subject="one")
        await asked(late, f"{finding['path']}/complete", {"reason": "Wang"})
        renewal = {"kind": "renewal", "decision": "tenderAnew", "reason": "Wang"}
        await asked(late, f"{finding['path']}/effects", renewal, expect=201)
        (ended,) = (await public.checked())["findings"]
        assert (ended["state"], ended["resolution"], ended["appealed"]) == ("completed", "partly", False)
        assert ended["inspection"] == seen["id"]
        assert [(one["type"], one["result"]) for one in ended["violations"]] == [
            ("staffing", "eliminated"),
            ("recordsMissing", "not_eliminated"),
        ]
        effects = [(one["kind"], one["decision"], one.get("value")) for one in ended["effects"]]
        assert effects == [
            ("payment", "penalty", {"amount": 500, "currency": "CNY"}),
            ("renewal", "tenderAnew", None),
        ]
        # What is marked is left out: the money of the effect, the document of the visit.
        mark = {"level": "commercialSecret", "basis": "simulated"}
        path = f"/contracts/{contract['contract_id']}/disclosure"
        await contracts.post(path, mark | {"subject": "field", "field": "money"}, expect=201)
        await contracts.post(path, mark | {"subject": "document", "document_sha256": "b" * 64}, expect=201)
        await contracts.post(path, mark | {"subject": "document", "document_sha256": "c" * 64}, expect=201)
        told = await public.implementation()
        assert [one.get("value") for one in told["findings"][0]["effects"]] == [None, None]
        assert {one["documentType"] for one in told["documents"]} == {"completionCertificate"}
        assert "sha256" not in told["acceptances"][0]["standards"][1]
        await contracts.post(path, mark | {"subject": "contract"}, expect=201)
        assert await public.releases() == []


async def test_a_settlement_is_released_once_it_binds_and_comes_back_from_another_system(
    contracts: Any,
    servers: Servers,
    assert_valid: Callable[[Json], None],
    as_package: Callable[[str, list[Json]], Json],
) -> None:
    contract = await contracts.active(value="100000.00")
    public = Reader(contracts, contract, assert_valid, as_package)
    await contracts.accept(contract, "80000.00")
    await contracts.book(contract, "payment", "80000.00")
    path = f"/contracts/{contract['contract_id']}"
    await contracts.post(f"{path}/terminate", {"reason": "Wang left", "end_reason": "incomplete"})
    claim = {
        "ground": "providerDefault",
        "fault": "both",
        "reason": "Wang left",
        "damages_to_purchaser": "15000.00",
        "damages_to_provider": "2000.00",
        "lines": [{"kind": "interest", "amount": "10.00", "note": "Wang waited"}],
        "document_sha256": "f" * 64,
    }
    await contracts.post(f"{path}/settlement", claim, expect=201)
    await contracts.post(f"{path}/settlement/confirm", {"side": "purchaser"})
    assert "settlement" not in await public.implementation(), "one side alone binds nobody"
    await contracts.post(f"{path}/settlement/confirm", {"side": "provider"})
    told = await public.implementation()
    settlement = told["settlement"]
    assert (settlement["state"], settlement["ground"], settlement["fault"]) == ("agreed", "providerDefault", "both")
    assert settlement["damagesToPurchaser"] == {"amount": 15000, "currency": "CNY"}
    assert settlement["damagesToProvider"] == {"amount": 2000, "currency": "CNY"}
    owed = [(one["owedBy"], one["kind"], one["value"]["amount"]) for one in settlement["claims"]]
    assert owed == [("provider", "penalty", 15000), ("purchaser", "compensation", 2000), ("purchaser", "interest", 10)]
    # The standard's own fields: the penalty is a performance failure under the same id, the paper is a document.
    assert settlement["claims"][0]["entry"] in {one["id"] for one in told["performanceFailures"]}
    assert "cancellationDetails" in {one["documentType"] for one in told["documents"]}

    for kind, amount in (("penaltyReceipt", "15000"), ("compensationPayment", "2000"), ("interestPayment", "10")):
        await contracts.book(contract, kind, f"{amount}.00", voucher=kind)
    await contracts.post(f"{path}/settlement/settle")
    told = await public.checked()
    assert told["settlement"]["state"] == "settled"
    assert told["finalValue"]["amount"] == 80000
    paid = {(one["value"]["amount"], one["payee"]["name"]) for one in told["transactions"]}
    assert {amount for amount, _ in paid} == {80000, 2000, 10}

    record = await contracts.client.anonymous.get(f"/v1/ocds/records/ocds-xxxxxx-{contract['contract_id']}")
    compiled = record.json()["records"][0]["compiledRelease"]
    async with new_database(servers.postgres_url, "contracts") as url, client_for(service, url) as other:
        there = other.as_("operator")
        items = [{"place": "releases[0]", "release": compiled, "region": "XK-0"}]
        body = await asked(there, "/imports/ocds", {"items": items})
        assert (body["created"], body["rejected"]) == (1, 0)
        again = (await there.get("/v1/ocds/records.ndjson")).text
        assert json.loads(again)["compiledRelease"]["contracts"] == compiled["contracts"]

    mark = {"subject": "field", "field": "money", "level": "commercialSecret", "basis": "simulated"}
    await contracts.post(f"{path}/disclosure", mark, expect=201)
    assert "settlement" not in await public.implementation()
