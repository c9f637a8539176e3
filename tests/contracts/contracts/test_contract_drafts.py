"""Drafts: what they may hold, what is refused with its place, how they change."""

from typing import Any

from tests.support import ANY_VERSION

from shared.events import ContractCreated, ContractUpdated


async def test_a_draft_may_be_nearly_empty(contracts: Any) -> None:
    body = {"region": "CN-230000", "title": " 居家养老服务 ", "purchaser_id": await contracts.organisation("purchaser")}
    draft = await contracts.post("/contracts", body, expect=201)
    assert (draft["region"], draft["title"], draft["state"], draft["version"]) == ("CN-23", "居家养老服务", "draft", 1)
    assert draft["provider"] is None
    assert draft["value"] is None
    assert draft["actions"] == ["submit", "cancel"]


async def test_doubtful_regions_are_kept_with_a_warning(contracts: Any) -> None:
    draft = await contracts.draft(region="CN-371202")
    assert [warning["code"] for warning in draft["warnings"]] == ["division-retired"]


async def test_malformed_drafts_are_refused_with_the_place(contracts: Any) -> None:
    body = await contracts.terms()
    indicator, milestone = body["indicators"][0], body["milestones"][0]
    lower = {"direction": "lower", "target": "5"}
    cases: list[tuple[str, dict[str, Any]]] = [
        ("/region", {"region": "CN-99"}),
        ("/region", {"region": "Harbin"}),
        ("/title", {"title": ""}),
        ("/purchaser_id", {"purchaser_id": "7"}),
        ("/value", {"value": 120000.5}),
        ("/value", {"value": "1.005"}),
        ("/value", {"value": "-1.00"}),
        ("/value", {"value": "NaN"}),
        ("/value", {"value": False}),
        ("/currency", {"currency": "yuan"}),
        ("/signed_on", {"signed_on": "05.01.2026"}),
        ("/ends_on", {"starts_on": "2025-02-01", "ends_on": "2025-01-31"}),
        ("/service_category", {"service_category": "养老"}),
        ("/tenderers", {"tenderers": "3"}),
        ("/tenderers", {"tenderers": -1}),
        ("/tenderers", {"tenderers": True}),
        ("/simulated", {"simulated": 1}),
        ("/stat", {"stat": "draft"}),
        ("/state", {"state": "active"}),
        ("/indicators/0/target", {"indicators": [indicator | {"target": "x"}]}),
        ("/indicators/0/weight", {"indicators": [indicator | {"weight": "0"}]}),
        ("/indicators/0", {"indicators": [indicator | {"aspect": "social"}]}),
        ("/indicators/0", {"indicators": [indicator | {"target": "0"}]}),
        ("/indicators/0", {"indicators": [indicator | lower]}),
        ("/indicators/0", {"indicators": [indicator | lower | {"zero_at": "5"}]}),
        ("/indicators/1/code", {"indicators": [indicator, indicator]}),
        ("/milestones/0/percentage", {"milestones": [milestone | {"percentage": "100.5"}]}),
        ("/milestones/0/kind", {"milestones": [milestone | {"kind": "party"}]}),
        ("/milestones/1/code", {"milestones": [milestone, milestone]}),
        ("/needs_basis/kind", {"needs_basis": {"kind": "rumour"}}),
        ("/external_id/id", {"external_id": {"source": "a"}}),
    ]
    for pointer, change in cases:
        assert await contracts.pointers("POST", "/contracts", body | change) == {pointer}, change
    assert await contracts.emitted(ContractCreated) == []


async def test_parties_must_be_recorded_in_their_role(contracts: Any) -> None:
    provider = await contracts.organisation("provider")
    unknown = "01900000-0000-7000-8000-000000000000"
    for change in ({"purchaser_id": provider}, {"purchaser_id": unknown}, {"provider_id": unknown}):
        problem = await contracts.refused(
            "POST", "/contracts", await contracts.terms() | change, status=409, slug="organisation-unknown"
        )
        assert problem["role"] in next(iter(change))
        assert "POST /v1/organisations" in problem["detail"]


async def test_an_external_id_is_used_once(contracts: Any) -> None:
    external = {"source": "hlj-finance", "id": "C-1"}
    first = await contracts.draft(external_id=external)
    assert first["external_ids"] == [external]
    body = await contracts.terms(external_id=external)
    problem = await contracts.refused("POST", "/contracts", body, status=409, slug="contract-already-recorded")
    assert problem["contract_id"] == first["contract_id"]


async def test_a_patch_changes_what_it_names(contracts: Any) -> None:
    draft = await contracts.draft()
    path = f"/v1/contracts/{draft['contract_id']}"
    basis = {"kind": "document", "reference": "哈民发〔2025〕3号"}
    answer = await contracts.staff.patch(
        path, json={"value": "99.50", "budget": None, "needs_basis": basis}, headers=ANY_VERSION
    )
    changed = answer.json()
    assert answer.status_code == 200
    assert (changed["value"], changed["budget"], changed["version"]) == ("99.50", None, 2)
    assert changed["needs_basis"] == basis | {"reason": None}
    same = set(changed) - {"value", "budget", "needs_basis", "version", "updated_at"}
    assert {name: changed[name] for name in same} == {name: draft[name] for name in same}
    (event,) = await contracts.emitted(ContractUpdated)
    assert (event.data["value"], event.data["version"]) == ("99.50", 2)


async def test_an_empty_patch_changes_nothing(contracts: Any) -> None:
    draft = await contracts.draft()
    answer = await contracts.staff.patch(f"/v1/contracts/{draft['contract_id']}", json={}, headers=ANY_VERSION)
    assert answer.json() == draft
    assert await contracts.emitted(ContractUpdated) == []


async def test_lists_are_replaced_and_known_codes_keep_their_ids(contracts: Any) -> None:
    draft = await contracts.draft()
    ids = {indicator["code"]: indicator["indicator_id"] for indicator in draft["indicators"]}
    plain = [{k: v for k, v in indicator.items() if k != "indicator_id"} for indicator in draft["indicators"]]
    body = {"indicators": [plain[1], plain[2] | {"code": "new"}], "milestones": []}
    changed = (
        await contracts.staff.patch(f"/v1/contracts/{draft['contract_id']}", json=body, headers=ANY_VERSION)
    ).json()
    assert [indicator["code"] for indicator in changed["indicators"]] == ["complaints", "new"]
    assert changed["indicators"][0]["indicator_id"] == ids["complaints"]
    assert changed["indicators"][1]["indicator_id"] not in ids.values()
    assert changed["milestones"] == []


async def test_a_bad_patch_is_refused_with_the_place(contracts: Any) -> None:
    draft = await contracts.draft()
    path = f"/contracts/{draft['contract_id']}"
    cases: dict[str, dict[str, Any]] = {
        "/title": {"title": None},
        "/purchaser_id": {"purchaser_id": None},
        "/region": {"region": "CN-31"},
        "/ends_on": {"ends_on": "2025-01-09"},
        "/currency": {"currency": None},
    }
    for pointer, change in cases.items():
        assert await contracts.pointers("PATCH", path, change, headers=ANY_VERSION) == {pointer}
    assert await contracts.get(path) == draft


async def test_terms_stand_once_the_draft_is_submitted(contracts: Any) -> None:
    contract = await contracts.pending()
    path = f"/contracts/{contract['contract_id']}"
    problem = await contracts.refused(
        "PATCH", path, {"title": "y"}, status=409, slug="contract-not-editable", headers=ANY_VERSION
    )
    assert "return" in problem["detail"]
    await contracts.post(f"{path}/activate")
    await contracts.refused(
        "PATCH", path, {"title": "y"}, status=409, slug="contract-not-editable", headers=ANY_VERSION
    )


async def test_lists_are_filtered_and_paged(contracts: Any) -> None:
    drafts = [await contracts.draft() for _ in range(3)]
    other = await contracts.active(region="CN-310101", external_id={"source": "sh", "id": "7"})
    listed = await contracts.get("/contracts")
    assert [item["contract_id"] for item in listed["items"]] == [c["contract_id"] for c in [*drafts, other]]
    assert listed["items"][0] == drafts[0]
    page = await contracts.get("/contracts?limit=2&region=CN-23")
    rest = await contracts.staff.get("/v1/contracts", params={"limit": 2, "region": "CN-23", "cursor": page["next"]})
    assert [item["contract_id"] for item in page["items"] + rest.json()["items"]] == [c["contract_id"] for c in drafts]
    assert rest.json()["next"] is None
    filters = {
        "state": "active",
        "region": "CN-310000",
        "purchaser_id": other["purchaser"]["organisation_id"],
        "provider_id": other["provider"]["organisation_id"],
        "contract_number": other["contract_number"],
        "source": "sh",
        "external_id": "7",
    }
    for name, value in filters.items():
        found = (await contracts.get(f"/contracts?{name}={value}"))["items"]
        assert [item["contract_id"] for item in found] == [other["contract_id"]], name
    assert len((await contracts.get("/contracts?service_category=A04&origin=native"))["items"]) == 4
    assert (await contracts.get("/contracts?origin=import"))["items"] == []
    await contracts.refused("GET", "/contracts?region=here", status=422, slug="malformed")
