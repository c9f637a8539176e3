"""A release that comes again does not take back what was corrected here (更正), and the answer says so."""

from typing import Any

from tests.contracts.conftest import Contracts
from tests.contracts.imports.conftest import make

Json = dict[str, Any]


async def imported(contracts: Contracts, **fields: Any) -> Json:
    items = [{"place": "releases[0]", "release": make(**fields), "region": "XK-0"}]
    answer = await contracts.post("/imports/ocds", {"items": items})
    (result,) = answer["results"]
    return dict(result)


async def correct(contracts: Contracts, path: str, field: str, old: object, new: object) -> str:
    body = {"field": field, "old": old, "new": new, "reason": "录入错误（模拟）", "proof_sha256": "a" * 64}
    asked = await contracts.post(f"{path}/corrections", body, expect=201)
    second = contracts.client.as_("finance", subject="second-person")
    answer = await second.post(f"/v1{path}/corrections/{asked['id']}/approve")
    assert answer.status_code == 200, answer.text
    return str(asked["id"])


async def test_corrected_terms_stand_until_the_release_says_the_same(contracts: Contracts) -> None:
    first = await imported(contracts)
    path = f"/contracts/{first['contract_id']}"
    number = await correct(contracts, path, "value", "1000.25", "1100.25")
    await correct(contracts, path, "milestones.m1.due_on", "2021-06-30", "2021-07-15")
    before = await contracts.get(path)

    again = await imported(contracts)
    assert again["outcome"] == "unchanged"
    kept = [one["detail"] for one in again["warnings"] if one["code"] == "correction-kept"]
    assert [detail.split(" ", 1)[0] for detail in kept] == ["value", "milestones.m1.due_on"]
    for part in ("says 1000.25;", "from 1000.25 to 1100.25", number):
        assert part in kept[0]
    assert await contracts.get(path) == before

    changed = await imported(contracts, title="Home care, day and night")
    assert changed["outcome"] == "updated"
    assert len([one for one in changed["warnings"] if one["code"] == "correction-kept"]) == 2
    shown = await contracts.get(path)
    assert (shown["value"], shown["title"]) == ("1100.25", "Home care, day and night")
    days = {one["code"]: one["due_on"] for one in shown["milestones"]}
    assert days["m1"] == "2021-07-15"
    assert number in next(one["detail"] for one in shown["warnings"] if one["code"] == "correction-kept")

    current = await imported(contracts, value={"amount": 1100.25, "currency": "EUR"})
    assert [one["detail"].split(" ", 1)[0] for one in current["warnings"] if one["code"] == "correction-kept"] == [
        "milestones.m1.due_on"
    ]
