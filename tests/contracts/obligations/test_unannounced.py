"""Unannounced inspections: on the list of who carries them out, and nowhere that a provider could learn of them."""

from datetime import timedelta
from typing import Any

import icalendar
from tests.contracts.obligations.test_obligations import SIGNED, Register

from shared.events import InspectionRecorded


async def test_an_evaluator_has_its_unannounced_inspections_and_the_provider_does_not(contracts: Any) -> None:
    register = Register(contracts)
    with register.at(SIGNED):
        contract = await contracts.active(signed_on="2025-01-06", starts_on="2025-01-10")
        evaluator, other = await contracts.organisation("evaluator"), await contracts.organisation("evaluator")
        provider = contract["provider"]["organisation_id"]
        path = f"/contracts/{contract['contract_id']}/inspections"
        plan = {
            "title": "突击检查（模拟）",
            "announced": False,
            "inspectors": [
                {"role": "第三方", "organisation_id": evaluator},
                {"role": "x", "organisation_id": provider},
            ],
            "checklist": [{"code": "staff", "text": "人员配备"}],
        }
        hidden = [await contracts.post(path, plan | {"planned_on": f"2025-01-{day}"}, expect=201) for day in (20, 22)]
        known = await contracts.post(path, plan | {"planned_on": "2025-01-21", "announced": True}, expect=201)
        await register.keep()
        own = contracts.client.as_("evaluator", organisation=evaluator)
        todo = f"/v1/organisations/{evaluator}/todo"
        pages, cursor = [], None
        for _ in range(3):
            query = {"limit": "1"} | ({"cursor": cursor} if cursor else {})
            page = (await own.get(todo, params=query)).json()
            pages += [(item["code"].split(":")[1], item["side"], item["state"]) for item in page["items"]]
            cursor = page["next"]
        assert [each[0] for each in pages] == [hidden[0]["id"], known["id"], hidden[1]["id"]]
        assert ({each[1:] for each in pages}, cursor) == ({("evaluator", "open")}, None)
        assert len((await own.get(f"{todo}?until=2025-01-20")).json()["items"]) == 1
        assert (await own.get(f"{todo}?nature=right")).json()["items"] == []
        assert (await own.get(f"/v1/inspections/{hidden[0]['id']}")).status_code == 200
        made = await own.post(f"/v1/organisations/{evaluator}/calendars", json={})
        read = await contracts.client.anonymous.get(made.json()["path"])
        # An address may be in many hands: a calendar tells of announced ones only.
        assert len(icalendar.Calendar.from_ical(read.content).walk("VEVENT")) == 1

        # The provider, whom a plan names too, another evaluator, a system of providers, another region: nothing.
        inspected = contracts.client.as_("provider", "purchaser", "evaluator", organisation=provider)
        assert (await inspected.get(f"/v1/inspections/{hidden[0]['id']}")).status_code == 404
        answer = await inspected.get(f"/v1/organisations/{provider}/todo")
        assert [item for item in answer.json()["items"] if item["code"].startswith("inspection")] == []
        assert hidden[0]["id"] not in (await inspected.get(f"/v1{path}")).text
        systems = await contracts.client.as_("provider").get(todo)
        assert [item["code"].split(":")[1] for item in systems.json()["items"]] == [known["id"]]
        stranger = contracts.client.as_("evaluator", organisation=other)
        assert (await stranger.get(f"/v1/inspections/{hidden[0]['id']}")).status_code == 404
        assert (await stranger.get(f"/v1/organisations/{other}/todo")).json()["items"] == []
        foreign = contracts.client.as_("evaluator", organisation=evaluator, regions=["CN-31"])
        assert (await foreign.get(todo)).json()["items"] == []
        assert hidden[0]["id"] not in str(await register.of(contract))
        told = {event.data["inspection_id"] for event in await contracts.emitted(InspectionRecorded)}
        assert told == {known["id"]}
    with register.at(SIGNED + timedelta(days=14)):
        visit = {
            "visited_on": "2025-01-20",
            "summary": "x",
            "documents": [{"sha256": "b" * 64, "title": "x"}],
            "results": [{"code": "staff", "result": "met"}],
        }
        await contracts.post(f"/inspections/{hidden[0]['id']}/visit", visit)
        own = contracts.client.as_("evaluator", organisation=evaluator)
        left = [item["code"].split(":")[1] for item in (await own.get(todo)).json()["items"]]
        assert left == [known["id"], hidden[1]["id"]]
