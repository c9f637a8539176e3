"""Both parties' confirmation: the same terms, all parties, then in force by itself; nothing confirmed is lost."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.contracts.structure.conftest import members
from tests.support import ANY_VERSION

from shared import clock
from shared.events import ContractActivated, ContractUpdated

Json = dict[str, Any]


async def test_the_last_confirmation_brings_the_contract_into_force(
    contracts: Any, structure: Callable[..., Any], confirm: Callable[..., Any]
) -> None:
    draft = await contracts.draft(signed_on=None)
    providers = [await contracts.organisation("provider") for _ in range(39)]
    await structure(draft, members=members("provider", providers, ["2"] * 38 + ["24"]))
    path = f"/contracts/{draft['contract_id']}"
    purchaser = draft["purchaser"]["organisation_id"]
    body = {"terms_sha256": "0" * 64, "organisation_id": purchaser}
    early = await contracts.refused("POST", f"{path}/confirm", body, status=409, slug="contract-state-conflict")
    assert "submit" in early["detail"]
    await contracts.post(f"{path}/submit")
    stale = await contracts.refused("POST", f"{path}/confirm", body, status=409, slug="terms-changed")
    shown = await contracts.get(f"{path}/confirmations")
    assert stale["terms_sha256"] == shown["terms_sha256"]
    assert len(shown["parties"]) == 40
    assert [party["lead"] for party in shown["parties"][:3]] == [True, True, False]
    assert shown["required"] is False
    assert shown["terms"]["value"] == "120000"
    assert [one["what"] for one in shown["advice"]] == ["needs_basis"]

    for number, party in enumerate(shown["parties"][:-1]):
        role = "purchaser" if number == 0 else "provider"
        client = contracts.client.as_(role, organisation=party["organisation_id"], subject=f"party {number}")
        told = await confirm(draft, client=client, terms=shown["terms_sha256"])
        assert (told["state"], told["version"]) == ("pending", 4 + number)
        assert len(told["waiting"]) == 39 - number
    repeated = await confirm(draft, shown["parties"][0])
    assert repeated["version"] == 42
    when = datetime(2026, 3, 2, 8, tzinfo=UTC)
    with clock.frozen(when):
        last = await confirm(draft, shown["parties"][-1])
    assert (last["state"], last["waiting"], last["missing"]) == ("active", [], [])
    contract = await contracts.get(path)
    assert (contract["signed_on"], contract["state"]) == ("2026-03-02", "active")
    assert len(contract["confirmations"]) == 40
    assert {one["terms_sha256"] for one in contract["confirmations"]} == {shown["terms_sha256"]}
    (event,) = await contracts.emitted(ContractActivated)
    assert len(event.data["confirmations"]) == 40
    assert [row.data["version"] for row in await contracts.emitted(ContractUpdated)] == list(range(2, 2 + 1)) + list(
        range(4, 4 + 40)
    )
    actions = [row["action"] for row in (await contracts.get(f"{path}/history?limit=100"))["items"]]
    assert actions.count("contract.confirmed") == 40
    late = {"reason": "x", "organisation_id": purchaser}
    await contracts.refused("POST", f"{path}/confirm:withdraw", late, status=409, slug="contract-state-conflict")


async def test_what_is_missing_is_named_and_the_confirmations_stand(
    contracts: Any, structure: Callable[..., Any], confirm: Callable[..., Any]
) -> None:
    pending = await contracts.pending(contract_number=None)
    path = f"/contracts/{pending['contract_id']}"
    parties = (await contracts.get(f"{path}/confirmations"))["parties"]
    await confirm(pending, parties[0])
    for method, address, body in (
        ("PATCH", path, {"title": "新标题"}),
        ("PUT", f"{path}/structure", {}),
        ("POST", f"{path}/return", {"reason": "x"}),
    ):
        problem = await contracts.refused(
            method, address, body, status=409, slug="contract-confirmed", headers=ANY_VERSION
        )
        assert "withdraw" in problem["detail"]
    told = await confirm(pending, parties[1])
    assert (told["state"], told["waiting"]) == ("pending", [])
    assert [one["what"] for one in told["missing"]] == ["contract_number"]
    assert told["missing"][0]["rule"]
    assert len((await contracts.get(path))["confirmations"]) == 2
    mended = await confirm(pending, parties[1], contract_number="HT-77")
    assert (mended["state"], mended["missing"]) == ("active", [])
    assert (await contracts.get(path))["contract_number"] == "HT-77"


async def test_withdrawing_returns_to_draft_and_all_confirm_anew(contracts: Any, confirm: Callable[..., Any]) -> None:
    pending = await contracts.pending()
    path = f"/contracts/{pending['contract_id']}"
    before = await contracts.get(f"{path}/confirmations")
    purchaser, provider = before["parties"]
    await confirm(pending, purchaser)
    provider_client = contracts.client.as_("provider", organisation=provider["organisation_id"])
    nothing = await contracts.refused(
        "POST",
        f"{path}/confirm:withdraw",
        {"reason": "x"},
        status=409,
        slug="nothing-confirmed",
        client=provider_client,
    )
    assert nothing["side"] == "provider"
    purchaser_client = contracts.client.as_("purchaser", organisation=purchaser["organisation_id"])
    body = {"reason": "期限有误"}
    stale = {"headers": {"If-Match": '"1"'}}
    await contracts.refused(
        "POST", f"{path}/confirm:withdraw", body, status=412, slug="stale-version", client=purchaser_client, **stale
    )
    answer = await purchaser_client.post(f"/v1{path}/confirm:withdraw", json=body)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["confirmations"]) == ("draft", [])
    assert answer.json()["state_reason"] == "期限有误"
    changed = await contracts.staff.patch(f"/v1{path}", json={"ends_on": "2025-11-30"}, headers=ANY_VERSION)
    assert changed.status_code == 200
    await contracts.post(f"{path}/submit")
    after = await contracts.get(f"{path}/confirmations")
    assert after["terms_sha256"] != before["terms_sha256"]
    assert [(one["ended_as"], one["reason"]) for one in after["given"]] == [("withdrawn", "期限有误")]
    assert [(await confirm(pending, party))["state"] for party in after["parties"]] == ["pending", "active"]


async def test_each_party_confirms_for_itself(contracts: Any, confirm: Callable[..., Any]) -> None:
    pending = await contracts.pending()
    path = f"/contracts/{pending['contract_id']}/confirm"
    shown = await contracts.get(f"{path}ations")
    purchaser, provider = shown["parties"]
    body = {"terms_sha256": shown["terms_sha256"]}
    own = contracts.client.as_("provider", organisation=provider["organisation_id"])
    stranger = contracts.client.as_("provider", organisation=await contracts.organisation("provider"))
    wrong = contracts.client.as_("purchaser", organisation=provider["organisation_id"])
    other = body | {"organisation_id": purchaser["organisation_id"]}
    for client, asked in ((wrong, body), (own, other)):
        await contracts.refused("POST", path, asked, status=403, slug="not-a-party", client=client)
    # To a stranger there is no such contract before it is concluded.
    await contracts.refused("POST", path, body, status=404, slug="contract-not-found", client=stranger)
    unclear = await contracts.refused("POST", path, body, status=409, slug="confirmation-party-unclear")
    assert {party["organisation_id"] for party in unclear["parties"]} == {
        purchaser["organisation_id"],
        provider["organisation_id"],
    }
    assert (await contracts.get(f"/contracts/{pending['contract_id']}"))["confirmations"] == []


async def test_the_settings_of_a_region_may_want_every_confirmation(
    contracts: Any, confirm: Callable[..., Any]
) -> None:
    settings = {"acts": [], "confirmations": "required", "deputies": True, "basis": "模拟"}
    proposer = contracts.client.as_("finance", subject="proposer", regions=["*"])
    answer = await proposer.put("/v1/policies/CN-2301", json=settings)
    assert answer.status_code < 300, answer.text
    version = answer.json()["version"]
    second = contracts.client.as_("finance", subject="second", regions=["*"])
    decided = await second.post("/v1/policies/CN-2301/decide", json={"version": version, "approve": True})
    assert decided.status_code == 200, decided.text
    pending = await contracts.pending()
    path = f"/contracts/{pending['contract_id']}"
    refusal = await contracts.refused("POST", f"{path}/activate", status=409, slug="confirmations-required")
    assert len(refusal["waiting"]) == 2
    shown = await contracts.get(f"{path}/confirmations")
    assert shown["required"] is True
    assert [(await confirm(pending, party))["state"] for party in shown["parties"]] == ["pending", "active"]
