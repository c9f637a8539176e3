"""Observations over HTTP."""

from typing import Any

from shared.events import ObservationRecorded


def body_of(contract: Any, number: int = 0, **fields: Any) -> dict[str, Any]:
    return {
        "indicator_id": contract["indicators"][number]["indicator_id"],
        "value": "11850",
        "observed_on": "2025-06-30",
    } | fields


async def test_an_observation_is_recorded_and_announced(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/observations"
    recorded = await contracts.post(path, body_of(contract, document_sha256="a" * 64), expect=201)
    assert (recorded["indicator_code"], recorded["value"], recorded["observed_on"]) == ("visits", "11850", "2025-06-30")
    (event,) = await contracts.emitted(ObservationRecorded)
    assert event.data["observation_id"] == recorded["id"]
    assert event.data["value"] == "11850"
    assert event.data["region"] == "CN-230102"
    assert (await contracts.get(path))["items"] == [recorded]
    # A fact is no change of the aggregate: its version and ETag stay.
    assert (await contracts.get(f"/contracts/{contract['contract_id']}"))["version"] == contract["version"]


async def test_figures_keep_every_digit(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/observations"
    for value in ("0.12345678", "-3.5", "1234567890123456.12345678", "0"):
        assert (await contracts.post(path, body_of(contract, 2, value=value), expect=201))["value"] == value


async def test_a_correction_names_what_it_supersedes_and_why(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/observations"
    first = await contracts.post(path, body_of(contract), expect=201)
    correction = body_of(contract, value="11580", supersedes=first["id"])
    await contracts.refused("POST", path, correction, status=409, slug="observation-not-correctable")
    second = await contracts.post(path, correction | {"note": "数字颠倒"}, expect=201)
    assert second["supersedes"] == first["id"]
    await contracts.refused("POST", path, correction | {"note": "再改"}, status=409, slug="observation-not-correctable")
    of_other = body_of(contract, 2, supersedes=second["id"], note="别的指标")
    await contracts.refused("POST", path, of_other, status=409, slug="observation-not-correctable")
    assert [event.data["supersedes"] for event in await contracts.emitted(ObservationRecorded)] == [None, first["id"]]


async def test_only_agreed_indicators_of_contracts_in_force_are_observed(contracts: Any) -> None:
    contract, other = await contracts.active(), await contracts.active()
    path = f"/contracts/{contract['contract_id']}/observations"
    problem = await contracts.refused("POST", path, body_of(other), status=409, slug="indicator-not-agreed")
    assert "visits" in problem["detail"]
    late = body_of(contract, observed_on="2999-01-01")
    await contracts.refused("POST", path, late, status=409, slug="observation-in-the-future")
    draft = await contracts.draft()
    await contracts.refused(
        "POST",
        f"/contracts/{draft['contract_id']}/observations",
        body_of(draft),
        status=409,
        slug="contract-state-conflict",
    )
    assert await contracts.emitted(ObservationRecorded) == []


async def test_effects_are_observed_after_the_end(contracts: Any) -> None:
    contract = await contracts.completed()
    path = f"/contracts/{contract['contract_id']}/observations"
    assert (await contracts.post(path, body_of(contract, 2, value="64"), expect=201))[
        "indicator_code"
    ] == "independence"


async def test_malformed_observations_are_refused_with_the_place(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/observations"
    cases: list[tuple[str, dict[str, Any]]] = [
        ("/value", {"value": "many"}),
        ("/value", {"value": 3.25}),
        ("/value", {"value": "NaN"}),
        ("/value", {"value": "0.123456789"}),
        ("/value", {"value": True}),
        ("/observed_on", {"observed_on": None}),
        ("/indicator_id", {"indicator_id": "visits"}),
        ("/document_sha256", {"document_sha256": "abc"}),
        ("/unit", {"unit": "人次"}),
    ]
    for pointer, change in cases:
        assert await contracts.pointers("POST", path, body_of(contract, **change)) == {pointer}, change


async def test_observations_are_listed_by_indicator_and_page(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/observations"
    recorded = [await contracts.post(path, body_of(contract, n % 2, value=str(n)), expect=201) for n in range(4)]
    page = await contracts.get(f"{path}?limit=3")
    rest = await contracts.staff.get(f"/v1{path}", params={"cursor": page["next"]})
    assert page["items"] + rest.json()["items"] == recorded
    only = await contracts.get(f"{path}?indicator_id={contract['indicators'][1]['indicator_id']}")
    assert only["items"] == recorded[1::2]


async def test_what_an_indicator_cannot_be_is_refused_by_name(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/observations"
    visits, complaints, improved, satisfied = range(4)
    for number, value, code in ((visits, "-1", "visits"), (complaints, "-0.1", "complaints"), (satisfied, "101", None)):
        wrong = body_of(contract, number, value=value)
        problem = await contracts.refused("POST", path, wrong, status=409, slug="observation-impossible")
        assert problem["indicator"] == (code or "satisfaction")
        assert value in problem["detail"]
    assert (await contracts.get(path))["items"] == []
    for number, value, codes in (
        (visits, "0", []),
        (visits, "120000", []),
        (visits, "120000.5", ["farOverTarget"]),
        (complaints, "101", ["overTheWhole"]),
        (improved, "-2.5", ["negative"]),  # an effect is a change, for the worse here
        (satisfied, "100", []),
    ):
        recorded = await contracts.post(path, body_of(contract, number, value=value), expect=201)
        assert [one["code"] for one in recorded["warnings"]] == codes, recorded


async def test_a_day_outside_the_term_is_marked_until_the_term_is_corrected(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/observations"
    for day, codes in (("2025-01-09", ["beforeTerm"]), ("2025-01-10", []), ("2025-12-31", []), ("2026-01-01", None)):
        recorded = await contracts.post(path, body_of(contract, observed_on=day), expect=201)
        assert [one["code"] for one in recorded["warnings"]] == (["afterTerm"] if codes is None else codes)
    first, *_, last = (await contracts.get(path))["items"]
    assert "2025-01-10" in first["warnings"][0]["detail"]
    assert "2025-12-31" in last["warnings"][0]["detail"]
    fields = {"field": "starts_on", "old": "2025-01-10", "new": "2025-01-06", "reason": "x", "proof_sha256": "a" * 64}
    asked = await contracts.post(f"/contracts/{contract['contract_id']}/corrections", fields, expect=201)
    second = contracts.client.as_("finance", subject="second-person")
    approve = f"/v1/contracts/{contract['contract_id']}/corrections/{asked['id']}/approve"
    assert (await second.post(approve)).status_code == 200
    assert [bool(one["warnings"]) for one in (await contracts.get(path))["items"]] == [False, False, False, True]
