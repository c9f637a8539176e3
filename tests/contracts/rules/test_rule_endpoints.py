"""Rule sets over HTTP: a province's own version with its second person, confirmations, the diff."""

import json
from typing import Any

from contracts.rules.shipped import shipped

CN = shipped()["cn-2020@1.1.0"]


def own_version(**fields: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(CN.document))
    document |= {
        "id": "hlj-2025",
        "version": "1.0.0",
        "scope": "CN-23",
        "in_force_from": "2025-01-01",
        "based_on": CN.name,
    } | fields
    (cap,) = [rule for rule in document["rules"] if rule["code"] == "supplement-cap"]
    cap["parameters"]["max_percent"] = "5"
    return document


async def test_the_shipped_sets_are_public(contracts: Any) -> None:
    listed = (
        await contracts.client.anonymous.get("/v1/rules", params={"region": "CN-230102", "on": "2025-01-05"})
    ).json()
    assert [(item["id"], item["origin"], item["state"]) for item in listed["items"]] == [
        ("cn-2020", "shipped", "approved"),
        ("cn-2020", "shipped", "approved"),
        ("ocds", "shipped", "approved"),
        ("ocds", "shipped", "approved"),
    ]
    assert listed["applicable"] == "cn-2020@1.1.0"
    for region, day, name in (("XK-01", "2025-01-05", "ocds@1.1.0"), ("CN-23", "2020-02-29", "ocds@1.1.0")):
        chosen = await contracts.get(f"/rules?region={region}&on={day}")
        assert chosen["applicable"] == name
    shown = (await contracts.client.anonymous.get("/v1/rules/cn-2020")).json()
    assert (shown["document"], shown["sha256"]) == (CN.document, CN.sha256)
    assert shown["unconfirmed"] == [rule.code for rule in CN.rules if rule.severity == "block"]
    for path, slug, status in (
        ("/rules/cn-1999", "rule-set-not-found", 404),
        ("/rules/cn-2020?version=9.9.9", "rule-set-not-found", 404),
        ("/rules/diff?from=cn-2020&to=x", "rule-set-not-found", 404),
        ("/rules/diff?from=CN&to=x", "malformed", 422),
        ("/rules?region=Harbin", "malformed", 422),
    ):
        await contracts.refused("GET", path, status=status, slug=slug)


async def test_a_province_loads_its_own_version_by_two_persons(contracts: Any) -> None:
    first = contracts.client.as_("finance", regions=["CN-23"], subject="hlj-officer")
    second = contracts.client.as_("finance", regions=["CN-23"], subject="hlj-head")
    county = contracts.client.as_("finance", regions=["CN-230102"], subject="county")
    other = contracts.client.as_("finance", regions=["CN-31"], subject="shanghai")
    document = own_version()

    checked = await first.post("/v1/rules:validate", json=document)
    assert checked.status_code == 200, checked.text
    assert checked.json()["valid"]
    assert [change["rule"] for change in checked.json()["changes"]] == ["supplement-cap"]
    wrong = (await first.post("/v1/rules:validate", json=document | {"rules": []})).json()
    assert (wrong["valid"], wrong["errors"][0]["pointer"], wrong["sha256"]) == (False, "/rules", None)

    unknown = document | {"based_on": "cn-1999@1.0.0"}
    assert (await first.post("/v1/rules:validate", json=unknown)).json()["errors"][0]["pointer"] == "/based_on"
    await contracts.refused("POST", "/rules", unknown, status=422, slug="malformed", client=first)
    for client in (county, other):
        await contracts.refused("POST", "/rules", document, status=403, slug="forbidden", client=client)
    await contracts.refused(
        "POST", "/rules", own_version(id="cn-2020"), status=409, slug="rule-set-id-taken", client=first
    )
    assert (await first.post("/v1/rules", json=document)).status_code == 201
    assert (await first.post("/v1/rules", json=document)).status_code == 200
    changed = document | {"in_force_from": "2025-02-01"}
    await contracts.refused("POST", "/rules", changed, status=409, slug="rule-set-version-taken", client=first)
    await contracts.refused(
        "POST", "/rules", own_version(scope="CN-2301"), status=409, slug="rule-set-id-taken", client=first
    )

    # A draft applies to nobody and is seen by its own region only.
    assert (await contracts.get("/rules?region=CN-230102&on=2025-03-01"))["applicable"] == "cn-2020@1.1.0"
    path = "/rules/hlj-2025"
    for client in (contracts.client.anonymous, other, county):
        await contracts.refused("GET", path, status=404, slug="rule-set-not-found", client=client)
    confirm = {
        "version": "1.0.0",
        "rules": ["supplement-cap"],
        "scope": "CN-23",
        "person": "模拟 法规处负责人",
        "basis": "模拟文号 1",
    }
    await contracts.refused(
        "POST", f"{path}/confirmations", confirm, status=409, slug="rule-set-not-approved", client=first
    )

    approval = {"version": "1.0.0", "basis": "模拟文号 2"}
    await contracts.refused(
        "POST", f"{path}/approve", approval, status=409, slug="rule-set-needs-second-person", client=first
    )
    await contracts.refused("POST", f"{path}/approve", approval, status=404, slug="rule-set-not-found", client=county)
    approved = await second.post(f"/v1{path}/approve", json=approval)
    assert (approved.status_code, approved.json()["state"], approved.json()["approved_by"]) == (
        200,
        "approved",
        "hlj-head",
    )
    await contracts.refused(
        "POST", f"{path}/approve", approval, status=409, slug="rule-set-already-approved", client=second
    )
    assert (await contracts.client.anonymous.get(f"/v1{path}")).json()["approved_by"] is None

    for region, day, name in (
        ("CN-230102", "2025-01-01", "hlj-2025@1.0.0"),
        ("CN-230102", "2024-12-31", "cn-2020@1.1.0"),
        ("CN-310101", "2025-01-01", "cn-2020@1.1.0"),
    ):
        assert (await contracts.get(f"/rules?region={region}&on={day}"))["applicable"] == name
    diff = await contracts.get("/rules/diff?from=cn-2020@1.1.0&to=hlj-2025")
    assert (diff["before"], diff["after"]) == ("cn-2020@1.1.0", "hlj-2025@1.0.0")
    assert diff["head"]["scope"] == {"from": "CN", "to": "CN-23"}
    assert [change["fields"] for change in diff["rules"]] == [{"parameters/max_percent": {"from": "10", "to": "5"}}]

    await contracts.refused(
        "POST", f"{path}/confirmations", confirm | {"scope": "CN"}, status=403, slug="forbidden", client=second
    )
    await contracts.refused(
        "POST", f"{path}/confirmations", confirm | {"rules": ["x"]}, status=404, slug="rule-not-found", client=second
    )
    for _ in range(2):
        confirmed = (await second.post(f"/v1{path}/confirmations", json=confirm)).json()
        assert [(each["rule"], each["person"]) for each in confirmed["confirmations"]] == [
            ("supplement-cap", "模拟 法规处负责人")
        ]
        assert "supplement-cap" not in confirmed["unconfirmed"]
    public = (await contracts.client.anonymous.get(f"/v1{path}")).json()
    assert public["confirmations"][0]["person"] is None
    # Another text or figure under the same code is another rule: the national one stays unconfirmed.
    assert "supplement-cap" in (await contracts.get("/rules/cn-2020"))["unconfirmed"]

    withdraw = {"version": "1.0.0", "rules": ["supplement-cap"], "scope": "CN-23", "reason": "模拟：依据有误"}
    await contracts.refused(
        "POST", f"{path}/confirmations:withdraw", withdraw, status=403, slug="forbidden", client=county
    )
    withdrawn = (await second.post(f"/v1{path}/confirmations:withdraw", json=withdraw)).json()
    assert "supplement-cap" in withdrawn["unconfirmed"]
    (confirmation,) = withdrawn["confirmations"]
    assert (confirmation["withdrawal_reason"], bool(confirmation["withdrawn_at"])) == ("模拟：依据有误", True)
    again = (await second.post(f"/v1{path}/confirmations", json=confirm)).json()
    assert [bool(each["withdrawn_at"]) for each in again["confirmations"]] == [True, False]
    assert "supplement-cap" not in again["unconfirmed"]
