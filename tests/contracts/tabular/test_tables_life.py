"""Tables of every noun, from the file to the contract, its money and its reports; and back."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from contracts.contracts.queries import get_contracts
from shared.events import (
    ContractCancelled,
    ContractImported,
    ContractState,
    LedgerPosted,
    ObservationRecorded,
    ObservationWithdrawn,
)
from shared.testing import events

CONTRACTS = [
    ["某区2024年政府购买服务合同汇总表", "", "", "", "", "", "", "", "", ""],
    ["", "", "", "", "", "", "", "", "单位：万元", ""],
    ["合同", "", "购买主体", "", "承接主体", "", "期限", "", "合同金额", "状态"],
    ["编号", "合同名称", "名称", "信用代码", "名称", "信用代码", "开始日期", "结束日期", "", ""],
    ["HT-1", "居家养老服务", "民政局", "", "颐养中心", "", "2024年1月1日", "2024/12/31", "12", "已完成"],
    ["HT-2", "社区食堂", "民政局", "", "和顺食堂", "", "45292", "20241231", "8.5万元", "已完成"],
    ["HT-3", "", "民政局", "", "颐养中心", "", "2024-02-30", "", "壹万", "完了"],
    ["合计", "", "", "", "", "", "", "", "20.5", ""],
]
MILESTONES = [
    ["合同编号", "里程碑编码", "里程碑名称", "占比", "到期日期", "状态", "完成日期"],
    ["HT-1", "M1", "上半年服务", "40", "2024-06-30", "完成", "2024-06-28"],
    ["HT-1", "M2", "下半年服务", "60", "2024-12-31", "部分完成", ""],
    ["HT-9", "M1", "不存在", "100", "", "", ""],
]
INDICATORS = [
    ["合同编号", "指标编码", "指标名称", "一级指标", "二级指标", "计量单位", "目标值", "权重", "约定日期", "约定文件"],
    ["HT-1", "visits", "服务人次", "产出", "数量指标", "人次", "12,000", "30", "2023-12-20", "合同附件二"],
    ["HT-1", "late", "事后指标", "产出", "质量指标", "%", "95", "20", "", ""],
    ["HT-1", "odd", "方向不清", "效益", "数量指标", "%", "0", "20", "", ""],
]
OBSERVATIONS = [
    ["合同编号", "指标编码", "实际值", "观测日期", "记录标识"],
    ["HT-1", "visits", "11850", "2024-12-31", "G-1"],
    ["HT-1", "late", "99", "2024-12-31", "G-2"],
    ["HT-1", "nothing", "1", "2024-12-31", "G-3"],
    ["HT-1", "visits", "12000", "2999-01-01", "G-4"],
    ["HT-1", "visits", "7", "2024-06-30", "G-1"],
]
PAYMENTS = [
    ["合同编号", "支付单号", "支付金额（元）", "支付日期", "凭证号", "节点编码", "类别"],
    ["HT-1", "F-1", "¥48,000.00", "2024-07-05", "PZ-1", "M1", "付款"],
    ["HT-1", "F-2", "60000", "2025-01-10", "PZ-2", "", ""],
    ["HT-1", "F-3", "1000.5", "2025-01-11", "PZ-2", "", ""],
    ["HT-1", "F-4", "500", "2025-01-12", "", "", "退款"],
    ["HT-1", "F-5", "-3", "2025-01-12", "", "", ""],
]
DEDUCTIONS = [
    ["合同编号", "扣款标识", "扣款金额", "扣款日期", "扣款原因"],
    ["HT-1", "K-1", "1.2万元", "2025-01-20", "绩效"],
]
REPORTS = [
    ["合同编号", "报告标识", "报告名称", "评价年度", "评价机构", "得分", "等级", "链接"],
    ["HT-1", "B-1", "2024年度绩效评价报告", "2024年", "某评价公司", "86.5", "良", "https://example.org/b1"],
    ["HT-1", "B-2", "错误的报告", "2024", "", "186.5", "", "javascript:alert(1)"],
]


async def test_a_messy_table_becomes_a_contract_with_all_its_facts(tables: Any) -> None:
    batch = await tables.load("contracts", CONTRACTS)
    assert (batch["state"], batch["problem"]) == ("applied", None)
    assert (batch["rows"], batch["created"], batch["rejected"]) == (3, 2, 1)
    assert [one["code"] for one in batch["warnings"]] == ["summary-lines-left-out"]
    (refused,) = await tables.rows(batch, "?outcome=rejected")
    assert refused["line"] == 7
    found = {one["column"]: (one["value"], one["reason"]) for one in refused["problems"]}
    assert found["合同金额"] == ("壹万", "is no number")
    assert found["开始日期"] == ("2024-02-30", "is no day of the calendar")
    assert found["状态"][0] == "完了"

    first, second = [row["id"] for row in await tables.rows(batch, "?outcome=created")]
    contract = await tables.contracts.get(f"/contracts/{first}")
    assert (contract["origin"], contract["state"], contract["value"]) == ("import", "completed", "120000.00")
    assert (contract["starts_on"], contract["ends_on"]) == ("2024-01-01", "2024-12-31")
    assert contract["purchaser"]["name"] == "民政局"
    assert {"signed_on", "ended_at", "service_category"} <= set(contract["gaps"])
    other = await tables.contracts.get(f"/contracts/{second}")
    assert (other["value"], other["starts_on"]) == ("85000.00", "2024-01-01")
    assert other["purchaser"] == contract["purchaser"], "one name is one organisation"

    assert (await tables.load("milestones", MILESTONES))["created"] == 2
    indicators = await tables.load("indicators", INDICATORS)
    assert (indicators["created"], indicators["rejected"]) == (2, 1)
    observations = await tables.load("observations", OBSERVATIONS)
    assert (observations["created"], observations["rejected"]) == (2, 3)
    reasons = await tables.reasons(observations)
    assert [reasons[line].split()[0] for line in (4, 5, 6)] == ["is", "is", "says"]
    assert "indicators" in reasons[4]
    assert "future" in reasons[5]
    assert "line 2" in reasons[6]
    payments = await tables.load("payments", PAYMENTS)
    assert (payments["created"], payments["rejected"]) == (3, 2), await tables.reasons(payments)
    assert "PZ-2" in (await tables.reasons(payments))[4]
    assert (await tables.load("deductions", DEDUCTIONS))["created"] == 1
    reports = await tables.load("evaluations", REPORTS)
    assert (reports["created"], reports["rejected"]) == (1, 1)

    contract = await tables.contracts.get(f"/contracts/{first}")
    assert {each["code"]: each["added_after_the_fact"] for each in contract["indicators"]} == {
        "visits": False,
        "late": True,
    }
    assert [each["status"] for each in contract["milestones"]] == ["met", "partlyMet"]
    money = contract["ledger"]
    assert (money["paid"], money["refunded"], money["deducted"]) == ("108000.00", "500.00", "12000.00")
    (report,) = await tables.contracts.get(f"/contracts/{first}/evaluation-reports")
    assert (report["score"], report["full_score"], report["grade"]) == ("86.5", "100", "良")

    # The same files again change nothing; a corrected one corrects by new facts.
    for noun, rows, number in (
        ("contracts", CONTRACTS, 2),
        ("milestones", MILESTONES, 2),
        ("indicators", INDICATORS, 2),
        ("observations", OBSERVATIONS, 2),
        ("payments", PAYMENTS, 3),
        ("evaluations", REPORTS, 1),
    ):
        again = await tables.load(noun, rows)
        assert (again["unchanged"], again["created"], again["updated"]) == (number, 0, 0), noun
    corrected = await tables.load("observations", [OBSERVATIONS[0], ["HT-1", "visits", "11900", "2024-12-31", "G-1"]])
    assert corrected["updated"] == 1
    corrected = await tables.load("payments", [PAYMENTS[0], ["HT-1", "F-1", "47000", "2024-07-05", "PZ-1", "M1", ""]])
    assert corrected["updated"] == 1
    assert (await tables.contracts.get(f"/contracts/{first}"))["ledger"]["paid"] == "107000.00"
    recorded = await tables.contracts.emitted(ObservationRecorded)
    assert [event.data["value"] for event in recorded] == ["11850", "99", "11900"]
    assert recorded[2].data["supersedes"] == recorded[0].data["observation_id"]
    kinds = [event.data["kind"] for event in await tables.contracts.emitted(LedgerPosted)]
    assert kinds == ["payment", "payment", "refund", "deduction", "reversal", "payment"]


async def test_an_impossible_deduction_of_the_past_comes_in_and_is_flagged(tables: Any) -> None:
    loaded = await tables.load("contracts", CONTRACTS)
    first = (await tables.rows(loaded, "?outcome=created"))[0]["id"]
    huge = [DEDUCTIONS[0], ["HT-1", "K-2", "900万元", "2025-01-20", "绩效"]]
    deductions = await tables.load("deductions", huge)
    (row,) = await tables.rows(deductions, "?outcome=created")
    assert [(each["column"], each["level"], "contract value" in each["reason"]) for each in row["problems"]] == [
        ("扣款金额", "warning", True)
    ]
    told = await tables.contracts.get(f"/contracts/{first}/balances")
    assert (told["uncovered"], told["balanced"]) == ("9000000.00", True)


async def test_an_import_is_taken_back_where_nothing_depends_on_it(tables: Any) -> None:
    contracts = await tables.load("contracts", CONTRACTS)
    indicators = await tables.load("indicators", INDICATORS)
    observations = await tables.load("observations", OBSERVATIONS)
    payments = await tables.load("payments", [PAYMENTS[0], PAYMENTS[2]])
    first, second = [row["id"] for row in await tables.rows(contracts, "?outcome=created")]

    undone = await tables.undo(contracts)
    assert (undone["state"], undone["undone"], undone["kept"]) == ("undone", 1, 1)
    (kept,) = await tables.rows(contracts, "?outcome=kept")
    assert "changed later" in kept["problems"][0]["reason"]
    assert (await tables.contracts.get(f"/contracts/{second}"))["state"] == "cancelled"
    (cancelled,) = await tables.contracts.emitted(ContractCancelled)
    assert cancelled.data["contract_id"] == second

    kept = await tables.undo(indicators)
    assert (kept["undone"], kept["kept"]) == (0, 2), "observations name them"
    milestones = await tables.load("milestones", MILESTONES)
    assert (await tables.undo(milestones))["undone"] == 2
    assert (await tables.undo(observations))["undone"] == 2
    assert len(await tables.contracts.emitted(ObservationWithdrawn)) == 2
    assert (await tables.undo(payments))["undone"] == 1
    contract = await tables.contracts.get(f"/contracts/{first}")
    assert contract["ledger"]["paid"] == "0.00"
    shown = (await tables.contracts.get(f"/contracts/{first}/observations"))["items"]
    assert all(one["withdrawn_at"] for one in shown)
    again = await tables.load("contracts", CONTRACTS)
    assert (again["created"], again["unchanged"]) == (1, 1), "what was taken back can come again"


async def test_what_later_money_rests_on_is_not_taken_back(tables: Any) -> None:
    loaded = await tables.load("contracts", CONTRACTS)
    first = (await tables.rows(loaded, "?outcome=created"))[0]["id"]
    payments = await tables.load("payments", [PAYMENTS[0], PAYMENTS[2]])
    refund = {"kind": "refund", "amount": "50000.00", "booked_on": "2025-02-01"}
    await tables.contracts.post(f"/contracts/{first}/ledger", refund, expect=201)
    undone = await tables.undo(payments)
    assert (undone["undone"], undone["kept"]) == (0, 1)
    kept = await tables.rows(payments, "?outcome=kept")
    assert all("can come back" in row["problems"][0]["reason"] for row in kept)
    ledger = (await tables.contracts.get(f"/contracts/{first}"))["ledger"]
    assert (ledger["paid"], ledger["refunded"]) == ("60000.00", "50000.00")


async def test_a_contract_is_undone_once_its_money_is_and_never_under_supervision(tables: Any) -> None:
    contracts = await tables.load("contracts", CONTRACTS)
    first, second = [row["id"] for row in await tables.rows(contracts, "?outcome=created")]
    payments = await tables.load("payments", [PAYMENTS[0], PAYMENTS[2]])
    finding = {"reason": "public", "responsible": "provider", "demand": "群众反映（模拟）"}
    await tables.contracts.post(f"/contracts/{second}/findings", finding, expect=201)
    assert (await tables.undo(contracts))["kept"] == 2
    kept = {row["id"]: row["problems"][0]["reason"] for row in await tables.rows(contracts, "?outcome=kept")}
    assert "money" in kept[first]
    assert "supervision" in kept[second]
    assert (await tables.undo(payments))["undone"] == 1
    again = await tables.undo(contracts)
    assert (again["undone"], again["kept"]) == (1, 1)
    states = [(await tables.contracts.get(f"/contracts/{one}"))["state"] for one in (first, second)]
    assert states == ["cancelled", "completed"]


async def test_a_dry_run_reports_all_and_leaves_nothing(tables: Any) -> None:
    batch = await tables.load("contracts", CONTRACTS, dry=True)
    assert (batch["state"], batch["created"], batch["rejected"], batch["done"]) == ("checked", 2, 1, 3)
    async with tables.contracts.database.reading() as session:
        for table in ("contracts", "organisations", "outbox"):
            assert (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0, table
    applied = await tables.run(batch)
    assert (applied["state"], applied["created"], applied["rejected"]) == ("applied", 2, 1)
    assert len(await tables.contracts.emitted(ContractImported)) == 2
    await tables.contracts.refused(
        "POST", f"/imports/tables/{batch['id']}/run", {}, status=409, slug="import-not-ready"
    )


async def test_organisations_and_budget_projects(tables: Any) -> None:
    rows = [
        ["单位名称", "信用代码", "角色", "区划代码", "来源标识"],
        ["民政局", "11230102MB1234567X", "采购人", "230102", "D-1"],
        ["颐养中心", "", "承接主体、评价机构", "", "D-2"],
        ["无角色", "", "旁观者", "", "D-3"],
    ]
    batch = await tables.load("organisations", rows)
    reasons = await tables.reasons(batch)
    assert set(reasons) == {2, 4}
    assert "character" in reasons[2]
    assert "旁观者" in reasons[4]
    rows = [rows[0], ["民政局", "", "采购人", "230102", "D-1"], ["颐养中心", "", "承接主体", "", "D-2"]]
    again = await tables.load("organisations", rows)
    assert (again["created"], again["unchanged"]) == (1, 1), "roles only grow"

    projects = [
        ["预算单位", "项目编码", "项目名称", "预算年度", "年初预算数（万元）", "全年预算数（万元）"],
        ["民政局", "XM-1", "养老服务", "2025年", "50", "60"],
        ["没有的单位", "XM-2", "其他", "2025", "50", ""],
    ]
    batch = await tables.load("projects", projects)
    assert (batch["created"], batch["rejected"]) == (1, 1)
    (project,) = (await tables.contracts.get("/budget-projects"))["items"]
    assert (project["initial_amount"], project["full_year_amount"]) == ("500000.00", "600000.00")
    assert (await tables.load("projects", projects))["unchanged"] == 1
    undone = await tables.undo(batch)
    assert (undone["undone"], undone["kept"]) == (0, 1), "its amount was adjusted"


async def test_what_an_import_tells_is_what_it_recorded(tables: Any) -> None:
    """Events of new contracts are made of the rows; they say what reading the contracts says."""
    rows = [
        [
            "合同编号",
            "合同名称",
            "购买主体",
            "承接主体",
            "合同金额",
            "结算金额",
            "签订日期",
            "状态",
            "终结日期",
            "投标人数",
            "不可评价原因",
        ],
        [
            "HT-1",
            "养老服务",
            "民政局",
            "颐养中心",
            "12万元",
            "11.5万元",
            "2024-01-05",
            "已完成",
            "2024-12-31",
            "3",
            "资料遗失",
        ],
        ["HT-2", "社区食堂", "民政局", "", "", "", "", "履行中", "", "", ""],
        ["HT-3", "助餐", "民政局", "颐养中心", "0.10", "", "2024-12-31", "已取消", "", "", ""],
    ]
    assert (await tables.load("contracts", rows))["created"] == 3
    database = tables.contracts.database
    told = [event for event in await events(database) if event.type == ContractImported.TYPE]
    async with database.reading() as session:
        records = await get_contracts(session, contract_ids=[UUID(event.subject) for event in told])
    recorded = [
        ContractImported(
            **{name: getattr(one.state, name) for name in ContractState.model_fields}, gaps=tuple(one.gaps)
        )
        for one in records
    ]
    assert [event.data for event in told] == [each.model_dump(mode="json") for each in recorded]
    async with database.reading() as session:
        logged = text(
            "SELECT terms - ARRAY['extras', 'gaps', 'warnings'] = terms AND terms @> jsonb_build_object('id', "
            "contract_id) AND (version, noun, noun_id) = (1, 'contract', contract_id) FROM contract_changes ORDER BY n"
        )
        assert (await session.execute(logged)).scalars().all() == [True] * 3
        found = text(
            "SELECT contract_number FROM contract_search WHERE words @@ search_query(:words) ORDER BY contract_number"
        )
        for words, numbers in (("颐养中心", ["HT-1", "HT-3"]), ("民政 食堂", ["HT-2"]), ("ht-3", ["HT-3"])):
            assert (await session.execute(found, {"words": words})).scalars().all() == numbers
