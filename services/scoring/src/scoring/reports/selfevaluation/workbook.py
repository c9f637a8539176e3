"""The workbook: the form to be printed and signed, and the sheet that computes it."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import xlsxwriter

from scoring.reports.selfevaluation.formulas import number, score_formula
from scoring.reports.selfevaluation.rows import TableNode, siblings
from scoring.reports.selfevaluation.wording import (
    ASPECTS,
    CALCULATED,
    CALCULATION,
    COLUMNS,
    EXPLAINED,
    FORM,
    REMARKS,
    WIDTHS,
)

__all__ = ["Header", "write_workbook"]

TOLERANCE = "0.000001"  # the score is quantised to six decimals


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What stands above the table; money in the contract's currency, None where it is unknown."""

    title: str
    contract_id: str
    purchaser: str
    provider: str
    stage: str
    framework: str
    currency: str
    budget: float | None
    value: float | None
    executed: float | None
    score: str
    """The score before gates, six decimals: what the table must come to."""
    grades: Sequence[tuple[str, float]]
    """Name and lower bound, highest first."""
    content_hash: str
    simulated: bool
    determined: str | None
    """Number of the signed document; None: the score is live and provisional."""


def write_workbook(header: Header, nodes: Sequence[TableNode]) -> bytes:
    """The workbook as bytes; every score is a formula, with its present value for programs that do not compute."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        # A fixed date: the same score gives the same file.
        book.set_properties({"title": f"自评表 {header.title}", "created": datetime(2000, 1, 1, tzinfo=UTC)})
        book.set_calc_mode("auto")
        _Writer(book, header, nodes).write()
    return buffer.getvalue()


class _Writer:
    """Writes both sheets, which refer to each other."""

    def __init__(self, book: Any, header: Header, nodes: Sequence[TableNode]) -> None:  # noqa: ANN401 - untyped library
        self.header, self.nodes = header, nodes
        self.form = book.add_worksheet(FORM)
        self.calculation = book.add_worksheet(CALCULATION)
        common = {"font_name": "SimSun", "font_size": 10, "border": 1, "valign": "vcenter", "text_wrap": True}
        self.plain = book.add_format(common)
        self.label = book.add_format(common | {"align": "center", "bold": True, "bg_color": "#F2F2F2"})
        self.centre = book.add_format(common | {"align": "center"})
        self.input = book.add_format(common | {"align": "right", "font_color": "#1D5C99", "num_format": "0.######"})
        self.money = book.add_format(common | {"align": "right", "font_color": "#1D5C99", "num_format": "#,##0.00"})
        self.share = book.add_format(common | {"align": "right", "num_format": "0.00%"})
        self.points = book.add_format(common | {"align": "right", "num_format": "0.00"})
        self.exact = book.add_format(common | {"align": "right", "num_format": "0.000000"})
        self.title = book.add_format({"font_name": "SimSun", "font_size": 16, "bold": True, "align": "center"})
        self.note = book.add_format({"font_name": "SimSun", "font_size": 9, "text_wrap": True, "valign": "top"})
        leaves = [place for place, node in enumerate(nodes) if node.leaf and not node.execution]
        self.row_of = {place: 11 + order for order, place in enumerate(leaves)}
        """Row on the form (from 1) of each leaf of the table."""
        self.total_row = 11 + len(leaves)

    def write(self) -> None:
        """Both sheets."""
        self._head()
        for place in self.row_of:
            self._line(place)
        self._foot()
        self._calculation()
        self.form.set_landscape()
        self.form.set_paper(9)
        self.form.fit_to_pages(1, 0)
        self.form.repeat_rows(9)
        self.calculation.set_landscape()
        self.calculation.fit_to_pages(1, 0)
        self.calculation.freeze_panes(2, 2)

    def _head(self) -> None:
        form, header = self.form, self.header
        for column, width in enumerate(WIDTHS):
            form.set_column(column, column, width)
        form.merge_range("A1:H1", "政府购买服务项目支出绩效自评表", self.title)
        state = f"认定文号 {header.determined}" if header.determined else "试算稿，未认定"
        marks = "（模拟数据）" if header.simulated else ""
        form.merge_range("A2:H2", f"{marks}{state} · {header.stage} · {header.framework}", self.note)
        for row, (name, value) in enumerate(
            (("项目名称", header.title), ("购买主体", header.purchaser), ("承接主体", header.provider)), start=2
        ):
            form.write(row, 0, name, self.label)
            form.merge_range(row, 1, row, 7, value, self.plain)
        heads = (
            f"项目资金（{header.currency}）",
            "年初预算数",
            "全年预算数",
            "全年执行数",
            "分值",
            "执行率",
            "得分",
            "说明",
        )
        for column, name in enumerate(heads):
            form.write(5, column, name, self.label)
        form.write(6, 0, "年度资金总额", self.label)
        budget = header.budget if header.budget is not None else header.value
        for column, amount in ((1, budget), (2, header.value), (3, header.executed)):
            form.write(6, column, amount, self.money)
        place = next((place for place, node in enumerate(self.nodes) if node.execution), None)
        rate = self.nodes[place].value if place is not None else None
        form.write_formula(6, 5, '=IF(OR(C7="",C7=0,D7=""),"",D7/C7)', self.share, "" if rate is None else rate)
        if place is not None:
            self._computed((6, 4), "H", place, self.nodes[place].worth)
            self._computed((6, 6), "P", place, self.nodes[place].points)
        form.write(6, 7, self._remark(self.nodes[place]) if place is not None else "", self.plain)
        form.write(7, 0, "年度总体目标", self.label)
        form.merge_range("B8:H8", "", self.plain)
        form.merge_range("A9:H9", "蓝色为可改的输入值；得分由“计算”表的公式得出。", self.note)
        for column, name in enumerate(COLUMNS):
            form.write(9, column, name, self.label)

    def _line(self, place: int) -> None:
        node, row = self.nodes[place], self.row_of[place] - 1
        chain = [node]
        while chain[0].parent is not None:
            chain.insert(0, self.nodes[chain[0].parent])
        second = ASPECTS.get(node.aspect or "", chain[1].title if len(chain) > 2 else "")
        for column, value in enumerate((chain[0].title, second, node.title)):
            self.form.write(row, column, value, self.plain)
        self.form.write(row, 3, node.target, self.input)
        self.form.write(row, 4, node.value, self.input)
        if node.tier is not None:
            self.form.write_comment(row, 4, f"档次 {node.tier}，按其取值计分")
        self._computed((row, 5), "H", place, node.worth)
        self._computed((row, 6), "P", place, node.points)
        self.form.write(row, 7, self._remark(node), self.plain)

    def _remark(self, node: TableNode) -> str:
        if node.over_attained:
            return "大幅超出年度指标值，须说明"
        return REMARKS.get(node.state, "")

    def _foot(self) -> None:
        row, header = self.total_row - 1, self.header
        last = self.total_row - 1
        parts = [f"F{number_}" for number_ in ([7] if any(node.execution for node in self.nodes) else [])]
        form = self.form
        form.merge_range(row, 0, row, 4, "总分", self.label)
        span = f"F11:F{last}" if self.row_of else ""
        terms = ["E7"] * bool(parts) + ([f"SUM({span})"] if span else [])
        form.write_formula(row, 5, f"={'+'.join(terms) or '0'}", self.points, 100)
        earned = ["G7"] * bool(parts) + ([f"SUM({span.replace('F', 'G')})"] if span else [])
        form.write_formula(row, 6, f"={'+'.join(earned) or '0'}", self.points, float(header.score))
        grade = header.grades[-1][0]
        expression = f'"{grade}"'
        total = f"ROUND(G{self.total_row},6)"
        for name, minimum in reversed(header.grades[:-1]):
            expression = f'IF({total}>={number(minimum)},"{name}",{expression})'
        present = next(name for name, minimum in header.grades if float(header.score) >= minimum)
        form.write_formula(row, 7, f"={expression}", self.centre, present)
        form.write(row + 1, 0, "核对", self.label)
        form.merge_range(row + 1, 1, row + 1, 4, "系统所存得分（六位小数）", self.plain)
        form.write(row + 1, 5, "", self.plain)
        form.write(row + 1, 6, float(header.score), self.exact)
        form.write_formula(
            row + 1,
            7,
            f'=IF(ABS(G{self.total_row}-G{self.total_row + 1})<={TOLERANCE},"与系统一致","与系统不一致：输入值已改动")',
            self.centre,
            "与系统一致",
        )
        form.merge_range(
            row + 2, 0, row + 2, 7, f"合同 {header.contract_id} · 评分内容摘要 SHA-256 {header.content_hash}", self.note
        )
        form.merge_range(
            row + 3, 0, row + 3, 7, "填表人：　　　　　　　负责人（签字）：　　　　　　　（盖章）", self.note
        )

    def _computed(self, cell: tuple[int, int], letter: str, place: int, present: float) -> None:
        """A cell of the form that shows a column of the other sheet."""
        self.form.write_formula(*cell, f"={CALCULATION}!{letter}{place + 3}", self.points, present)

    def _calculation(self) -> None:
        sheet = self.calculation
        sheet.merge_range(0, 0, 0, len(CALCULATED) - 1, EXPLAINED, self.note)
        for column, name in enumerate(CALCULATED):
            sheet.write(1, column, name, self.label)
        for column, width in enumerate((26, 26, 7, 7, 9, 9, 6, 11, 12, 12, 7, 10, 10, 12, 12, 12, 12, 10)):
            sheet.set_column(column, column, width)
        for place, node in enumerate(self.nodes):
            self._node(place, node)

    def _node(self, place: int, node: TableNode) -> None:
        sheet, row = self.calculation, place + 2
        at = row + 1
        below = siblings(self.nodes, place)
        beside = siblings(self.nodes, node.parent)
        sheet.write(row, 0, node.path, self.plain)
        sheet.write(row, 1, node.title, self.plain)
        sheet.write(row, 2, "" if node.parent is None else node.parent + 3, self.centre)
        sheet.write(row, 3, "指标" if node.leaf else "维度", self.centre)
        sheet.write(row, 4, node.state, self.centre)
        sheet.write(row, 5, node.weight, self.input)
        counts = f'IF(OR(E{at}="reweight",F{at}<=0),0,1)'
        if not node.leaf:
            counts = f"IF({'+'.join(f'G{each + 3}' for each in below)}>0,1,0)"
        sheet.write_formula(row, 6, f"={counts}", self.centre, 1 if node.worth > 0.0 else 0)
        siblings_sum = "+".join(f"F{each + 3}*G{each + 3}" for each in beside)
        above = "100" if node.parent is None else f"H{node.parent + 3}"
        sheet.write_formula(
            row, 7, f"=IF(({siblings_sum})>0,{above}*F{at}*G{at}/({siblings_sum}),0)", self.exact, node.worth
        )
        if node.leaf:
            self._leaf(place, node)
        else:
            for column in range(8, 15):
                sheet.write(row, column, "", self.plain)
            sheet.write_formula(row, 15, f"={'+'.join(f'P{each + 3}' for each in below)}", self.exact, node.points)

    def _leaf(self, place: int, node: TableNode) -> None:
        sheet, row = self.calculation, place + 2
        at = row + 1
        if node.execution:
            sheet.write_formula(row, 8, f"={FORM}!F7", self.exact, "" if node.value is None else node.value)
        else:
            cell = f"{FORM}!E{self.row_of[place]}"
            sheet.write_formula(
                row, 8, f'=IF({cell}="","",{cell})', self.exact, "" if node.value is None else node.value
            )
        target = "" if node.execution else f"{FORM}!D{self.row_of[place]}"
        if node.target is not None and target:
            sheet.write_formula(row, 9, f"={target}", self.exact, node.target)
        else:
            sheet.write(row, 9, "", self.plain)
        sheet.write(row, 10, "越高越好" if node.higher else "越低越好", self.centre)
        normaliser: Mapping[str, Any] = node.normaliser or {}
        if node.zero_at is not None:
            sheet.write(row, 11, node.zero_at, self.input)
        elif node.agreed and "zero_at_factor" in normaliser:
            sheet.write_formula(
                row, 11, f"=J{at}*{number(float(normaliser['zero_at_factor']))}", self.exact, _reached(node, normaliser)
            )
        else:
            sheet.write(row, 11, "", self.plain)
        before = _before(node, normaliser)
        sheet.write(row, 12, "" if before is None else before, self.input)
        sheet.write(row, 13, str(normaliser.get("kind", "")), self.centre)
        score = score_formula(
            normaliser,
            higher=node.higher,
            x=f"I{at}",
            target=f"J{at}",
            zero_at=f"L{at}",
            before=None if before is None else f"M{at}",
        )
        sheet.write_formula(row, 14, f'=IF(I{at}="",0,{score})', self.exact, node.normalised)
        sheet.write_formula(row, 15, f"=H{at}*O{at}/100", self.exact, node.points)
        sheet.write(row, 16, node.points, self.exact)
        sheet.write_formula(row, 17, f"=P{at}-Q{at}", self.exact, 0)


def _before(node: TableNode, normaliser: Mapping[str, Any]) -> float | None:
    """The baseline as it is compared with: drawn towards the sector's value where the framework says so."""
    if normaliser.get("kind") != "baseline":
        return None
    if "shrink_to" not in normaliser:
        return node.before
    sector, reliability = float(normaliser["sector"]), float(normaliser.get("reliability", 1.0))
    return sector if node.before is None else reliability * node.before + (1.0 - reliability) * sector


def _reached(node: TableNode, normaliser: Mapping[str, Any]) -> float:
    """The value at which a "less is better" score reaches 0 where none was agreed."""
    return (node.target or 0.0) * float(normaliser["zero_at_factor"])
