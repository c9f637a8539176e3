"""Bad tables and bad callers: what is refused, and what it is told."""

import asyncio
import io
import signal
import sys
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
from sqlalchemy import text

from contracts.tabular.fields import FIELDS
from contracts.tabular.service import run as running
from shared.events import ContractImported, ContractUpdated

HEAD = ["合同编号", "合同名称", "购买主体", "承接主体", "合同金额（元）", "状态"]


def contract(number: int, amount: str = "120000", **fields: str) -> list[str]:
    return [f"HT-{number}", "养老服务", fields.get("purchaser", "民政局"), "颐养中心", amount, "已完成"]


async def test_files_that_cannot_be_read_are_refused_as_a_whole(tables: Any) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 3_000_000)
    for content, reason in (
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", ".xlsx"),
        (b"PK\x03\x04 no archive", "damaged"),
        (bomb.getvalue(), "damaged"),
        ("甲,乙\n1,2\n".encode(), "template"),
        ("合同编号,合同名称\nHT-1,养老\n".encode(), "state"),
        (b"\xff\xfe\x00\x00\xff\xff\xff\x80" * 3, "head"),
    ):
        batch = await tables.load("contracts", content)
        assert batch["state"] == "refused", content[:20]
        assert reason in batch["problem"] or reason == "head", batch["problem"]
    refuse = tables.contracts.refused
    batch = await tables.send("contracts", b"x")
    await refuse("POST", f"/imports/tables/{batch['id']}/undo", status=409, slug="import-not-ready")
    again = await tables.contracts.staff.put(f"/v1/imports/tables/{batch['id']}/parts/1", content=b"y")
    assert again.json()["type"] == "/problems/import-part-differs"
    missing = await tables.contracts.staff.put(f"/v1/imports/tables/{batch['id']}/parts/3", content=b"y")
    assert missing.status_code == 200
    await refuse("POST", f"/imports/tables/{batch['id']}/run", {}, status=409, slug="import-not-ready")
    stale = {"If-Match": '"7"'}
    await refuse("POST", f"/imports/tables/{batch['id']}/run", {}, status=412, slug="stale-version", headers=stale)


async def test_suspicious_units_stop_the_import_until_somebody_looked(tables: Any) -> None:
    known = [HEAD, *(contract(number) for number in range(1, 31))]
    assert (await tables.load("contracts", known))["created"] == 30
    wan = [HEAD, *(contract(number, "12") for number in range(31, 41))]
    batch = await tables.load("contracts", wan)
    assert batch["state"] == "checked", "nothing is applied before somebody has looked"
    assert "10000" in batch["warnings"][0]["detail"]
    refused = await tables.contracts.refused(
        "POST", f"/imports/tables/{batch['id']}/run", {}, status=409, slug="units-suspicious"
    )
    assert "万元" in refused["detail"]
    right = {"columns": {"合同金额（元）": {"field": "value", "unit": "wan"}}}
    applied = await tables.load("contracts", wan, mapping=right)
    assert (applied["state"], applied["created"], applied["warnings"]) == ("applied", 10, [])
    mixed = [HEAD, *(contract(number) for number in range(41, 60)), contract(60, "12")]
    batch = await tables.load("contracts", mixed, dry=True)
    (doubtful,) = await tables.rows(batch, "?problems=true")
    assert (doubtful["line"], doubtful["outcome"], doubtful["problems"][0]["level"]) == (21, "created", "warning")


# A worker of its own process that reads the file, decides about one chunk, and is killed in the middle of the next.
KILLED = """
import asyncio, os, signal, sys
from contracts.app import service
from contracts.tabular.handlers import table_import_job
from contracts.tabular.service import run as running
from shared.jobs import Worker
from shared.testing import opened

async def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    running.CHUNK = 4
    async with opened(service, sys.argv[1]) as database:
        worker = Worker(database, [table_import_job])
        await worker.run_one()
        await worker.run_one()
        running._store = kill
        await worker.run_one()

asyncio.run(main())
"""


async def test_a_kill_between_chunks_costs_nothing(tables: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(running, "CHUNK", 4)
    rows = [HEAD, *(contract(number) for number in range(10)), contract(3, "9"), contract(99, "x")]
    batch = await tables.send("contracts", rows_bytes(rows), parts=3)
    await tables.contracts.post(f"/imports/tables/{batch['id']}/run", {}, expect=202)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, tables.contracts.database.url)
    assert await process.wait() == -signal.SIGKILL
    path = f"/imports/tables/{batch['id']}"
    half = await tables.contracts.get(path)
    assert (half["state"], half["done"], half["rows"]) == ("applying", 4, 12)
    while half["state"] == "applying":  # the database lets go of the killed worker's job in its own time
        await tables.worker.run_one()
        half = await tables.contracts.get(path)
    assert (half["state"], half["created"], half["rejected"], half["done"]) == ("applied", 10, 2, 12)
    assert "line 5" in (await tables.reasons(half))[12]
    async with tables.contracts.database.reading() as session:
        assert (await session.execute(text("SELECT count(*) FROM contracts"))).scalar_one() == 10
        assert (await session.execute(text("SELECT count(*) FROM table_import_parts"))).scalar_one() == 0
        told = text("SELECT count(DISTINCT aggregate), count(*) FROM outbox WHERE type = :type")
        assert tuple((await session.execute(told, {"type": ContractImported.TYPE})).one()) == (10, 10)
        acts = text("SELECT count(DISTINCT noun_id), count(*) FROM audit WHERE action = 'contract.imported'")
        assert tuple((await session.execute(acts)).one()) == (10, 10)


async def test_a_row_that_cannot_be_recorded_costs_itself_only(tables: Any, monkeypatch: Any) -> None:
    """Its event is too large: the whole chunk is refused, and halved until the row stands alone."""
    monkeypatch.setattr(running, "CHUNK", 5)
    monkeypatch.setattr(tables.contracts.database, "max_event_bytes", 2000)
    rows = [HEAD, *(contract(number) for number in range(9))]
    rows[5][1] = "很长的名称" * 60
    batch = await tables.load("contracts", rows)
    assert (batch["created"], batch["rejected"]) == (8, 1)
    (refused,) = await tables.rows(batch, "?problems=true")
    assert refused["line"] == 6
    assert "the limit is 2000" in refused["problems"][0]["reason"]
    async with tables.contracts.database.reading() as session:
        for count in ("DISTINCT aggregate", "*"):
            told = text(f"SELECT count({count}) FROM outbox WHERE type = :type")
            assert (await session.execute(told, {"type": ContractImported.TYPE})).scalar_one() == 8
        assert (await session.execute(text("SELECT count(*) FROM contracts"))).scalar_one() == 8


def rows_bytes(rows: list[list[str]]) -> bytes:
    return "".join(",".join(row) + "\n" for row in rows).encode("gb18030")


async def test_templates_mappings_and_reports(tables: Any, tmp_path: Path) -> None:
    staff = tables.contracts.staff
    for noun, fields in FIELDS.items():
        answer = await staff.get(f"/v1/imports/templates/{noun}.xlsx")
        path = tmp_path / f"{noun}.xlsx"
        await asyncio.to_thread(path.write_bytes, answer.content)
        book = await asyncio.to_thread(openpyxl.load_workbook, path)
        assert len([cell for cell in book.worksheets[0][1] if cell.value]) == len(fields)
        told = await tables.contracts.get(f"/imports/nouns/{noun}")
        assert [each["field"] for each in told] == [each.name for each in fields]
    filled = openpyxl.load_workbook(tmp_path / "contracts.xlsx")
    heads = [str(cell.value) for cell in filled.worksheets[0][1]]
    row = {"合同编号": "T-1", "合同名称*": "=HYPERLINK(1)", "购买主体*": "民政局", "状态*": "待签"}
    filled.worksheets[0].append([row.get(head) for head in heads])
    filled.worksheets[0].append([{"合同编号": "=cmd|x"}.get(head) for head in heads])
    filled.save(tmp_path / "filled.xlsx")
    batch = await tables.load("contracts", await asyncio.to_thread((tmp_path / "filled.xlsx").read_bytes))
    assert batch["format"] == "xlsx"
    await tables.contracts.refused("GET", "/imports/templates/secrets.xlsx", status=404, slug="import-noun-unknown")

    mapping = {"noun": "payments", "mapping": {"columns": {"Betrag": {"field": "amount", "unit": "wan"}}}}
    kept = await staff.put("/v1/imports/mappings/kasse", json=mapping)
    assert (kept.status_code, kept.json()["version"]) == (201, 1)
    mappings = "/imports/mappings/kasse"
    await tables.contracts.refused("PUT", mappings, mapping, status=412, slug="import-mapping-stale")
    changed = await staff.put("/v1/imports/mappings/kasse", json=mapping, headers={"If-Match": kept.headers["etag"]})
    assert changed.json()["version"] == 2
    wrong = {"noun": "payments", "mapping": {"columns": {"Betrag": {"field": "nothing"}}, "constants": {"amount": "x"}}}
    pointers = await tables.contracts.pointers("PUT", mappings, wrong, headers={"If-Match": '"2"'})
    assert pointers == {"/mapping/columns/Betrag/field", "/mapping/constants/amount"}
    rows = [["合同编号", "支付单号", "Betrag", "日期"], ["=1+1", "@F-1", "-3", "2024"]]
    batch = await tables.load("payments", rows, mapping_name="kasse")
    report = (await staff.get(f"/v1/imports/tables/{batch['id']}/report.csv")).text
    assert "2,rejected,error,Betrag,'-3," in report, "no cell begins a formula"


async def test_a_contract_of_the_past_is_closed_as_not_evaluable(tables: Any) -> None:
    head = [*HEAD, "不可评价原因"]
    rows = [head, [*contract(1), "档案灭失"], [*contract(2), ""], [*contract(3)[:5], "履行中", "还在执行"]]
    batch = await tables.load("contracts", rows)
    assert (batch["created"], batch["rejected"]) == (2, 1)
    closed, evaluable = [row["id"] for row in await tables.rows(batch, "?outcome=created")]
    assert (await tables.contracts.get(f"/contracts/{closed}"))["not_evaluable"] == "档案灭失"
    path = f"/contracts/{evaluable}/not-evaluable"
    stale = {"If-Match": '"9"'}
    refuse = tables.contracts.refused
    await refuse("POST", path, {"reason": "缺凭证"}, status=412, slug="stale-version", headers=stale)
    await tables.contracts.post(path, {"reason": "缺凭证"})
    gaps = await tables.contracts.get("/imports/gaps?region=CN-23")
    assert (gaps["contracts"], gaps["not_evaluable"], gaps["reasons"]) == (2, 2, {"档案灭失": 1, "缺凭证": 1})
    answer = await tables.contracts.staff.delete(f"/v1{path}")
    assert answer.json()["not_evaluable"] is None
    await refuse("DELETE", path, status=409, slug="contract-not-of-the-past")
    told = await tables.contracts.emitted(ContractUpdated)
    assert [event.data["not_evaluable"] for event in told] == ["缺凭证", None]
    native = await tables.contracts.active()
    path = f"/contracts/{native['contract_id']}/not-evaluable"
    await refuse("POST", path, {"reason": "x"}, status=409, slug="contract-not-of-the-past")


async def test_money_of_contracts_concluded_here_keeps_the_rules_of_the_ledger(tables: Any) -> None:
    native = await tables.contracts.active()
    number = native["contract_number"]
    rows = [
        ["合同编号", "支付单号", "支付金额", "支付日期"],
        [number, "F-1", "50000", "2025-06-30"],
        [number, "F-2", "90000", "2025-07-30"],
    ]
    batch = await tables.load("payments", rows)
    assert (batch["created"], batch["rejected"]) == (1, 1)
    assert "120000.00" in (await tables.reasons(batch))[3]
    assert (await tables.load("payments", rows[:2]))["unchanged"] == 1
    milestones = [["合同编号", "里程碑编码", "里程碑名称"], [number, "M9", "新的"]]
    assert "concluded here" in (await tables.reasons(await tables.load("milestones", milestones)))[2]


async def test_a_caller_imports_only_what_lies_in_its_scope(tables: Any) -> None:
    client = tables.contracts.client
    foreign = client.as_("finance", regions=["CN-31"])
    body = {"noun": "contracts", "source": "x", "filename": "x.csv", "region": "CN-230102"}
    await tables.contracts.refused("POST", "/imports/tables", body, status=403, slug="forbidden", client=foreign)
    rows = [[*HEAD, "区划代码"], [*contract(1), "310101"], [*contract(2), "230102"]]
    batch = await tables.send("contracts", rows_bytes(rows))
    await tables.contracts.refused(
        "GET", f"/imports/tables/{batch['id']}", status=404, slug="table-import-not-found", client=foreign
    )
    county = client.as_("finance", regions=["CN-2301"])
    assert (await county.post(f"/v1/imports/tables/{batch['id']}/run", json={})).status_code == 202
    done = await tables.finish(batch)
    assert (done["created"], done["rejected"]) == (1, 1)
    assert "scope" in (await tables.reasons(done))[2]


async def test_impossible_values_are_refused_and_days_outside_the_term_are_warned_of(tables: Any) -> None:
    head = ["合同编号", "合同名称", "购买主体", "承接主体", "合同金额", "开始日期", "结束日期", "状态"]
    row = ["HT-1", "居家养老服务", "民政局", "颐养中心", "100000", "2024-01-05", "2024-12-31", "已完成"]
    await tables.load("contracts", [head, row])
    agreed = ["合同编号", "指标编码", "指标名称", "一级指标", "二级指标", "计量单位", "目标值", "权重"]
    visits = ["HT-1", "visits", "服务人次", "产出", "数量指标", "人次", "12000", "30"]
    share = ["HT-1", "satisfied", "满意度", "满意度", "满意度", "%", "90", "10"]
    indicators = await tables.load("indicators", [agreed, visits, share])
    assert indicators["created"] == 2, await tables.reasons(indicators)
    values = [
        ["合同编号", "指标编码", "实际值", "观测日期"],
        ["HT-1", "visits", "-5", "2024-06-30"],
        ["HT-1", "satisfied", "930", "2024-05-31"],
        ["HT-1", "visits", "11000", "2023-12-31"],
        ["HT-1", "satisfied", "93", "2024-06-30"],
    ]
    loaded = await tables.load("observations", values)
    assert (loaded["created"], loaded["rejected"]) == (2, 2)
    reasons = await tables.reasons(loaded)
    assert reasons.keys() == {2, 3}
    assert "visits is a count" in reasons[2]
    assert "satisfied is a share of the recipients" in reasons[3]
    doubts = {row["line"]: row["problems"] for row in await tables.rows(loaded, "?outcome=created")}
    assert [one["column"] for one in doubts[4]] == ["观测日期"]
    assert "before the term began on 2024-01-05" in doubts[4][0]["reason"]
    assert doubts[5] == []
