"""Reports over HTTP: drafts, issued documents, seals, annual reports, who may read what."""

import hashlib
import re
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import openpyxl
import pypdfium2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.scoring.cases import AT, CONTRACT, REGION, closed_wave, complete_history, ident, state
from tests.scoring.conftest import SELF, Scoring

from scoring.determinations.totals import determined_groups, year_means
from scoring.reports.handlers import ANNUAL_JOB
from shared import clock
from shared.events import CatalogueApproved, CatalogueEntryState
from shared.jobs import Worker

PROVIDER = ident(4, 2)
PNG = b"\x89PNG\r\n\x1a\n simulated scan"


def text_of(pdf: bytes) -> str:
    """What the pages of a PDF say, without spaces: the engine sets a gap between Chinese and Latin text."""
    document = pypdfium2.PdfDocument(BytesIO(pdf))
    return re.sub(r"\s", "", "".join(page.get_textpage().get_text_range() for page in document))


async def fetch(scoring: Scoring, path: str, *, role: str = "finance", status: int = 200, **params: str) -> Any:
    answer = await scoring.client.as_(role, organisation=PROVIDER).get(path, params=params)
    assert answer.status_code == status, answer.text
    return answer


async def test_a_live_report_is_a_draft_for_officers_alone(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    path = f"/v1/reports/contracts/{CONTRACT}"
    page = await fetch(scoring, path, framework_id=SELF)
    head = await scoring.head(CONTRACT)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["gongping-region"] == REGION
    assert "未认定" in page.text
    assert f"{float(head['score']):.2f}" in page.text
    pdf = await fetch(scoring, path, framework_id=SELF, format="pdf", language="en")
    said = text_of(pdf.content)
    assert "DRAFT" in said
    assert "SIMULATED" in said
    assert f"{float(head['score']):.2f}" in said
    for role in ("provider", "evaluator", "public"):
        await fetch(scoring, path, role=role, status=404, framework_id=SELF)


async def test_an_issued_report_never_changes_and_is_bound_to_its_seal(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    determination = (await scoring.determine(CONTRACT)).json()
    officer = scoring.client.as_("purchaser", subject="officer-9")
    issued = await officer.post("/v1/reports", json={"determination_id": determination["id"]})
    assert issued.status_code == 201, issued.text
    report = issued.json()
    assert report["content_hash"] == determination["content_hash"]
    assert report["number"] == f"{REGION}-{clock.today().year}-0001"
    where = f"/v1/reports/{report['id']}"

    again = await officer.post("/v1/reports", json={"determination_id": determination["id"]})
    assert again.status_code == 409
    assert again.json()["report_id"] == report["id"]
    taken = {"determination_id": determination["id"], "language": "en", "number": report["number"]}
    assert (await officer.post("/v1/reports", json=taken)).status_code == 409

    document = await fetch(scoring, f"{where}/document")
    assert hashlib.sha256(document.content).hexdigest() == report["document_sha256"]
    said = text_of(document.content)
    pages = len(pypdfium2.PdfDocument(BytesIO(document.content)))
    for expected in (report["number"], "哈财绩〔2026〕17号", "officer-7", "盖章处", f"第1页，共{pages}页"):
        assert expected in said, expected
    assert determination["content_hash"] in said
    current = await fetch(scoring, f"/v1/reports/contracts/{CONTRACT}", framework_id=SELF, format="pdf")
    assert current.content == document.content

    # Later events change the live score and nothing of the report.
    rows = await scoring.rows("SELECT document_sha256, figures FROM reports")
    with pytest.raises(DBAPIError, match="append-only"):
        async with scoring.database.transaction() as session:
            await session.execute(text("UPDATE reports SET number = 'another'"))
    assert rows == await scoring.rows("SELECT document_sha256, figures FROM reports")

    async def seal(scan: bytes, *, status: int, sha256: str = report["document_sha256"], **params: str) -> Any:
        answer = await officer.post(f"{where}/seal", content=scan, params={"document_sha256": sha256, **params})
        assert answer.status_code == status, answer.text
        return answer.json()

    assert (await seal(PNG, status=409, sha256="0" * 64))["document_sha256"] == report["document_sha256"]
    await seal(b"a text", status=422)
    await seal(PNG, status=409, reason="nothing to replace")
    bound = await seal(PNG, status=201)
    scan_sha256 = hashlib.sha256(PNG).hexdigest()
    assert bound["binding"] == hashlib.sha256(f"{report['document_sha256']}:{scan_sha256}".encode()).hexdigest()
    assert (await seal(PNG, status=201))["id"] == bound["id"]
    await seal(PNG + b"2", status=409)
    second = await seal(PNG + b"2", status=201, reason="the first scan lacked a page")
    assert second["replaces"] == bound["id"]
    assert (await fetch(scoring, f"{where}/seal", role="auditor")).content == PNG + b"2"
    # The provider reads it once the determination was handed over.
    for path in (where, f"{where}/document", f"{where}/seal"):
        await fetch(scoring, path, role="provider", status=404)
    await hand_over(scoring.client.as_("finance"), determination["id"])
    read = (await fetch(scoring, where, role="provider")).json()
    assert read["seal"]["id"] == second["id"]
    assert read["replaced_by"] is None
    other = scoring.client.as_("provider", organisation=ident(4, 9))
    assert (await other.get(where)).status_code == 404

    replaced = await scoring.determine(CONTRACT, replaces=determination["id"], reason="a recorded correction")
    assert replaced.status_code == 201, replaced.text
    assert (await fetch(scoring, where)).json()["replaced_by"] == replaced.json()["id"]


async def test_the_self_evaluation_table_is_of_the_determination_or_live(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    path = f"/v1/reports/self-evaluation/{CONTRACT}.xlsx"
    await fetch(scoring, path, role="provider", status=404)
    live = openpyxl.load_workbook(BytesIO((await fetch(scoring, path)).content), data_only=True)["自评表"]
    assert "试算稿" in live["A2"].value
    assert "模拟数据" in live["A2"].value
    assert (live["B7"].value, live["C7"].value, live["D7"].value) == (120000, 120000, 114000)
    total = next(row for row in live.iter_rows() if row[0].value == "总分")
    assert total[6].value == float((await scoring.head(CONTRACT))["score"])
    made = (await scoring.determine(CONTRACT)).json()
    await fetch(scoring, path, role="provider", status=404)
    await hand_over(scoring.client.as_("finance"), made["id"])
    determined = await fetch(scoring, path, role="provider")
    assert "哈财绩〔2026〕17号" in openpyxl.load_workbook(BytesIO(determined.content))["自评表"]["A2"].value


async def test_the_public_reads_published_reports_without_the_signer(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    determination = (await scoring.determine(CONTRACT)).json()
    officer = scoring.client.as_("finance", subject="officer-7")
    path = f"/v1/reports/contracts/{CONTRACT}"
    assert (await scoring.client.anonymous.get(path, params={"framework_id": SELF})).status_code == 404
    await publish(officer, determination["id"])
    page = await scoring.client.anonymous.get(path, params={"framework_id": SELF, "language": "en"})
    assert page.status_code == 200, page.text
    assert "officer-7" not in page.text
    assert determination["content_hash"] in page.text
    assert "officer-7" in (await fetch(scoring, path, framework_id=SELF)).text


async def hand_over(officer: Any, determination_id: str) -> None:
    """Serve a determination on its provider."""
    at = clock.now().isoformat()
    served = {
        "party": "provider",
        "method": "in_person",
        "served_at": at,
        "proof": {"title": "a simulated receipt", "sha256": "1" * 64},
    }
    answer = await officer.post(f"/v1/determinations/{determination_id}/service", json=served)
    assert answer.status_code == 201, answer.text


async def publish(officer: Any, determination_id: str) -> None:
    """Serve a determination on its provider and publish it."""
    await hand_over(officer, determination_id)
    answer = await officer.post(f"/v1/determinations/{determination_id}/publication", json={})
    assert answer.status_code == 201, answer.text


async def test_an_annual_report_is_made_by_a_job(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    await scoring.determine(CONTRACT)
    year = clock.today().year
    finance = scoring.client.as_("finance", regions=["CN-23"])
    asked = await finance.post("/v1/reports/annual", json={"region": "CN-23", "year": year})
    assert asked.status_code == 202, asked.text
    query = {"region": "CN-23", "year": str(year)}
    waiting = await finance.get("/v1/reports/annual", params=query)
    assert waiting.status_code == 404
    assert "being made" in waiting.json()["detail"]
    assert (await finance.get(f"{asked.headers['location']}/document")).status_code == 409
    while await Worker(scoring.database, [ANNUAL_JOB]).run_one():
        pass
    page = await finance.get("/v1/reports/annual", params=query)
    assert page.status_code == 200, page.text
    assert "CN-2301" in page.text
    assert "模拟数据" in page.text
    pdf = await finance.get("/v1/reports/annual", params={**query, "format": "pdf"})
    report = (await finance.get(asked.headers["location"])).json()
    assert hashlib.sha256(pdf.content).hexdigest() == report["document_sha256"]
    assert report["state"] == "ready"
    assert report["simulated"] is True
    assert asked.json()["number"] in text_of(pdf.content)
    elsewhere = await finance.post("/v1/reports/annual", json={"region": "CN-31", "year": year})
    assert elsewhere.status_code == 403
    # Another region's report holds nothing of this one.
    other = scoring.client.as_("finance", regions=["CN-31"])
    await other.post("/v1/reports/annual", json={"region": "CN-31", "year": year, "language": "en"})
    while await Worker(scoring.database, [ANNUAL_JOB]).run_one():
        pass
    empty = await other.get("/v1/reports/annual", params={"region": "CN-31", "year": year, "language": "en"})
    assert "No determination was signed" in empty.text
    listed = (await finance.get("/v1/reports")).json()["items"]
    assert [item["region"] for item in listed] == ["CN-23"]


async def test_years_and_days_are_those_of_the_offices(scoring: Scoring) -> None:
    """17:00 UTC on New Year's Eve is the new year in Beijing; what is hashed holds no day that a setting could move."""
    *before, _ = complete_history()
    night = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)
    with clock.frozen(night + timedelta(minutes=30)):
        await scoring.hear(*before, closed_wave(1, kind="completion", index=81.0, closed_at=night))
        made = (await scoring.determine(CONTRACT)).json()
        officer = scoring.client.as_("purchaser", subject="officer-9")
        issued = await officer.post("/v1/reports", json={"determination_id": made["id"]})
        assert issued.json()["number"] == f"{REGION}-2027-0001"
        async with scoring.database.reading() as session:
            [group] = await determined_groups(session, year=2027, length=7)
            assert (group.month, group.number) == (1, 1)
            assert await determined_groups(session, year=2026, length=7) == []
            [mean] = await year_means(session, until=2027, years=5)
            assert mean.year == 2027
    [(valid_on, body)] = await scoring.rows("SELECT valid_on, body FROM evidence WHERE kind = 'wave'")
    assert valid_on == date(2027, 1, 1)
    assert "valid_on" not in body


async def test_a_report_names_a_provinces_own_kind_of_service(scoring: Scoring) -> None:
    async def said(language: str) -> str:
        page = await fetch(scoring, f"/v1/reports/contracts/{CONTRACT}", framework_id=SELF, language=language)
        return str(page.text)

    def edition(number: int, in_force_on: date, *items: tuple[str, str, str | None], of: str = "CN-23") -> Any:
        named = tuple(CatalogueEntryState(code=code, name=zh, name_en=en) for code, zh, en in items)
        return CatalogueApproved(
            edition_id=ident(9, number),
            jurisdiction=of,
            edition=f"simulated {number}",
            in_force_on=in_force_on,
            approved_at=AT,
            items=named,
        )

    await scoring.hear(*complete_history(service_category="A050102", signed_on=date(2026, 2, 1)))
    assert "A050102（属 A05 卫生健康公共服务）" in await said("zh")

    care = edition(1, date(2026, 1, 1), ("A05", "卫生健康服务", None), ("A0501", "居家护理服务", "Nursing at home"))
    later = edition(2, date(2026, 12, 1), ("A0501", "以后的名称", "A later name"))
    others = edition(3, date(2026, 1, 1), ("A050102", "别省名称", "Another province"), of="CN-31")
    central = edition(4, date(2026, 1, 2), ("A050102", "中央名称", "Central"), of="CN-00")
    await scoring.hear(later, others, central, care)
    await scoring.hear(care)
    assert "A050102（属 A0501 居家护理服务）" in await said("zh")
    assert "A050102 (part of A0501 Nursing at home)" in await said("en")

    # Without an English name the central list's stands in, and a code of no list stands alone.
    nameless = edition(5, date(2026, 1, 5), ("A050102", "助浴服务", None))
    await scoring.hear(nameless)
    assert "助浴服务（A050102）" in await said("zh")
    assert "A050102 (part of A05 Health)" in await said("en")
    await scoring.hear(state("completed", version=4, service_category="A990101"))
    assert ">A990101<" in await said("en")
