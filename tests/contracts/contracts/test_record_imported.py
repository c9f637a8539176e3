"""Recording contracts of other systems: at their true state, once, and never against what was done here."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from contracts.contracts.errors import ContractAlreadyRecorded, ContractNotFound
from contracts.contracts.imported import ImportedAmendment, ImportedContract, ImportedMilestone, Recorded
from contracts.contracts.service import record_imported_contract
from contracts.ledger.errors import LedgerCurrencyMismatch
from contracts.ledger.imported import ImportedTransaction
from contracts.ledger.service import record_imported_transactions
from contracts.organisations.imported import ImportedOrganisation
from contracts.organisations.service import record_imported_organisation
from contracts.snapshot import snapshot
from shared.auth import Principal
from shared.events import ContractCompleted, ContractImported, LedgerPosted
from shared.problems import Forbidden

PARTY = ImportedOrganisation(source="ocds-test", external_id="B1", name="Komuna", roles=("purchaser", "provider"))


async def contract_of(contracts: Any, **fields: Any) -> ImportedContract:
    async with contracts.database.transaction() as session:
        party = await record_imported_organisation(session, PARTY)
    imported = ImportedContract(
        source="ocds-test",
        external_id="C1",
        content_hash="a" * 64,
        region="XK-05",
        title="Sigurimi",
        state="active",
        purchaser_id=party,
        provider_id=party,
        currency="EUR",
        value=Decimal("100.00"),
        starts_on=date(2019, 1, 30),
        ends_on=date(2019, 1, 16),
        amendments=(ImportedAmendment(external_id="am1", rationale="more"),),
        milestones=(ImportedMilestone(code="m1", title="Half"),),
        gaps=("signed_on", "uscc"),
        warnings=({"code": "period-reversed", "detail": "ends before it begins"},),
        extras={"ocds": {"ocid": "x"}},
    )
    return replace(imported, **fields)


async def record(contracts: Any, imported: ImportedContract, **options: Any) -> Recorded:
    async with contracts.database.transaction(**options) as session:
        return await record_imported_contract(session, imported)


async def book(contracts: Any, recorded: Recorded, *transactions: ImportedTransaction) -> int:
    async with contracts.database.transaction() as session:
        return await record_imported_transactions(
            session,
            transactions,
            contract_id=recorded.contract_id,
            region=recorded.region,
            currency=recorded.currency,
        )


async def test_an_import_keeps_state_gaps_and_contradictions(contracts: Any) -> None:
    recorded = await record(contracts, await contract_of(contracts))
    assert recorded.outcome == "created"
    shown = await contracts.get(f"/contracts/{recorded.contract_id}")
    assert (shown["state"], shown["origin"], shown["region"]) == ("active", "import", "XK-05")
    assert (shown["starts_on"], shown["ends_on"]) == ("2019-01-30", "2019-01-16")
    assert shown["gaps"] == ["signed_on", "uscc"]
    assert [warning["code"] for warning in shown["warnings"]] == ["period-reversed"]
    assert [amendment["number"] for amendment in shown["amendments"]] == [1]
    assert [milestone["code"] for milestone in shown["milestones"]] == ["m1"]
    assert shown["external_ids"] == [{"source": "ocds-test", "id": "C1"}]
    (event,) = await contracts.emitted(ContractImported)
    assert event.data["gaps"] == ["signed_on", "uscc"]
    assert event.data["version"] == 1


async def test_the_same_content_again_changes_nothing(contracts: Any) -> None:
    imported = await contract_of(contracts)
    first = await record(contracts, imported)
    again = await record(contracts, imported)
    assert again == first._replace(outcome="unchanged")
    assert len(await contracts.emitted(ContractImported)) == 1


async def test_other_content_brings_it_up_to_date(contracts: Any) -> None:
    imported = await contract_of(contracts)
    first = await record(contracts, imported)
    changed = replace(
        imported,
        content_hash="b" * 64,
        state="completed",
        end_reason="complete",
        amendments=(),
        milestones=(
            ImportedMilestone(code="m1", title="Half", status="met"),
            ImportedMilestone(code="m2", title="Rest"),
        ),
        region="XK-99",
    )
    second = await record(contracts, changed)
    assert second == Recorded(first.contract_id, "updated", "XK-05", "EUR")
    shown = await contracts.get(f"/contracts/{first.contract_id}")
    assert (shown["state"], shown["version"], shown["amendments"]) == ("completed", 2, [])
    assert [(m["code"], m["status"]) for m in shown["milestones"]] == [("m1", "met"), ("m2", "scheduled")]


async def test_what_was_done_here_is_not_undone(contracts: Any) -> None:
    imported = await contract_of(contracts)
    recorded = await record(contracts, imported)
    await contracts.post(f"/contracts/{recorded.contract_id}/terminate", {"reason": "x"})
    await record(contracts, replace(imported, content_hash="c" * 64, title="Sigurimi 2"))
    shown = await contracts.get(f"/contracts/{recorded.contract_id}")
    assert (shown["state"], shown["title"]) == ("terminated", "Sigurimi 2")
    assert shown["ended_at"] is not None
    assert [warning["code"] for warning in shown["warnings"]] == ["period-reversed", "state-kept"]


async def test_the_ledgers_currency_and_foreign_regions_are_guarded(contracts: Any) -> None:
    imported = await contract_of(contracts)
    await record(contracts, imported)
    with pytest.raises(ContractAlreadyRecorded):
        await record(contracts, replace(imported, content_hash="d" * 64, currency="USD"))
    elsewhere = Principal("x", frozenset({"operator"}), ("CN",))
    with pytest.raises(Forbidden):
        await record(contracts, imported, principal=elsewhere)
    with pytest.raises(ContractNotFound):
        await record(contracts, replace(imported, region="CN-23"), principal=elsewhere)


async def test_transactions_are_booked_once_and_corrected_by_reversal(contracts: Any) -> None:
    recorded = await record(contracts, await contract_of(contracts))
    first = ImportedTransaction(external_id="t1", amount=Decimal("40.00"), currency="EUR", milestone_code="m1")
    more = ImportedTransaction(
        external_id="t2", amount=Decimal("90.00"), currency="EUR", voucher="V1", booked_on=date(2020, 1, 1)
    )
    assert await book(contracts, recorded, first, more) == 2
    assert await book(contracts, recorded, first, more) == 0
    # The past is not held to the value of the contract: 130 of 100 stay as they are given.
    assert await book(contracts, recorded, replace(first, amount=Decimal("45.00")), more) == 2
    assert await book(contracts, recorded, replace(first, amount=Decimal("45.00")), more) == 0
    ledger = (await contracts.get(f"/contracts/{recorded.contract_id}/ledger"))["items"]
    assert [(e["kind"], e["amount"], e["external_id"], e["booked_on"]) for e in ledger[:2]] == [
        ("payment", "40.00", "t1", None),
        ("payment", "90.00", "t2", "2020-01-01"),
    ]
    assert [(e["kind"], e["amount"], e["external_id"]) for e in ledger[2:]] == [
        ("reversal", "40.00", None),
        ("payment", "45.00", "t1#2"),
    ]
    assert ledger[0]["milestone_id"] is not None
    assert (await contracts.get(f"/contracts/{recorded.contract_id}"))["ledger"]["paid"] == "135.00"
    assert len(await contracts.emitted(LedgerPosted)) == 4
    with pytest.raises(LedgerCurrencyMismatch):
        await book(contracts, recorded, replace(first, external_id="t3", currency="USD"))


async def test_an_entry_that_was_taken_back_here_stays_taken_back(contracts: Any) -> None:
    recorded = await record(contracts, await contract_of(contracts))
    transaction = ImportedTransaction(external_id="t1", amount=Decimal("40.00"), currency="EUR")
    await book(contracts, recorded, transaction)
    contract = await contracts.get(f"/contracts/{recorded.contract_id}")
    entry = (await contracts.get(f"/contracts/{recorded.contract_id}/ledger"))["items"][0]
    await contracts.book(contract, "reversal", reverses=entry["id"], note="误记")
    assert await book(contracts, recorded, replace(transaction, amount=Decimal("50.00"))) == 0


async def test_the_snapshot_tells_an_import_until_it_is_moved_here(contracts: Any) -> None:
    imported = await contract_of(contracts)
    recorded = await record(contracts, imported)

    async def told() -> list[type]:
        async with contracts.database.reading() as session:
            return [type(data) async for data, subject, _ in snapshot(session) if subject == recorded.contract_id]

    assert await told() == [ContractImported]
    contract = await contracts.get(f"/contracts/{recorded.contract_id}")
    await contracts.report_milestones(contract)
    await contracts.accept(contract, "100.00")
    await contracts.book(contract, "payment", "100.00")
    await contracts.post(f"/contracts/{recorded.contract_id}/complete")
    assert (await told())[0] is ContractCompleted


async def test_a_party_keeps_what_was_recorded_with_care(contracts: Any) -> None:
    external = {"source": "ocds-test", "id": "B1"}
    native = await contracts.organisation("purchaser", name="Komuna e Prishtinës", external_id=external)
    async with contracts.database.transaction() as session:
        found = await record_imported_organisation(session, replace(PARTY, name="komuna PRISHTINA"))
    assert found == UUID(native)
    shown = await contracts.get(f"/organisations/{native}")
    assert (shown["name"], shown["roles"]) == ("Komuna e Prishtinës", ["provider", "purchaser"])
