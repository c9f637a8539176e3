"""What a determination in effect demands, with owner, deadline and closing evidence. All contracts are simulated."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.scoring.cases import CONTRACT, closed_wave, ident
from tests.scoring.conftest import Scoring
from tests.scoring.following import (
    DOCUMENT,
    NOW,
    apply,
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

from scoring.rectifications.service import determined as rectified
from scoring.results.service import clocks
from shared import clock
from shared.events import ClockDue, ClockOverdue, ContractState, Estimate, ResultUseClosed, ResultUseOpened
from shared.testing import events


async def told(scoring: Scoring, *types: str) -> list[dict[str, Any]]:
    return [each.data for each in await events(scoring.database) if each.type in types]


def unsure(index: float, se: float) -> Any:
    """A completion wave whose error reaches over the bounds of a grade."""
    overall = Estimate(
        item="overall", measure="index100", estimate=index, se=se, se_total=se, df=60.0, n=61, status="ok"
    )
    return closed_wave(777, kind="completion", index=index, estimates=(overall,), closed_at=NOW)


async def test_a_determination_opens_its_consequences_when_it_is_served(scoring: Scoring) -> None:
    with clock.frozen(NOW):
        await scoring.hear(*history())
        made = await determined(scoring)
        await run_jobs(scoring)
        assert await uses(scoring) == {}
        await serve(scoring, made["id"])
        opened = await uses(scoring)
        assert {rule: (use["owner"], use["state"], use["due_on"]) for rule, use in opened.items()} == {
            # 20, 20, 10, 30 and 40 working days; 25 September and 1-7 October are holidays, 10 October is worked on.
            "improve": ("purchaser", "open", "2026-10-26"),
            "cut": ("finance", "open", "2026-10-26"),
            "payment": ("purchaser", "open", "2026-10-12"),
            "renewal": ("purchaser", "open", "2026-11-09"),
            "budget": ("finance", "open", "2026-11-23"),
            "publish": ("finance", "open", "2026-10-26"),
        }
        assert (opened["payment"]["basis"], opened["payment"]["grade"]) == ("provider", made["provider_grade"])
        (rectification,) = (await scoring.get("/v1/rectifications"))["items"]
        assert (rectification["cause"], rectification["state"], rectification["responsible"]) == (
            "determination",
            "addressed",
            "provider",
        )
        # Whatever runs twice opens nothing twice.
        await job_run(scoring, "scoring.open_missed_results")
        await run_jobs(scoring)
        assert len(await told(scoring, ResultUseOpened.TYPE)) == len(opened)
        other = (await scoring.client.as_("auditor", regions=["CN-31"]).get("/v1/results")).json()
        assert other["items"] == []
        mine = (await provider_of(scoring).get("/v1/results")).json()["items"]
        assert len(mine) == len(opened)
        assert (await provider_of(scoring, organisation=ident(4, 9)).get("/v1/results")).json()["items"] == []


async def test_applying_needs_the_owner_a_choice_its_amount_and_evidence(scoring: Scoring) -> None:
    with clock.frozen(NOW):
        await scoring.hear(*history())
        await in_effect(scoring)
        opened = await uses(scoring)
        payment, cut = opened["payment"], opened["cut"]
        wrong = await apply(scoring, payment, "deducted", role="finance", amount="6000.00")
        assert (wrong.status_code, wrong.json()["type"]) == (403, "/problems/not-the-owner")
        stranger = scoring.client.as_("purchaser", organisation=ident(4, 9))
        path = f"/v1/results/{payment['id']}/apply"
        body = {"decision": "deducted", "amount": "6000.00", "document": DOCUMENT}
        assert (await stranger.post(path, json=body)).json()["type"] == "/problems/not-the-owner"
        for bad, pointer in (
            ({"decision": "fined"}, "/decision"),
            ({"decision": "deducted"}, "/amount"),
            ({"decision": "paid_in_full", "amount": "1.00"}, "/amount"),
        ):
            refused = await apply(scoring, payment, **bad)
            assert refused.status_code == 422, refused.text
            assert [each["pointer"] for each in refused.json()["errors"]] == [pointer]
        much = await apply(scoring, payment, "deducted", amount="120000.01")
        assert (much.status_code, much.json()["type"]) == (409, "/problems/result-amount-too-large")
        bare = await purchaser_of(scoring).post(path, json={"decision": "deducted", "amount": "6000.00"})
        assert bare.status_code == 422  # the closing evidence is missing
        stale = await purchaser_of(scoring).post(path, json=body, headers={"If-Match": '"7"'})
        assert stale.status_code == 412
        done = await purchaser_of(scoring).post(path, json=body, headers={"If-Match": '"1"'})
        assert done.status_code == 200, done.text
        assert (done.json()["state"], done.json()["amount"], done.headers["etag"]) == ("applied", "6000.00", '"2"')
        again = await purchaser_of(scoring).post(path, json=body)
        assert (again.status_code, again.json()["type"]) == (409, "/problems/result-use-state-conflict")
        reason = {"reason": "the line ends with the year anyway"}
        waived = await scoring.client.as_("finance").post(f"/v1/results/{cut['id']}/waive", json=reason)
        assert (waived.json()["state"], waived.json()["reason"]) == ("waived", reason["reason"])
        assert [each["state"] for each in await told(scoring, ResultUseClosed.TYPE)] == ["applied", "waived"]
        assert (await apply(scoring, opened["budget"], "keep", amount="120000.00")).status_code == 200
        early = await apply(scoring, opened["improve"], "improved")
        assert early.status_code == 409  # the resolution of the rectification closes it
        path = f"/v1/determinations/{opened['publish']['determination_id']}/publication"
        assert (await scoring.client.as_("finance").post(path, json={})).status_code == 201
        await run_jobs(scoring)
        assert (await uses(scoring))["publish"]["decision"] == "published"


async def test_rates_per_department_and_region(scoring: Scoring) -> None:
    with clock.frozen(NOW):
        await scoring.hear(*history())
        await in_effect(scoring)
        opened = await uses(scoring)
        await apply(scoring, opened["payment"], "deducted", amount="6000.00")
        await scoring.client.as_("finance").post(f"/v1/results/{opened['cut']['id']}/waive", json={"reason": "x"})
        clock.advance(timedelta(days=36))  # 27 October: `improve` and `publish` are past their last day
        for by, key in (("department", str(ident(4, 1))), ("province", "CN-23"), ("county", "CN-230102")):
            (found,) = await scoring.get("/v1/results/rates", by=by)
            assert found["key"] == key
        (rate,) = await scoring.get("/v1/results/rates", by="all")
        assert (rate["determinations"], rate["determinations_applied"]) == (1, 1)
        counts = ("applied", "waived", "open", "overdue", "blocked", "suspended", "moved")
        assert [rate[name] for name in counts] == [1, 1, 4, 2, 0, 0, "6000.00"]
        assert (rate["rate"], rate["matured_rate"]) == (pytest.approx(1 / 6), pytest.approx(1 / 4))
        kinds = await scoring.get("/v1/results/rates", by="kind")
        assert {each["key"] for each in kinds} == {"improve", "cut", "payment", "renewal", "budget", "publish"}
        # One contract's figures would say what is not published yet.
        anonymous = await scoring.client.anonymous.get("/v1/results/rates", params={"by": "kind"})
        assert (anonymous.status_code, anonymous.json()) == (200, [])
        assert await scoring.get("/v1/results/rates", by="all", first="2026-09-22") == []


async def test_an_undetermined_grade_leads_to_nothing_by_itself(scoring: Scoring) -> None:
    with clock.frozen(NOW):
        await scoring.hear(*history(output=56, benefit=44), unsure(55.0, 20.0))
        made = await in_effect(scoring)
        assert (made["label"], made["binding"]) == ("undetermined", False)
        opened = await uses(scoring)
        assert opened.pop("publish")["state"] == "open"  # no consequence of the grade
        assert {use["state"] for use in opened.values()} == {"blocked"}
        assert all("panel" in use["reason"] and use["due_on"] is None for use in opened.values())
        assert (await scoring.get("/v1/rectifications"))["items"] == []
        refused = await apply(scoring, opened["budget"], "keep", amount="1.00")
        assert (refused.status_code, refused.json()["state"]) == (409, "blocked")
        (rate,) = await scoring.get("/v1/results/rates", by="all")
        assert (rate["blocked"], rate["rate"]) == (len(opened), 0.0)


async def test_an_adverse_consequence_needs_to_be_sure(scoring: Scoring) -> None:
    """Indicative (P about .8): what is adverse is blocked, the rest opens, and an adverse choice is refused.

    By the draws of its own leaves the provider's grade is sure (P about .99), so that it bears the payment adjustment.
    """
    with clock.frozen(NOW):
        await scoring.hear(*history(output=56, benefit=44), unsure(36.0, 20.0))
        made = await in_effect(scoring)
        assert (made["grade"], made["label"], made["binding"], made["adverse_allowed"]) == (
            "poor",
            "indicative",
            True,
            False,
        )
        opened = await uses(scoring)
        assert {rule for rule, use in opened.items() if use["state"] == "blocked"} == {"cut"}
        sure = made["part_certainty"]["provider"]
        assert (sure["label"], float(sure["probability_or_worse"]) >= 0.9) == ("firm", True)
        assert opened["payment"]["state"] == "open"
        refused = await apply(scoring, opened["budget"], "reduce", amount="1.00")
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/adverse-choice-not-borne")
        assert refused.json()["choices"] == ["increase", "keep"]
        assert (await apply(scoring, opened["budget"], "keep", amount="1.00")).status_code == 200


async def test_what_replaces_a_determination_ends_what_it_demanded(scoring: Scoring) -> None:
    with clock.frozen(NOW):
        await scoring.hear(*history())
        first = await in_effect(scoring)
        old = await uses(scoring)
        await apply(scoring, old["payment"], "withheld", amount="9000.00")
        await scoring.hear(closed_wave(2, kind="completion", index=60.0, closed_at=NOW))
        second = await determined(scoring, replaces=first["id"], reason="the wave was closed late")
        await run_jobs(scoring)
        states = {rule: use["state"] for rule, use in (await uses(scoring)).items()}
        assert states == {
            "improve": "void",
            "cut": "void",
            "payment": "applied",
            "renewal": "void",
            "budget": "void",
            "publish": "void",
        }
        (stopped,) = (await scoring.get("/v1/rectifications"))["items"]
        assert stopped["state"] == "stopped"
        await serve(scoring, second["id"])
        new = await uses(scoring, determination_id=second["id"])
        assert new["payment"]["previous_id"] == old["payment"]["id"]
        (rate,) = await scoring.get("/v1/results/rates", by="all")
        assert (rate["determinations"], rate["open"], rate["applied"]) == (1, len(new), 0)


async def test_clocks_are_told_once(scoring: Scoring) -> None:
    with clock.frozen(NOW):
        await scoring.hear(*history())
        await in_effect(scoring)
        sweeps = ("scoring.result_clocks", "scoring.rectification_clocks")
        for days, due, overdue in ((0, 0, 0), (19, 2, 0), (0, 2, 0), (4, 2, 2), (0, 2, 2)):
            clock.advance(timedelta(days=days))
            for sweep in sweeps:
                await job_run(scoring, sweep)
            assert len(await told(scoring, ClockDue.TYPE)) == due, days
            assert len(await told(scoring, ClockOverdue.TYPE)) == overdue, days
        notices = await told(scoring, ClockOverdue.TYPE)
        assert {(each["noun"], each["clock"], each["owner"]) for each in notices} == {
            ("result_use", "close", "purchaser"),
            ("rectification", "report", "provider"),
        }
        assert {each["due_on"] for each in notices} == {"2026-10-12"}
        overdue = await scoring.get("/v1/results", overdue="true", contract_id=str(CONTRACT))
        assert [each["rule"] for each in overdue["items"]] == ["payment"]
        with pytest.raises(DBAPIError, match="append-only"):
            async with scoring.database.transaction() as session:
                await session.execute(text("UPDATE clocks_told SET kind = 'due'"))


async def test_clocks_are_told_chunk_by_chunk(scoring: Scoring, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was told and is not overdue yet is looked at no more, and nothing behind it waits."""
    for module in (clocks, rectified):
        monkeypatch.setattr(module, "CHUNK", 1)
    with clock.frozen(NOW):
        for contract in (CONTRACT, ident(1, 2)):
            await scoring.hear(*history(contract=contract))
            await in_effect(scoring, contract)
        for days, due, overdue in ((19, 4, 0), (1, 4, 0), (3, 4, 4)):
            clock.advance(timedelta(days=days))
            for sweep in ("scoring.result_clocks", "scoring.rectification_clocks"):
                await job_run(scoring, sweep)
            assert (len(await told(scoring, ClockDue.TYPE)), len(await told(scoring, ClockOverdue.TYPE))) == (
                due,
                overdue,
            ), days


async def test_payment_and_renewal_use_only_what_the_provider_answers_for(scoring: Scoring) -> None:
    """The purchaser failed, the provider did not: the budget is at stake and the provider's payment is not."""
    events_ = history(output=100, benefit=0, index=90.0)
    first, second, third = events_[0].indicators  # type: ignore[attr-defined]  # the contract's terms
    blamed = tuple(
        indicator.model_copy(update={"accountable": side})
        for indicator, side in ((first, "provider"), (second, "purchaser"), (third, "provider"))
    )
    heard = [
        each.model_copy(update={"indicators": blamed}) if isinstance(each, ContractState) else each for each in events_
    ]
    with clock.frozen(NOW):
        await scoring.hear(*heard)
        made = await in_effect(scoring)
        assert (made["grade"], made["provider_grade"]) == ("fair", "excellent")
        opened = await uses(scoring)
        assert set(opened) == {"improve", "cut", "renewal", "budget", "publish"}
        assert (opened["renewal"]["grade"], opened["renewal"]["state"]) == ("excellent", "open")
        assert opened["cut"]["grade"] == "fair"
        (rectification,) = (await scoring.get("/v1/rectifications"))["items"]
        assert rectification["responsible"] == "purchaser"
