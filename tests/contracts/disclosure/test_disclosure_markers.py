"""A word or figure of its own in each field that can be marked, and every reading endpoint asked for it. Simulated."""

from typing import Any

import pytest
from tests.contracts.test_contracts_access import ENDPOINTS, World

from contracts.disclosure.queries import FIELDS
from shared import clock
from shared.ids import new_id

Json = dict[str, Any]
SECRETS: dict[str, tuple[str, ...]] = {
    "title": ("密标题甲乙丙",),
    "contractNumber": ("MARKED-NUMBER-1",),
    "money": ("98765.43", "43211.17", "55555.19", "1234.57", "77777.71", "321.23", "654.31", "97000.07", "密凭证一号"),
    "provider": ("被标记的承接主体",),
    "competition": ("99999.73", "88888.61"),
    "clauses": ("8765.29",),
    "needsBasis": ("marked-needs-1",),
    "reasons": ("marked-reason-1",),
    "indicators": ("被标记的指标", "31337.5", "marked-observation-note"),
    "milestones": ("被标记的阶段", "marked-milestone-note"),
    "amendments": ("marked-rationale", "marked-clause-after"),
    "externalIds": ("marked-source-1",),
    "opinion": ("marked-minutes", "471103"),
}
# What knows of no contract.
REFERENCE = (
    "/v1/rules",
    "/v1/catalogue",
    "/v1/regions/changes",
    "/v1/imports/templates",
    "/v1/imports/nouns",
    "/v1/ocds/extensions",
    "/v1/working-days",
    "/v1/disclosure/levels",
    "/v1/disclosure/words",
    "/v1/amendments/reasons",
)
INDICATOR = {"name": SECRETS["indicators"][0], "unit": "x", "target": "1", "weight": "1"}


async def secret_world(contracts: Any) -> World:
    """A contract whose every markable field says something that nothing else says, with facts of every kind."""
    of = {name: words[0] for name, words in SECRETS.items()}
    provider = await contracts.organisation("provider", name=of["provider"])
    contract = await contracts.active(
        title=of["title"],
        contract_number=of["contractNumber"],
        value="98765.43",
        budget="98765.43",
        provider_id=provider,
        needs_basis={"kind": "document", "reference": of["needsBasis"]},
        external_id={"source": "s", "id": of["externalIds"]},
        competition={"estimate": "99999.73", "award_value": "88888.61", "bids_received": 1},
        clauses={"performance_bond": "8765.29", "performance_bond_form": "nonCash", "provider_size": "small"},
        indicators=[
            INDICATOR | {"code": "o", "level": "output", "aspect": "quantity"},
            INDICATOR | {"code": "b", "level": "benefit", "aspect": "social"},
            INDICATOR | {"code": "s", "level": "satisfaction", "aspect": "satisfaction"},
        ],
        milestones=[
            {"code": "M", "title": of["milestones"], "percentage": "100", "due_on": "2025-06-30"},
            {"code": "P", "title": of["milestones"], "kind": "financing", "percentage": "100"},
        ],
    )
    path = f"/contracts/{contract['contract_id']}"
    world = World(contracts, contract, await contracts.terms())
    budget = {
        "region": "CN-230102",
        "unit_id": contract["purchaser"]["organisation_id"],
        "code": "P",
        "name": "项目（模拟）",
        "year": 2025,
        "initial_amount": "500000.00",
    }
    world.project_id = (await contracts.post("/budget-projects", budget, expect=201))["id"]
    await contracts.book(contract, "budget", "77777.71", budget_project_id=world.project_id)
    await contracts.book(contract, "commitment", "97000.07", budget_year=2024)
    for indicator in contract["indicators"]:
        body = {"indicator_id": indicator["indicator_id"], "value": "31337.5", "observed_on": "2025-06-30"}
        await contracts.post(f"{path}/observations", body | {"note": "marked-observation-note"}, expect=201)
    report = {"status": "notMet", "note": "marked-milestone-note"}
    await contracts.post(f"{path}/milestones/{contract['milestones'][0]['milestone_id']}/report", report)
    opinion = {"kind": "onSite", "people": 471103, "satisfied": 4000, "reference": "marked-minutes"}
    await contracts.accept(contract, "55555.19", opinion=opinion, result="partlyAccepted")
    await contracts.book(contract, "payment", "43211.17", voucher="密凭证一号")
    await contracts.book(contract, "deduction", "1234.57")
    amendment = {
        "reason_code": "priceReduction",
        "rationale": "marked-rationale",
        "amended_on": "2025-06-30",
        "value": "97000.07",
        "texts": [{"term": "quality", "before": "", "after": "marked-clause-after"}],
    }
    world.amendment_id = (await contracts.post(f"{path}/amendments", amendment, expect=201))["id"]
    world.subcontractor_id = await contracts.organisation("provider")
    sub = {"subcontractor_id": world.subcontractor_id, "title": "x", "value": "654.31"}
    world.subcontract_id = (await contracts.post(f"{path}/subcontracts", sub, expect=201))["id"]
    failure = {"category": "quality", "description": "x", "starts_on": "2025-06-30"}
    world.failure_id = (await contracts.post(f"{path}/failures", failure, expect=201))["id"]
    penalty = {"kind": "penalty", "amount": "321.23", "booked_on": "2025-06-30"}
    await contracts.post(f"{path}/failures/{world.failure_id}/penalties", penalty)
    lines = [
        {
            "number": "密凭证一号",
            "amount": "43211.17",
            "paid_on": "2025-07-02",
            "contract_number": of["contractNumber"],
            "payee": of["provider"],
        }
    ]
    month = {"region": "CN-230102", "source": "treasury", "month": "2025-07-01", "total": "43211.17", "lines": lines}
    answer = await contracts.staff.post("/v1/vouchers/files", json=month)
    if answer.status_code == 422:
        del lines[0]["contract_number"]
        answer = await contracts.staff.post("/v1/vouchers/files", json=month)
    assert answer.status_code == 201, answer.text
    world.voucher_id = (await contracts.get("/vouchers"))["items"][0]["id"]
    document = {"document_type": "contractSigned", "title": "x", "sha256": "a" * 64}
    world.document_id = (await contracts.post(f"{path}/documents", document, expect=201))["id"]
    await world.record_tables()
    await world.record_supervision()
    world.contract = await contracts.get(path)
    correction = {"field": "value", "old": "98765.43", "new": "97000.07", "reason": "x", "proof_sha256": "a" * 64}
    asked = await contracts.staff.post(f"/v1{path}/corrections", json=correction)
    assert asked.status_code == 201, asked.text
    world.correction_id = asked.json()["id"]
    act = {
        "action": "payment",
        "contract_id": contract["contract_id"],
        "body": {"kind": "payment", "amount": "321.23", "booked_on": "2025-07-02"},
    }
    world.act_id = (await contracts.post("/acts", act, expect=201))["id"]
    made = await contracts.staff.post("/v1/campaigns", json=world.year_body("/v1/campaigns"))
    assert made.status_code == 201, made.text
    world.campaign_id = made.json()["id"]
    world.return_id = (await contracts.get(f"/campaigns/{world.campaign_id}/returns"))["items"][0]["id"]
    await contracts.post(f"{path}/suspend", {"reason": of["reasons"]})
    return world


def asked(world: World) -> list[str]:
    """Every reading endpoint, once for each of the parties of the contract where it is about an organisation."""
    contract = world.contract
    paths = []
    for method, template in sorted(ENDPOINTS):
        if method != "GET":
            continue
        path = world.path(template)
        paths.append(path)
        if "{organisation_id}" in template:
            paths.append(
                path.replace(contract["purchaser"]["organisation_id"], contract["provider"]["organisation_id"])
            )
    of = {name: words[0] for name, words in SECRETS.items()}
    for query in (
        f"contract_number={of['contractNumber']}",
        f"source=s&external_id={of['externalIds']}",
        f"provider_id={contract['provider']['organisation_id']}",
        f"text={of['title']}",
        f"text={of['provider']}",
        f"text={of['contractNumber']}",
        "value_from=98765.43&value_to=98765.43",
        "flag=single-bid",
    ):
        paths.append(f"/v1/contracts?{query}")
    paths += ["/v1/changes?size=true", "/v1/changes?descending=true", "/v1/flags?region=CN-23"]
    paths += [f"/v1/vouchers?contract_id={contract['contract_id']}", f"/v1/acts?contract_id={contract['contract_id']}"]
    paths += [
        f"/v1/monitoring/alerts?contract_id={contract['contract_id']}",
        f"/v1/findings?contract_id={contract['contract_id']}",
    ]
    return [path for path in paths if not path.startswith(REFERENCE)]


async def told(client: Any, world: World) -> dict[str, str]:
    answers = {}
    for path in asked(world):
        answer = await client.get(path)
        assert answer.status_code != 500, path
        answers[path] = f"{answer.text} {answer.headers}"
    return answers


@pytest.mark.parametrize("whole", [False, True])
async def test_no_endpoint_tells_a_marker(contracts: Any, whole: bool) -> None:
    world = await secret_world(contracts)
    if not whole:  # staff reads each of them somewhere, so that they are looked for in the right places
        seen = "".join((await told(contracts.staff, world)).values())
        assert [word for words in SECRETS.values() for word in words if word not in seen] == []
    path = f"/contracts/{world.contract['contract_id']}/disclosure"
    mark = {"basis": "simulated", "level": "personal"}
    for field in FIELDS:
        if not whole:
            await contracts.post(path, mark | {"subject": "field", "field": field}, expect=201)
    if whole:
        await contracts.post(path, mark | {"subject": "contract"}, expect=201)
    other = str(new_id())
    callers = {
        "public": contracts.client.anonymous,
        "others": contracts.client.as_("purchaser", "provider", organisation=other),
    }
    if not whole:
        callers["evaluator"] = contracts.client.as_("evaluator")
    own = (f"/v1/organisations/{world.contract['provider']['organisation_id']}", "/v1/organisations")
    leaks = []
    for name, client in callers.items():
        for where, text in (await told(client, world)).items():
            named = where.startswith(own)  # names the organisation, and no contract
            leaks += [
                f"{name} {where}: {word}"
                for field, words in SECRETS.items()
                for word in words
                if word in text and not (named and field == "provider")
            ]
            if whole and world.contract["contract_id"] not in where and world.contract["contract_id"] in text:
                leaks.append(f"{name} {where}: the contract itself")
    assert leaks == []


async def test_what_is_not_concluded_is_on_no_list_of_others(contracts: Any) -> None:
    draft = await contracts.draft()
    path = f"/contracts/{draft['contract_id']}"
    await contracts.post(f"{path}/submit")
    act = {"action": "cancel", "contract_id": draft["contract_id"], "body": {"reason": "x"}}
    act_id = (await contracts.post("/acts", act, expect=201))["id"]
    others = contracts.client.as_("purchaser", organisation=str(new_id()))
    own = contracts.client.as_("purchaser", organisation=draft["purchaser"]["organisation_id"])
    assert (await others.get("/v1/acts")).json()["items"] == []
    await contracts.refused("GET", f"/acts/{act_id}", status=404, slug="act-not-found", client=others)
    assert [each["id"] for each in (await own.get("/v1/acts")).json()["items"]] == [act_id]


async def test_an_organisation_finds_its_own_imports_only(contracts: Any) -> None:
    bureau, other = [await contracts.organisation("purchaser") for _ in range(2)]
    own, others = (contracts.client.as_("purchaser", organisation=one) for one in (bureau, other))
    body = {"noun": "payments", "source": "simulated", "filename": "x.csv", "region": "CN-230102", "simulated": True}
    made = (await own.post("/v1/imports/tables", json=body)).json()
    path = f"/imports/tables/{made['id']}"
    for method, part in (("GET", ""), ("GET", "/rows"), ("GET", "/report.csv"), ("POST", "/undo")):
        await contracts.refused(method, f"{path}{part}", status=404, slug="table-import-not-found", client=others)
    assert (await others.get("/v1/imports/tables")).json()["items"] == []
    for client in (own, contracts.staff, contracts.client.as_("auditor", organisation=other)):
        assert [each["id"] for each in (await client.get("/v1/imports/tables")).json()["items"]] == [made["id"]]


async def test_supervision_tells_of_a_marked_document_its_hash_alone(contracts: Any) -> None:
    contract = await contracts.active()
    path, sha256 = f"/contracts/{contract['contract_id']}", "b" * 64
    document = {"sha256": sha256, "title": "密件标题乙", "link": "https://example.invalid/secret-link"}
    today = clock.today().isoformat()
    inspectors = [{"role": "x", "organisation_id": contract["purchaser"]["organisation_id"]}]
    plan = {"title": "x", "planned_on": today, "inspectors": inspectors, "checklist": [{"code": "a", "text": "x"}]}
    inspection = f"/inspections/{(await contracts.post(f'{path}/inspections', plan, expect=201))['id']}"
    visit = {"visited_on": today, "results": [{"code": "a", "result": "met"}], "summary": "x", "documents": [document]}
    await contracts.post(f"{inspection}/visit", visit)
    opened = {"reason": "public", "responsible": "provider", "demand": "x"}
    finding = f"/findings/{(await contracts.post(f'{path}/findings', opened, expect=201))['id']}"
    await contracts.post(f"{finding}/activate", {"reason": "x"})
    found = {"words": "x", "demand": "x", "violations": [{"type": "other", "text": "x"}]}
    named = {"sha256": sha256, "title": document["title"]}
    await contracts.post(f"{finding}/conclude", found | {"document": named})
    await contracts.accept(contract, "10000.00")
    entry = await contracts.book(contract, "deduction", "4321.09")
    effect = {"kind": "payment", "decision": "deduct", "entry_id": entry["id"], "reason": "x"}
    provider = contracts.client.as_("provider", subject="provider")
    proof = {"words": "x", "document": {"sha256": "c" * 64, "title": "x"}}
    reported = await provider.post(f"/v1{finding}/report", json=proof)
    assert reported.is_success, reported.text
    await contracts.post(f"{finding}/resolve", proof | {"results": ["not_eliminated"]})
    answer = await contracts.staff.post(f"/v1{finding}/effects", json=effect)
    assert answer.is_success, answer.text
    others = contracts.client.as_("purchaser", organisation=str(new_id()))
    paths = (f"{path}/inspections", inspection, finding, f"{path}/findings")
    before = "".join([(await others.get(f"/v1{one}")).text for one in paths])
    assert [word for word in (document["title"], "secret-link", "4321.09") if word not in before] == []
    mark = {"subject": "document", "document_sha256": sha256, "level": "commercialSecret", "basis": "x"}
    await contracts.post(f"{path}/disclosure", mark, expect=201)
    await contracts.post(
        f"{path}/disclosure",
        {"subject": "field", "field": "money", "level": "commercialSecret", "basis": "x"},
        expect=201,
    )
    for one in paths:
        told = await others.get(f"/v1{one}")
        assert told.status_code == 200, told.text
        assert not [word for word in (document["title"], "secret-link", "4321.09") if word in told.text], one
    assert document["title"] in (await contracts.staff.get(f"/v1{finding}")).text
