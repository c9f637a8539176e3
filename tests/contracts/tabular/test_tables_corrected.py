"""A table that comes again does not take back what was corrected here (更正), and says so. Simulated."""

from typing import Any

from shared.testing import events

HEAD = ["合同编号", "合同名称", "购买主体", "承接主体", "合同金额", "签订日期", "开始日期", "结束日期", "状态"]
FIRST = ["HT-1", "居家养老服务", "民政局", "颐养中心", "100000", "2025-01-02", "2025-01-05", "2025-12-31", "履行中"]
PARTS = ["合同编号", "里程碑编码", "里程碑名称", "占比", "到期日期"]
Json = dict[str, Any]


async def correct(contracts: Any, path: str, field: str, old: object, new: object) -> str:
    body = {"field": field, "old": old, "new": new, "reason": "录入错误（模拟）", "proof_sha256": "a" * 64}
    asked: Json = await contracts.post(f"{path}/corrections", body, expect=201)
    second = contracts.client.as_("finance", subject="second-person")
    answer = await second.post(f"/v1{path}/corrections/{asked['id']}/approve")
    assert answer.status_code == 200, answer.text
    return str(asked["id"])


async def warnings(tables: Any, batch: Json) -> list[Json]:
    return [one for row in await tables.rows(batch) for one in row["problems"]]


async def test_a_corrected_term_stands_and_the_rest_of_the_row_is_recorded(tables: Any) -> None:
    contracts = tables.contracts
    await tables.load("contracts", [HEAD, FIRST])
    contract_id = (await contracts.get("/contracts"))["items"][0]["contract_id"]
    path = f"/contracts/{contract_id}"
    number = await correct(contracts, path, "value", "100000.00", "110000.00")
    before = await contracts.get(path)

    # The same row, and one that differs in the corrected term alone: nothing is written, and each says why.
    for row in (FIRST, [*FIRST[:4], "105000", *FIRST[5:]]):
        again = await tables.load("contracts", [HEAD, row])
        assert (again["unchanged"], again["rejected"]) == (1, 0), await tables.reasons(again)
        (problem,) = await warnings(tables, again)
        assert (problem["column"], problem["value"], problem["level"]) == ("合同金额", row[4], "warning")
        for part in (f"says {row[4]};", "corrected on 20", "from 100000.00 to 110000", number):
            assert part in problem["reason"], problem
    assert await contracts.get(path) == before

    renamed = await tables.load("contracts", [HEAD, [FIRST[0], "居家养老服务（续）", *FIRST[2:]]])
    assert renamed["updated"] == 1, await tables.reasons(renamed)
    assert [one["column"] for one in await warnings(tables, renamed)] == ["合同金额"]
    shown = await contracts.get(path)
    assert (shown["value"], shown["title"]) == ("110000.00", "居家养老服务（续）")
    (told,) = [one for one in shown["warnings"] if one["code"] == "correction-kept"]
    assert number in told["detail"]
    assert "100000" not in told["detail"]
    # What an undo brings back is what stood: the title, and the corrected value.
    assert (await tables.undo(renamed))["state"] == "undone"
    undone = await contracts.get(path)
    assert (undone["value"], undone["title"]) == ("110000.00", "居家养老服务")

    # Once the source says what stands, there is nothing to report.
    current = await tables.load("contracts", [HEAD, [*FIRST[:4], "110000", *FIRST[5:]]])
    assert current["rejected"] == 0
    assert await warnings(tables, current) == []
    shown = await contracts.get(path)
    assert (shown["value"], [one for one in shown["warnings"] if one["code"] == "correction-kept"]) == ("110000.00", [])


async def test_a_corrected_gap_is_none_and_milestones_keep_their_corrected_day(tables: Any) -> None:
    contracts = tables.contracts
    bare = [*FIRST[:6], "", *FIRST[7:]]
    await tables.load("contracts", [HEAD, bare])
    await tables.load("milestones", [PARTS, ["HT-1", "M1", "上半年服务", "40", "2025-06-30"]])
    shown = (await contracts.get("/contracts"))["items"][0]
    assert "starts_on" in shown["gaps"]
    path = f"/contracts/{shown['contract_id']}"
    await correct(contracts, path, "starts_on", None, "2025-01-06")
    await correct(contracts, path, "milestones.M1.due_on", "2025-06-30", "2025-07-31")

    again = await tables.load("contracts", [HEAD, [bare[0], "居家养老（二期）", *bare[2:]]])
    assert again["updated"] == 1, await tables.reasons(again)
    (problem,) = await warnings(tables, again)
    assert (problem["column"], "says nothing;" in problem["reason"]) == ("开始日期", True)
    shown = await contracts.get(path)
    assert (shown["starts_on"], "starts_on" in shown["gaps"]) == ("2025-01-06", False)
    told = [one for one in await events(contracts.database) if one.type == "contracts.contract.imported.v1"]
    assert "starts_on" not in told[-1].data["gaps"]

    parts = await tables.load("milestones", [PARTS, ["HT-1", "M1", "上半年", "50", "2025-06-30"]])
    assert parts["updated"] == 1, await tables.reasons(parts)
    (problem,) = await warnings(tables, parts)
    assert problem["column"] == "到期日期"
    assert "says 2025-06-30; corrected on" in problem["reason"]
    (milestone,) = (await contracts.get(path))["milestones"]
    assert (milestone["title"], milestone["percentage"], milestone["due_on"]) == ("上半年", "50", "2025-07-31")
    same = await tables.load("milestones", [PARTS, ["HT-1", "M1", "上半年", "50", "2025-07-31"]])
    assert (same["unchanged"], await warnings(tables, same)) == (1, [])
