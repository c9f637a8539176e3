"""Several purchasers and joint providers: each sees its side's rights and duties, with its own part of the money."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import icalendar
import pytest
from tests.contracts.obligations.test_obligations import SIGNED, Register
from tests.contracts.structure.conftest import members
from tests.support import ANY_VERSION

from contracts.obligations.service import tell_due
from shared.events import ObligationOverdue

Json = dict[str, Any]


@pytest.fixture
async def joint(contracts: Any) -> Json:
    """A contract in force of two bureaux and three providers, of which 100.01 was accepted on 1 July 2025."""
    buyers = [await contracts.organisation("purchaser") for _ in range(2)]
    sellers = [await contracts.organisation("provider") for _ in range(3)]
    draft = await contracts.draft(
        purchaser_id=buyers[0], provider_id=sellers[0], value="1000.00", budget="1000.00", signed_on="2025-01-06"
    )
    parties = [*members("purchaser", buyers, ["70", "30"]), *members("provider", sellers, ["33.33", "33.33", "33.34"])]
    agreed = await contracts.staff.put(
        f"/v1/contracts/{draft['contract_id']}/structure", json={"members": parties}, headers=ANY_VERSION
    )
    assert agreed.status_code == 200, agreed.text
    path = f"/contracts/{draft['contract_id']}"
    await contracts.post(f"{path}/submit")
    contract: Json = await contracts.post(f"{path}/activate")
    await contracts.accept(contract, "100.01")
    return contract | {"buyers": buyers, "sellers": sellers}


async def test_the_register_names_every_member_and_each_has_its_part(contracts: Any, joint: Json) -> None:
    register = Register(contracts)
    with register.at(SIGNED + timedelta(days=195)):
        items = (await register.of(joint))["items"]
    duty, right = (one for one in items if one["code"].startswith("pay:"))
    lone = next(one for one in items if one["side"] == "beneficiary")
    assert [(one["organisation_id"], one["lead"], one["amount"]) for one in duty["parties"]] == [
        (joint["buyers"][0], True, "70.01"),
        (joint["buyers"][1], False, "30.00"),
    ]
    assert [one["amount"] for one in right["parties"]] == ["33.33", "33.34", "33.34"]
    assert lone["parties"] == []
    shown = (await contracts.client.anonymous.get(f"/v1/public/contracts/{joint['contract_id']}/obligations")).json()
    assert [(one["side"], one["lead"]) for one in shown["members"]] == [
        ("purchaser", True),
        ("purchaser", False),
        ("provider", True),
        ("provider", False),
        ("provider", False),
    ]


async def test_each_member_has_the_duties_and_overdue_payments_of_its_side(contracts: Any, joint: Json) -> None:
    register = Register(contracts)
    with register.at(SIGNED + timedelta(days=216)):  # 10 August 2025
        await register.keep()
        lists = {}
        for side in ("buyers", "sellers"):
            role = "purchaser" if side == "buyers" else "provider"
            for organisation in joint[side]:
                own = contracts.client.as_(role, organisation=organisation)
                answer = await own.get(f"/v1/organisations/{organisation}/todo")
                lists[organisation] = {item["code"]: item for item in answer.json()["items"]}
        for side in ("buyers", "sellers"):
            assert len({frozenset(lists[one]) for one in joint[side]}) == 1, side
            assert [next(iter(lists[one].values()))["lead"] for one in joint[side]][:2] == [True, False]
        (paid,) = [code for code in lists[joint["buyers"][0]] if code.startswith("pay:")]
        assert [lists[one][paid]["amount"] for one in joint["buyers"]] == ["70.01", "30.00"]
        owed = [lists[one][f"{paid}:right"] for one in joint["sellers"]]
        assert sum(Decimal(one["amount"]) for one in owed) == Decimal("100.01")
        finance = await contracts.get("/regions/CN-23/todo")
        assert [(one["share"], one["amount"]) for one in finance["items"] if one["code"] == paid] == [("100", "100.01")]

        late = [await contracts.get(f"/organisations/{one}/overdue-payments") for one in joint["buyers"]]
        assert [(one["items"][0]["lead"], one["items"][0]["share"], one["sums"][0]["overdue"]) for one in late] == [
            (True, "70", "70.01"),
            (False, "30", "30.00"),
        ]
        assert {one["items"][0]["contract_overdue"] for one in late} == {"100.01"}
        whole = (await contracts.get(f"/contracts/{joint['contract_id']}/dues"))["interest"]
        assert sum(Decimal(one["sums"][0]["interest"]) for one in late) == Decimal(whole)

        own = contracts.client.as_("purchaser", organisation=joint["buyers"][1])
        made = (await own.post(f"/v1/organisations/{joint['buyers'][1]}/calendars", json={})).json()
        told = icalendar.Calendar.from_ical((await contracts.client.anonymous.get(made["path"])).content)
        texts = [str(event.get("summary")) + str(event.get("description")) for event in told.walk("VEVENT")]
        assert [text for text in texts if "100.01 CNY; 30 %: 30.00" in text]


async def test_an_inspection_of_a_member_is_its_own_and_not_its_sides(contracts: Any, joint: Json) -> None:
    register = Register(contracts)
    with register.at(SIGNED + timedelta(days=195)):
        plan = {
            "title": "现场检查（模拟）",
            "planned_on": "2025-07-25",
            "checklist": [{"code": "a", "text": "x"}],
            "inspectors": [{"organisation_id": joint["buyers"][1], "role": "purchaser"}],
        }
        await contracts.post(f"/contracts/{joint['contract_id']}/inspections", plan, expect=201)
        await register.keep()
        found = []
        for one in joint["buyers"]:
            items = (await contracts.get(f"/organisations/{one}/todo"))["items"]
            found.append([item["side"] for item in items if item["code"].startswith("inspection:")])
    assert found == [[], ["purchaser"]]


async def test_a_notice_names_every_member_that_owes_or_is_owed(contracts: Any, joint: Json) -> None:
    alone = await contracts.active(signed_on="2025-01-06")
    register = Register(contracts)
    with register.at(SIGNED + timedelta(days=216)):  # 10 August 2025
        await register.keep()
        async with contracts.database.transaction() as session:
            while await tell_due(session):
                pass
    notices = [event.data for event in await contracts.emitted(ObligationOverdue)]
    told = {data["code"]: data for data in notices if data["contract_id"] == joint["contract_id"]}
    (paid,) = [data for code, data in told.items() if code.startswith("pay:")]
    assert [(one["standing"], one["side"], one["organisation_id"], one["share"], one["lead"]) for one in paid["members"]] == [
        ("owes", "purchaser", joint["buyers"][0], "70", True),
        ("owes", "purchaser", joint["buyers"][1], "30", False),
        ("owed", "provider", joint["sellers"][0], "33.33", True),
        *sorted([("owed", "provider", joint["sellers"][1], "33.33", False), ("owed", "provider", joint["sellers"][2], "33.34", False)],
                key=lambda one: one[2]),
    ]  # fmt: skip
    assert paid["organisation_id"] == joint["buyers"][0]
    (delivery,) = [data for code, data in told.items() if code == "milestone:M1"]
    assert {(one["standing"], one["organisation_id"]) for one in delivery["members"]} == {
        ("owes", one) for one in joint["sellers"]
    }
    (milestone,) = [
        data for data in notices if data["contract_id"] == alone["contract_id"] and data["code"] == "milestone:M1"
    ]
    assert [(one["organisation_id"], one["share"], one["lead"]) for one in milestone["members"]] == [
        (alone["provider"]["organisation_id"], "100", True)
    ]


async def test_after_a_merger_a_member_has_both_shares(contracts: Any, joint: Json) -> None:
    first, second = joint["buyers"]
    dated = {"effective_on": "2025-07-05", "document": "simulated", "kind": "merger"}
    await contracts.post(f"/organisations/{second}/successions", dated | {"successor_id": first}, expect=201)
    lead, *others = joint["sellers"]
    for one in others:
        await contracts.post(f"/organisations/{one}/successions", dated | {"successor_id": lead}, expect=201)
    register = Register(contracts)
    with register.at(SIGNED + timedelta(days=216)):  # 10 August 2025
        await register.keep()
        for organisation, role, code in ((first, "purchaser", ""), (lead, "provider", ":right")):
            own = contracts.client.as_(role, organisation=organisation)
            items = (await own.get(f"/v1/organisations/{organisation}/todo")).json()["items"]
            (owed,) = [one for one in items if one["code"].startswith("pay:") and one["code"].endswith(code)]
            assert (owed["share"], owed["amount"], owed["lead"]) == ("100", "100.01", True)
        late = await contracts.get(f"/organisations/{first}/overdue-payments")
        (item,) = late["items"]
        assert (item["share"], item["overdue"], item["lead"]) == ("100", "100.01", True)
