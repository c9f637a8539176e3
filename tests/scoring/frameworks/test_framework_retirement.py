"""A retired framework: its scores leave the live answers, stay in the history, and say what took its place."""

from typing import Any
from uuid import UUID

from tests.scoring.cases import complete_history, renamed
from tests.scoring.conftest import SELF, Scoring, contract_of
from tests.scoring.frameworks.framework_drafts import OWN, act, bring_into_force, officer, own_document, register

from scoring.scores.framework_changes import FRAMEWORK_JOB
from scoring.scores.queries import next_heads
from scoring.scores.rescore import RESCORE_JOB
from shared.events import ScoreStanding
from shared.ids import new_id
from shared.jobs import Worker
from shared.testing import events


async def rescored(scoring: Scoring) -> None:
    worker = Worker(scoring.database, [FRAMEWORK_JOB, RESCORE_JOB])
    while await worker.run_one():
        pass


async def scores(scoring: Scoring, contract_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = await scoring.get(f"/v1/scores/{contract_id}")
    return found


async def told(scoring: Scoring, contract_id: UUID) -> list[tuple[str, int, bool]]:
    """What listeners heard about scores that are live no more, or again."""
    found = [each.data for each in await events(scoring.database) if each.type == ScoreStanding.TYPE]
    return [
        (each["framework_id"], each["version"], each["live"])
        for each in found
        if each["contract_id"] == str(contract_id)
    ]


async def test_scores_under_a_retired_framework_are_live_no_more(scoring: Scoring) -> None:
    history = renamed(complete_history(), new_id())
    contract_id = contract_of(history[0])
    await bring_into_force(scoring, own_document(parent="common-core"))
    await scoring.hear(*history)
    before = await scores(scoring, contract_id)
    assert [item["framework_id"] for item in before["items"]] == [SELF, "four-questions", OWN]
    assert before["retired"] == []
    author = officer(scoring, "officer-1")
    refused = await act(author, "retire", "1.0.0", reason="simulated", replaced_by="cn-department")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/replaced_by")  # offered only
    retired = await act(author, "retire", "1.0.0", reason="simulated", replaced_by=SELF)
    assert retired.status_code == 200, retired.text
    named = retired.json()["replaced_by"]
    assert named.startswith(f"{SELF}@")
    assert (await scoring.get(f"/v1/frameworks/{OWN}", version="1.0.0"))["replaced_by"] == named

    await rescored(scoring)
    after = await scores(scoring, contract_id)
    assert [item["framework_id"] for item in after["items"]] == [SELF, "four-questions"]
    (old,) = after["retired"]
    last = next(item for item in before["items"] if item["framework_id"] == OWN)
    assert {name: old[name] for name in ("framework_id", "version", "score", "grade")} == {
        name: last[name] for name in ("framework_id", "version", "score", "grade")
    }
    assert old["replaced_by"] == named
    refused = await scoring.determine(contract_id, framework_id=OWN)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/score-not-head")
    history_rows = await scoring.get(f"/v1/scores/{contract_id}/history", framework_id=OWN)
    assert len(history_rows["items"]) == last["version"]
    async with scoring.database.reading() as session:
        live = await next_heads(session, after=(UUID(int=0), ""), limit=10)
    assert {head.framework_id for head in live} == {SELF, "four-questions"}  # a snapshot says the same

    assert await told(scoring, contract_id) == [(OWN, last["version"], False)]

    # Neither an event nor a bulk re-scoring touches it, and it is not told again.
    await scoring.hear(*(each.model_copy(update={"version": 9}) for each in history[-1:] if hasattr(each, "version")))
    again = (await scores(scoring, contract_id))["retired"]
    assert again == [old]
    assert len(await told(scoring, contract_id)) == 1
    follower = own_document(framework_id="heilongjiang-follower") | {
        "inherits": {"id": OWN, "version": "1.0.0", "hash": retired.json()["hash"]}
    }
    answer = await register(author, follower)
    assert answer.status_code == 422
    assert "is retired" in answer.text


async def test_a_score_comes_back_with_a_new_version_and_goes_on_in_its_chain(scoring: Scoring) -> None:
    history = renamed(complete_history(), new_id())
    contract_id = contract_of(history[0])
    await bring_into_force(scoring, own_document(parent="common-core"))
    await scoring.hear(*history)
    await act(officer(scoring, "officer-1"), "retire", "1.0.0", reason="simulated")
    await rescored(scoring)
    assert (await scores(scoring, contract_id))["retired"][0]["replaced_by"] is None
    await bring_into_force(scoring, own_document("1.1.0", parent="common-core"))
    await rescored(scoring)
    back = await scores(scoring, contract_id)
    assert back["retired"] == []
    rows = (await scoring.get(f"/v1/scores/{contract_id}/history", framework_id=OWN))["items"]
    assert rows[0]["framework_version"] == "1.1.0"
    assert rows[0]["previous_hash"] == rows[1]["chain_hash"]
    assert [live for _, _, live in await told(scoring, contract_id)] == [False, True]
