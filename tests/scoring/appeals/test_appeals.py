"""Appeals: who may, until when, what waits meanwhile, who decides, and what each outcome leads to. All simulated."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.scoring.calibrations.calibration_steps import careful, closed, entered, opened, rated
from tests.scoring.cases import CONTRACT, closed_wave, ident
from tests.scoring.conftest import Scoring
from tests.scoring.evaluations.evaluation_steps import Steps, contract_id
from tests.scoring.following import (
    DOCUMENT,
    NOW,
    determined,
    history,
    in_effect,
    job_run,
    provider_of,
    purchaser_of,
    run_jobs,
    serve,
    uses,
)

from scoring.appeals.service import decide
from scoring.calibrations.models import CalibrationDecision, CalibrationFlag, CalibrationRound
from shared import clock
from shared.events import AppealDecided, AppealFiled, ClockOverdue, ContractActivated
from shared.testing import events

WAITING = {"cut", "payment", "budget", "publish"}


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rsplit("/", 1)[1]


def against(determination: dict[str, Any]) -> dict[str, Any]:
    return {"against": "determination", "against_id": determination["id"], "grounds": "the visits of May are missing"}


def decision(outcome: str, **fields: Any) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "reasons": "heard on the spot",
        "decision_number": "模拟复〔2026〕3号",
        "document": DOCUMENT,
    } | fields


def decider(scoring: Scoring) -> httpx.AsyncClient:
    return scoring.client.as_("finance", subject="reviewer-1")


async def filed(scoring: Scoring) -> tuple[dict[str, Any], str]:
    """A determination in effect and the path of the provider's appeal against it."""
    await scoring.hear(*history())
    made = await in_effect(scoring)
    answer = await provider_of(scoring).post("/v1/appeals", json=against(made))
    assert answer.status_code == 201, answer.text
    return made, answer.headers["location"]


async def states(scoring: Scoring) -> dict[str, str]:
    return {rule: use["state"] for rule, use in (await uses(scoring)).items()}


async def test_who_may_appeal_and_until_when(scoring: Scoring) -> None:
    with clock.frozen(NOW):
        await scoring.hear(*history())
        made = await determined(scoring)
        early = await provider_of(scoring).post("/v1/appeals", json=against(made))
        assert refusal(early) == (409, "appeal-not-served-yet")
        await serve(scoring, made["id"])
        stranger = provider_of(scoring, organisation=ident(4, 9))
        assert refusal(await stranger.post("/v1/appeals", json=against(made))) == (403, "not-a-party-to-the-case")
        foreign = scoring.client.as_("purchaser", regions=["CN-31"])
        assert refusal(await foreign.post("/v1/appeals", json=against(made))) == (404, "determination-not-found")
        flag = against(made) | {"against": "flag_decision"}
        assert (await provider_of(scoring).post("/v1/appeals", json=flag)).status_code == 422
        flag |= {"contract_id": str(CONTRACT), "round_id": str(ident(9, 1))}
        assert refusal(await provider_of(scoring).post("/v1/appeals", json=flag)) == (404, "flag-decision-not-found")
        one = await provider_of(scoring).post("/v1/appeals", json=against(made))
        # 15 working days to file, 10 to decide; the holidays lie between.
        assert (one.json()["side"], one.json()["file_by"], one.json()["decide_by"]) == (
            "provider",
            "2026-10-19",
            "2026-10-12",
        )
        path = one.headers["location"]
        marks = await provider_of(scoring).get(f"{path}/marks")
        assert marks.json() == {"contract_id": str(CONTRACT), "raw": [], "calibrated": []}
        for hidden in (path, f"{path}/marks"):
            assert (await stranger.get(hidden)).status_code == 404
        assert (await stranger.get("/v1/appeals")).json()["items"] == []
        assert len((await provider_of(scoring).get("/v1/appeals")).json()["items"]) == 1
        twice = await provider_of(scoring).post("/v1/appeals", json=against(made))
        assert refusal(twice) == (409, "appeal-pending")
        assert (await purchaser_of(scoring).post("/v1/appeals", json=against(made))).json()["side"] == "purchaser"
        await scoring.hear(*history(contract=ident(0, 2)))
        second = await in_effect(scoring, ident(0, 2))
        clock.advance(timedelta(days=29))  # 20 October
        late = await provider_of(scoring).post("/v1/appeals", json=against(second))
        assert refusal(late) == (409, "appeal-period-over")
        assert late.json()["file_by"] == "2026-10-19"


async def test_an_appeal_suspends_publication_and_money_until_it_is_upheld(scoring: Scoring) -> None:
    with clock.frozen(NOW):
        made, path = await filed(scoring)
        found = await states(scoring)
        assert {rule for rule, state in found.items() if state == "suspended"} == WAITING
        assert {state for rule, state in found.items() if rule not in WAITING} == {"open"}
        publication = f"/v1/determinations/{made['id']}/publication"
        refused = await scoring.client.as_("finance").post(publication, json={})
        assert refusal(refused) == (409, "determination-suspended")
        cut = (await uses(scoring))["cut"]
        body = {"decision": "not_cut", "document": DOCUMENT}
        assert (
            await scoring.client.as_("finance").post(f"/v1/results/{cut['id']}/apply", json=body)
        ).status_code == 409
        clock.advance(timedelta(days=2))
        # The signer and the appellant do not decide.
        for subject, roles in (("officer-7", ("finance",)), ("provider-1", ("finance",))):
            barred = await scoring.client.as_(*roles, subject=subject).post(f"{path}/decide", json=decision("upheld"))
            assert refusal(barred) == (409, "appeal-decider-barred")
        stale = await decider(scoring).post(f"{path}/decide", json=decision("upheld"), headers={"If-Match": '"9"'})
        assert stale.status_code == 412
        done = await decider(scoring).post(f"{path}/decide", json=decision("upheld"))
        assert (done.json()["outcome"], done.json()["decided_by"], done.json()["suspends"]) == (
            "upheld",
            "reviewer-1",
            False,
        )
        resumed = await uses(scoring)
        assert {use["state"] for use in resumed.values()} == {"open"}
        # Two working days were lost, two are added: 26 October becomes 28 October.
        assert (cut["due_on"], resumed["cut"]["due_on"]) == ("2026-10-26", "2026-10-28")
        assert (await scoring.client.as_("finance").post(publication, json={})).status_code in {200, 201}
        proof = {"served_at": clock.now().isoformat(), "proof": DOCUMENT}
        served = await decider(scoring).post(f"{path}/serve", json=proof)
        assert served.json()["proof_of_service"] == DOCUMENT["sha256"]
        assert refusal(await decider(scoring).post(f"{path}/serve", json=proof)) == (409, "appeal-state-conflict")
        assert refusal(await decider(scoring).post(f"{path}/decide", json=decision("annulled"))) == (
            409,
            "appeal-state-conflict",
        )
        seen = (await provider_of(scoring).get(path)).json()
        assert [step["kind"] for step in seen["history"]] == ["filed", "decided", "served"]
        told = [each.type for each in await events(scoring.database) if "appeal" in each.type]
        assert (told[0], AppealDecided.TYPE in told) == (AppealFiled.TYPE, True)


async def test_a_reasoned_order_lifts_the_suspension(scoring: Scoring) -> None:
    with clock.frozen(NOW):
        _, path = await filed(scoring)
        order = {"suspends": False, "reason": "the money would lapse with the year", "document": DOCUMENT}
        signer = scoring.client.as_("finance", subject="officer-7")
        assert refusal(await signer.post(f"{path}/suspension", json=order)) == (409, "appeal-decider-barred")
        lifted = await decider(scoring).post(f"{path}/suspension", json=order)
        assert (lifted.status_code, lifted.json()["suspends"]) == (200, False)
        assert set((await states(scoring)).values()) == {"open"}
        assert refusal(await decider(scoring).post(f"{path}/suspension", json=order)) == (409, "appeal-state-conflict")
        again = await decider(scoring).post(f"{path}/suspension", json=order | {"suspends": True})
        assert again.json()["suspends"] is True
        assert (await states(scoring))["cut"] == "suspended"


async def test_two_appeals_suspend_until_both_are_over(scoring: Scoring) -> None:
    with clock.frozen(NOW):
        made, path = await filed(scoring)
        other = (await purchaser_of(scoring).post("/v1/appeals", json=against(made))).headers["location"]
        withdrawn = {"reason": "settled"}
        assert refusal(await purchaser_of(scoring).post(f"{path}/withdraw", json=withdrawn)) == (
            403,
            "not-a-party-to-the-case",
        )
        assert (await provider_of(scoring).post(f"{path}/withdraw", json=withdrawn)).json()["state"] == "withdrawn"
        assert (await states(scoring))["cut"] == "suspended"
        await decider(scoring).post(f"{other}/decide", json=decision("upheld"))
        assert (await states(scoring))["cut"] == "open"


async def test_nobody_replaces_a_determination_past_its_appeal(scoring: Scoring) -> None:
    """The suspension of money would end with it, and whoever decided first would decide again."""
    with clock.frozen(NOW):
        made, path = await filed(scoring)
        corrected = {"replaces": made["id"], "reason": "a slip of the pen"}
        evading = await scoring.determine(CONTRACT, **corrected)
        assert refusal(evading) == (409, "determination-suspended")
        assert evading.json()["appeals"] == [path.rsplit("/", 1)[1]]
        assert (await states(scoring))["cut"] == "suspended"
        await decider(scoring).post(f"{path}/decide", json=decision("changed"))
        evading = await scoring.determine(CONTRACT, **corrected)
        assert refusal(evading) == (409, "determination-suspended")
        assert f"POST {path}/determination" in evading.json()["detail"]
        carried = await decider(scoring).post(f"{path}/determination", json={"document_number": "模拟认定〔2026〕9号"})
        assert carried.status_code == 201, carried.text
        # What came of the appeal is corrected like any other determination.
        new = carried.json()["new_determination_id"]
        assert (await scoring.determine(CONTRACT, replaces=new, reason="a slip of the pen")).status_code == 201


async def test_a_changed_result_is_determined_anew(scoring: Scoring) -> None:
    with clock.frozen(NOW):
        made, path = await filed(scoring)
        numbered = {"document_number": "模拟认定〔2026〕9号"}
        assert refusal(await decider(scoring).post(f"{path}/determination", json=numbered)) == (
            409,
            "appeal-state-conflict",
        )
        # No evaluator has rated the case: there is no mark to correct.
        correction = {"evaluator_id": str(ident(9, 1)), "criterion": "access", "mark": "80", "reason": "misread"}
        marked = await decider(scoring).post(f"{path}/decide", json=decision("changed", corrections=[correction]))
        assert (marked.status_code, marked.json()["errors"][0]["pointer"]) == (422, "/corrections")
        await scoring.hear(closed_wave(2, kind="completion", index=88.0, closed_at=NOW))
        changed = await decider(scoring).post(f"{path}/decide", json=decision("changed"))
        assert (changed.json()["clock"], changed.json()["due_on"]) == ("refile", "2026-09-29")
        assert (await states(scoring))["cut"] == "suspended"  # until the new determination is there
        signer = scoring.client.as_("finance", subject="officer-7")
        assert refusal(await signer.post(f"{path}/determination", json=numbered)) == (409, "appeal-decider-barred")
        carried = await decider(scoring).post(f"{path}/determination", json=numbered)
        assert carried.status_code == 201, carried.text
        new = await scoring.get(carried.headers["location"])
        assert (new["replaces"], new["appeal_id"], new["signed_by"]) == (
            made["id"],
            carried.json()["id"],
            "reviewer-1",
        )
        assert set((await states(scoring)).values()) == {"void"}
        await run_jobs(scoring)
        await serve(scoring, new["id"])
        assert {use["determination_id"] for use in (await uses(scoring)).values()} == {new["id"]}


async def test_an_annulled_determination_demands_nothing(scoring: Scoring) -> None:
    with clock.frozen(NOW):
        made, path = await filed(scoring)
        done = await decider(scoring).post(f"{path}/decide", json=decision("annulled"))
        assert (done.json()["outcome"], done.json()["due_on"]) == ("annulled", None)
        await run_jobs(scoring)
        assert set((await states(scoring)).values()) == {"void"}
        (rectification,) = (await scoring.get("/v1/rectifications"))["items"]
        assert rectification["state"] == "stopped"
        again = await purchaser_of(scoring).post("/v1/appeals", json=against(made))
        assert refusal(again) == (409, "determination-not-in-force")


async def test_the_public_does_not_read_what_was_annulled(scoring: Scoring) -> None:
    """Also where an order let the publication go on before the decision."""
    with clock.frozen(NOW):
        made, path = await filed(scoring)
        order = {"suspends": False, "reason": "nothing would be lost", "document": DOCUMENT}
        assert (await decider(scoring).post(f"{path}/suspension", json=order)).status_code == 200
        published = await scoring.client.as_("finance").post(f"/v1/determinations/{made['id']}/publication", json={})
        assert published.status_code == 201, published.text
        public = scoring.client.as_("public")
        assert (await public.get(f"/v1/determinations/{made['id']}")).status_code == 200
        assert (await decider(scoring).post(f"{path}/decide", json=decision("annulled"))).status_code == 200
        assert (await public.get(f"/v1/determinations/{made['id']}")).status_code == 404
        assert (await public.get("/v1/determinations")).json()["items"] == []
        assert (await provider_of(scoring).get(f"/v1/determinations/{made['id']}")).status_code == 200


async def test_a_remitted_case_goes_back_and_its_clock_is_told(scoring: Scoring) -> None:
    with clock.frozen(NOW):
        made, path = await filed(scoring)
        await decider(scoring).post(f"{path}/decide", json=decision("remitted"))
        clock.advance(timedelta(days=9))
        await job_run(scoring, "scoring.appeal_clocks")
        await job_run(scoring, "scoring.appeal_clocks")
        told = [each.data for each in await events(scoring.database) if each.type == ClockOverdue.TYPE]
        assert [(each["noun"], each["clock"], each["due_on"]) for each in told] == [("appeal", "refile", "2026-09-29")]
        # The first authority determines by itself; the appeal learns it from the sweep.
        await scoring.hear(closed_wave(2, kind="completion", index=88.0, closed_at=NOW))
        new = await determined(scoring, replaces=made["id"], reason="remitted")
        await job_run(scoring, "scoring.appeal_clocks")
        found = (await decider(scoring).get(path)).json()
        assert (found["new_determination_id"], found["clock"], found["suspends"]) == (new["id"], None, False)


async def test_appeals_that_still_wait_keep_no_other_waiting(scoring: Scoring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "CHUNK", 1)
    with clock.frozen(NOW):
        _, waiting = await filed(scoring)
        await decider(scoring).post(f"{waiting}/decide", json=decision("remitted"))
        clock.advance(timedelta(days=1))
        other = contract_id(2)
        await scoring.hear(*history(contract=other))
        made = await in_effect(scoring, other)
        path = (await provider_of(scoring).post("/v1/appeals", json=against(made))).headers["location"]
        await decider(scoring).post(f"{path}/decide", json=decision("remitted"))
        await scoring.hear(closed_wave(2, kind="completion", index=88.0, closed_at=NOW, contract_id=other))
        await determined(scoring, other, replaces=made["id"], reason="remitted")
        await job_run(scoring, "scoring.appeal_clocks")
        clocks = [(await decider(scoring).get(each)).json()["clock"] for each in (waiting, path)]
        assert clocks == ["refile", None]


async def test_a_mark_is_corrected_with_the_rounds_parameters(scoring: Scoring) -> None:
    """The provider sees its raw and calibrated marks; a corrected mark gives the value that the round's severities make."""
    steps = Steps(scoring)
    evaluation_id = await rated(steps, careful, cases=8, evaluators=3)
    made_round = await opened(steps, evaluation_id)
    await closed(steps, made_round["id"])
    await entered(steps)
    contract = contract_id(0)
    with clock.frozen(NOW + timedelta(days=400)):
        await scoring.hear(*[each for each in history(contract=contract) if not isinstance(each, ContractActivated)])
        made = await in_effect(scoring, contract)
        closer = scoring.client.as_("finance", subject="closer")
        filed = await provider_of(scoring).post("/v1/appeals", json=against(made))
        path = filed.headers["location"]
        assert filed.json()["round_id"] == made_round["id"]
        marks = (await provider_of(scoring).get(f"{path}/marks")).json()
        assert len(marks["raw"]) == 4  # two evaluators, two criteria
        values = {each["criterion"]: each for each in marks["calibrated"]}
        assert values["management"]["basis"] == "fair"
        mine = next(each for each in marks["raw"] if each["criterion"] == "management")
        assert "subject" not in mine
        correction = {
            "evaluator_id": mine["evaluator_id"],
            "criterion": "management",
            "mark": str(round(mine["mark"] + 10, 2)),
            "reason": "an annex was not opened",
        }
        body = decision("changed", corrections=[correction])
        assert refusal(await closer.post(f"{path}/decide", json=body)) == (409, "appeal-decider-barred")
        number = [each["id"] for each in steps.evaluators].index(mine["evaluator_id"])
        lead = scoring.client.as_("finance", subject="evaluator-3")  # signs by the register's code
        assert refusal(await lead.post(f"{path}/decide", json=body)) == (409, "appeal-decider-barred")
        rater = scoring.client.as_("finance", subject=f"evaluator-{number}")
        assert refusal(await rater.post(f"{path}/decide", json=body)) == (409, "appeal-decider-barred")
        unknown = decision("changed", corrections=[correction | {"criterion": "speed"}])
        refused = await decider(scoring).post(f"{path}/decide", json=unknown)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/corrections/0")
        done = await decider(scoring).post(f"{path}/decide", json=body)
        assert done.status_code == 200, done.text
        (told,) = done.json()["corrections"]
        # Two evaluators: ten points more of one are five more of the mean, the severities being what they were.
        assert float(told["value"]) == pytest.approx(values["management"]["fair"] + 5, abs=2e-6)
        shown = await scoring.get("/v1/evidence", contract_id=str(contract), kind="rating")
        stated = {item["id"]: item for item in shown["items"]}
        assert stated[told["evidence_id"]]["body"]["value"] == told["value"]
        assert stated[told["evidence_id"]]["supersedes"] in stated
        carried = await decider(scoring).post(f"{path}/determination", json={"document_number": "模拟认定〔2027〕2号"})
        assert carried.status_code == 201, carried.text
        # While the case is rated again, nobody sees the further mark.
        case = next(each for each in await steps.cases() if each["contract_id"] == str(contract))
        await steps.post(f"/evaluations/cases/{case['id']}/evaluators", {"reason": "simulated"}, expect=200)
        for each in range(3):
            for task in await steps.tasks(each):
                if task["state"] == "assigned":
                    await steps.rate(each, task)
        again = (await provider_of(scoring).get(f"{path}/marks")).json()
        assert len(again["raw"]) == 4


async def test_a_round_that_came_after_the_determination_does_not_decide_its_appeal(scoring: Scoring) -> None:
    """A further evaluator and a new round move the severities; the appeal is about the marks that were determined."""
    steps = Steps(scoring)
    evaluation_id = await rated(steps, careful, cases=8, evaluators=3)
    first = await opened(steps, evaluation_id)
    await closed(steps, first["id"])
    await entered(steps)
    contract = contract_id(0)
    at = NOW + timedelta(days=400)
    with clock.frozen(at):
        await scoring.hear(*[each for each in history(contract=contract) if not isinstance(each, ContractActivated)])
        made = await in_effect(scoring, contract)
    with clock.frozen(at + timedelta(hours=1)):
        case = next(each for each in await steps.cases() if each["contract_id"] == str(contract))
        later = {"reason": "simulated"}
        await steps.post(f"/evaluations/cases/{case['id']}/evaluators", later, expect=200)
        for number in range(3):
            for task in await steps.tasks(number):
                if task["state"] == "assigned":
                    await steps.rate(number, task, management="99", openness="99")
        await steps.post(f"/evaluations/{evaluation_id}/close", {}, expect=200)
        second = await opened(steps, evaluation_id, replaces=first["id"])
        await closed(steps, second["id"])
        await entered(steps)
        filed = await provider_of(scoring).post("/v1/appeals", json=against(made))
        assert filed.json()["round_id"] == first["id"]
        values = await steps.get(f"/calibrations/{first['id']}/values?contract_id={contract}")
        before = next(each for each in values["items"] if each["criterion"] == "management")
        evaluator, told = next(iter(before["marks"].items()))
        correction = {
            "evaluator_id": evaluator,
            "criterion": "management",
            "mark": f"{float(told['mark']) + 10:.2f}",
            "reason": "an annex was not opened",
        }
        path = filed.headers["location"]
        done = await decider(scoring).post(f"{path}/decide", json=decision("changed", corrections=[correction]))
        assert done.status_code == 200, done.text
        (corrected,) = done.json()["corrections"]
        assert float(corrected["value"]) == pytest.approx(float(before["fair"]) + 5, abs=2e-6)


async def test_the_decision_upon_a_flag_is_appealed_against(scoring: Scoring) -> None:
    """Filed within the time from the decision; there is nothing to suspend, and the first decider does not decide."""
    round_id, flag_id, decision_id = (ident(9, number) for number in (1, 2, 3))
    region: dict[str, Any] = {"region": "CN-230000"}  # the round is the province's, the contract a district's
    with clock.frozen(NOW):
        await scoring.hear(*history())
        async with scoring.database.transaction() as session:
            session.add(
                CalibrationRound(
                    id=round_id,
                    version=2,
                    title="A simulated round",
                    level="criterion",
                    state="closed",
                    form_id="simulated-form",
                    form_version="1.0.0",
                    framework_hash="1" * 64,
                    stage="completion",
                    evaluation_ids=[],
                    opened_by="planner",
                    opened_at=NOW,
                    closed_by="closer",
                    closed_at=NOW,
                    offered=True,
                    content={},
                    sha256="2" * 64,
                    **region,
                )
            )
            await session.flush()
            flag = CalibrationFlag(
                id=flag_id,
                round_id=round_id,
                kind="severity",
                criterion="management",
                contracts=[CONTRACT],
                detail={},
                holds=True,
                raised_at=NOW,
                **region,
            )
            session.add(flag)
            await session.flush()
            session.add(
                CalibrationDecision(
                    id=decision_id,
                    round_id=round_id,
                    flag_id=flag_id,
                    outcome="marks_stand",
                    reasons="simulated",
                    decided_by="panel-1",
                    decided_at=NOW,
                    **region,
                )
            )
        body = {
            "against": "flag_decision",
            "against_id": str(decision_id),
            "round_id": str(round_id),
            "contract_id": str(CONTRACT),
            "grounds": "the evaluator was severe with us alone",
        }
        stranger = provider_of(scoring, organisation=ident(4, 9))
        assert refusal(await stranger.post("/v1/appeals", json=body)) == (403, "not-a-party-to-the-case")
        filed_ = await provider_of(scoring).post("/v1/appeals", json=body)
        assert (filed_.status_code, filed_.json()["suspends"], filed_.json()["file_by"]) == (201, False, "2026-10-19")
        path = filed_.headers["location"]
        first = scoring.client.as_("finance", subject="panel-1")
        assert refusal(await first.post(f"{path}/decide", json=decision("upheld"))) == (409, "appeal-decider-barred")
        order = {"suspends": True, "reason": "x", "document": DOCUMENT}
        assert refusal(await decider(scoring).post(f"{path}/suspension", json=order)) == (409, "appeal-state-conflict")
        done = await decider(scoring).post(f"{path}/decide", json=decision("annulled"))
        # The flag is undecided again: somebody decides it anew within the time for that.
        assert (done.json()["outcome"], done.json()["clock"], done.json()["suspends"]) == ("annulled", "refile", False)
