"""What evaluators, parties and the level above still have in hand is waited for. All simulated."""

from tests.scoring.conftest import Scoring
from tests.scoring.evaluations.evaluation_steps import FRAMEWORK, PURCHASER, Steps, contract_id, contracts

from scoring.determinations.checks import check_marks
from scoring.determinations.errors import DeterminationBlocked
from shared.auth import Principal


async def held(
    steps: Steps, *, framework_id: str = FRAMEWORK, stage: str = "completion", subject: str = "officer"
) -> str | None:
    principal = Principal(subject, frozenset({"finance"}), ("CN-23",))
    async with steps.scoring.database.reading(principal=principal) as session:
        try:
            await check_marks(session, contract_id(0), framework_id=framework_id, stage=stage)
        except DeterminationBlocked as blocked:
            return str(blocked)
    return None


async def test_a_contract_is_not_determined_while_it_is_rated_or_disputed(scoring: Scoring) -> None:
    steps = Steps(scoring)
    await scoring.hear(*contracts(3))
    await steps.register(4)
    await steps.planned(3)
    assert await held(steps) is None  # nothing has begun
    await steps.drawn()
    assert "it is being rated" in str(await held(steps))
    # Another framework or stage has nothing to do with these marks.
    assert await held(steps, framework_id="four-questions") is None
    assert await held(steps, stage="interim") is None
    await steps.rate_all()
    await steps.post(f"/evaluations/{steps.id}/close", {}, expect=200)
    assert await held(steps) is None
    await steps.post(f"/evaluations/{steps.id}/exchange", expect=200)
    case = next(each for each in await steps.cases() if each["contract_id"] == str(contract_id(0)))
    path = f"/evaluations/cases/{case['id']}"
    disputed = {"agrees": False, "statement": "the visit was on a holiday"}
    await steps.post(f"{path}/views", disputed, role="purchaser", organisation=PURCHASER)
    assert "a party disagreed" in str(await held(steps))
    another = {"decision": "another_evaluation", "reason": "the records contradict each other"}
    await steps.post(f"{path}/review", another, subject="reviewer", expect=200)
    assert "it is being rated" in str(await held(steps))
    await steps.rate_all()
    await steps.post(f"/evaluations/{steps.id}/close", {}, expect=200)
    assert await held(steps) is None


async def test_an_upheld_result_holds_nothing(scoring: Scoring) -> None:
    steps = Steps(scoring)
    await scoring.hear(*contracts(3))
    await steps.register(4)
    await steps.planned(3)
    await steps.drawn()
    await steps.rate_all()
    await steps.post(f"/evaluations/{steps.id}/close", {}, expect=200)
    await steps.post(f"/evaluations/{steps.id}/exchange", expect=200)
    case = next(each for each in await steps.cases() if each["contract_id"] == str(contract_id(0)))
    path = f"/evaluations/cases/{case['id']}"
    disputed = {"agrees": False, "statement": "the visit was on a holiday"}
    await steps.post(f"{path}/views", disputed, role="purchaser", organisation=PURCHASER)
    assert await held(steps) is not None
    upheld = {"decision": "upheld", "reason": "the visit was on a working day"}
    await steps.post(f"{path}/review", upheld, subject="reviewer", expect=200)
    assert await held(steps) is None
    # Who rated it or led the evaluation signs nothing of it, under whatever framework.
    (first, *_) = (await steps.get(path))["assignments"]
    rater = f"evaluator-{int(first['code'].removeprefix('E-'))}"
    for subject in (rater, "evaluator-3"):
        assert "You took part" in str(await held(steps, subject=subject, framework_id="four-questions"))
