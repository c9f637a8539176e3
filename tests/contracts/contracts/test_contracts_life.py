"""The contract's life over HTTP, against the real service and a real PostgreSQL."""

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text
from tests.support import ANY_VERSION

from contracts.contracts.service import open_for_fact
from contracts.ledger.schemas import EntryIn
from contracts.ledger.service import post_entry
from shared.auth import SYSTEM
from shared.events import (
    ContractActivated,
    ContractCancelled,
    ContractCompleted,
    ContractCreated,
    ContractResumed,
    ContractState,
    ContractSubmitted,
    ContractSuspended,
    ContractTerminated,
    ContractUpdated,
)
from shared.testing import count_statements

AGGREGATE = set(ContractState.model_fields)


async def test_a_contract_from_draft_to_completion(contracts: Any) -> None:
    done = await contracts.completed()
    assert done["state"] == "completed"
    assert done["end_reason"] == "complete"
    assert done["ended_at"] is not None
    assert done["actions"] == []
    assert done["ledger"] == {
        "committed": "0.00",
        "accepted": "120000.00",
        "paid": "120000.00",
        "deducted": "0.00",
        "refunded": "0.00",
        "executed": "120000.00",
        "outstanding": "0.00",
    }
    assert await contracts.get(f"/contracts/{done['contract_id']}") == done


async def test_every_move_tells_the_whole_aggregate_with_its_version(contracts: Any) -> None:
    done = await contracts.completed()
    told = await contracts.emitted(
        ContractCreated, ContractSubmitted, ContractActivated, ContractUpdated, ContractCompleted
    )
    assert [event.data["version"] for event in told] == list(range(1, done["version"] + 1))
    for event in told:
        assert set(event.data) == AGGREGATE
        assert event.subject == done["contract_id"]
        assert event.region == "CN-230102"
        assert len(event.data["indicators"]) == 4
    last = ContractCompleted.model_validate(told[-1].data)
    assert last.value == Decimal("120000.00")
    assert [milestone.status for milestone in last.milestones] == ["met", "met", "met"]
    assert set(told[-1].data["milestones"][0]) == {
        "milestone_id",
        "code",
        "title",
        "kind",
        "percentage",
        "due_on",
        "status",
        "met_on",
    }
    assert last.ended_at is not None


async def test_completing_takes_one_read_and_one_write(contracts: Any) -> None:
    contract = await contracts.completable()
    async with count_statements(contracts.database) as seen:
        answer = await contracts.staff.post(f"/v1/contracts/{contract['contract_id']}/complete")
    assert answer.status_code == 200
    words = [statement.split()[0:3] for statement in seen]
    assert [word[0] for word in words[:2]] == ["SELECT", "UPDATE"]
    # What follows is the outbox and the audit row, written at the commit.
    assert all(word[:2] == ["INSERT", "INTO"] and word[2] in ("outbox", "audit") for word in words[2:])
    assert len(seen) <= 4


async def test_completing_refuses_and_names_each_missing_thing(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/complete"
    problem = await contracts.refused("POST", path, status=409, slug="contract-not-completable")
    assert [item["what"] for item in problem["missing"]] == [
        "milestones.M1",
        "milestones.M2",
        "milestones.P1",
        "observations.visits",
        "observations.complaints",
        "observations.independence",
        "acceptance",
        "payment",
    ]
    assert all(set(item) == {"what", "rule", "how"} for item in problem["missing"])
    assert "acceptance" in problem["detail"]
    await contracts.observe(contract)
    await contracts.report_milestones(contract)
    await contracts.accept(contract, "100000.00", opinion=None)
    await contracts.book(contract, "payment", "90000.00")
    problem = await contracts.refused("POST", path, status=409, slug="contract-not-completable")
    assert [item["what"] for item in problem["missing"]] == ["acceptance.opinion", "reconciliation"]
    assert "10000.00" in problem["missing"][1]["rule"]
    await contracts.book(contract, "deduction", "10000.00")
    await contracts.accept(contract, "20000.00")
    await contracts.book(contract, "payment", "20000.00")
    assert (await contracts.post(path))["ledger"]["executed"] == "120000.00"


async def test_completing_twice_conflicts(contracts: Any) -> None:
    contract = await contracts.completed()
    path = f"/contracts/{contract['contract_id']}/complete"
    problem = await contracts.refused("POST", path, status=409, slug="contract-already-completed")
    assert problem["actions"] == []
    assert len(await contracts.emitted(ContractCompleted)) == 1


async def test_completing_at_the_same_moment_completes_once(contracts: Any) -> None:
    contract = await contracts.completable()
    path = f"/v1/contracts/{contract['contract_id']}/complete"
    answers = await asyncio.gather(*(contracts.staff.post(path) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len(await contracts.emitted(ContractCompleted)) == 1


async def test_a_fact_that_arrives_during_the_completion_is_seen_by_it(contracts: Any) -> None:
    """A payment that commits between the guard's read and the write makes the guard read again."""
    contract = await contracts.completable()
    path = f"/v1/contracts/{contract['contract_id']}"
    async with contracts.database.session(principal=SYSTEM, write=True) as session:
        await open_for_fact(
            session, contract_id=UUID(contract["contract_id"])
        )  # holds the row, as a posting payment does
        completing = asyncio.create_task(contracts.staff.post(f"{path}/complete"))
        await until_waiting(contracts)
        refund = EntryIn(kind="refund", amount=Decimal("5.00"), booked_on=date(2025, 7, 3))
        await post_entry(session, refund, contract_id=UUID(contract["contract_id"]))
        await contracts.database.commit(session)
    answer = await completing
    assert answer.status_code == 409, answer.text
    assert [item["what"] for item in answer.json()["missing"]] == ["reconciliation"]


async def until_waiting(contracts: Any) -> None:
    """Return when another session of this database waits for a lock."""
    while True:
        async with contracts.database.reading() as session:
            waiting = await session.execute(
                text(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
            )
            if waiting.scalar_one():
                return
        await asyncio.sleep(0)


async def test_activation_names_everything_that_is_missing(contracts: Any) -> None:
    bare = {"region": "CN-23", "title": "x", "purchaser_id": await contracts.organisation("purchaser")}
    contract = await contracts.post("/contracts", bare, expect=201)
    path = f"/contracts/{contract['contract_id']}"
    await contracts.post(f"{path}/submit")
    problem = await contracts.refused("POST", f"{path}/activate", status=409, slug="contract-not-activatable")
    assert len(problem["missing"]) == 9
    named = await contracts.refused(
        "POST",
        f"{path}/activate",
        {"signed_on": "2025-01-01", "contract_number": "HT-9"},
        status=409,
        slug="contract-not-activatable",
    )
    assert {item["what"] for item in problem["missing"]} - {item["what"] for item in named["missing"]} == {
        "signed_on",
        "contract_number",
    }
    # What a refused request named was not stored.
    assert (await contracts.get(path))["contract_number"] is None


async def test_signature_and_number_may_be_given_at_activation(contracts: Any) -> None:
    contract = await contracts.pending(signed_on=None, contract_number=None)
    body = {"signed_on": "2025-01-05", "contract_number": "HT-2026-77"}
    active = await contracts.post(f"/contracts/{contract['contract_id']}/activate", body)
    assert (active["signed_on"], active["contract_number"], active["state"]) == ("2025-01-05", "HT-2026-77", "active")
    assert await contracts.get(f"/contracts/{contract['contract_id']}") == active


async def test_the_date_of_signature_cannot_be_in_the_future(contracts: Any) -> None:
    contract = await contracts.pending(signed_on="2999-01-01")
    path = f"/contracts/{contract['contract_id']}/activate"
    problem = await contracts.refused("POST", path, status=409, slug="contract-not-activatable")
    assert [item["what"] for item in problem["missing"]] == ["signed_on"]


async def test_side_paths_keep_their_reason_and_tell_their_event(contracts: Any) -> None:
    contract = await contracts.pending()
    path = f"/contracts/{contract['contract_id']}"
    assert (await contracts.post(f"{path}/return", {"reason": "指标不全"}))["state_reason"] == "指标不全"
    await contracts.post(f"{path}/submit")
    await contracts.post(f"{path}/activate")
    assert (await contracts.post(f"{path}/suspend", {"reason": "核查"}))["state"] == "suspended"
    assert (await contracts.post(f"{path}/resume"))["state_reason"] is None
    ended = await contracts.post(f"{path}/terminate", {"reason": "服务方退出", "end_reason": "unsuccessful"})
    assert (ended["state"], ended["end_reason"], ended["state_reason"]) == ("terminated", "unsuccessful", "服务方退出")
    other = await contracts.draft()
    cancelled = await contracts.post(f"/contracts/{other['contract_id']}/cancel", {"reason": "预算取消"})
    assert (cancelled["state"], cancelled["end_reason"]) == ("cancelled", "cancelled")
    for event in (ContractSuspended, ContractResumed, ContractTerminated, ContractCancelled):
        assert len(await contracts.emitted(event)) == 1, event
    (returned,) = await contracts.emitted(ContractUpdated)
    assert returned.data["state"] == "draft"


async def test_moves_with_consequences_need_a_reason(contracts: Any) -> None:
    contract = await contracts.active()
    for action in ("suspend", "terminate", "cancel"):
        path = f"/contracts/{contract['contract_id']}/{action}"
        assert await contracts.pointers("POST", path, {}) == {"/reason"}
        assert await contracts.pointers("POST", path, {"reason": " "}) == {"/reason"}


async def test_two_officers_who_edit_one_draft_hear_of_each_other(contracts: Any) -> None:
    contract = await contracts.draft()
    path = f"/contracts/{contract['contract_id']}"
    read = (await contracts.staff.get(f"/v1{path}")).headers["etag"]
    first = await contracts.staff.patch(f"/v1{path}", json={"title": "新标题"}, headers={"If-Match": read})
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    edits: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("PATCH", path, {"value": "99.00"}),
        ("PUT", f"{path}/structure", {"lots": []}),
    )
    for method, address, body in edits:
        problem = await contracts.refused(method, address, body, status=428, slug="precondition-required")
        assert problem["read_at"] == f"/v1{path}"
        assert f"GET /v1{path}" in problem["detail"]
        stale = {"headers": {"If-Match": read}}
        problem = await contracts.refused(method, address, body, status=412, slug="stale-version", **stale)
        assert problem["version"] == 2
        await contracts.refused(method, address, body, status=422, slug="malformed", headers={"If-Match": "abc"})
    shown = await contracts.get(path)
    assert (shown["title"], shown["value"], shown["version"]) == ("新标题", contract["value"], 2)
    for method, address, body in edits:
        answer = await contracts.staff.request(method, f"/v1{address}", json=body, headers=ANY_VERSION)
        assert answer.status_code == 200, answer.text
    stranger = contracts.client.as_("provider")
    await contracts.refused("PATCH", path, {}, status=403, slug="forbidden", client=stranger)
    act = {"headers": {"If-Match": read}}  # an act may say what it was decided on
    await contracts.refused("POST", f"{path}/submit", status=412, slug="stale-version", **act)
    await contracts.post(f"{path}/submit")


async def test_a_stale_version_is_refused(contracts: Any) -> None:
    contract = await contracts.draft()
    path = f"/contracts/{contract['contract_id']}"
    changed = await contracts.staff.patch(f"/v1{path}", json={"title": "新标题"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    problem = await contracts.refused(
        "PATCH", path, {"title": "再改"}, status=412, slug="stale-version", headers={"If-Match": '"1"'}
    )
    assert problem["version"] == 2
    await contracts.refused("POST", f"{path}/submit", status=412, slug="stale-version", headers={"If-Match": '"1"'})
    await contracts.refused("POST", f"{path}/submit", status=422, slug="malformed", headers={"If-Match": "abc"})
    assert (await contracts.get(path))["title"] == "新标题"


async def test_a_repeated_post_is_answered_from_the_first(contracts: Any) -> None:
    body, key = await contracts.terms(), {"Idempotency-Key": "draft-1"}
    first = await contracts.staff.post("/v1/contracts", json=body, headers=key)
    again = await contracts.staff.post("/v1/contracts", json=body, headers=key)
    assert first.status_code == again.status_code == 201
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert len(await contracts.emitted(ContractCreated)) == 1
    await contracts.refused(
        "POST", "/contracts", body | {"title": "y"}, status=422, slug="idempotency-mismatch", headers=key
    )


async def test_a_repeated_completion_is_answered_from_the_first(contracts: Any) -> None:
    contract = await contracts.completable()
    path, key = f"/v1/contracts/{contract['contract_id']}/complete", {"Idempotency-Key": "complete-1"}
    first = await contracts.staff.post(path, headers=key)
    again = await contracts.staff.post(path, headers=key)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert again.headers["etag"] == first.headers["etag"]
    assert len(await contracts.emitted(ContractCompleted)) == 1


async def test_history_tells_who_did_what(contracts: Any) -> None:
    contract = await contracts.completed()
    path = f"/contracts/{contract['contract_id']}/history"
    history = (await contracts.get(path))["items"]
    assert [act["action"] for act in history] == [
        "contract.created",
        "contract.submitted",
        "contract.activated",
        *["observation.recorded"] * 4,
        *["milestone.reported"] * 3,
        "ledger.posted",
        "acceptance.recorded",
        "ledger.posted",
        "contract.completed",
    ]
    assert {act["subject"] for act in history} == {"test-client"}
    assert history[-1]["fields"] == ["end_reason", "ended_at", "state"]
    page = await contracts.get(f"{path}?limit=5")
    rest = await contracts.staff.get(f"/v1{path}", params={"limit": 200, "cursor": page["next"]})
    assert page["items"] + rest.json()["items"] == history


async def test_an_unknown_contract_is_not_found(contracts: Any) -> None:
    path = "/contracts/01900000-0000-7000-8000-000000000000"
    await contracts.refused("GET", path, status=404, slug="contract-not-found")
    await contracts.refused("POST", f"{path}/complete", status=404, slug="contract-not-found")
    await contracts.refused("GET", f"{path}/history", status=404, slug="contract-not-found")
    answer: httpx.Response = await contracts.staff.get("/v1/contracts/42")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "path:contract_id"
