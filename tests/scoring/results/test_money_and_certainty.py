"""Money that is kept back, demands that open while somebody appeals, and whose certainty a consequence needs."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.scoring.cases import CONTRACT, ident
from tests.scoring.conftest import Scoring
from tests.scoring.following import NOW, apply, determined, history, in_effect, provider_of, serve, uses

from scoring.determinations.queries import Standing
from scoring.results import queries
from scoring.results.effect import Effect, why_blocked
from scoring.results.service import open_results
from shared import clock
from shared.ids import new_id


def effect(*, provider: dict[str, str] | None, **rest: Any) -> Effect:
    """A poor determination that is firm as a whole."""
    told: dict[str, Any] = {
        "determination_id": ident(7, 1),
        "contract_id": CONTRACT,
        "region": "CN-230102",
        "simulated": True,
        "stage": "completion",
        "purchaser_id": None,
        "provider_id": ident(4, 2),
        "grade": "poor",
        "score": Decimal(55),
        "provider_grade": "poor",
        "provider_score": Decimal(58),
        "label": "firm",
        "binding": True,
        "adverse_allowed": True,
        "panel": False,
        "replaces": None,
        "standing": Standing(ident(7, 1)),
        "provider_sure": provider,
    }
    return Effect(**told | rest)


def sure(label: str, worse: str) -> dict[str, str]:
    return {"label": label, "probability_or_worse": worse}


def test_a_consequence_by_the_providers_grade_needs_the_providers_own_certainty() -> None:
    firm, indicative = effect(provider=sure("firm", "0.950000")), effect(provider=sure("indicative", "0.810000"))
    assert why_blocked(firm, adverse=True, by_provider=True) is None
    assert why_blocked(indicative, adverse=False, by_provider=True) is None
    assert "P = 0.810000 < .90" in str(why_blocked(indicative, adverse=True, by_provider=True))
    assert why_blocked(indicative, adverse=True, by_provider=False) is None  # the whole is sure
    unsure = effect(provider=sure("undetermined", "0.990000"))
    assert "nothing follows by itself" in str(why_blocked(unsure, adverse=False, by_provider=True))
    assert why_blocked(effect(provider=sure("undetermined", "0.5"), panel=True), adverse=True, by_provider=True) is None
    # The whole is not sure enough for an adverse consequence, the provider's own grade is.
    own = effect(provider=sure("firm", "0.990000"), adverse_allowed=False)
    assert why_blocked(own, adverse=True, by_provider=False) is not None
    assert why_blocked(own, adverse=True, by_provider=True) is None
    # An undetermined determination opens nothing, whatever its parts are.
    assert why_blocked(effect(provider=sure("firm", "1.0"), binding=False), adverse=False, by_provider=True) is not None
    # A determination of an earlier release: worse than the whole, and nobody has computed how sure.
    assert why_blocked(effect(provider=None, grade="fair", score=Decimal(70)), adverse=True, by_provider=True)


async def test_all_that_is_kept_back_of_a_contract_together_stays_within_its_value(scoring: Scoring) -> None:
    """Two demands, the payment's and the withholding's, each within the value of 120,000 and together not."""
    with clock.frozen(NOW):
        await scoring.hear(*history())
        await in_effect(scoring)
        opened = await uses(scoring)
        answer = await apply(scoring, opened["payment"], "withheld", amount="70000.00")
        assert answer.status_code == 200, answer.text
        async with scoring.database.transaction() as session:
            payment = await queries.find_use(session, UUID(answer.json()["id"]))
            columns = {each.key: getattr(payment, each.key) for each in type(payment).__table__.columns}
            cleared = dict.fromkeys(
                ("amount", "decision", "closed_at", "closed_by", "document_sha256", "document_title")
            )
            session.add(
                type(payment)(
                    **columns | cleared | {"id": (second := new_id()), "state": "open", "rectification_id": new_id()}
                )
            )
            assert await queries.kept_back(session, CONTRACT, kinds=("payment",), without=None) == Decimal(70000)
            assert await queries.kept_back(session, CONTRACT, kinds=("payment",), without=payment.id) == 0
        both = {**opened["payment"], "id": str(second)}
        refused = await apply(scoring, both, "withheld", amount="50000.01")
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/result-amount-too-large"), refused.text
        assert "70000.00" in refused.json()["detail"]
        assert (await apply(scoring, both, "withheld", amount="50000.00")).status_code == 200


async def test_what_opens_after_an_appeal_was_filed_is_suspended(scoring: Scoring) -> None:
    """The demands are opened by a job: whoever appeals in between finds money and publication waiting."""
    with clock.frozen(NOW):
        await scoring.hear(*history())
        made = await determined(scoring)
        body = {"party": "provider", "method": "in_person", "served_at": NOW.isoformat()}
        proof = {"sha256": "d" * 64, "title": "模拟文件1号"}
        answer = await scoring.client.as_("finance").post(
            f"/v1/determinations/{made['id']}/service", json=body | {"proof": proof}
        )
        assert answer.status_code == 201, answer.text
        filed = await provider_of(scoring).post(
            "/v1/appeals", json={"against": "determination", "against_id": made["id"], "grounds": "not so"}
        )
        assert filed.status_code == 201, filed.text
        async with scoring.database.transaction() as session:
            await open_results(session, UUID(made["id"]))
        opened = await uses(scoring)
        waiting = {rule for rule, use in opened.items() if use["state"] == "suspended"}
        assert waiting == {rule for rule, use in opened.items() if use["money"] or use["kind"] == "publish"} != set()
        await serve(scoring, made["id"], party="purchaser")
        assert {rule for rule, use in (await uses(scoring)).items() if use["state"] == "suspended"} == waiting
