"""Acts in three hands: three persons, return with reason, a contract that moved on, settings that demand them."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import ANY_VERSION

from contracts.acts.models import Act
from contracts.acts.service.handover import give
from contracts.policies.queries import ACTIONS
from contracts.policies.schemas import Action
from shared import clock
from shared.events import ContractSubmitted, LedgerPosted
from shared.ids import new_id

Json = dict[str, Any]


class Office:
    """The persons of a purchaser's office, each with a token of their own."""

    def __init__(self, contracts: Any) -> None:
        self.contracts = contracts
        self.persons = {
            name: contracts.client.as_("purchaser", "finance", subject=name)
            for name in ("clerk", "head", "chief", "stand-in", "newcomer")
        }

    async def post(self, person: str, path: str, body: Json | None = None, *, expect: int = 200, **more: Any) -> Json:
        answer = await self.persons[person].post(f"/v1{path}", json=body, **more)
        assert answer.status_code == expect, answer.text
        found: Json = answer.json()
        return found

    async def refused(self, person: str, path: str, body: Json | None, *, status: int, slug: str) -> Json:
        problem: Json = await self.contracts.refused(
            "POST", path, body, status=status, slug=slug, client=self.persons[person]
        )
        return problem

    async def prepare(self, contract: Json, action: str, body: Json | None = None, **fields: Any) -> Json:
        wanted = {"action": action, "contract_id": contract["contract_id"], "body": body or {}} | fields
        return await self.post("clerk", "/acts", wanted, expect=201)

    async def demand(self, *acts: str, region: str = "CN-2301", **settings: Any) -> None:
        """Put settings into force with four eyes."""
        path = f"/policies/{region}"
        body = {"acts": list(acts), "basis": "simulated"} | settings
        keepers = [self.contracts.client.as_("finance", subject=name) for name in ("keeper", "second keeper")]
        proposed = await keepers[0].put(f"/v1{path}", json=body)
        assert proposed.status_code == 200, proposed.text
        decision = {"version": proposed.json()["version"], "approve": True}
        await self.contracts.refused(
            "POST", f"{path}/decide", decision, status=409, slug="policy-needs-second-person", client=keepers[0]
        )
        assert (await keepers[1].post(f"/v1{path}/decide", json=decision)).status_code == 200


@pytest.fixture
def office(contracts: Any) -> Office:
    return Office(contracts)


def test_the_settings_name_every_action() -> None:
    assert set(Action.__args__) == set(ACTIONS)  # type: ignore[attr-defined]


async def test_three_persons_prepare_review_and_sign(office: Office) -> None:
    draft = await office.contracts.draft()
    act = await office.prepare(draft, "submit")
    path = f"/acts/{act['id']}"
    assert (act["state"], act["contract_version"], act["body"]) == ("prepared", draft["version"], {})
    again = {"action": "submit", "contract_id": draft["contract_id"]}
    assert (await office.refused("head", "/acts", again, status=409, slug="act-already-open"))["act_id"] == act["id"]
    await office.refused("clerk", f"{path}/review", None, status=409, slug="act-needs-other-person")
    await office.refused("chief", f"{path}/sign", None, status=409, slug="act-not-ready")
    reviewed = await office.post("head", f"{path}/review", {"note": "checked"}, headers={"If-Match": '"1"'})
    assert (reviewed["state"], reviewed["reviewed_by"]) == ("reviewed", "head")
    stale = await office.persons["chief"].post(f"/v1{path}/sign", headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["type"]) == (412, "/problems/stale-version")
    for person in ("clerk", "head"):
        await office.refused(person, f"{path}/sign", None, status=409, slug="act-needs-other-person")
    assert await office.contracts.emitted(ContractSubmitted) == []
    signed = await office.post("chief", f"{path}/sign")
    assert signed["outcome"] == {"contract_version": draft["version"] + 1, "state": "pending"}
    assert [step["by"] for step in signed["steps"]] == ["clerk", "head", "chief"]
    assert len(await office.contracts.emitted(ContractSubmitted)) == 1
    history = await office.contracts.get(f"/contracts/{draft['contract_id']}/history")
    told = {row["action"]: row["subject"] for row in history["items"]}
    assert told["act.prepared"] == "clerk"
    assert told["contract.submitted"] == "chief"
    await office.refused("chief", f"{path}/sign", None, status=409, slug="act-not-ready")
    wanted = {"action": "complete", "contract_id": draft["contract_id"]}
    problem = await office.refused("clerk", "/acts", wanted, status=409, slug="contract-state-conflict")
    assert "cancel" in problem["actions"]


async def test_a_returned_act_is_mended_and_a_changed_contract_makes_it_stale(office: Office) -> None:
    draft = await office.contracts.draft()
    contract_path = f"/contracts/{draft['contract_id']}"
    act = await office.prepare(draft, "cancel", {"reason": "wrong"})
    path = f"/acts/{act['id']}"
    returned = await office.post("head", f"{path}/return", {"reason": "say more"})
    assert (returned["state"], returned["steps"][-1]["note"]) == ("returned", "say more")
    await office.refused("head", f"{path}/resubmit", None, status=409, slug="act-needs-other-person")
    await office.post("clerk", f"{path}/resubmit", {"body": {"reason": "no budget"}})
    await office.post("head", f"{path}/review")
    assert (
        await office.contracts.staff.patch(f"/v1{contract_path}", json={"title": "新标题"}, headers=ANY_VERSION)
    ).status_code == 200
    problem = await office.refused("chief", f"{path}/sign", None, status=412, slug="act-stale")
    assert (problem["prepared_version"], problem["version"]) == (1, 2)
    await office.post("chief", f"{path}/return", {"reason": "prepared for what has changed"})
    mended = await office.post("clerk", f"{path}/resubmit")
    assert (mended["contract_version"], mended["reviewed_by"]) == (2, None)
    await office.post("newcomer", f"{path}/review")
    await office.post("head", f"{path}/sign")
    assert (await office.contracts.get(contract_path))["state_reason"] == "no budget"
    other = await office.prepare(await office.contracts.draft(), "submit")
    assert (await office.post("clerk", f"/acts/{other['id']}/withdraw", {"reason": "x"}))["state"] == "withdrawn"
    await office.refused("head", f"/acts/{other['id']}/review", None, status=409, slug="act-not-ready")


async def test_many_acts_are_signed_at_once_and_one_act_is_signed_once(office: Office) -> None:
    contracts = office.contracts
    complete, lacking = await contracts.completable(), await contracts.active()
    acts = [(await office.prepare(contract, "complete"))["id"] for contract in (complete, lacking)]
    wanted = {"ids": acts, "step": "review"}
    assert (await office.post("head", "/acts:bulk", wanted))["updated"] == 2
    assert [row["problem"]["type"] for row in (await office.post("head", "/acts:bulk", wanted))["items"]] == [
        "/problems/act-not-ready"
    ] * 2
    signed = await office.post("chief", "/acts:bulk", {"ids": acts, "step": "sign"})
    assert [row["outcome"] for row in signed["items"]] == ["updated", "failed"]
    refusal = signed["items"][1]["problem"]
    assert (refusal["type"], bool(refusal["missing"])) == ("/problems/contract-not-completable", True)
    # What the action refuses leaves the act as it was, and nothing of it is done.
    assert (await contracts.get(f"/acts/{acts[1]}"))["state"] == "reviewed"
    assert (await contracts.get(f"/contracts/{lacking['contract_id']}"))["state"] == "active"
    assert (await contracts.get(f"/contracts/{complete['contract_id']}"))["state"] == "completed"
    # Two signers at the same moment: one signature, one payment.
    payment = {"kind": "payment", "amount": "1.00", "booked_on": "2025-07-02"}
    await contracts.accept(lacking)
    act = await office.prepare(lacking, "payment", payment)
    await office.post("head", f"/acts/{act['id']}/review")
    path = f"/v1/acts/{act['id']}/sign"
    answers = await asyncio.gather(*(office.persons[name].post(path) for name in ("chief", "newcomer", "stand-in")))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert (await contracts.get(f"/contracts/{lacking['contract_id']}"))["ledger"]["paid"] == "1.00"
    # A purchaser of another contract sees that there is an act, and not what stands in it.
    other = contracts.client.as_("purchaser", organisation=new_id())
    assert (await other.get(f"/v1/acts/{act['id']}")).json()["body"] is None
    await contracts.refused("POST", f"/acts/{act['id']}/review", status=403, slug="not-a-party", client=other)
    foreign = contracts.client.as_("purchaser", "finance", regions=["CN-31"])
    await contracts.refused("GET", f"/acts/{act['id']}", status=404, slug="act-not-found", client=foreign)
    assert (await foreign.get("/v1/acts")).json()["items"] == []


names = st.sampled_from(("leaving", "coming", "third"))


@given(data=st.data())
def test_after_a_handover_no_person_is_named_for_two_hands(data: st.DataObject) -> None:
    prepared, deputised = data.draw(names), data.draw(st.none() | names)
    free = [name for name in ("leaving", "coming", "third") if name not in (prepared, deputised)]
    reviewer = data.draw(st.sampled_from([None, *free]))
    signer = data.draw(st.sampled_from([None, *(name for name in free if name != reviewer)]))
    act = Act(
        handler=deputised or prepared, prepared_by=prepared, prepared_for=deputised, reviewer=reviewer, signer=signer
    )
    before = (act.handler, reviewer, signer)
    cleared = give(act, "leaving", "coming")
    assert "leaving" not in (act.handler, act.reviewer, act.signer)
    assert act.reviewer is None or act.reviewer not in (prepared, deputised, act.handler, act.signer)
    assert act.signer is None or act.signer not in (prepared, deputised, act.handler)
    moved = tuple("coming" if name == "leaving" else name for name in before)
    assert cleared == ((act.handler, act.reviewer, act.signer) != moved)


async def test_settings_demand_acts_and_the_most_specific_region_wins(office: Office) -> None:
    contracts = office.contracts
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}"
    await office.demand(*ACTIONS)
    payment = {"kind": "payment", "amount": "1000.00", "booked_on": "2025-07-02", "note": "first"}
    acceptance = {"result": "rejected", "accepted_on": "2025-07-01"}
    bodies = {
        "suspend": {"reason": "x"},
        "terminate": {"reason": "x"},
        "complete": None,
        "ledger": payment,
        "acceptances": acceptance,
    }
    for name, body in bodies.items():
        problem = await contracts.refused("POST", f"{path}/{name}", body, status=409, slug="act-required")
        assert problem["how"] == "POST /v1/acts"
        assert problem["policy"] == {"region": "CN-2301", "version": 1}
    await contracts.book(contract, "commitment", "1000.00")  # nothing is paid out
    opinion = {"kind": "onSite", "people": 3, "satisfied": 3}
    accepted = acceptance | {"result": "partlyAccepted", "accepted_value": "1000.00", "opinion": opinion}
    accepting = await office.prepare(contract, "accept", accepted)
    assert accepting["body"]["accepted_value"] == "1000.00"
    paying = await office.prepare(contract, "payment", payment)
    supplement = {
        "reason_code": "quantityAdjustment",
        "rationale": "人数增加（模拟）",
        "amended_on": "2025-06-01",
        "value": "121000.00",
    }
    await contracts.refused("POST", f"{path}/amendments", supplement, status=409, slug="act-required")
    amending = await office.prepare(contract, "amend", supplement)
    for act in (accepting, paying, amending):
        await office.post("head", f"/acts/{act['id']}/review")
        await office.post("chief", f"/acts/{act['id']}/sign")
    assert (await contracts.get(path))["ledger"]["paid"] == "1000.00"
    (proposed,) = (await contracts.get(f"{path}/amendments"))["items"]
    assert (await contracts.get(f"/acts/{amending['id']}"))["outcome"]["amendment_id"] == proposed["id"]
    assert len(await contracts.emitted(LedgerPosted)) == 3
    wrong_bodies = (payment | {"kind": "commitment"}, {"kind": "payment", "booked_on": "2025-07-02"})
    for wrong in wrong_bodies:
        wanted = {"action": "payment", "contract_id": contract["contract_id"], "body": wrong}
        problem = await office.refused("clerk", "/acts", wanted, status=422, slug="malformed")
        assert problem["errors"][0]["pointer"].startswith("/body")
    # The county's own settings take the city's place, and a rejected proposal changes nothing.
    await office.demand("suspend", region="CN-230102", confirmations="required", deputies=False)
    shown = await contracts.get("/policies/CN-230102")
    assert (shown["source"], shown["acts"], shown["confirmations"]) == ("CN-230102", ["suspend"], "required")
    assert (await contracts.get("/policies/CN-230199"))["source"] == "CN-2301"
    assert (await contracts.get("/policies/CN-31"))["version"] == 0
    assert (await contracts.get("/policies/CN-230100"))["latest_version"] == 1  # the city by its full code
    await contracts.book(contract, "refund", "1000.00")
    await contracts.refused("POST", f"{path}/suspend", {"reason": "x"}, status=409, slug="act-required")
    proposed = await contracts.staff.put("/v1/policies/CN-230102", json={"acts": [], "basis": "simulated"})
    assert proposed.json()["version"] == 2
    await contracts.refused(
        "PUT", "/policies/CN-230102", {"acts": [], "basis": "x"}, status=409, slug="policy-already-proposed"
    )
    rejected = {"version": 2, "approve": False}
    other = contracts.client.as_("operator", subject="other")
    assert (await other.post("/v1/policies/CN-230102/decide", json=rejected)).status_code == 200
    await contracts.refused("POST", "/policies/CN-230102/decide", rejected, status=409, slug="policy-already-decided")
    await contracts.refused("POST", f"{path}/suspend", {"reason": "x"}, status=409, slug="act-required")
    history = await contracts.get("/policies/CN-230102/history")
    assert [row["state"] for row in history["items"]] == ["rejected", "inForce"]
    stale = await contracts.staff.put(
        "/v1/policies/CN-230102", json={"acts": [], "basis": "x"}, headers={"If-Match": '"1"'}
    )
    assert stale.status_code == 412
    narrow = contracts.client.as_("finance", regions=["CN-230102"])
    await contracts.refused(
        "PUT", "/policies/CN-2301", {"acts": [], "basis": "x"}, status=403, slug="forbidden", client=narrow
    )


async def test_named_persons_deputies_and_a_change_of_staff(office: Office) -> None:
    contracts = office.contracts
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}"
    for duty, subject in (("reviewer", "head"), ("signer", "chief"), ("handler", "clerk")):
        await contracts.post(f"{path}/responsibilities", {"duty": duty, "subject": subject}, expect=201)
    act = await office.prepare(contract, "suspend", {"reason": "flood"})
    assert (act["reviewer"], act["signer"]) == ("head", "chief")
    review = f"/acts/{act['id']}/review"
    await office.refused("stand-in", review, None, status=409, slug="act-names-another")
    behalf = {"on_behalf_of": "head"}
    await office.refused("stand-in", review, behalf, status=403, slug="no-deputy-of")
    period = {"region": "CN-230102", "reason": "leave", "starts_on": "2099-01-01", "ends_on": "2099-01-31"}
    deputy = {"deputy": "stand-in", "actions": ["suspend"]} | period
    await office.refused("clerk", "/deputies", deputy | {"subject": "head"}, status=403, slug="deputy-not-yours")
    await office.post("head", "/deputies", deputy, expect=201)  # not yet
    await office.refused("stand-in", review, behalf, status=403, slug="no-deputy-of")
    for wrong in ({"deputy": "head"}, {"starts_on": "2020-01-01"}, {"ends_on": "2098-12-31"}):
        answer = await office.persons["head"].post("/v1/deputies", json=deputy | wrong)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{next(iter(wrong))}")
    today = clock.today().isoformat()
    now = deputy | {"subject": "head", "starts_on": today}
    other_action = await contracts.post("/deputies", now | {"actions": ["payment"]}, expect=201)
    await office.refused("stand-in", review, behalf, status=403, slug="no-deputy-of")
    standing = await contracts.post("/deputies", now, expect=201)
    waiting = await office.persons["stand-in"].get("/v1/acts?waiting_for_me=true")
    assert [row["id"] for row in waiting.json()["items"]] == [act["id"]]
    reviewed = await office.post("stand-in", review, behalf)
    assert (reviewed["reviewed_by"], reviewed["reviewed_for"]) == ("stand-in", "head")
    assert reviewed["steps"][-1]["on_behalf_of"] == "head"
    # Whoever was represented has had it in hand too.
    sign = f"/acts/{act['id']}/sign"
    await office.refused("head", sign, None, status=409, slug="act-needs-other-person")
    assert (await office.persons["head"].get("/v1/acts?waiting_for_me=true")).json()["items"] == []
    await office.post("head", f"/deputies/{other_action['id']}/revoke", {"reason": "back"})
    leaving = {"region": "CN-2301", "from_subject": "chief", "to_subject": "newcomer", "reason": "posting"}
    somebody = contracts.client.as_("purchaser", subject="somebody")
    await contracts.refused("POST", "/handovers", leaving, status=403, slug="handover-not-yours", client=somebody)
    moved = await contracts.post("/handovers", leaving, expect=201)
    counts = ("moved_acts", "cleared_acts", "moved_responsibilities", "ended_deputies")
    assert [moved[name] for name in counts] == [1, 0, 1, 0]
    await office.refused("chief", sign, None, status=409, slug="act-names-another")
    # The successor of the second hand cannot be the third one: the step is anybody's then.
    leaving = leaving | {"from_subject": "newcomer", "to_subject": "stand-in"}
    moved = await contracts.post("/handovers", leaving, expect=201)
    assert [moved[name] for name in counts] == [1, 1, 1, 0]
    assert (await contracts.get(f"/acts/{act['id']}"))["signer"] is None
    moved = await contracts.post("/handovers", leaving | {"from_subject": "head", "to_subject": "chief"}, expect=201)
    assert moved["ended_deputies"] == 2  # the one of 2099 and the standing one
    deputies = (await contracts.get(f"/deputies?on={today}"))["items"]
    assert standing["id"] not in {each["id"] for each in deputies}
    await office.post("chief", sign)
    assert (await contracts.get(path))["state"] == "suspended"
    duties = (await contracts.get(f"{path}/responsibilities"))["items"]
    held = {row["duty"]: row["subject"] for row in duties if row["ended_at"] is None}
    assert held == {"reviewer": "chief", "signer": "stand-in", "handler": "clerk"}
    assert len((await contracts.get("/handovers"))["items"]) == 3
    await office.demand(region="CN-230102", deputies=False)
    await office.refused("clerk", "/deputies", deputy, status=409, slug="deputies-not-allowed")
