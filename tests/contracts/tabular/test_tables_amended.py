"""A table that comes again does not take back what both parties agreed here by an amendment. Simulated."""

from typing import Any

HEAD = ["合同编号", "合同名称", "购买主体", "承接主体", "合同金额", "签订日期", "开始日期", "结束日期", "状态"]
FIRST = ["HT-1", "居家养老服务", "民政局", "颐养中心", "100000", "2025-01-02", "2025-01-05", "2025-12-31", "履行中"]
PARTS = [
    ["合同编号", "里程碑编码", "里程碑名称", "占比", "到期日期", "状态", "完成日期"],
    ["HT-1", "M1", "上半年服务", "40", "2025-06-30", "", ""],
    ["HT-1", "M2", "下半年服务", "60", "2025-12-31", "", ""],
]


async def test_value_term_and_milestones_of_an_amendment_stand(tables: Any) -> None:
    contracts = tables.contracts
    first = await tables.load("contracts", [HEAD, FIRST])
    assert first["created"] == 1, await tables.reasons(first)
    milestones = await tables.load("milestones", PARTS)
    assert milestones["created"] == 2, await tables.reasons(milestones)
    contract_id = (await contracts.get("/contracts"))["items"][0]["contract_id"]
    path = f"/contracts/{contract_id}"
    supplement = {
        "reason_code": "quantityAdjustment",
        "rationale": "增加服务对象（模拟）",
        "amended_on": "2025-05-01",
        "value": "108000.00",
        "milestones": [{"code": "M1", "due_on": "2025-07-31"}],
    }
    proposed = await contracts.post(f"{path}/amendments", supplement, expect=201)
    for side in ("purchaser", "provider"):
        await contracts.post(f"{path}/amendments/{proposed['id']}/confirm", {"side": side})

    again = await tables.load("contracts", [HEAD, FIRST])
    assert (again["unchanged"], again["rejected"]) == (1, 0)
    renamed = await tables.load("contracts", [HEAD, [FIRST[0], "居家养老服务（续）", *FIRST[2:]]])
    assert (renamed["updated"], renamed["rejected"]) == (0, 1)
    (reason,) = (await tables.reasons(renamed)).values()
    assert "value 100000" in reason
    assert "agreed: 108000.00" in reason
    assert "amendment 1" in reason
    shown = await contracts.get(path)
    assert (shown["value"], shown["title"]) == ("108000.00", "居家养老服务")
    # Brought up to date, the source may say all else.
    current = await tables.load(
        "contracts", [HEAD, [FIRST[0], "居家养老服务（续）", *FIRST[2:4], "108000", *FIRST[5:]]]
    )
    assert current["updated"] == 1, await tables.reasons(current)
    shown = await contracts.get(path)
    assert (shown["value"], shown["title"]) == ("108000.00", "居家养老服务（续）")

    parts = await tables.load(
        "milestones",
        [
            PARTS[0],
            ["HT-1", "M1", "上半年服务", "40", "2025-06-30", "完成", "2025-06-28"],
            ["HT-1", "M2", "下半年服务", "60", "2025-11-30", "", ""],
        ],
    )
    assert (parts["updated"], parts["rejected"]) == (1, 1)
    assert "agreed by an amendment" in (await tables.reasons(parts))[2]
    reached = await tables.load(
        "milestones", [PARTS[0], ["HT-1", "M1", "上半年服务", "40", "2025-07-31", "完成", "2025-06-28"]]
    )
    assert reached["updated"] == 1, await tables.reasons(reached)
    found = {one["code"]: (one["due_on"], one["status"]) for one in (await contracts.get(path))["milestones"]}
    assert found == {"M1": ("2025-07-31", "met"), "M2": ("2025-11-30", "scheduled")}
