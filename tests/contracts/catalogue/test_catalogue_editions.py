"""Editions of the catalogue: a tree that one person drafts and another approves, in force by province and day."""

from typing import Any

from contracts.catalogue.queries import SHIPPED
from contracts.snapshot import snapshot
from shared.events import CatalogueApproved

EDITION = {
    "jurisdiction": "CN-23",
    "edition": "2024",
    "in_force_on": "2024-01-01",
    "source": "simulated for a test",
    "based_on": str(SHIPPED.id),
    "items": [
        {"code": "A0401", "name": "居家养老服务"},
        {"code": "A040102", "name": "助餐服务", "name_en": "Meals"},
        {"code": "A05", "name": "医疗卫生服务"},
    ],
}


async def test_an_edition_is_drafted_edited_approved_and_holds(contracts: Any) -> None:
    drafted = await contracts.post("/catalogue/editions", EDITION, expect=201)
    path = f"/catalogue/editions/{drafted['id']}"
    tree = {item["code"]: item for item in drafted["tree"]}
    assert drafted["state"] == "draft"
    assert len(tree) == 30
    care = tree["A04"]["children"][0]
    assert (care["code"], care["parent"], care["children"][0]["code"]) == ("A0401", "A04", "A040102")
    assert (await contracts.get("/catalogue?region=CN-230102"))["edition"] == "2020"

    await contracts.refused("POST", f"{path}/approve", status=403, slug="second-person-missing")
    second = contracts.client.as_("finance", subject="second")
    stale = {"If-Match": '"7"'}
    await contracts.refused("POST", f"{path}/approve", status=412, slug="stale-version", headers=stale, client=second)
    items = {"items": [{"code": "A04", "name": "社会保障服务"}, {"code": "A0401", "name": "居家养老服务"}]}
    edited = await contracts.staff.put(f"/v1{path}/items", json=items, headers={"If-Match": '"1"'})
    assert edited.status_code == 200
    assert edited.headers["etag"] == '"2"'
    approved = await second.post(f"/v1{path}/approve", headers={"If-Match": '"2"'})
    assert approved.json()["state"] == "approved"
    for method, target, body in (("PUT", f"{path}/items", items), ("POST", f"{path}/approve", None)):
        await contracts.refused(
            method, target, body, status=409, slug="catalogue-edition-already-approved", client=second
        )

    # Others learn what its items are called: by its approval, and from a snapshot.
    (told,) = await contracts.emitted(CatalogueApproved)
    assert (told.subject, told.region, told.data["edition_id"]) == (drafted["id"], "CN-23", drafted["id"])
    assert [(item["code"], item["name"]) for item in told.data["items"]] == [
        ("A04", "社会保障服务"),
        ("A0401", "居家养老服务"),
    ]
    async with contracts.database.reading() as session:
        again = [data async for data, _, _ in snapshot(session) if isinstance(data, CatalogueApproved)]
    assert [data.model_dump(mode="json") for data in again] == [told.data]

    assert (await contracts.get("/catalogue?region=CN-230102"))["edition"] == "2024"
    assert (await contracts.get("/catalogue?region=CN-230102&on=2023-12-31"))["edition"] == "2020"
    assert (await contracts.get("/catalogue?region=CN-310101"))["edition"] == "2020"
    diff = await contracts.get(f"/catalogue/diff?from={SHIPPED.id}&to={drafted['id']}")
    assert [item["code"] for item in diff["added"]] == ["A0401"]
    assert len(diff["removed"]) == 29
    assert [each["edition"] for each in (await contracts.get("/catalogue/editions"))["items"]] == ["2020", "2024"]
    assert len((await contracts.get("/catalogue/editions?jurisdiction=CN-23"))["items"]) == 1

    # What the edition in force does not list cannot be bought any more; what an item above lists can.
    pending = await contracts.pending(service_category="A05")
    problem = await contracts.refused(
        "POST", f"/contracts/{pending['contract_id']}/activate", status=409, slug="contract-not-activatable"
    )
    (missing,) = problem["missing"]
    assert missing["what"] == "service_category"
    assert "CN-23 2024" in missing["rule"]
    await contracts.active(service_category="A040103")
    await contracts.active(service_category="A05", region="CN-310101")


async def test_what_is_no_tree_or_not_theirs_is_refused(contracts: Any) -> None:
    async def refused(change: dict[str, Any], slug: str, status: int = 409) -> None:
        await contracts.refused("POST", "/catalogue/editions", EDITION | change, status=status, slug=slug)

    await refused({"items": [{"code": "A9901", "name": "x"}]}, "catalogue-tree-unsound")
    await refused({"items": [{"code": "A01", "name": "x"}] * 2}, "catalogue-tree-unsound")
    await refused({"items": [], "based_on": None}, "catalogue-tree-unsound")
    await refused({"jurisdiction": "CN-2301"}, "catalogue-tree-unsound")
    await refused({"based_on": "01900000-0000-7000-8000-000000000000"}, "catalogue-edition-not-found", 404)
    await refused({"jurisdiction": "CN-00", "edition": "2020"}, "catalogue-edition-already-recorded")
    await contracts.post("/catalogue/editions", EDITION, expect=201)
    await refused({}, "catalogue-edition-already-recorded")
    assert await contracts.pointers(
        "POST", "/catalogue/editions", EDITION | {"items": [{"code": "C01", "name": "x"}]}
    ) == {"/items/0/code"}
    foreign = contracts.client.as_("finance", regions=["CN-31"])
    await contracts.refused("POST", "/catalogue/editions", EDITION, status=403, slug="forbidden", client=foreign)
    path = f"/catalogue/editions/{SHIPPED.id}/approve"
    await contracts.refused("POST", path, status=409, slug="catalogue-edition-already-approved")
    assert len((await contracts.get("/catalogue/editions"))["items"]) == 2


async def test_a_long_edition_is_told_in_parts(contracts: Any) -> None:
    items = [{"code": f"A01{number:03}", "name": "长" * 200, "name_en": "x" * 200} for number in range(450)]
    items.append({"code": "A01", "name": "公共安全服务"})
    drafted = await contracts.post("/catalogue/editions", EDITION | {"based_on": None, "items": items}, expect=201)
    second = contracts.client.as_("finance", subject="second")
    approved = await second.post(f"/v1/catalogue/editions/{drafted['id']}/approve", headers={"If-Match": '"1"'})
    assert approved.status_code == 200
    told = [each.data for each in await contracts.emitted(CatalogueApproved)]
    assert [each["part"] for each in told] == list(range(1, told[0]["parts"] + 1))
    assert len(told) > 1
    assert sorted(item["code"] for each in told for item in each["items"]) == sorted(item["code"] for item in items)
