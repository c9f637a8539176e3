"""What an import staged of a file goes with its contract, and with its own period; a hold keeps both. Simulated."""

from typing import Any

from sqlalchemy import text
from tests.contracts.disclosure.retention import LATER, at, confirmed, run_job

CONTRACTS = [
    ["合同编号", "合同名称", "购买主体", "承接主体", "合同金额", "开始日期", "结束日期", "终止日期", "状态"],
    ["HT-1", "某某的居家护理", "民政局", "颐养中心", "120000", "2019-01-01", "2019-12-31", "2019-12-31", "已完成"],
    ["HT-2", "社区食堂", "民政局", "和顺食堂", "85000", "2019-01-01", "2019-12-31", "2019-12-31", "已完成"],
]
PAYMENTS = [
    ["合同编号", "支付单号", "支付金额", "支付日期", "凭证号"],
    ["HT-1", "F-1", "48000", "2019-07-05", "PZ-1"],
    ["HT-2", "F-2", "60000", "2019-07-05", "PZ-2"],
    ["HT-9", "F-3", "60000", "2019-07-05", "PZ-3"],
]


async def staged(tables: Any) -> list[tuple[str, int]]:
    async with tables.contracts.database.reading() as session:
        rows = await session.execute(
            text(
                "SELECT batch.noun, count(*) FROM table_import_rows JOIN table_imports AS batch ON batch.id = import_id "
                "GROUP BY 1 ORDER BY 1"
            )
        )
        return [tuple(row) for row in rows]


async def test_staged_rows_go_with_the_contract_and_the_file_can_come_again(tables: Any) -> None:
    contracts = tables.contracts
    first = await tables.load("contracts", CONTRACTS)
    payments = await tables.load("payments", PAYMENTS)
    assert await staged(tables) == [("contracts", 2), ("payments", 3)]
    found = {one["contract_number"]: one for one in (await contracts.get("/contracts"))["items"]}
    hold = {"kind": "order", "reason": "审计（模拟）"}
    await contracts.post(f"/contracts/{found['HT-2']['contract_id']}/holds", hold, expect=201)
    with at(contracts, LATER):
        await confirmed(contracts, "records", 1)
        await run_job(contracts)
        assert await staged(tables) == [("contracts", 1), ("payments", 2)]
        # The counts of the imports stay, what is left can be taken back, and the same file is new again.
        shown = await contracts.get(f"/imports/tables/{first['id']}")
        assert (shown["created"], shown["rows"]) == (2, 2)
        again = await tables.load("contracts", CONTRACTS)
        assert (again["created"], again["unchanged"]) == (1, 1)
        paid = await tables.load("payments", PAYMENTS)
        assert (paid["created"], paid["unchanged"], paid["rejected"]) == (1, 1, 1), await tables.reasons(paid)
        undone = await tables.undo(payments)
        assert (undone["undone"], undone["kept"]) == (1, 0)


async def test_an_import_goes_by_its_own_period_unless_a_contract_of_it_is_held(tables: Any) -> None:
    contracts = tables.contracts
    first = await tables.load("contracts", CONTRACTS)
    payments = await tables.load("payments", [PAYMENTS[0], PAYMENTS[1], PAYMENTS[3]])
    announced = await tables.send("payments", b"a,b\n1,2\n")
    found = {one["contract_number"]: one for one in (await contracts.get("/contracts"))["items"]}
    path = f"/contracts/{found['HT-2']['contract_id']}/holds"
    placed = await contracts.post(path, {"kind": "appeal", "reason": "复议（模拟）"}, expect=201)
    with at(contracts, LATER):
        await run_job(contracts)
        assert len(await staged(tables)) == 2, "nobody has confirmed a period"
        await confirmed(contracts, "imports", 1, scope="CN-23")
        await run_job(contracts)
        # The contracts' table has a row of the held one.
        assert await staged(tables) == [("contracts", 2)]
        for batch in (payments, announced):
            shown = await contracts.get(f"/imports/tables/{batch['id']}")
            assert shown["state"] == "erased"
            await contracts.refused(
                "POST", f"/imports/tables/{batch['id']}/run", {}, status=409, slug="import-not-ready"
            )
        async with contracts.database.reading() as session:
            assert await session.scalar(text("SELECT count(*) FROM table_import_parts")) == 0
        rows = [one["rows"] for one in (await contracts.get("/retention/erasures"))["items"]]
        assert [(one["table_import_rows"], one["table_import_parts"]) for one in rows] == [(2, 0), (0, 1)]
        await contracts.post(f"{path}/{placed['id']}/release", {"reason": "终结（模拟）"})
        await run_job(contracts)
        assert await staged(tables) == []
        # What was recorded stays.
        assert (await contracts.get(f"/imports/tables/{first['id']}"))["created"] == 2
        assert (await contracts.get(f"/contracts/{found['HT-1']['contract_id']}"))["ledger"]["paid"] == "48000.00"
