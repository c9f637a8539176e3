"""The registers' sums say what a reading of all contracts would say, whatever happened to them and in which order."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text
from tests.support import ANY_VERSION

from contracts.registers.service import fold_sums
from contracts.retention.deletion import allow_erasing, delete_contracts

HOME, OTHER = "CN-230102", "CN-230103"
READ = """
    SELECT part.region_code AS region, contract.currency, CAST(extract(year FROM contract.signed_on) AS integer) AS year,
        sum(CAST(part.region_code = contract.region AS integer)) AS contracts,
        sum(CAST(part.region_code = contract.region AND contract.state IN ('completed', 'terminated') AS integer)) AS ended,
        sum(part.part_of_value) AS value,
        sum(coalesce((SELECT sum(share_of(CASE entry.kind WHEN 'payment' THEN entry.amount ELSE -entry.amount END,
            part.share_before, part.share)) FROM ledger_entries AS entry WHERE entry.contract_id = contract.id
            AND entry.kind IN ('payment', 'refund')
            AND NOT EXISTS (SELECT FROM ledger_entries AS undone WHERE undone.reverses = entry.id)), 0)) AS paid
    FROM contracts AS contract JOIN contract_shares AS part ON part.contract_id = contract.id
    WHERE contract.state IN ('active', 'suspended', 'completed', 'terminated') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
KEPT = """
    SELECT region, currency, year, sum(contracts) AS contracts, sum(ended) AS ended, sum(value) AS value,
        sum(paid) AS paid
    FROM region_sums GROUP BY 1, 2, 3
    HAVING sum(contracts) <> 0 OR sum(ended) <> 0 OR sum(value) <> 0 OR sum(paid) <> 0 ORDER BY 1, 2, 3
"""
PARTIES = """
    SELECT region, role, organisation_id, year, sum(contracts) FROM participation_sums
    GROUP BY 1, 2, 3, 4 HAVING sum(contracts) <> 0 ORDER BY 1, 2, 3, 4
"""


async def rows(contracts: Any, statement: str) -> list[tuple[Any, ...]]:
    async with contracts.database.reading() as session:
        return [tuple(row) for row in await session.execute(text(statement))]


async def test_the_sums_follow_every_change(contracts: Any) -> None:
    async def agree(*, folded: bool = False) -> list[tuple[Any, ...]]:
        read, kept = await rows(contracts, READ), await rows(contracts, KEPT)
        assert kept == read
        if folded:
            before = await rows(contracts, PARTIES)
            async with contracts.database.transaction() as session:
                assert not await fold_sums(session, limit=100)
            assert (await rows(contracts, KEPT), await rows(contracts, PARTIES)) == (read, before)
            ((count,),) = await rows(contracts, "SELECT count(*) FROM region_sums")
            assert count == len(read)
        return read

    first = await contracts.active(value="100.01")
    await contracts.accept(first, "100.01")
    await contracts.book(first, "payment", "33.35")
    undone = await contracts.book(first, "payment", "50.00")
    await contracts.book(first, "refund", "0.35")
    assert await agree() == [(HOME, "CNY", 2025, 1, 0, Decimal("100.01"), Decimal("83.00"))]
    await contracts.book(first, "reversal", reverses=undone["id"], note="x")
    await agree(folded=True)
    second = await contracts.active(value="7.00", signed_on="2024-12-31")
    await contracts.post(f"/contracts/{second['contract_id']}/suspend", {"reason": "x"})
    await agree()
    await contracts.post(f"/contracts/{second['contract_id']}/terminate", {"reason": "x"})
    await contracts.post(f"/contracts/{(await contracts.draft())['contract_id']}/cancel", {"reason": "x"})
    assert [row[:5] for row in await agree(folded=True)] == [(HOME, "CNY", 2024, 1, 1), (HOME, "CNY", 2025, 1, 0)]
    # A term that is changed on the quiet, as a correction does, moves the contract and its payments.
    async with contracts.database.transaction() as session:
        changed = "UPDATE contracts SET region = :region, signed_on = '2023-05-01', value = 5 WHERE value = 100.01"
        await session.execute(text(changed), {"region": OTHER})
    assert (OTHER, "CNY", 2023, 1, 0, Decimal(5), Decimal("33.00")) in await agree(folded=True)
    years = {(row[1], row[3]) for row in await rows(contracts, PARTIES)}
    assert years == {(role, year) for role in ("purchaser", "provider") for year in (2023, 2024)}


async def test_shared_money_counts_in_each_region_once_and_the_contract_in_its_own(contracts: Any) -> None:
    draft = await contracts.draft(value="100.01")
    partner = await contracts.organisation()
    lead = draft["provider"]["organisation_id"]
    structure = {
        "regions": [{"region": HOME, "share": "33.3"}, {"region": OTHER, "share": "66.7"}],
        "members": [
            {"side": "provider", "organisation_id": lead, "share": "50", "lead": True},
            {"side": "provider", "organisation_id": partner, "share": "50"},
        ],
    }
    answer = await contracts.staff.put(
        f"/v1/contracts/{draft['contract_id']}/structure", json=structure, headers=ANY_VERSION
    )
    assert answer.status_code == 200, answer.text
    for move in ("submit", "activate"):
        await contracts.post(f"/contracts/{draft['contract_id']}/{move}")
    await contracts.accept(draft, "100.01")
    await contracts.book(draft, "payment", "10.01")
    assert await rows(contracts, KEPT) == await rows(contracts, READ)
    totals = await contracts.get("/regions/CN-2301/totals?by=county")
    found = {
        item["region"]: (item["contracts"], item["money"][0]["value"], item["money"][0]["paid"])
        for item in totals["items"]
    }
    assert found == {HOME: (1, "33.30", "3.33"), OTHER: (0, "66.71", "6.68")}
    assert (totals["total"]["contracts"], totals["total"]["money"][0]["value"]) == (1, "100.01")
    seen = await contracts.get("/regions/CN-2301/participation")
    assert {row["role"]: row["active"] for row in seen["items"]} == {"purchaser": 1, "provider": 2}
    # What is not public is in no total from the moment of the mark.
    path = f"/contracts/{draft['contract_id']}/disclosure"
    mark = {"level": "internal", "basis": "simulated"}
    await contracts.post(path, mark | {"subject": "field", "field": "money"}, expect=201)
    totals = await contracts.get("/regions/CN-2301/totals?by=county")
    assert [item["contracts"] for item in totals["items"]] == [1]
    assert totals["total"]["money"] == [{"currency": "CNY", "value": "0.00", "paid": "0.00"}]
    await contracts.post(path, mark | {"subject": "field", "field": "provider"}, expect=201)
    seen = await contracts.get("/regions/CN-2301/participation")
    assert {row["role"]: row["active"] for row in seen["items"]} == {"purchaser": 1}
    await contracts.post(path, mark | {"subject": "contract"}, expect=201)
    assert (await contracts.get("/regions/CN-2301/totals"))["items"] == []
    assert (await contracts.get("/regions/CN-2301/participation"))["items"] == []
    async with contracts.database.transaction() as session:
        await allow_erasing(session, on=True)
        await delete_contracts(session, [UUID(draft["contract_id"])])
    assert await rows(contracts, KEPT) == await rows(contracts, PARTIES) == []


async def test_an_erased_contract_leaves_the_figures_that_everybody_could_read(contracts: Any) -> None:
    provider = await contracts.organisation("provider")
    shown = await contracts.active(value="1000.00", provider_id=provider)
    hidden: list[str] = []
    for field in ("money", "provider", None):
        contract = await contracts.active(value="70.00")
        await contracts.accept(contract, "70.00")
        await contracts.book(contract, "payment", "30.00")
        mark = {"level": "internal", "basis": "simulated", "subject": "field" if field else "contract"}
        body = mark | ({"field": field} if field else {})
        await contracts.post(f"/contracts/{contract['contract_id']}/disclosure", body, expect=201)
        hidden.append(contract["contract_id"])

    async def published() -> tuple[Any, Any]:
        totals = await contracts.get("/regions/CN-2301/totals?by=county")
        seen = await contracts.get("/regions/CN-2301/participation")
        return totals["items"], seen["items"]

    before = await published()
    assert before[0][0]["contracts"] == 3
    assert before[0][0]["money"] == [{"currency": "CNY", "value": "1070.00", "paid": "30.00"}]
    async with contracts.database.transaction() as session:
        await allow_erasing(session, on=True)
        await delete_contracts(session, [UUID(one) for one in [shown["contract_id"], *hidden]])
    assert await published() == before
    async with contracts.database.transaction() as session:
        await fold_sums(session, limit=100)
    assert await published() == before
    # Who took part then is no newcomer afterwards.
    later = {"signed_on": "2026-01-05", "starts_on": "2026-01-10", "ends_on": "2026-12-31"}
    await contracts.active(provider_id=provider, **later)
    rows = {(one["role"], one["year"]): one for one in (await published())[1]}
    assert (rows["provider", 2026]["active"], rows["provider", 2026]["new"]) == (1, 0)


async def test_a_sum_may_be_larger_than_any_amount(contracts: Any) -> None:
    """One slip of the finger must not take the totals of its region from everybody."""
    largest = "9999999999999999.99"
    contract = await contracts.active(value=largest, budget=largest)
    await contracts.active(value=largest, budget=largest)
    for _ in range(2):
        await contracts.book(contract, "penalty", largest)
    told = await contracts.get("/regions/CN-23/totals")
    assert told["total"]["money"][0]["value"] == "19999999999999999.98"
    assert (await contracts.get(f"/contracts/{contract['contract_id']}/balances"))["penalties_owed"] == (
        "19999999999999999.98"
    )
