"""Appeals against the decision upon a flag: what becomes of the flag, and of the determinations that rest on its marks.

All simulated.
"""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
from tests.scoring.appeals.test_appeals import WAITING, decider, decision, refusal, states
from tests.scoring.cases import CONTRACT, ident
from tests.scoring.conftest import Scoring
from tests.scoring.following import DOCUMENT, NOW, determined, history, in_effect, job_run, provider_of
from tests.scoring.frameworks.framework_drafts import OWN, bring_into_force
from tests.scoring.scores.systems import document

from scoring.appeals.handlers import flag_decided_job
from scoring.calibrations.models import CalibratedValue, CalibrationDecision, CalibrationFlag, CalibrationRound
from scoring.calibrations.queries import blocks_determination
from scoring.evidence.service import add
from scoring.evidence.statements import Statement
from scoring.scores.service import score_contracts
from shared import clock
from shared.jobs import Worker

ROUND, FLAG, DECISION, EVALUATORS = ident(9, 1), ident(9, 2), ident(9, 3), (ident(9, 4), ident(9, 5))
FILED = {
    "against": "flag_decision",
    "against_id": str(DECISION),
    "round_id": str(ROUND),
    "contract_id": str(CONTRACT),
    "grounds": "the evaluator was severe with us alone",
}


async def prepared(scoring: Scoring) -> dict[str, Any]:
    """A determination in effect whose score rests on the marks of a round with a flag that was decided upon."""
    plain = document(exponent=1.0, id=OWN, source="simulated")
    await bring_into_force(scoring, plain)
    await scoring.hear(*history())
    region: dict[str, Any] = {"region": "CN-230000"}
    async with scoring.database.transaction() as session:
        session.add(
            CalibrationRound(
                id=ROUND,
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
        marks = {
            str(each): {"mark": mark, "fair": mark, "without": None}
            for each, mark in zip(EVALUATORS, ("30.000000", "40.000000"), strict=True)
        }
        session.add(
            CalibrationFlag(
                id=FLAG,
                round_id=ROUND,
                kind="severity",
                criterion="quality",
                contracts=[CONTRACT],
                detail={},
                holds=True,
                raised_at=NOW,
                **region,
            )
        )
        await session.flush()
        session.add(
            CalibrationDecision(
                id=DECISION,
                round_id=ROUND,
                flag_id=FLAG,
                outcome="marks_stand",
                reasons="simulated",
                decided_by="panel-1",
                decided_at=NOW,
                **region,
            )
        )
        stated: dict[str, Any] = {
            "valid_on": date(2026, 5, 1),
            "source": "simulated",
            "simulated": True,
            "stage": "completion",
        }
        for measure, points in (("reach", 30), ("waiting", 10)):
            await add(
                session,
                contract_id=CONTRACT,
                statement=Statement(kind="manual", measure=measure, value=Decimal(points), dist="exact", **stated),
            )
        await add(
            session,
            contract_id=CONTRACT,
            statement=Statement(kind="manual", measure="care", tier="c", value=Decimal(20), dist="tier", **stated),
        )
        rating = await add(
            session,
            contract_id=CONTRACT,
            statement=Statement(
                kind="rating",
                measure="quality",
                value=Decimal(35),
                dist="normal",
                se=Decimal(1),
                n=2,
                details={"round": str(ROUND)},
                **stated,
            ),
        )
        figures: dict[str, Any] = {
            "raw": Decimal(35),
            "fair": Decimal(35),
            "shrunk": Decimal(35),
            "se": Decimal(1),
            "df": None,
        }
        session.add(
            CalibratedValue(
                round_id=ROUND,
                contract_id=CONTRACT,
                criterion="quality",
                ratings=2,
                clipped=False,
                evaluator_dependent=False,
                simulated=True,
                basis="fair",
                marks=marks,
                evidence_id=rating,
                region="CN-230102",
                **figures,
            )
        )
        await score_contracts(session, [CONTRACT], causes={})
    return await in_effect(scoring, framework_id=OWN)


async def filed(scoring: Scoring) -> str:
    answer = await provider_of(scoring).post("/v1/appeals", json=FILED)
    assert (answer.status_code, answer.json()["suspends"]) == (201, True), answer.text
    return answer.headers["location"]


async def suspended(scoring: Scoring, made: dict[str, Any]) -> list[str]:
    found: list[str] = (await scoring.get(f"/v1/determinations/{made['id']}"))["suspended_by"]
    return found


async def held(scoring: Scoring) -> str | None:
    async with scoring.database.reading() as session:
        return await blocks_determination(session, CONTRACT)


async def decide_flag(scoring: Scoring, outcome: str, *, subject: str = "panel-2") -> httpx.Response:
    body = {"outcome": outcome, "reasons": "The visits were looked at again."}
    path = f"/v1/calibrations/{ROUND}/flags/{FLAG}/decision"
    return await scoring.client.as_("finance", subject=subject).post(path, json=body)


async def test_an_annulled_decision_leaves_the_flag_undecided_and_money_waits(scoring: Scoring) -> None:
    with clock.frozen(NOW):
        made = await prepared(scoring)
        assert made["evaluator_dependent"] is False
        assert await held(scoring) is None
        before = await states(scoring)
        path = await filed(scoring)
        assert await suspended(scoring, made) == [path.rsplit("/", 1)[1]]
        waiting = {rule for rule, state in (await states(scoring)).items() if state == "suspended"}
        assert waiting == {rule for rule in WAITING if before[rule] == "open"} != set()
        for subject in ("panel-1", "closer", "provider-1"):  # the flag's decider, who closed the round, who filed
            answer = await scoring.client.as_("finance", subject=subject).post(
                f"{path}/decide", json=decision("upheld")
            )
            assert refusal(answer) == (409, "appeal-decider-barred")
        wrong = await decider(scoring).post(f"{path}/decide", json=decision("annulled", flag_outcome="unfounded"))
        assert wrong.status_code == 422
        done = await decider(scoring).post(f"{path}/decide", json=decision("annulled"))
        assert (done.status_code, done.json()["suspends"], done.json()["clock"]) == (200, True, "refile"), done.text
        assert "is undecided" in str(await held(scoring))
        again = await provider_of(scoring).post("/v1/appeals", json=FILED)
        assert refusal(again) == (404, "flag-decision-not-found")  # there is no decision any more

        await job_run(scoring, "scoring.appeal_clocks")
        assert await suspended(scoring, made) != []
        assert (await decide_flag(scoring, "unfounded")).status_code == 201
        assert (await decide_flag(scoring, "unfounded")).status_code == 409
        assert await Worker(scoring.database, [flag_decided_job]).run_one()  # at once, not with the hourly sweep
        assert await suspended(scoring, made) == []
        assert await states(scoring) == before
        told = await scoring.get(path)
        assert (told["suspends"], told["clock"], told["due_on"]) == (False, None, None)
        decisions = (await scoring.get(f"/v1/calibrations/{ROUND}"))["decisions"]
        assert [(each["outcome"], each["replaces"]) for each in decisions] == [
            ("marks_stand", None),
            ("annulled", decisions[0]["id"]),
            ("unfounded", decisions[1]["id"]),
        ]
        assert decisions[1]["appeal_id"] == path.rsplit("/", 1)[1]


async def test_a_changed_decision_takes_the_place_of_the_first(scoring: Scoring) -> None:
    """To a second evaluation: money waits until a new determination. To cleared marks: it goes on at once."""
    with clock.frozen(NOW):
        made = await prepared(scoring)
        path = await filed(scoring)
        missing = await decider(scoring).post(f"{path}/decide", json=decision("changed"))
        assert missing.status_code == 422
        body = decision("changed", flag_outcome="second_evaluation")
        assert (await decider(scoring).post(f"{path}/decide", json=body)).status_code == 200
        assert "Further evaluators" in str(await held(scoring))
        refused = await scoring.determine(CONTRACT, framework_id=OWN, replaces=made["id"], reason="simulated")
        assert refusal(refused) == (409, "determination-blocked")
        await job_run(scoring, "scoring.appeal_clocks")
        assert await suspended(scoring, made) != []

        # Further evaluators have rated, and a round has taken the place of the first one.
        async with scoring.database.transaction() as session:
            old = await session.get_one(CalibrationRound, ROUND)
            columns = {each.key: getattr(old, each.key) for each in CalibrationRound.__table__.columns}
            session.add(CalibrationRound(**columns | {"id": UUID(int=99), "replaces": ROUND}))
        new = await determined(scoring, framework_id=OWN, replaces=made["id"], reason="a second evaluation")
        assert await suspended(scoring, new) == []
        await job_run(scoring, "scoring.appeal_clocks")
        told = await scoring.get(path)
        assert (told["suspends"], told["clock"]) == (False, None)


async def test_an_upheld_decision_lets_everything_go_on(scoring: Scoring) -> None:
    with clock.frozen(NOW):
        made = await prepared(scoring)
        before = await states(scoring)
        path = await filed(scoring)
        order = {"suspends": False, "reason": "nothing would be lost", "document": DOCUMENT}
        lifted = await decider(scoring).post(f"{path}/suspension", json=order)
        assert (lifted.status_code, lifted.json()["suspends"]) == (200, False), lifted.text
        assert await states(scoring) == before
        back = await decider(scoring).post(f"{path}/suspension", json=order | {"suspends": True})
        assert back.json()["suspends"] is True
        done = await decider(scoring).post(f"{path}/decide", json=decision("upheld"))
        assert (done.json()["suspends"], done.json()["clock"]) == (False, None)
        assert (await suspended(scoring, made), await states(scoring), await held(scoring)) == ([], before, None)
