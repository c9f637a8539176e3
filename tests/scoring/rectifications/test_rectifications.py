"""Rectifications: opened by a result or by hand, reported, resolved, and what follows. All contracts are simulated."""

from datetime import timedelta
from typing import Any

import httpx
from tests.scoring.cases import CONTRACT, ident
from tests.scoring.conftest import Scoring
from tests.scoring.following import DOCUMENT, NOW, history, in_effect, provider_of, purchaser_of, uses

from shared import clock
from shared.events import RectificationResolved
from shared.testing import events

REPORT = {"words": "two helpers more since October", "document": DOCUMENT}


def resolution(kind: str, **results: str) -> dict[str, Any]:
    named = [{"code": code, "result": result} for code, result in results.items()]
    return {"resolution": kind, "results": named, "words": "seen on the spot", "document": DOCUMENT}


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rsplit("/", 1)[1]


async def opened(scoring: Scoring) -> str:
    await scoring.hear(*history())
    await in_effect(scoring)
    (found,) = (await scoring.get("/v1/rectifications", contract_id=str(CONTRACT)))["items"]
    rectification_id: str = found["id"]
    return f"/v1/rectifications/{rectification_id}"


async def test_a_poor_result_is_put_right_partly(scoring: Scoring) -> None:
    with clock.frozen(NOW):
        path = await opened(scoring)
        provider, auditor = provider_of(scoring), scoring.client.as_("auditor", subject="auditor-1")
        early = await auditor.post(f"{path}/resolve", json=resolution("none", grade="not_eliminated"))
        assert refusal(early) == (409, "rectification-report-awaited")
        assert early.json()["possible_on"] == "2026-09-29"  # working day 5; the 25th is a holiday
        assert refusal(await purchaser_of(scoring).post(f"{path}/report", json=REPORT)) == (
            403,
            "not-the-responsible-party",
        )
        stranger = provider_of(scoring, organisation=ident(4, 9))
        assert (await stranger.post(f"{path}/report", json=REPORT)).status_code == 404
        reported = await provider.post(f"{path}/report", json=REPORT)
        assert (reported.status_code, reported.json()["reported_at"]) == (200, "2026-09-21T02:00:00Z")
        wrong = await auditor.post(f"{path}/resolve", json=resolution("partly", other="eliminated"))
        assert wrong.status_code == 422
        same = scoring.client.as_("auditor", "provider", subject="provider-1")
        assert refusal(await same.post(f"{path}/resolve", json=resolution("none", grade="not_eliminated"))) == (
            409,
            "second-person-needed",
        )
        mixed = resolution("completely", grade="not_eliminated")
        assert (await auditor.post(f"{path}/resolve", json=mixed)).status_code == 422
        done = await auditor.post(f"{path}/resolve", json=resolution("none", grade="no_mechanism"))
        assert done.status_code == 200, done.text
        after = await uses(scoring)
        # Not put right at all: the budget is cut, and withheld until it is.
        assert {use["rule"] for use in after.values() if use["id"] in done.json()["effects"]} == {
            "cut-unrectified",
            "withhold-unrectified",
        }
        assert (after["improve"]["state"], after["improve"]["decision"]) == ("applied", "not_improved")
        assert refusal(await auditor.post(f"{path}/resolve", json=resolution("none", grade="no_mechanism"))) == (
            409,
            "rectification-state-conflict",
        )
        running = await auditor.post(f"{path}/complete", json={"reason": "judged"})
        assert refusal(running) == (409, "elimination-period-runs")
        clock.advance(timedelta(days=22))
        auditor = scoring.client.as_("auditor", subject="auditor-1")
        ended = await auditor.post(f"{path}/complete", json={"reason": "judged"})
        assert (ended.json()["state"], ended.json()["due_on"], ended.json()["actions"]) == ("completed", None, [])
        assert [step["kind"] for step in ended.json()["history"]] == ["opened", "reported", "resolved", "completed"]
        told = [each.data for each in await events(scoring.database) if each.type == RectificationResolved.TYPE]
        assert [(each["resolution"], len(each["effects"])) for each in told] == [("none", 2)]


async def test_what_is_put_right_leads_to_nothing_more(scoring: Scoring) -> None:
    with clock.frozen(NOW):
        path = await opened(scoring)
        before = set(await uses(scoring))
        # Without a report it is judged from working day 5 on.
        clock.advance(timedelta(days=8))
        judged = await scoring.client.as_("finance").post(
            f"{path}/resolve", json=resolution("completely", grade="eliminated")
        )
        assert (judged.status_code, judged.json()["effects"]) == (200, [])
        after = await uses(scoring)
        assert set(after) == before
        assert (after["improve"]["decision"], after["improve"]["document_sha256"]) == ("improved", DOCUMENT["sha256"])


async def test_a_matter_opened_by_hand(scoring: Scoring) -> None:
    with clock.frozen(NOW):
        await scoring.hear(*history())
        finance = scoring.client.as_("finance")
        body = {"contract_id": str(CONTRACT), "cause": "media", "responsible": "provider", "demand": "opening hours"}
        for bad in ({"cause": "finding"}, {"cause": "determination"}, {"finding_id": str(ident(9, 1))}):
            assert (await finance.post("/v1/rectifications", json=body | bad)).status_code == 422
        unknown = await finance.post("/v1/rectifications", json=body | {"contract_id": str(ident(1, 99))})
        assert unknown.status_code == 404
        draft = await finance.post("/v1/rectifications", json=body)
        path = draft.headers["location"]
        assert (await provider_of(scoring).get(path)).status_code == 404  # a draft is the authority's own
        assert refusal(await finance.post(f"{path}/close", json={"reason": "x"})) == (
            409,
            "rectification-state-conflict",
        )
        active = await finance.post(f"{path}/activate", json={"reason": "reported twice"})
        assert (active.json()["state"], active.json()["clock"], active.json()["due_on"]) == (
            "active",
            "monitor",
            "2026-10-19",
        )
        question = (await finance.post(f"{path}/posts", json={"words": "since when?"})).json()
        assert (question["kind"], question["reply_by"]) == ("question", "2026-09-24")
        answer = {"words": "since July", "answers": question["id"]}
        assert (await provider_of(scoring).post(f"{path}/posts", json=answer)).json()["side"] == "provider"
        lost = answer | {"answers": str(ident(9, 9))}
        assert (await provider_of(scoring).post(f"{path}/posts", json=lost)).status_code == 422
        nothing = {"findings": [], "words": "the hours were kept", "document": DOCUMENT}
        undemanded = nothing | {"findings": [{"code": "hours", "text": "closed on Mondays"}]}
        assert (await finance.post(f"{path}/conclude", json=undemanded)).status_code == 422
        declined = await finance.post(f"{path}/conclude", json=nothing)
        assert (declined.json()["state"], declined.json()["due_on"]) == ("declined", "2026-09-24")
        assert refusal(await finance.post(f"{path}/close", json={"reason": "x"})) == (409, "elimination-period-runs")
        clock.advance(timedelta(days=4))
        finance = scoring.client.as_("finance")
        assert (await finance.post(f"{path}/close", json={"reason": "over"})).json()["state"] == "closed"


async def test_a_stopped_matter_is_taken_up_again(scoring: Scoring) -> None:
    with clock.frozen(NOW):
        await scoring.hear(*history())
        finance = scoring.client.as_("finance")
        body = {"contract_id": str(CONTRACT), "cause": "public", "responsible": "purchaser", "demand": "hours"}
        path = (await finance.post("/v1/rectifications", json=body)).headers["location"]
        await finance.post(f"{path}/activate", json={"reason": "x"})
        findings = {
            "findings": [{"code": "hours", "text": "closed on Mondays"}],
            "demand": "open on Mondays",
            "words": "visited",
            "document": DOCUMENT,
        }
        found = await finance.post(f"{path}/conclude", json=findings, headers={"If-Match": '"2"'})
        assert (found.json()["state"], found.json()["clock"]) == ("addressed", "report")
        assert (
            await finance.post(f"{path}/stop", json={"reason": "x"}, headers={"If-Match": '"2"'})
        ).status_code == 412
        stopped = await finance.post(f"{path}/stop", json={"reason": "a court has it"})
        assert (stopped.json()["state"], stopped.json()["due_on"], stopped.json()["actions"]) == (
            "stopped",
            None,
            ["resume"],
        )
        resumed = await finance.post(f"{path}/resume", json={"reason": "the court has decided"})
        assert (resumed.json()["state"], resumed.json()["clock"]) == ("active", "monitor")
        await finance.post(f"{path}/conclude", json=findings)
        # The purchaser is responsible: it reports, and does not judge itself.
        assert (await purchaser_of(scoring).post(f"{path}/report", json=REPORT)).status_code == 200
        own = purchaser_of(scoring, subject="purchaser-2")
        assert refusal(await own.post(f"{path}/resolve", json=resolution("completely", hours="eliminated"))) == (
            403,
            "not-the-responsible-party",
        )
        judged = await finance.post(f"{path}/resolve", json=resolution("completely", hours="eliminated"))
        assert judged.json()["resolution"] == "completely"
