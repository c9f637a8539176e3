"""Amendments: both sides confirm, the cap counts every increase, dates stand in order, nothing else is touched."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.amendments.errors import AmendmentTermsConflict
from contracts.amendments.terms import changed, increases_of
from contracts.contracts.imported import ImportedAmendment, ImportedContract
from contracts.contracts.service import record_imported_contract
from contracts.organisations.imported import ImportedOrganisation
from contracts.organisations.service import record_imported_organisation
from shared.events import AmendmentAgreed, ContractState, ContractUpdated, LotState, PartyRef
from shared.ids import new_id

Json = dict[str, Any]
BODY: Json = {
    "reason_code": "quantityAdjustment",
    "rationale": "服务对象增加（模拟）",
    "amended_on": "2025-03-01",
    "value": "126000.00",
}


async def propose(contracts: Any, contract: Json, *, expect: int = 201, **fields: Any) -> Json:
    found: Json = await contracts.post(f"/contracts/{contract['contract_id']}/amendments", BODY | fields, expect=expect)
    return found


async def agree(contracts: Any, contract: Json, amendment: Json) -> Json:
    path = f"/contracts/{contract['contract_id']}/amendments/{amendment['id']}/confirm"
    await contracts.post(path, {"side": "purchaser"})
    found: Json = await contracts.post(path, {"side": "provider"})
    return found


async def confirm_rules(contracts: Any, *codes: str) -> None:
    body = {"version": "1.0.0", "rules": list(codes), "scope": "CN-23", "person": "simulated", "basis": "simulated"}
    await contracts.post("/rules/cn-2020/confirmations", body, expect=200)


async def test_an_amendment_is_in_force_when_both_have_confirmed(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}"
    milestones = [
        {"code": "M2", "percentage": "50", "due_on": "2025-12-15"},
        {"code": "M3", "title": "补充服务", "percentage": "10", "due_on": "2025-12-20"},
    ]
    proposed = await propose(contracts, contract, milestones=milestones, document_sha256="a" * 64)
    assert (proposed["state"], proposed["number"], proposed["value_before"]) == ("proposed", None, "120000.00")
    assert [each["code"] for each in proposed["milestones"]] == ["M2", "M3"]
    assert (await contracts.get(path))["value"] == "120000.00"

    purchaser = contracts.client.as_("purchaser", organisation=contract["purchaser"]["organisation_id"])
    provider = contracts.client.as_("provider", organisation=contract["provider"]["organisation_id"])
    confirm = f"/v1{path}/amendments/{proposed['id']}/confirm"
    assert (await provider.post(confirm)).json()["provider"]["by"]
    body = {"side": "purchaser"}
    await contracts.refused("POST", confirm[3:], body, status=403, slug="not-a-party", client=provider)
    await contracts.refused("POST", confirm[3:], status=409, slug="amendment-already-confirmed", client=provider)
    answer = await purchaser.post(confirm, headers={"If-Match": f'"{contract["version"]}"'})
    agreed = answer.json()
    assert (agreed["state"], agreed["number"]) == ("inForce", 1), agreed

    amended = await contracts.get(path)
    assert (amended["value"], amended["value_at_signing"], amended["state"]) == ("126000.00", "120000.00", "active")
    assert {each["code"]: each["percentage"] for each in amended["milestones"]} == {
        "M1": "40",
        "M2": "50",
        "P1": "100",
        "M3": "10",
    }
    (told,) = amended["amendments"]
    assert (told["reason_code"], told["value_before"], told["value_after"]) == (
        "quantityAdjustment",
        "120000.00",
        "126000.00",
    )
    assert told["contract_version"] == amended["version"] == contract["version"] + 1
    (event,) = await contracts.emitted(AmendmentAgreed)
    assert (event.data["number"], event.data["contract_version"]) == (1, amended["version"])
    assert (await contracts.emitted(ContractUpdated))[-1].data["value"] == "126000.00"
    listed = await contracts.get(f"{path}/amendments")
    assert (listed["value_at_signing"], listed["increases"]) == ("120000.00", "6000.00")
    await contracts.refused("POST", confirm[3:], body, status=409, slug="amendment-not-open")


@pytest.mark.parametrize("confirmed", [True, False])
async def test_all_supplements_together_stay_under_the_cap(contracts: Any, confirmed: bool) -> None:
    """10 % of the value at signing; a decrease makes no room; a rule that nobody has confirmed only warns."""
    if confirmed:
        await confirm_rules(contracts, "supplement-cap")
    contract = await contracts.active(budget="200000.00")
    path = f"/contracts/{contract['contract_id']}"
    await agree(contracts, contract, await propose(contracts, contract, value="129000.00"))
    lower = await propose(contracts, contract, reason_code="priceReduction", value="110000.00")
    await agree(contracts, contract, lower)
    if not confirmed:
        over = await propose(contracts, contract, value="113000.01")
        (warning,) = over["warnings"]
        assert (warning["what"], warning["effect"]) == ("rules.supplement-cap", "warn")
        assert (await agree(contracts, contract, over))["number"] == 3
        return
    exactly = BODY | {"value": "113000.00"}
    body = BODY | {"value": "113000.01"}
    problem = await contracts.refused("POST", f"{path}/amendments", body, status=409, slug="amendment-over-limit")
    (missing,) = problem["missing"]
    assert missing["figures"]["max_percent"] == "10"
    assert missing["figures"]["value"] == "132000.01"
    assert "GPL" in missing["rule"]
    await agree(contracts, contract, await propose(contracts, contract, value=exactly["value"]))
    assert (await contracts.get(path))["value"] == "113000.00"
    # Set aside for this contract by two persons, the rule refuses no more.
    asker, approver = (contracts.client.as_("purchaser", subject=name) for name in ("asker", "approver"))
    asked = await asker.post(f"/v1{path}/overrides", json={"rule": "supplement-cap", "reason": "模拟"})
    override = asked.json()["overrides"][0]["id"]
    assert (await approver.post(f"/v1{path}/overrides/{override}/approve")).status_code == 200
    over = await propose(contracts, contract, value="120000.00")
    assert [each["effect"] for each in over["warnings"]] == ["overridden"]


async def test_a_longer_term_stays_under_the_limit(contracts: Any) -> None:
    await confirm_rules(contracts, "term-limit")
    contract = await contracts.active()
    body = BODY | {"reason_code": "termExtension", "value": None, "ends_on": "2026-01-10"}
    path = f"/contracts/{contract['contract_id']}/amendments"
    problem = await contracts.refused("POST", path, body, status=409, slug="amendment-over-limit")
    assert problem["missing"][0]["figures"]["months"] == 13
    agreed = await agree(contracts, contract, await contracts.post(path, body | {"ends_on": "2026-01-09"}, expect=201))
    assert (agreed["ends_on_before"], agreed["ends_on_after"]) == ("2025-12-31", "2026-01-09")


async def test_what_cannot_be_amended_is_refused(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}"
    report = next(each for each in contract["milestones"] if each["code"] == "M1")
    reported = {"status": "met", "met_on": "2025-02-01"}
    await contracts.post(f"{path}/milestones/{report['milestone_id']}/report", reported)
    await contracts.book(contract, "payment", "50000.00")
    nothing: Json = {"value": None}
    refusals: list[tuple[str, Json]] = [
        ("amendment-changes-nothing", nothing),
        ("amendment-changes-nothing", {"value": "120000.00", "ends_on": "2025-12-31"}),
        ("amendment-out-of-order", {"amended_on": "2025-01-04"}),
        ("amendment-out-of-order", {"amended_on": "2999-01-01"}),
        ("amendment-reason-misfit", {"reason_code": "priceReduction"}),
        ("amendment-reason-misfit", {"reason_code": "termExtension"}),
        ("amendment-reason-misfit", {"reason_code": "whim"}),
        ("amendment-below-ledger", {"value": "49999.99"}),
        ("amendment-terms-conflict", {"ends_on": "2025-01-01"}),
        ("amendment-terms-conflict", {"milestones": [{"code": "M1", "due_on": "2025-08-01"}]}),
        ("amendment-terms-conflict", {"milestones": [{"code": "M2", "percentage": "70"}]}),
        ("amendment-terms-conflict", {"milestones": [{"code": "M9"}]}),
        ("amendment-terms-conflict", {"milestones": [{"code": "M2", "kind": "financing"}]}),
        ("amendment-terms-conflict", {"lots": [{"code": "L1", "value": "1.00"}]}),
    ]
    for slug, fields in refusals:
        await contracts.refused("POST", f"{path}/amendments", BODY | fields, status=409, slug=slug)
    stale = {"headers": {"If-Match": '"1"'}}
    await contracts.refused("POST", f"{path}/amendments", BODY, status=412, slug="stale-version", **stale)
    same = {"texts": [{"term": "quality", "before": "x", "after": "x"}]}
    assert await contracts.pointers("POST", f"{path}/amendments", BODY | same)

    proposed = await propose(contracts, contract)
    problem = await contracts.refused("POST", f"{path}/amendments", BODY, status=409, slug="amendment-already-proposed")
    assert problem["amendment_id"] == proposed["id"]
    await contracts.refused("POST", f"{path}/amendments/{proposed['id']}/confirm", status=422, slug="malformed")
    await contracts.post(f"{path}/amendments/{proposed['id']}/withdraw", {"reason": "模拟"})
    again = await propose(contracts, contract, milestones=[{"code": "M2", "due_on": "2025-11-30"}])
    m2 = next(each for each in contract["milestones"] if each["code"] == "M2")
    await contracts.post(f"{path}/milestones/{m2['milestone_id']}/report", reported)
    confirm = f"{path}/amendments/{again['id']}/confirm"
    await contracts.refused("POST", confirm, {"side": "provider"}, status=409, slug="amendment-terms-conflict")
    ended = await contracts.completed()
    await contracts.refused(
        "POST", f"/contracts/{ended['contract_id']}/amendments", BODY, status=409, slug="contract-state-conflict"
    )


async def test_an_import_that_comes_again_keeps_what_was_agreed_here(contracts: Any) -> None:
    """The source's own amendments are taken anew; numbers that were given here stay."""
    first = ImportedAmendment(external_id="am1", amended_on=date(2019, 2, 1), rationale="simulated")
    async with contracts.database.transaction() as session:
        party = ImportedOrganisation(source="t", external_id="B1", name="Komuna", roles=("purchaser", "provider"))
        organisation = await record_imported_organisation(session, party)
        imported = ImportedContract(
            source="t",
            external_id="C1",
            content_hash="a" * 64,
            region="XK-05",
            title="Sigurimi",
            state="active",
            purchaser_id=organisation,
            provider_id=organisation,
            currency="EUR",
            value=Decimal("100.00"),
            amendments=(first,),
        )
        recorded = await record_imported_contract(session, imported)
    contract = {"contract_id": str(recorded.contract_id)}
    early = BODY | {"amended_on": "2019-01-31", "value": "105.00"}
    path = f"/contracts/{recorded.contract_id}"
    await contracts.refused("POST", f"{path}/amendments", early, status=409, slug="amendment-out-of-order")
    agreed = await agree(contracts, contract, await propose(contracts, contract, value="105.00"))
    assert (agreed["number"], (await contracts.get(f"{path}/amendments"))["value_at_signing"]) == (2, "100.00")
    again = replace(imported, content_hash="b" * 64, value=Decimal("90.00"), amendments=(first, first))
    async with contracts.database.transaction() as session:
        await record_imported_contract(session, again)
    shown = await contracts.get(path)
    assert (shown["value"], shown["warnings"][-1]["code"]) == ("105.00", "terms-kept")
    assert [(each["number"], each["reason_code"]) for each in shown["amendments"]] == [
        (1, None),
        (2, "quantityAdjustment"),
        (3, None),
    ]


def contract_with_lots() -> ContractState:
    party = PartyRef(organisation_id=new_id(), name="某局（模拟）")
    lots = [LotState(lot_id=new_id(), code=code, title=code, value=Decimal(value)) for code, value in LOTS.items()]
    return ContractState(
        contract_id=new_id(),
        version=1,
        region="CN-230102",
        title="居家养老服务（模拟）",
        state="active",
        simulated=True,
        purchaser=party,
        value=sum((lot.value for lot in lots), Decimal(0)),
        lots=tuple(lots),
    )


LOTS = {"L1": "70000.00", "L2": "50000.00"}
NOTHING: Json = {"value": None, "starts_on": None, "ends_on": None, "milestones": (), "lots": (), "texts": ()}


@given(first=st.integers(0, 10**7), second=st.integers(0, 10**7))
def test_lots_and_value_change_together(first: int, second: int) -> None:
    state = contract_with_lots()
    lots = [("L1", Decimal(first) / 100), ("L2", Decimal(second) / 100)]
    total = sum((value for _, value in lots), Decimal(0))
    if [value for _, value in lots] == [lot.value for lot in state.lots]:
        return
    change = changed(state, **NOTHING | {"lots": lots, "value": total})
    assert dict(change.lots).items() <= dict(lots).items()
    assert ("valueUp" in change.effects) == (total > 120000)
    assert ("valueDown" in change.effects) == (total < 120000)
    with pytest.raises(AmendmentTermsConflict, match="lots would sum"):
        changed(state, **NOTHING | {"lots": lots, "value": total + 1})


def test_money_that_moves_between_lots_changes_the_text_only() -> None:
    lots = [("L1", Decimal("60000.00")), ("L2", Decimal("60000.00"))]
    change = changed(contract_with_lots(), **NOTHING | {"lots": lots})
    assert change.effects == {"texts"}
    assert change.lots_told(contract_with_lots())[0] == {"code": "L1", "before": "70000.00", "after": "60000.00"}
    with pytest.raises(AmendmentTermsConflict, match="no lot"):
        changed(contract_with_lots(), **NOTHING | {"lots": [("L9", Decimal(1))]})


@given(st.lists(st.integers(-(10**6), 10**6), max_size=12))
def test_a_decrease_makes_no_room_for_an_increase(steps: list[int]) -> None:
    value = Decimal(10**8)
    agreed = []
    for step in steps:
        agreed.append(SimpleNamespace(value_before=value, value_after=value + step))
        value += step
    assert increases_of(agreed) == sum(step for step in steps if step > 0)
