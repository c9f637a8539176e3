"""Two officers at the same moment: in whatever order the database lets them through, what is stored is possible."""

import asyncio
from decimal import Decimal
from typing import Any

from tests.support import ANY_VERSION

Json = dict[str, Any]
TIMES = range(2)
DAY = "2025-07-02"


async def at_once(*calls: Any) -> list[int]:
    """The statuses of requests that run at the same time; none of them fails."""
    answers = await asyncio.gather(*calls)
    assert all(answer.status_code < 500 for answer in answers), [answer.text for answer in answers]
    return [answer.status_code for answer in answers]


async def test_a_conclusion_goes_one_way(contracts: Any) -> None:
    staff = contracts.staff
    for _ in TIMES:
        contract = await contracts.pending()
        path = f"/v1/contracts/{contract['contract_id']}"
        terms = (await staff.get(f"{path}/confirmations")).json()["terms_sha256"]
        party = {"side": "purchaser", "organisation_id": contract["purchaser"]["organisation_id"]}
        confirm = staff.post(f"{path}/confirm", json={"terms_sha256": terms} | party)
        assert sorted(await at_once(confirm, staff.post(f"{path}/return"))) == [200, 409]
        now = (await staff.get(path)).json()
        assert (now["state"], len(now["confirmations"])) in (("pending", 1), ("draft", 0))

        other = await contracts.pending()
        path = f"/v1/contracts/{other['contract_id']}"
        cancel = staff.post(f"{path}/cancel", json={"reason": "x"})
        assert sorted(await at_once(staff.post(f"{path}/activate"), cancel)) == [200, 409]

        draft = await contracts.draft()
        path, first = f"/v1/contracts/{draft['contract_id']}", {"If-Match": '"1"'}
        edits = (staff.patch(path, json={"title": title}, headers=first) for title in ("a", "b"))
        assert sorted(await at_once(*edits, staff.post(f"{path}/submit", headers=first))) == [200, 412, 412]


async def test_an_act_is_signed_or_returned(contracts: Any) -> None:
    persons = [contracts.client.as_("purchaser", "finance", subject=f"person-{n}") for n in range(3)]
    for _ in TIMES:
        contract = await contracts.active()
        act = {"action": "suspend", "contract_id": contract["contract_id"], "body": {"reason": "x"}}
        path = f"/v1/acts/{(await persons[0].post('/v1/acts', json=act)).json()['id']}"
        assert (await persons[1].post(f"{path}/review")).status_code == 200
        back = persons[1].post(f"{path}/return", json={"reason": "x"})
        assert sorted(await at_once(persons[2].post(f"{path}/sign"), back)) == [200, 409]
        state = (await contracts.get(path.removeprefix("/v1")))["state"]
        now = await contracts.get(f"/contracts/{contract['contract_id']}")
        assert (state, now["state"]) in (("signed", "suspended"), ("returned", "active"))


async def test_money_is_counted_once(contracts: Any) -> None:
    staff = contracts.staff
    for _ in TIMES:
        contract = await contracts.active()
        path = f"/v1/contracts/{contract['contract_id']}"

        async def twice(part: str, body: Json | None, *, at: str = path) -> None:
            assert sorted(await at_once(*(staff.post(f"{at}{part}", json=body) for _ in range(2)))) == [201, 409]

        await twice("/acceptances", {"result": "accepted", "accepted_on": "2025-07-01", "accepted_value": "80000.00"})
        await twice("/ledger", {"kind": "payment", "amount": "30000.00", "booked_on": DAY, "voucher": "V"})
        await twice("/ledger", {"kind": "deduction", "amount": "30000.00", "booked_on": DAY})
        await twice("/ledger", {"kind": "refund", "amount": "20000.00", "booked_on": DAY})
        entries = {entry["kind"]: entry["id"] for entry in (await staff.get(f"{path}/ledger")).json()["items"]}
        back = {"kind": "reversal", "note": "x", "booked_on": DAY}
        await at_once(
            *(staff.post(f"{path}/ledger", json=back | {"reverses": entries["deduction"]}) for _ in range(2)),
            staff.post(f"{path}/ledger", json=back | {"reverses": entries["acceptance"]}),
        )
        ledger = (await staff.get(path)).json()["ledger"]
        assert Decimal(ledger["deducted"]) <= Decimal(ledger["accepted"])
        terms, first = {"small_enterprise": True}, {"If-Match": '"0"'}
        puts = (staff.put(f"{path}/payment-terms", json=terms, headers=first) for _ in range(2))
        assert sorted(await at_once(*puts)) == [200, 412]
        wrong = {"field": "value", "old": "120000.00", "new": "90000.00", "reason": "x", "proof_sha256": "a" * 64}
        asked = await contracts.post(f"{path[3:]}/corrections", wrong, expect=201)
        second = contracts.client.as_("purchaser", "finance", subject="second")
        over = {"kind": "payment", "amount": "85000.00", "booked_on": DAY}
        await at_once(second.post(f"{path}/corrections/{asked['id']}/approve"), staff.post(f"{path}/ledger", json=over))
        now = (await staff.get(path)).json()
        assert Decimal(now["ledger"]["executed"]) <= Decimal(now["value"])


async def test_supplements_keep_the_cap_together(contracts: Any) -> None:
    rules = {"version": "1.1.0", "rules": ["supplement-cap"], "scope": "CN-23", "person": "模拟", "basis": "模拟"}
    await contracts.post("/rules/cn-2020/confirmations", rules)
    staff = contracts.staff
    for _ in TIMES:
        contract = await contracts.active()
        path = f"/v1/contracts/{contract['contract_id']}/amendments"
        body = {"reason_code": "quantityAdjustment", "rationale": "x", "amended_on": "2025-03-01"}
        values = ("128000.00", "131000.00")  # each within 10 % of 120,000
        await at_once(*(staff.post(path, json=body | {"value": value}) for value in values))
        proposals = [each["id"] for each in (await staff.get(path)).json()["items"]]
        for side in ("purchaser", "provider"):
            await at_once(*(staff.post(f"{path}/{one}/confirm", json={"side": side}) for one in proposals))
        assert (await contracts.get(f"/contracts/{contract['contract_id']}"))["value"] in values


async def test_a_budget_is_given_once(contracts: Any) -> None:
    staff = contracts.staff
    for number in TIMES:
        pair = [await contracts.active() for _ in range(2)]
        unit = pair[0]["purchaser"]["organisation_id"]
        project = {"region": "CN-230102", "unit_id": unit, "code": f"P{number}", "name": "x", "year": 2025}
        made = (staff.post("/v1/budget-projects", json=project | {"initial_amount": "100.00"}) for _ in range(2))
        assert sorted(await at_once(*made)) == [201, 409]
        (held,) = (await staff.get(f"/v1/budget-projects?code=P{number}")).json()["items"]
        share = {"kind": "budget", "amount": "60.00", "booked_on": DAY, "budget_project_id": held["id"]}
        less = staff.post(
            f"/v1/budget-projects/{held['id']}/adjust",
            json={"full_year_amount": "70.00", "reason": "x"},
            headers=ANY_VERSION,
        )
        posts = (staff.post(f"/v1/contracts/{one['contract_id']}/ledger", json=share) for one in pair)
        assert sorted(await at_once(*posts, less)) == [200, 201, 409]
        assert Decimal((await staff.get(f"/v1/budget-projects/{held['id']}")).json()["unallocated"]) >= 0


async def test_what_is_recorded_twice_at_once_is_refused_once(contracts: Any) -> None:
    """Who asks whether a key is free may be overtaken before he takes it: a conflict, and no fault."""
    counties = {"document": "模拟", "items": [{"code": "CN-230102", "name": "道里区"}]}
    for _ in TIMES:
        statuses = await at_once(*(contracts.staff.post("/v1/regions/counties", json=counties) for _ in range(3)))
        assert set(statuses) <= {200, 409}
    assert (await contracts.get("/regions/CN-230102"))["name"] == "道里区"
