"""The year as three departments and the treasury would send it: three untidy workbooks and monthly files in GB18030.

civil-affairs: a title over everything, a unit line, two header rows with merged groups, real Excel dates, subtotals.
education: amounts in 万元, Chinese dates as text, full-width digits, blanks inside names, a note under the table.
health: the date system of 1904, amounts as text with separators, other names for the heads, broken rows.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.styles import Alignment
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet
from tests.journeys.year import Deal, Year

__all__ = [
    "BROKEN",
    "SUBTOTAL_EVERY",
    "civil_affairs",
    "education",
    "health",
    "organisations_csv",
    "payments_csv",
    "treasury_months",
]

SUBTOTAL_EVERY = 100
METHODS = {"open": "公开招标", "selective": "邀请招标", "limited": "竞争性磋商", "direct": "单一来源"}
# What is wrong in the workbook of health: (which row, column's head, what stands there).
BROKEN: tuple[tuple[int, str, str], ...] = (
    (3, "供应商信用代码", "52230102MJ000000X0"),
    (7, "合同价款", "待定"),
    (11, "合同签订日期", "2025-02-30"),
    (17, "指导性目录代码", "卫生"),
    (23, "状态", "办结"),
    (29, "受益人数", "约三百"),
)


def _saved(book: Workbook) -> bytes:
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def _sheet(book: Workbook) -> Worksheet:
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    return sheet


def civil_affairs(deals: list[Deal]) -> bytes:
    """Amounts in 元 as numbers; a subtotal after every hundred rows, which is no contract."""
    book = Workbook()
    sheet = _sheet(book)
    sheet.append(["2025年度政府购买服务合同台账（模拟）"])
    sheet.merge_cells("A1:P1")
    sheet["A1"].alignment = Alignment(horizontal="center")
    sheet.append(["填报单位：模拟民政部门", *[None] * 13, "单位：元"])
    groups = [("合同", 2), ("购买主体", 2), ("承接主体", 2), ("金额", 2), ("期限", 3), ("其他", 5)]
    row: list[str | None] = []
    for title, width in groups:
        start = len(row) + 1
        row += [title] + [None] * (width - 1)
        sheet.merge_cells(start_row=3, end_row=3, start_column=start, end_column=start + width - 1)
    for column, group in enumerate(row, 1):
        if group:
            sheet.cell(3, column, group)
    heads = [
        "合同编号",
        "合同名称",
        "购买主体名称",
        "购买主体信用代码",
        "承接主体名称",
        "承接主体信用代码",
        "合同金额",
        "预算金额",
    ]
    heads += ["签订日期", "开始日期", "结束日期", "采购方式", "投标人数", "服务对象人数", "指导性目录代码", "区划代码"]
    for column, head in enumerate([*heads, "合同状态"], 1):
        sheet.cell(4, column, head)
    total = Decimal(0)
    for n, deal in enumerate(deals, 1):
        sheet.append(
            [
                deal.number,
                deal.title,
                deal.purchaser.name,
                deal.purchaser.uscc,
                deal.provider.name,
                deal.provider.uscc,
                float(deal.value),
                float(deal.budget),
                *[datetime(day.year, day.month, day.day) for day in (deal.signed_on, deal.starts_on, deal.ends_on)],  # noqa: DTZ001 - Excel has no zones
                METHODS[deal.method],
                deal.tenderers,
                deal.recipients,
                deal.category,
                deal.region.removeprefix("CN-"),
                "履行中",
            ]
        )
        total += deal.value
        if n % SUBTOTAL_EVERY == 0:
            sheet.append(["小计", None, None, None, None, None, float(total)])
    sheet.append(["合计", None, None, None, None, None, float(sum((deal.value for deal in deals), Decimal(0)))])
    return _saved(book)


def education(deals: list[Deal]) -> bytes:
    """Amounts in 万元; everything is text."""
    book = Workbook()
    sheet = _sheet(book)
    sheet.append(
        ["序号", "合同号", "项目名称", "采购人", "采购人信用代码", "供应商", "供应商信用代码", "合同总价（万元）"]
    )
    for column, head in enumerate(
        ["预算金额（万元）", "合同签订日期", "服务开始日期", "服务结束日期", "采购方式", "目录代码", "地区", "状态"], 9
    ):
        sheet.cell(1, column, head)
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    for n, deal in enumerate(deals, 1):
        days = [f"{day.year}年{day.month}月{day.day}日" for day in (deal.signed_on, deal.starts_on, deal.ends_on)]
        amounts = [f"{money / 10_000:f}" for money in (deal.value, deal.budget)]
        sheet.append(
            [
                str(n),
                deal.number,
                f" {deal.title}",
                deal.purchaser.name,
                deal.purchaser.uscc,
                f"{deal.provider.name} ",
                deal.provider.uscc,
                amounts[0].translate(wide) if n % 7 == 0 else amounts[0],
                amounts[1],
                *days,
                METHODS[deal.method],
                deal.category,
                deal.region.removeprefix("CN-"),
                "执行中",
            ]
        )
    sheet.append([])
    return _saved(book)


def health(deals: list[Deal], *, broken: Sequence[tuple[int, str, str]] = BROKEN) -> bytes:
    """Serial dates of 1904, amounts such as 1,200,000.00; the rows of `broken` cannot be read."""
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet = _sheet(book)
    heads = ["合同编号", "合同名称", "采购人", "采购人信用代码", "供应商", "供应商信用代码", "合同价款", "预算金额"]
    heads += [
        "合同签订日期",
        "服务开始日期",
        "服务结束日期",
        "采购方式",
        "供应商数",
        "受益人数",
        "指导性目录代码",
        "区划代码",
        "状态",
    ]
    sheet.append(heads)
    for deal in deals:
        sheet.append(
            [
                deal.number,
                deal.title,
                deal.purchaser.name,
                deal.purchaser.uscc,
                deal.provider.name,
                deal.provider.uscc,
                f"{deal.value:,.2f}",
                f"{deal.budget:,.2f}",
                deal.signed_on,
                deal.starts_on,
                deal.ends_on,
                METHODS[deal.method],
                deal.tenderers,
                deal.recipients,
                deal.category,
                deal.region.removeprefix("CN-"),
                "履行中",
            ]
        )
    for row, head, text in broken:
        sheet.cell(row, heads.index(head) + 1, text or None)
    return _saved(book)


def organisations_csv(year: Year) -> bytes:
    """All organisations, in GB18030."""
    held = io.StringIO()
    writer = csv.writer(held)
    writer.writerow(["机构名称", "统一社会信用代码", "角色"])
    for each in (*year.purchasers, *year.providers):
        writer.writerow([each.name, each.uscc, "购买主体" if each.role == "purchaser" else "承接主体"])
    return held.getvalue().encode("gb18030")


Line = dict[str, str | None]


def treasury_months(
    deals: list[Deal], *, errors: dict[str, Callable[[Line], list[Line]]]
) -> dict[date, tuple[Decimal, list[Line]]]:
    """The treasury's lines by month with the total that each file states; `errors` changes lines by voucher number.

    An error makes of one line what the treasury sent in its place: nothing, another amount, the line twice.
    """
    months: defaultdict[date, list[Line]] = defaultdict(list)
    for deal in deals:
        for payment in deal.payments:
            line: Line = {
                "number": payment.number,
                "kind": "payment",
                "amount": f"{payment.amount:.2f}",
                "paid_on": payment.paid_on.isoformat(),
                "contract_number": deal.number,
                "payee": deal.provider.name,
            }
            sent = errors[payment.number](line) if payment.number in errors else [line]
            months[payment.paid_on.replace(day=1)] += sent
    return {
        month: (sum((Decimal(line["amount"] or 0) for line in lines), Decimal(0)), lines)
        for month, lines in sorted(months.items())
    }


def payments_csv(deals: list[Deal]) -> bytes:
    """What the departments booked, in GB18030."""
    held = io.StringIO()
    writer = csv.writer(held)
    writer.writerow(["合同编号", "付款标识", "付款金额（元）", "付款日期", "支付凭证号"])
    for deal in deals:
        for payment in deal.payments:
            row = [
                deal.number,
                payment.number,
                f"{payment.amount:,.2f}",
                payment.paid_on.strftime("%Y/%m/%d"),
                payment.number,
            ]
            writer.writerow(row)
    return held.getvalue().encode("gb18030")
