"""A value of the whole from those of all parts, by a rule that somebody names; of a part nothing is concluded. Simulated."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from contracts.observations.combining import Part, combined_value
from shared.events import ObservationRecorded
from shared.ids import new_id

Json = dict[str, Any]


def test_sums_and_means_by_shares_are_exact() -> None:
    def parts(*pairs: tuple[str, str]) -> list[Part]:
        return [Part(new_id(), "x", Decimal(weight), new_id(), Decimal(value)) for weight, value in pairs]

    assert combined_value(parts(("60", "90"), ("40", "70")), rule="shareMean") == Decimal(82)
    assert combined_value(parts(("60", "90"), ("40", "70")), rule="sum") == Decimal(160)
    thirds = combined_value(parts(("1", "1"), ("1", "0"), ("1", "0")), rule="shareMean")
    assert thirds == Decimal("0.33333333")
    assert combined_value(parts(("0", "5"), ("100", "90")), rule="shareMean") == Decimal(90)


async def test_joint_providers_make_a_whole_once_each_was_observed(
    contracts: Any, joint_providers: Callable[..., Any]
) -> None:
    contract = await joint_providers("75", "25")
    path = f"/contracts/{contract['contract_id']}/observations"
    indicators = {one["code"]: one["indicator_id"] for one in contract["indicators"]}
    first, second = (one["member_id"] for one in contract["members"])

    async def observe(code: str, member: str, value: str, **more: Any) -> Json:
        body = {"indicator_id": indicators[code], "value": value, "observed_on": "2025-06-30", "member_id": member}
        found: Json = await contracts.post(path, body | more, expect=201)
        return found

    def whole(code: str, rule: str, **more: Any) -> Json:
        return {"indicator_id": indicators[code], "of": "providers", "rule": rule, "observed_on": "2025-06-30"} | more

    await observe("visits", first, "7000")
    refused = await contracts.refused(
        "POST", f"{path}/combined", whole("visits", "sum"), status=409, slug="parts-not-observed"
    )
    assert (refused["coverage"], len(refused["missing"])) == ("75.00", 1)
    assert second in refused["missing"][0]["how"]
    late = await observe("visits", second, "9999", observed_on="2025-07-31")
    await contracts.refused("POST", f"{path}/combined", whole("visits", "sum"), status=409, slug="parts-not-observed")
    wrong = await observe("visits", second, "4500")
    await observe("visits", second, "5000", supersedes=wrong["id"], note="抄错（模拟）")
    summed = await contracts.post(f"{path}/combined", whole("visits", "sum"), expect=201)
    assert (Decimal(summed["value"]), summed["member_id"]) == (Decimal(12000), None)
    assert [Decimal(part["weight"]) for part in summed["combined"]["parts"]] == [Decimal(75), Decimal(25)]
    assert wrong["id"] not in str(summed["combined"])
    assert late["id"] not in str(summed["combined"])

    # A rate is weighted and never summed.
    for member, value in ((first, "0.8"), (second, "2")):
        await observe("complaints", member, value)
    assert await contracts.pointers("POST", f"{path}/combined", whole("complaints", "sum")) == {"/rule"}
    mean = await contracts.post(f"{path}/combined", whole("complaints", "shareMean"), expect=201)
    assert Decimal(mean["value"]) == Decimal("1.1")
    lots = whole("visits", "sum") | {"of": "lots"}
    await contracts.refused("POST", f"{path}/combined", lots, status=409, slug="part-not-in-contract")
    # Scores hear an ordinary value of the whole.
    told = [event.data for event in await contracts.emitted(ObservationRecorded)]
    wholes = [(one["indicator_code"], Decimal(one["value"])) for one in told if one["member_id"] is None]
    assert wholes == [("visits", Decimal(12000)), ("complaints", Decimal("1.1"))]
    # A part that is corrected later: made again, in the place of the first.
    again = whole("visits", "sum", observed_on="2025-07-31", supersedes=summed["id"], note="七月数据（模拟）")
    assert Decimal((await contracts.post(f"{path}/combined", again, expect=201))["value"]) == Decimal(16999)
