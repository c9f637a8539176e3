"""What is done with a determination after it was signed, and who sees it when."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.scoring.cases import AT, CONTRACT, closed_wave, complete_history, entry, ident
from tests.scoring.conftest import Scoring
from tests.scoring.evaluations.evaluation_steps import Steps
from tests.scoring.frameworks.framework_drafts import OWN, bring_into_force
from tests.scoring.scores.systems import POSTS, VOICE, document, indicator, manual, node

from scoring.determinations import queries, service
from scoring.determinations.errors import AlreadyDone, DeterminationNotInForce
from scoring.evidence.service import add_statements
from scoring.evidence.statements import Statement
from scoring.scores.rescore import SCORE_JOB
from shared import clock
from shared.events import DeterminationActed, WaveClosed
from shared.jobs import Worker
from shared.testing import events

PROOF = {"sha256": "b" * 64, "title": "a simulated receipt"}
APPEAL = ident(9, 1)


async def determined(scoring: Scoring, **body: Any) -> dict[str, Any]:
    answer = await scoring.determine(CONTRACT, **body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def serve(scoring: Scoring, made: dict[str, Any], **body: Any) -> httpx.Response:
    content = {"party": "provider", "method": "in_person", "served_at": made["issued_at"], "proof": PROOF} | body
    return await scoring.client.as_("finance").post(f"/v1/determinations/{made['id']}/service", json=content)


async def publish(scoring: Scoring, made: dict[str, Any], **body: Any) -> httpx.Response:
    return await scoring.client.as_("finance").post(f"/v1/determinations/{made['id']}/publication", json=body)


async def public(scoring: Scoring) -> list[str]:
    answer = await scoring.client.anonymous.get("/v1/determinations")
    assert answer.status_code == 200
    return [item["id"] for item in answer.json()["items"]]


async def test_it_takes_effect_on_service_and_is_public_after_publication(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    made = await determined(scoring)
    path = f"/v1/determinations/{made['id']}"
    for field in ("label", "probabilities", "p_grade_or_worse", "interval_lower", "uncertainty_hash", "provider_score"):
        assert made[field] is not None, field
    assert made["binding"]
    assert (made["point_grade"], made["capped_by"], made["effective_at"]) == (made["grade"], [], None)
    early = await publish(scoring, made)
    assert (early.status_code, early.json()["type"]) == (409, "/problems/determination-not-served")
    before = datetime.fromisoformat(made["issued_at"]) - timedelta(seconds=1)
    for wrong in (before, clock.now() + timedelta(hours=1)):
        refused = await serve(scoring, made, served_at=wrong.isoformat())
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/served_at")
    # The purchaser's copy changes nothing: the provider is concerned.
    assert (await serve(scoring, made, party="purchaser")).status_code == 201
    assert (await scoring.get(path))["effective_at"] is None
    assert (await serve(scoring, made)).status_code == 201
    twice = await serve(scoring, made)
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/determination-act-done")
    job = await scoring.rows("SELECT key FROM job WHERE kind = :kind", kind=service.IN_EFFECT)
    assert [each.key for each in job] == [made["id"]]
    assert await public(scoring) == []
    assert (await scoring.client.as_("evaluator").get(path)).status_code == 404
    assert (await publish(scoring, made)).status_code == 201
    assert (await publish(scoring, made)).json()["type"] == "/problems/determination-act-done"
    assert await public(scoring) == [made["id"]]
    seen = (await scoring.client.anonymous.get(path)).json()
    assert (seen["signed_by"], seen["would_now_be"], seen["grade"]) == (None, None, made["grade"])
    acts = await scoring.get(f"{path}/acts")
    assert [(act["kind"], act["party"]) for act in acts] == [
        ("service", "purchaser"),
        ("service", "provider"),
        ("publication", None),
    ]
    told = [each.data for each in await events(scoring.database) if each.type == DeterminationActed.TYPE]
    assert [each["kind"] for each in told] == ["service", "service", "publication"]
    with pytest.raises(DBAPIError, match="append-only"):
        async with scoring.database.transaction() as session:
            await session.execute(text("DELETE FROM determination_acts"))


async def test_a_public_notice_counts_as_served_thirty_days_later(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    made = await determined(scoring)
    answer = await serve(scoring, made, method="public_notice")
    served = datetime.fromisoformat(made["issued_at"])
    assert datetime.fromisoformat(answer.json()["effective_at"]) == served + timedelta(days=30)
    waiting = await publish(scoring, made)
    assert waiting.json()["type"] == "/problems/determination-not-served"
    async with scoring.database.reading() as session:
        standing = await queries.standing(session, UUID(made["id"]))
    assert not standing.in_effect(served + timedelta(days=29))
    assert standing.in_effect(served + timedelta(days=30))


async def test_an_appeal_suspends_and_annuls(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    made = await determined(scoring)
    determination_id = UUID(made["id"])
    await serve(scoring, made)

    async def act(name: str, reason: str = "a simulated appeal") -> None:
        async with scoring.database.transaction() as session:
            await getattr(service, name)(session, determination_id, appeal_id=APPEAL, reason=reason)

    await act("suspend")
    withheld = await publish(scoring, made)
    assert (withheld.status_code, withheld.json()["appeals"]) == (409, [str(APPEAL)])
    await act("release")
    assert (await publish(scoring, made)).status_code == 201
    assert await public(scoring) == [made["id"]]
    await act("suspend")
    assert await public(scoring) == []
    with pytest.raises(AlreadyDone):
        await act("suspend")
    seen = await scoring.get(f"/v1/determinations/{made['id']}")
    assert seen["suspended_by"] == [str(APPEAL)]
    await act("release")
    with pytest.raises(AlreadyDone):
        await act("release")
    assert await public(scoring) == [made["id"]]
    await act("annul")
    assert await scoring.get("/v1/determinations", in_force="true") == {"items": [], "next": None}
    with pytest.raises(DeterminationNotInForce):
        await act("annul")
    assert (await serve(scoring, made, party="purchaser")).json()["type"] == "/problems/determination-not-in-force"
    # What was annulled is followed by one that names it, so that the line has no gap.
    without = await scoring.determine(CONTRACT)
    assert without.json()["type"] == "/problems/determination-exists"
    await scoring.hear(entry(9, "deduction", amount=6_000))
    second = await determined(scoring, replaces=made["id"], reason="remitted: a deduction was booked late")
    standing = await scoring.get("/v1/determinations", in_force="true", stage="completion")
    assert [item["id"] for item in standing["items"]] == [second["id"]]
    gone = await publish(scoring, made)
    assert (gone.status_code, gone.json()["determination_id"]) == (409, second["id"])


async def test_a_thousand_further_ratings_change_nothing(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    made = await determined(scoring)
    generator = random.Random(20261123)
    marks = [
        Statement(
            kind="rating",
            measure=f"criterion-{number % 5}",
            value=generator.uniform(0, 100),
            dist="normal",
            se=3.0,
            valid_on=date(2026, 8, 1),
            source="simulated",
            simulated=True,
        )
        for number in range(1_000)
    ]
    async with scoring.database.transaction() as session:
        await add_statements(session, contract_id=CONTRACT, statements=[(mark, None) for mark in marks])
    assert await Worker(scoring.database, [SCORE_JOB]).run_one()
    (ratings,) = await scoring.rows("SELECT count(*) AS n FROM evidence WHERE kind = 'rating'")
    assert ratings.n == 1_000
    assert await scoring.get(f"/v1/determinations/{made['id']}") == made


async def test_a_panel_needs_a_third_evaluation(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    panel = {
        "evaluation_id": str(ident(9, 2)),
        "members": 3,
        "decided_on": "2026-08-01",
        "reasons": "a simulated reason",
        "document": PROOF,
    }
    answer = await scoring.determine(CONTRACT, panel=panel)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/panel-unfounded")
    two = await scoring.determine(CONTRACT, panel=panel | {"members": 2})
    assert (two.status_code, two.json()["errors"][0]["pointer"]) == (422, "/panel/members")


async def test_an_undetermined_grade_binds_only_by_a_panel(scoring: Scoring) -> None:
    """About 90 points with a wide margin: excellent or good, nobody can say."""
    unsure = closed_wave(1, kind="completion", index=50.0, status="caution")
    estimates = [each.model_copy(update={"se": 20.0}) for each in unsure.estimates]
    await scoring.hear(*complete_history()[:-1], unsure.model_copy(update={"estimates": tuple(estimates)}))
    made = await determined(scoring)
    assert (made["label"], made["binding"]) == ("undetermined", False)
    assert Decimal("0.3") < Decimal(made["p_grade"]) < Decimal("0.7")
    assert Decimal(made["interval_lower"]) < Decimal(90) < Decimal(made["interval_upper"])

    steps = Steps(scoring)
    await steps.register(4)
    await steps.planned(1, contract_ids=[str(CONTRACT)], per_case=3)
    await steps.drawn()
    await steps.rate_all()
    await steps.post(f"/evaluations/{steps.id}/close", {}, expect=200)
    (case,) = await steps.cases()
    panel = {
        "evaluation_id": steps.id,
        "members": 3,
        "decided_on": "2026-08-01",
        "reasons": "the third evaluator saw what the margin hides",
        "document": PROOF,
    }
    correction = {"replaces": made["id"], "reason": "a panel decided", "panel": panel}
    early = await scoring.determine(CONTRACT, **correction)
    assert (early.status_code, early.json()["type"]) == (409, "/problems/panel-unfounded")
    await steps.post(f"/evaluations/{steps.id}/exchange", expect=200)
    for role, organisation in (("provider", ident(4, 2)), ("purchaser", ident(4, 1))):
        view = {"agrees": True, "statement": "we agree"}
        await steps.post(f"/evaluations/cases/{case['id']}/views", view, role=role, organisation=organisation)
    conclusion = {"conclusion": "sound"}
    await steps.post(
        f"/evaluations/cases/{case['id']}/conclude", conclusion, role="evaluator", subject="evaluator-3", expect=200
    )
    decided = await determined(scoring, **correction)
    assert (decided["label"], decided["binding"], decided["adverse_allowed"]) == ("undetermined", True, True)
    assert decided["grade"] == made["grade"]
    assert decided["panel"]["reasons"] == panel["reasons"]


def heard(number: int, index: float, se: float) -> WaveClosed:
    """A closed wave with a margin of error; simulated."""
    wave = closed_wave(number, kind="completion", index=index, closed_at=AT + timedelta(days=number))
    return wave.model_copy(update={"estimates": tuple(each.model_copy(update={"se": se}) for each in wave.estimates)})


async def test_a_gate_that_may_be_crossed_or_not_holds(scoring: Scoring) -> None:
    voice = indicator(VOICE, POSTS, type="satisfaction", accountable="joint")
    reach = indicator(manual("reach"), POSTS, missing="zero")
    nodes = [node("voice", 40, indicator=voice), node("reach", 60, indicator=reach)]
    await bring_into_force(scoring, document(id=OWN, nodes=nodes))
    await scoring.hear(*complete_history()[:-1], heard(1, 58.0, 5.0))
    thin = await scoring.determine(CONTRACT, framework_id=OWN)
    assert (thin.status_code, thin.json()["type"]) == (409, "/problems/coverage-too-low")
    assert thin.json()["nodes"]
    full = Statement(
        kind="manual", measure="reach", value=100, valid_on=date(2026, 8, 1), source="simulated", simulated=True
    )
    async with scoring.database.transaction() as session:
        await add_statements(session, contract_id=CONTRACT, statements=[(full, None)])
    assert await Worker(scoring.database, [SCORE_JOB]).run_one()
    held = await scoring.determine(CONTRACT, framework_id=OWN)
    assert (held.status_code, held.json()["type"]) == (409, "/problems/gate-uncertain")
    (gate,) = held.json()["gates"]
    assert (gate["gate"], gate["node"]) == ("voice_gate", "voice")
    assert Decimal("0.5") < Decimal(gate["probability"]) < Decimal("0.9")
    await scoring.hear(heard(2, 55.0, 1.0))
    made = await determined(scoring, framework_id=OWN)
    assert (made["point_grade"], made["grade"], made["capped_by"]) == ("good", "fair", ["gate:voice_gate"])
    assert (made["label"], made["adverse_allowed"], made["provider_grade"]) == ("firm", True, "excellent")
