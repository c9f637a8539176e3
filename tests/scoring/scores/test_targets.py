"""A contract's targets beside what earlier contracts agreed and reached. All simulated."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from tests.scoring.cases import CONTRACT, agreed, complete_history, ident, observation, state
from tests.scoring.conftest import SELF, Scoring

from scoring.scores.targets.comparison import Agreed, Before, Compared, Past, compare
from shared.events import (
    ContractCorrected,
    ContractCreated,
    ContractState,
    EventData,
    ObservationWithdrawn,
    PartyRef,
)


def past(target: float, reached: float | None = None, **rest: Any) -> Past:
    told: dict[str, Any] = {"code": "O1", "unit": "%", "higher": True, "own": False, "near": True}
    return Past(**told | rest, target=target, reached=reached)


def mine(target: float, **rest: Any) -> Agreed:
    told: dict[str, Any] = {
        "indicator_id": "1",
        "code": "O1",
        "name": "visits",
        "level": "output",
        "unit": "%",
        "higher": True,
    }
    return Agreed(**told | rest, target=target)


def test_percentile_share_reached_and_attainment_are_those_of_the_definition() -> None:
    others = [past(float(target), float(target) + 5) for target in range(80, 100, 2)]  # 80, 82 ... 98
    (found,) = compare([mine(90.0)], others)
    region = found.groups[1]
    assert (region.name, region.targets, region.results) == ("region", 10, 10)
    assert region.percentile == pytest.approx(5.5 / 10)  # five ask for less, one for the same
    assert region.reached == pytest.approx(0.7)  # 91 ... 103
    assert region.attainment == pytest.approx(94 / 90)
    assert region.target_quartiles == pytest.approx((84.5, 89.0, 93.5))
    assert (found.compared_with, found.flags) == ("region", ())


def test_a_target_that_most_have_met_is_too_easy_and_a_strange_one_out_of_range() -> None:
    others = [past(float(target), 95.0) for target in range(80, 90)]
    (easy,) = compare([mine(70.0)], others)
    assert easy.flags == ("too_easy", "out_of_range")
    assert easy.reasons[0] == "100 % of 10 past results met it"
    assert easy.reasons[1] == "the median past result is 136 % of it"
    (hard,) = compare([mine(100.0)], others)
    assert hard.flags == ("out_of_range",)
    # Less is better: a target of 20 days where 10 were needed is too easy.
    slow = [past(float(target), 10.0, higher=False) for target in range(12, 22)]
    (lax,) = compare([mine(20.0, higher=False)], slow)
    assert (lax.flags, lax.groups[1].attainment) == (("too_easy",), 2.0)
    assert lax.groups[1].percentile == pytest.approx(0.15)
    (strict,) = compare([mine(9.0, higher=False)], slow)
    assert "too_easy" not in strict.flags


def test_few_values_say_nothing_and_the_sector_stands_in_for_the_region() -> None:
    few = [past(80.0, 99.0) for _ in range(7)]
    (found,) = compare([mine(10.0)], few)
    assert (found.compared_with, found.flags) == (None, ())
    assert (found.groups[2].targets, found.groups[2].percentile, found.groups[2].target_quartiles) == (7, None, None)
    (wider,) = compare([mine(10.0)], [*few, *(past(80.0, 99.0, near=False) for _ in range(5))])
    assert (wider.compared_with, "too_easy" in wider.flags) == ("sector", True)
    (other,) = compare([mine(10.0, unit="people")], [*few, *few])
    assert other.groups[2].targets == 0


def test_a_target_is_softened_below_what_was_agreed_and_reached() -> None:
    others = [past(float(target), 95.0) for target in range(80, 90)]
    assert softened(compare([mine(84.0)], others)) == "region"
    assert softened(compare([mine(84.5)], others)) is None  # the median itself
    unmet = [past(float(target), 70.0) for target in range(80, 90)]
    assert softened(compare([mine(75.0)], unmet)) is None  # nobody reached more
    # The same purchaser's contracts come first: beside them the target is none that was softened.
    own = [past(60.0, 62.0, own=True) for _ in range(8)]
    assert softened(compare([mine(61.0)], [*others, *own])) is None
    assert softened(compare([mine(59.0)], [*others, *own])) == "history"
    assert softened(compare([mine(50.0)], others[:7])) is None
    slow = [past(float(target), 10.0, higher=False) for target in range(12, 22)]
    assert softened(compare([mine(20.0, higher=False)], slow)) == "region"
    assert softened(compare([mine(12.0, higher=False)], slow)) is None


def test_a_contracts_own_target_that_was_lowered_is_softened_without_any_other() -> None:
    def own(*targets: float, unit: str = "%") -> dict[str, list[Before]]:
        return {"1": [Before(each, unit) for each in targets]}

    assert softened(compare([mine(90.0)], [], before=own(90.0))) is None
    assert softened(compare([mine(95.0)], [], before=own(90.0, 95.0))) is None  # it was raised
    (found,) = compare([mine(92.0)], [], before=own(90.0, 95.0, 92.0))
    assert found.softened is not None
    assert (found.softened.name, found.softened.asked, found.softened.reached) == ("agreed", 95.0, None)
    assert softened(compare([mine(12.0, higher=False)], [], before=own(10.0, 12.0))) == "agreed"
    assert softened(compare([mine(12.0, higher=False)], [], before=own(14.0, 12.0))) is None
    (other,) = compare([mine(90.0, unit="percent")], [], before=own(90.0))
    assert other.softened is not None
    assert (other.softened.name, other.softened.unit) == ("agreed", "%")
    # What counts in no score needs no reason.
    assert softened(compare([mine(92.0, counts=False)], [], before=own(95.0))) is None


async def test_a_target_lowered_after_approval_is_determined_with_a_reason_only(scoring: Scoring) -> None:
    """A correction after the fact brings the target down to what was reached; nobody else agreed the indicator."""
    history = complete_history()
    completed = history[-2]
    assert isinstance(completed, ContractState)
    lowered = (completed.indicators[0].model_copy(update={"target": Decimal(90)}), *completed.indicators[1:])
    told = completed.model_dump() | {"version": 4, "indicators": [each.model_dump() for each in lowered]}
    corrected = ContractCorrected(**told, correction_id=ident(8, 1), corrected=("indicators.O1.target",))
    await scoring.hear(*history, corrected)
    indicator = str(lowered[0].indicator_id)
    (flagged, *rest) = (await scoring.get("/v1/targets", contract_id=str(CONTRACT)))["items"]
    by_id = {each["indicator_id"]: each["softened"] for each in (flagged, *rest)}
    assert {key: value for key, value in by_id.items() if value} == {indicator: "agreed"}
    refused = await scoring.determine(CONTRACT)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/targets-softened")
    assert "agreed before: 100.000000 %" in refused.json()["targets"][0]["how"]
    reason = "The printed contract says 90; 100 was typed by mistake."
    made = await scoring.determine(CONTRACT, softened_targets={indicator: reason})
    assert made.status_code == 201, made.text
    [kept] = made.json()["softened_targets"]
    assert (kept["against"], kept["median_target"], kept["median_result"]) == ("agreed", "100.000000", None)
    for language, said in (("zh", "与本合同曾约定的 100% 不同"), ("en", "has had in force: 100%")):
        params = {"framework_id": SELF, "language": language}
        page = await scoring.client.as_("finance").get(f"/v1/reports/contracts/{CONTRACT}", params=params)
        assert said in page.text
        assert reason in page.text


async def test_results_taken_back_and_targets_added_after_the_fact_are_no_standard(scoring: Scoring) -> None:
    """Of nine contracts one typed its target in when the outcome was known, and one took a later result back."""
    events: list[EventData] = []
    for number in range(9):
        contract_id = ident(1, 500 + number)
        indicator = agreed(1, "output", "O1", target="110", added_after_the_fact=number == 8)
        active = state("active", version=2, contract_id=contract_id, indicators=(indicator,))
        events += [active, observation(600 + number, indicator, value=120, contract_id=contract_id)]
    taken = ident(1, 500)
    wrong = observation(700, agreed(1, "output", "O1", target="110"), value=5, contract_id=taken)
    back = ObservationWithdrawn(
        withdrawal_id=ident(6, 1),
        observation_id=wrong.observation_id,
        supersedes=wrong.observation_id,
        contract_id=taken,
        region=wrong.region,
        indicator_id=wrong.indicator_id,
        observed_on=wrong.observed_on,
        recorded_at=wrong.recorded_at + timedelta(hours=1),
    )
    await scoring.hear(*events, wrong, back, state("active", version=2))
    items = (await scoring.get("/v1/targets", contract_id=str(CONTRACT)))["items"]
    sector = next(each for each in items if each["code"] == "O1")["groups"][2]
    assert (sector["targets"], sector["results"], sector["reached"]) == (8, 8, 1.0)


def softened(found: list[Compared]) -> str | None:
    [one] = found
    return None if one.softened is None else one.softened.name


async def test_a_softened_target_is_determined_with_a_reason_only(scoring: Scoring) -> None:
    """Eight contracts asked for 110 and reached 120; this one agreed 100, and its signer says why."""
    for number in range(8):
        contract_id = ident(1, 400 + number)
        before = state(
            "active", version=2, contract_id=contract_id, indicators=(agreed(1, "output", "O1", target="110"),)
        )
        await scoring.hear(before, observation(950 + number, before.indicators[0], value=120, contract_id=contract_id))
    await scoring.hear(*complete_history())
    output = str(state("active", version=2).indicators[0].indicator_id)
    refused = await scoring.determine(CONTRACT)
    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/targets-softened"
    [named] = refused.json()["targets"]
    assert named["what"] == output
    assert "median target 110.000000, median result 120.000000" in named["how"]
    reason = "The district grew by two mountain townships."
    unfounded = await scoring.determine(CONTRACT, softened_targets={output: reason, str(ident(1, 1)): reason})
    assert unfounded.status_code == 422
    made = await scoring.determine(CONTRACT, softened_targets={output: reason})
    assert made.status_code == 201, made.text
    [kept] = made.json()["softened_targets"]
    assert (kept["against"], kept["target"], kept["reason"]) == ("history", "100.000000", reason)
    # What comes later changes neither the act nor its report.
    late = state("active", version=2, contract_id=ident(1, 420), indicators=(agreed(1, "output", "O1", target="50"),))
    await scoring.hear(late, *(observation(980, late.indicators[0], value=50, contract_id=ident(1, 420)),))
    page = await scoring.client.as_("finance").get(f"/v1/reports/contracts/{CONTRACT}", params={"framework_id": SELF})
    assert f"签署人说明的理由：{reason}" in page.text
    assert "以往目标的中位数为 110%" in page.text


async def test_a_draft_is_compared_before_it_is_approved(scoring: Scoring) -> None:
    """Eight contracts before it, one after, one of another service; only those before and alike count."""
    events = []
    for number in range(10):
        contract_id = ident(1, 200 + number)
        terms: dict[str, Any] = {
            "contract_id": contract_id,
            "signed_on": date(2026, 1, 1) if number != 8 else date(2026, 9, 1),
            "service_category": "A05" if number != 9 else "B03",
            "region": "CN-230102" if number % 2 else "CN-310101",
            "indicators": (agreed(1, "output", "O1", target=str(80 + number)),),
        }
        active = state("active", version=2, **terms)
        events += [
            active,
            observation(900 + number, active.indicators[0], value=99, contract_id=contract_id, region=terms["region"]),
        ]
    draft = state(
        "active",
        version=2,
        contract_id=ident(1, 300),
        service_category="A05",
        signed_on=date(2026, 6, 1),
        indicators=(agreed(1, "output", "O1", target="70"),),
    )
    created = ContractCreated(
        **draft.model_dump()
        | {
            "state": "draft",
            "version": 1,
            "provider": None,
            "purchaser": PartyRef(organisation_id=ident(4, 77), name="another simulated purchaser"),
        }
    )
    await scoring.hear(*events, created)
    county = scoring.client.as_("purchaser", regions=["CN-230102"])
    answer = await county.get("/v1/targets", params={"contract_id": str(ident(1, 300))})
    assert answer.status_code == 200, answer.text
    (item,) = answer.json()["items"]
    groups = {group["name"]: group for group in item["groups"]}
    assert {name: group["targets"] for name, group in groups.items()} == {"history": 0, "region": 4, "sector": 8}
    assert (item["compared_with"], item["flags"]) == ("sector", ["too_easy", "out_of_range"])
    assert groups["sector"]["percentile"] == 0.0
    assert groups["region"]["target_quartiles"] is None
    stranger = scoring.client.as_("purchaser", regions=["CN-310101"])
    hidden = await stranger.get("/v1/targets", params={"contract_id": str(ident(1, 300))})
    assert hidden.status_code == 404
    # What was not concluded is no matter of another organisation's officers, neither its targets nor its terms.
    for organisation, status in ((ident(900, 1), 404), (created.purchaser.organisation_id, 200)):
        officer = scoring.client.as_("purchaser", regions=["CN-230102"], organisation=organisation)
        for path in ("/v1/targets", "/v1/evidence"):
            answer = await officer.get(path, params={"contract_id": str(ident(1, 300))})
            assert answer.status_code == status, path
    told = await scoring.get(f"/v1/scores/{ident(1, 201)}/explanation", framework_id=SELF)
    assert [(each["code"], each["target"]) for each in told["targets"]] == [("O1", 81.0)]
    assert UUID(told["targets"][0]["indicator_id"]) == ident(2, 1)
