"""Scores follow the events: once per batch, in any order, with a chain that holds."""

import asyncio
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests import oracle
from tests.scoring.cases import (
    CONTRACT,
    closed_wave,
    complete_history,
    entry,
    facts_of,
    histories,
    observation,
    renamed,
    state,
)
from tests.scoring.conftest import QUESTIONS, SELF, Scoring, contract_of

from scoring.app import contracts_subscription
from scoring.canonical import canonical, sha256
from scoring.frameworks.queries import find_framework
from shared.events import ContractCreated, EventData, ObservationRecorded
from shared.ids import new_id
from shared.inbox import Subscription
from shared.testing import count_statements, deliver, delivery

QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


async def test_each_event_moves_the_score_and_says_why(scoring: Scoring) -> None:
    history = complete_history()
    for event in history:
        await scoring.hear(event)
    head = await scoring.head(CONTRACT)
    assert head["score"] == "93.500000"
    assert head["grade"] == "excellent"
    assert head["simulated"] is True
    assert head["provisional"] is True
    changes = [each for each in await scoring.announced() if each.data["framework_id"] == SELF]
    assert [(each.data["version"], each.data["stage"]) for each in changes[-2:]] == [
        (head["version"] - 1, "completion"),
        (head["version"], "completion"),
    ]
    last = changes[-1]
    assert last.region == "CN-230102"
    assert last.subject == str(CONTRACT)
    assert last.data["previous_score"] == "84.500000"
    assert last.data["previous_grade"] == "good"
    assert last.data["reasons"] == [
        {"node": "satisfaction.S1", "name": "indicator S1", "before": "0.000000", "after": "9.000000"}
    ]
    assert last.data["held"] == []
    assert last.causationid == last.data["causes"][0]
    first = changes[0].data
    assert first["previous_score"] is None
    assert {reason["before"] for reason in first["reasons"]} == {None}


async def test_a_batch_scores_a_contract_once_and_names_all_causes(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    rows = await scoring.rows("SELECT framework_id, version, causes FROM score_rows ORDER BY framework_id, version")
    # Seven events of contracts in one batch, one of surveys in another.
    assert [(row.framework_id, row.version, len(row.causes)) for row in rows] == [
        (SELF, 1, 7),
        (SELF, 2, 1),
        (QUESTIONS, 1, 7),
        (QUESTIONS, 2, 1),
    ]


async def test_a_batch_takes_few_statements_however_many_contracts(scoring: Scoring) -> None:
    async with count_statements(scoring.database) as alone:
        await scoring.hear(*renamed(complete_history()[:-1], new_id()))
    many = [event for _ in range(20) for event in renamed(complete_history()[:-1], new_id())]
    async with count_statements(scoring.database) as together:
        await scoring.hear(*many)
    # inbox, evidence with the lock, read, rows with heads, outbox
    assert len(alone) == len(together) == 5
    assert len(await scoring.rows("SELECT 1 FROM score_heads")) == 42


@settings(max_examples=15, deadline=None, suppress_health_check=QUIET)
@given(events=histories(), data=st.data())
async def test_any_order_repetition_and_batching_end_in_the_same_head(
    shared_scoring: Scoring, events: list[EventData], data: st.DataObject
) -> None:
    salt = new_id()
    events = renamed(events, salt)
    contract_id = contract_of(events[0])
    arrivals = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=4))))
    cut = data.draw(st.integers(0, len(arrivals)))
    for batch in (arrivals[:cut], arrivals[cut:]):
        await shared_scoring.hear(*batch)
    before = {name: await shared_scoring.head(contract_id, name) for name in (SELF, QUESTIONS)}
    for name, head in before.items():
        want = oracle.score(oracle.load(name), facts_of(events))
        assert want is not None
        for field in ("stage", "score", "lower", "upper", "coverage", "grade", "grade_lower", "grade_upper"):
            assert head[field] == want[field]
    # Lost and repaired, or replayed from the beginning: nothing is written again.
    await shared_scoring.hear(*events)
    assert {name: await shared_scoring.head(contract_id, name) for name in before} == before


async def test_the_same_event_twice_leaves_no_trace(scoring: Scoring) -> None:
    payment = entry(1, "payment", amount=100)
    await scoring.hear(state("active", version=2), payment)
    heads = await scoring.get(f"/v1/scores/{CONTRACT}")
    counted = len(await scoring.announced())
    await scoring.hear(payment, state("active", version=2))
    assert await scoring.get(f"/v1/scores/{CONTRACT}") == heads
    assert len(await scoring.announced()) == counted


async def test_an_older_version_of_a_contract_changes_nothing(scoring: Scoring) -> None:
    await scoring.hear(state("completed", version=5, title="now"))
    head = await scoring.head(CONTRACT)
    await scoring.hear(state("active", version=2, title="then"))
    assert await scoring.head(CONTRACT) == head
    (row,) = await scoring.rows("SELECT version, title, state FROM contracts")
    assert (row.version, row.title, row.state) == (5, "now", "completed")
    # It is kept all the same: the contract as it was at version 2.
    assert [row.version for row in await scoring.rows("SELECT version FROM evidence ORDER BY version")] == [2, 5]


async def test_a_value_of_a_lot_or_call_off_stands_for_no_contract(scoring: Scoring) -> None:
    history = complete_history()
    await scoring.hear(*history)
    head = await scoring.head(CONTRACT)
    told = next(each for each in history if isinstance(each, ObservationRecorded))
    for part in ("lot_id", "call_off_id", "member_id"):
        more = {"observation_id": new_id(), "value": Decimal(0), "observed_on": date(2027, 1, 1), part: new_id()}
        await scoring.hear(told.model_copy(update=more))
    assert await scoring.head(CONTRACT) == head


async def test_a_corrected_title_writes_no_score(scoring: Scoring) -> None:
    await scoring.hear(state("active", version=2))
    await scoring.hear(state("active", version=3, title="a corrected title"))
    assert (await scoring.head(CONTRACT))["version"] == 1


async def test_a_fact_that_comes_first_waits_for_its_contract(scoring: Scoring) -> None:
    def waiting() -> float:
        return REGISTRY.get_sample_value("gongping_waiting_facts_total", {"type": "ledger"}) or 0.0

    before = waiting()
    await scoring.hear(entry(1, "payment", amount=60_000))
    await scoring.hear(entry(2, "payment", amount=60_000))
    assert waiting() == before + 2
    assert (await scoring.client.as_("finance").get(f"/v1/scores/{CONTRACT}")).status_code == 404
    await scoring.hear(state("active", version=2))
    explanation = await scoring.get(f"/v1/scores/{CONTRACT}/explanation", framework_id=SELF)
    assert explanation["tree"]["children"][0]["points"] == "20.000000"
    assert waiting() == before + 2


async def test_a_draft_has_evidence_and_no_score(scoring: Scoring) -> None:
    draft = ContractCreated.model_validate(state("draft", version=1).model_dump())
    await scoring.hear(draft)
    missing = await scoring.client.as_("finance").get(f"/v1/scores/{CONTRACT}")
    assert missing.status_code == 404
    assert missing.json()["type"] == "/problems/score-not-found"
    assert len((await scoring.get("/v1/evidence", contract_id=str(CONTRACT)))["items"]) == 1


async def test_simulated_evidence_marks_the_score(scoring: Scoring) -> None:
    real = complete_history()[:-1]
    plain = [
        type(each).model_validate(each.model_dump() | ({"simulated": False} if hasattr(each, "simulated") else {}))
        for each in real
    ]
    await scoring.hear(*plain)
    assert (await scoring.head(CONTRACT))["simulated"] is False
    await scoring.hear(closed_wave(1, kind="completion", index=81))
    assert (await scoring.head(CONTRACT))["simulated"] is True


async def test_the_chain_holds_and_every_row_can_be_recomputed(scoring: Scoring) -> None:
    for event in complete_history():
        await scoring.hear(event)
    for framework_id in (SELF, QUESTIONS):
        page = await scoring.get(f"/v1/scores/{CONTRACT}/history", framework_id=framework_id)
        rows = list(reversed(page["items"]))
        assert [row["version"] for row in rows] == list(range(1, len(rows) + 1))
        previous: str | None = None
        for row in rows:
            assert row["previous_hash"] == previous
            assert sha256(canonical(row["content"])) == row["content_hash"]
            assert row["content"]["framework"] == find_framework(framework_id).hash
            recorded_at = datetime.fromisoformat(row["recorded_at"]).isoformat()
            link = [previous, row["content_hash"], recorded_at, row["causes"]]
            assert sha256(canonical(link)) == row["chain_hash"]
            previous = row["chain_hash"]
        stored = {
            (item["id"], item["sha256"]): item
            for item in (await scoring.get("/v1/evidence", contract_id=str(CONTRACT)))["items"]
        }
        for item, digest in rows[-1]["content"]["evidence"]:
            named = stored[item, digest]
            whole = {"body": named["body"], "id": item, "kind": named["kind"]}
            assert sha256(canonical(whole)) == digest


async def test_the_stored_content_is_the_text_that_was_hashed(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    for row in await scoring.rows("SELECT CAST(content AS text) AS content, content_hash FROM score_rows"):
        assert sha256(row.content) == row.content_hash


async def test_the_database_refuses_to_change_what_a_score_rests_on(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    for statement in (
        "DELETE FROM evidence",
        "DELETE FROM score_rows",
        "UPDATE evidence SET region = 'CN-310101'",
        "UPDATE score_rows SET region = 'CN-310101'",
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            async with scoring.database.transaction() as session:
                await session.execute(text(statement))


async def test_two_consumers_on_one_contract_do_not_lose_or_double(scoring: Scoring) -> None:
    """Two processes apply different facts at the same time: the contract's row lock orders them."""
    await scoring.hear(state("active", version=2))
    payments = [entry(number, "payment", amount=1_000) for number in range(1, 21)]

    async def apply(number: int) -> None:
        await deliver(
            scoring.database,
            contracts_subscription,
            [delivery(payments[number], subject=CONTRACT, region="CN-230102", seq=100 + number)],
        )

    await asyncio.gather(*(apply(number) for number in range(20)))
    head = await scoring.head(CONTRACT)
    explanation = await scoring.get(f"/v1/scores/{CONTRACT}/explanation", framework_id=SELF)
    assert explanation["tree"]["children"][0]["raw"] == "0.166667"
    assert head["version"] == 21
    rows = await scoring.rows(
        "SELECT previous_hash, chain_hash FROM score_rows WHERE framework_id = :f ORDER BY version", f=SELF
    )
    assert [row.previous_hash for row in rows[1:]] == [row.chain_hash for row in rows[:-1]]


async def test_a_failing_batch_leaves_nothing_half_done(scoring: Scoring) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError("after the score was written")

    async def finish(session: Any, events: Any) -> None:
        assert contracts_subscription.finish is not None
        await contracts_subscription.finish(session, events)
        await fail()

    failing = Subscription("contracts", contracts_subscription.handlers, finish)
    batch = [delivery(state("active", version=2), subject=CONTRACT, region="CN-230102", seq=1)]
    with pytest.raises(RuntimeError, match="after the score"):
        await deliver(scoring.database, failing, batch)
    for table in ("contracts", "evidence", "score_rows", "score_heads", "outbox", "inbox"):
        assert await scoring.rows(f"SELECT 1 FROM {table}") == []
    await deliver(scoring.database, contracts_subscription, batch)
    assert (await scoring.head(CONTRACT))["version"] == 1


async def test_the_explanation_adds_up_and_names_rules_and_evidence(scoring: Scoring) -> None:
    history = complete_history()
    await scoring.hear(*history)
    for framework_id in (SELF, QUESTIONS):
        explanation = await scoring.get(f"/v1/scores/{CONTRACT}/explanation", framework_id=framework_id)
        tree = explanation["tree"]
        assert tree["points"] == explanation["score"]
        assert tree["weight"] == "100.000000"
        parts = list(leaves(tree))
        lost = sum(micro(leaf["lost"]) for leaf in parts)
        assert lost == 100_000_000 - micro(explanation["score"])
        assert sum(micro(leaf["points"]) for leaf in parts) == micro(explanation["score"])
        for leaf in parts:
            assert leaf["source"]
            assert leaf["accountable"] in {"purchaser", "provider", "joint"}
            assert leaf["evidence"] or leaf["state"] != "evidence"
    tree = (await scoring.get(f"/v1/scores/{CONTRACT}/explanation", framework_id=QUESTIONS))["tree"]
    output = next(node for node in tree["children"] if node["node"] == "quality")["children"][0]["children"][0]
    assert output["node"] == "quality.output.O1"
    assert output["title"] == {"en": "indicator O1", "zh": "indicator O1"}
    assert (output["raw"], output["target"], output["unit"], output["normalised"]) == (
        "90.000000",
        "100",
        "%",
        "90.000000",
    )
    assert output["normaliser"]["kind"] == "baseline"


async def test_an_old_row_is_explained_by_its_own_evidence(scoring: Scoring) -> None:
    active = state("active", version=2)
    await scoring.hear(active, observation(1, active.indicators[0], value=50))
    await scoring.hear(state("active", version=3, indicators=active.indicators[:1]))
    path = f"/v1/scores/{CONTRACT}/explanation"
    old = await scoring.get(path, framework_id=SELF, version="1")
    new = await scoring.get(path, framework_id=SELF)
    names = [[leaf["node"] for leaf in leaves(each["tree"])] for each in (old, new)]
    assert names == [
        ["execution", "output.O1", "benefit.B1", "satisfaction.S1"],
        ["execution", "output.O1", "benefit", "satisfaction"],
    ]
    assert (await scoring.head(CONTRACT))["version"] == 2
    missing = await scoring.client.as_("finance").get(path, params={"framework_id": SELF, "version": "3"})
    assert missing.status_code == 404
    unknown = await scoring.client.as_("finance").get(path, params={"framework_id": "five-questions"})
    assert unknown.json()["type"] == "/problems/framework-not-found"


def leaves(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [leaf for child in node["children"] for leaf in leaves(child)] if node["children"] else [node]


def micro(figure: str) -> int:
    whole, _, places = figure.partition(".")
    return int(whole) * 10**6 + int(places)


async def test_history_pages_backwards(scoring: Scoring) -> None:
    await scoring.hear(state("active", version=2))
    for number in range(1, 5):
        await scoring.hear(entry(number, "payment", amount=1_000))
    path = f"/v1/scores/{CONTRACT}/history"
    first = await scoring.get(path, framework_id=SELF, limit="3")
    assert [row["version"] for row in first["items"]] == [5, 4, 3]
    second = await scoring.get(path, framework_id=SELF, limit="3", cursor=first["next"])
    assert [row["version"] for row in second["items"]] == [2, 1]
    assert second["next"] is None
    officer = scoring.client.as_("finance")
    wrong = await officer.get(path, params={"framework_id": SELF, "cursor": "WyJhIl0"})
    assert wrong.status_code == 422
    nothing = await officer.get(f"/v1/scores/{new_id()}/history", params={"framework_id": SELF})
    assert nothing.status_code == 404


async def test_get_scores_is_one_statement(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    async with count_statements(scoring.database) as seen:
        await scoring.head(CONTRACT)
    assert len(seen) == 1


async def test_evidence_is_listed_as_it_was_known(scoring: Scoring) -> None:
    history = complete_history()
    await scoring.hear(*history[:3])
    known = (await scoring.get("/v1/evidence", contract_id=str(CONTRACT)))["items"][-1]["received_at"]
    await scoring.hear(*history[3:])
    every = await scoring.get("/v1/evidence", contract_id=str(CONTRACT))
    assert len(every["items"]) == 8
    then = await scoring.get("/v1/evidence", contract_id=str(CONTRACT), known_at=known)
    assert [item["id"] for item in then["items"]] == [item["id"] for item in every["items"][:3]]
    ledger = await scoring.get("/v1/evidence", contract_id=str(CONTRACT), kind="ledger")
    assert {item["kind"] for item in ledger["items"]} == {"ledger"}
    pages, cursor = [], None
    while True:
        page = await scoring.get(
            "/v1/evidence", contract_id=str(CONTRACT), limit="3", **({"cursor": cursor} if cursor else {})
        )
        pages += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert pages == every["items"]
    officer = scoring.client.as_("finance")
    assert (await officer.get("/v1/evidence", params={"contract_id": str(new_id())})).status_code == 404
    for cursor in ("WzFd", "WyJhIiwgImIiLCAxXQ"):
        bad = await officer.get("/v1/evidence", params={"contract_id": str(CONTRACT), "cursor": cursor})
        assert bad.status_code == 422
