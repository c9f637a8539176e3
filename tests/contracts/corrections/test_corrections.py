"""Corrections (更正): old, new, reason, proof, a second person; in every state after the draft, the end included."""

from typing import Any

from contracts.corrections.fields import CORRECTABLE, NOT_CORRECTABLE
from contracts.disclosure.service import CODE as SUSPECTED
from shared.events import ContractCorrected

Json = dict[str, Any]
PROOF = "a" * 64


def correction(field: str, old: object, new: object) -> Json:
    return {"field": field, "old": old, "new": new, "reason": "录入错误（模拟）", "proof_sha256": PROOF}


async def test_a_completed_contract_is_corrected_by_two_persons(contracts: Any) -> None:
    contract = await contracts.completed()
    path = f"/contracts/{contract['contract_id']}"
    second = contracts.client.as_("purchaser", subject="second")
    asked = await contracts.post(f"{path}/corrections", correction("value", "120000.00", "125000.00"), expect=201)
    assert (asked["state"], asked["requested_by"], asked["version"]) == ("requested", "test-client", None)
    assert (await contracts.get(path))["value"] == "120000.00"
    approve = f"{path}/corrections/{asked['id']}/approve"
    await contracts.refused("POST", approve, status=409, slug="correction-needs-second-person")
    again = correction("value", "120000.00", "130000.00")
    await contracts.refused("POST", f"{path}/corrections", again, status=409, slug="correction-already-requested")
    answer = await second.post(f"/v1{approve}", json={"note": "seen"})
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert (made["state"], made["decided_by"], made["version"]) == ("approved", "second", contract["version"] + 1)
    await contracts.refused("POST", approve, status=409, slug="correction-already-decided", client=second)
    shown = await contracts.get(path)
    assert (shown["value"], shown["value_at_signing"], shown["state"]) == ("125000.00", "125000.00", "completed")
    assert [(row["field"], row["version"]) for row in shown["corrections"]] == [("value", shown["version"])]
    (event,) = await contracts.emitted(ContractCorrected)
    assert (event.data["corrected"], event.data["value"], event.data["version"]) == (
        ["value"],
        "125000.00",
        shown["version"],
    )
    releases = await releases_of(contracts, contract)
    assert releases[-1]["tag"] == ["contractUpdate"]
    assert releases[-1]["contracts"][0]["value"]["amount"] == 125000
    history = await contracts.get(f"{path}/history")
    assert {"contract.correction-requested", "contract.corrected"} <= {row["action"] for row in history["items"]}
    # What stands in the ledger was at least the value.
    low = correction("value", "125000.00", "119999.99")
    problem = await contracts.refused("POST", f"{path}/corrections", low, status=409, slug="contract-not-correctable")
    assert problem["standing"] == "120000.00"


async def releases_of(contracts: Any, contract: Json) -> list[Json]:
    found = await contracts.get(f"/ocds/records/ocds-xxxxxx-{contract['contract_id']}")
    releases: list[Json] = found["records"][0]["releases"]
    return releases


async def test_parts_are_corrected_and_what_contradicts_is_refused(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}"
    second = contracts.client.as_("finance", subject="second")
    sound = [
        correction("indicators.visits.target", "12000", "11000"),
        correction("milestones.M1.due_on", "2025-06-30", "2025-07-31"),
        correction("ends_on", "2025-12-31", "2026-01-09"),
        correction("tenderers", None, 3),
    ]
    for body in sound:
        asked = await contracts.post(f"{path}/corrections", body, expect=201)
        answer = await second.post(f"/v1{path}/corrections/{asked['id']}/approve")
        assert answer.status_code == 200, answer.text
    shown = await contracts.get(path)
    assert next(each for each in shown["indicators"] if each["code"] == "visits")["target"] == "11000"
    assert (shown["milestones"][0]["due_on"], shown["ends_on"], shown["tenderers"]) == ("2025-07-31", "2026-01-09", 3)
    assert len(shown["corrections"]) == 4
    # The public record tells each, the corrected parts too.
    releases = await releases_of(contracts, contract)
    assert [release["tag"] for release in releases[-4:]] == [["contractUpdate"]] * 4
    (metric,) = releases[-4]["contracts"][0]["agreedMetrics"]
    assert (metric["id"], metric["observations"][0]["measure"]) == ("visits", 11000)
    (milestone,) = releases[-3]["contracts"][0]["milestones"]
    assert (milestone["id"], milestone["dueDate"][:10]) == ("M1", "2025-07-31")
    refused = [
        (correction("title", "另一个", "x"), 409, "old-value-differs"),
        (correction("title", "居家养老服务", "居家养老服务"), 409, "correction-without-change"),
        (correction("provider_id", "x", "y"), 409, "field-not-correctable"),
        (correction("milestones.M1.percentage", "40", "50"), 409, "field-not-correctable"),
        (correction("indicators.unknown.target", "1", "2"), 409, "field-not-correctable"),
        (correction("secret", "1", "2"), 409, "field-not-correctable"),
        (correction("value", "120000.00", "much"), 422, "malformed"),
        (correction("value", "120000.00", None), 422, "malformed"),
        (correction("indicators.complaints.zero_at", "5", "0.5"), 422, "malformed"),
        (correction("starts_on", "2025-01-10", "2027-01-01"), 422, "malformed"),
        (correction("signed_on", "2025-01-05", "2999-01-01"), 422, "malformed"),
    ]
    for body, status, slug in refused:
        await contracts.refused("POST", f"{path}/corrections", body, status=status, slug=slug)
    stale = await contracts.staff.post(
        f"/v1{path}/corrections", json=correction("title", "居家养老服务", "x"), headers={"If-Match": '"1"'}
    )
    assert stale.status_code == 412
    # Asked for, and then the term changed by another way: the second person is told.
    asked = await contracts.post(f"{path}/corrections", correction("tenderers", 3, 4), expect=201)
    await contracts.post(f"{path}/corrections/{asked['id']}/reject", {"reason": "taken back"})
    listed = (await contracts.get(f"{path}/corrections"))["items"]
    assert [row["state"] for row in listed] == ["approved"] * 4 + ["rejected"]
    assert (listed[0]["old"], listed[0]["new"], listed[0]["proof_sha256"]) == ("12000", "11000", PROOF)
    draft = await contracts.draft()
    await contracts.refused(
        "POST",
        f"/contracts/{draft['contract_id']}/corrections",
        correction("title", "居家养老服务", "x"),
        status=409,
        slug="contract-not-correctable",
    )
    fields = (await contracts.get("/corrections/fields"))["items"]
    assert {row["field"] for row in fields if row["correctable"]} == set(CORRECTABLE)
    assert {row["field"] for row in fields if not row["correctable"]} == set(NOT_CORRECTABLE)


async def test_many_corrections_have_a_result_each_and_settings_put_them_into_three_hands(contracts: Any) -> None:
    contract = await contracts.active()
    contract_id = contract["contract_id"]
    second = contracts.client.as_("purchaser", "finance", subject="second")
    item = {"contract_id": contract_id}
    items = [
        correction("title", "居家养老服务", "机密 居家养老服务") | item,
        correction("title", "wrong", "x") | item,
        correction("budget", "120000.00", "120001.00") | item,
    ]
    bulk = await contracts.post("/corrections:bulk", {"items": items})
    assert [row["outcome"] for row in bulk["items"]] == ["created", "failed", "created"]
    assert bulk["items"][1]["problem"]["type"] == "/problems/old-value-differs"
    waiting = (await contracts.get("/corrections?state=requested"))["items"]
    assert [row["field"] for row in waiting] == ["title", "budget"]
    assert "old" not in waiting[0]
    ids = [row["id"] for row in waiting]
    own = await contracts.post("/corrections:approve", {"ids": ids})
    assert own["failed"] == 2
    approved = (await second.post("/v1/corrections:approve", json={"ids": [*ids, ids[0]]})).json()
    assert [row["outcome"] for row in approved["items"]] == ["updated", "updated", "failed"]
    shown = await contracts.get(f"/contracts/{contract_id}")
    assert shown["title"] == "机密 居家养老服务"
    assert [warning["code"] for warning in shown["warnings"]] == [SUSPECTED]  # as on create
    # Three hands.
    third = contracts.client.as_("purchaser", "finance", subject="third")
    settings = {"acts": ["correction"], "basis": "simulated"}
    await contracts.staff.put("/v1/policies/*", json=settings)
    await second.post("/v1/policies/*/decide", json={"version": 1, "approve": True})
    body = correction("budget", "120001.00", "120000.00")
    await contracts.refused("POST", f"/contracts/{contract_id}/corrections", body, status=409, slug="act-required")
    bulk = await contracts.post("/corrections:bulk", {"items": [body | item]})
    assert bulk["items"][0]["problem"]["type"] == "/problems/act-required"
    wanted = {"action": "correction", "contract_id": contract_id, "body": body}
    act = await contracts.post("/acts", wanted, expect=201)
    await second.post(f"/v1/acts/{act['id']}/review")
    signed = (await third.post(f"/v1/acts/{act['id']}/sign")).json()
    made = (await contracts.get(f"/contracts/{contract_id}/corrections"))["items"][-1]
    assert signed["outcome"]["correction_id"] == made["id"]
    assert (made["act_id"], made["requested_by"], made["decided_by"]) == (act["id"], "test-client", "third")
    assert (await contracts.get(f"/contracts/{contract_id}"))["budget"] == "120000.00"
