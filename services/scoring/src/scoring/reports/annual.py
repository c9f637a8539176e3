"""An annual report as a document: how much was evaluated, with what result, and what was done with it."""

from collections.abc import Sequence

from scoring.kernel.funnel import MINIMUM_PEERS
from scoring.reports.charts import Count, Limits, Moment, Point, counts, funnel, trend
from scoring.reports.code import qr_code
from scoring.reports.content import AnnualReport, FunnelFigures, StateTotal, Total
from scoring.reports.document import Block, Document, Facts, Figure, Heading, Paragraph, SealPlace, Table
from scoring.reports.equity_view import equity_blocks
from scoring.reports.formats import counted, day_time, percent, two
from scoring.reports.numbering import numbered
from scoring.reports.words import Words, words_of

__all__ = ["annual_document"]


def annual_document(report: AnnualReport, *, language: str) -> Document:
    """The report in Chinese (`zh`) or English (`en`)."""
    words = words_of(language)
    return Document(
        language=language,
        title=words["annual_title"],
        subtitle=words.fill("annual_subtitle", region=words.region(report.region), year=report.year),
        number=words.fill("number", number=report.number),
        mark=words["simulated"] if report.simulated else "",
        code=qr_code(report.verify_at, label=words["verify"]),
        code_text=report.number,
        code_label=words["verify"],
        page_of=(words["page_before"], words["page_between"], words["page_after"]),
        blocks=numbered(
            (
                *_overview(report, words),
                *_grades(report, words),
                *_trends(report, words),
                *_parts(report, words),
                *equity_blocks(report.equity, words),
                *_funnel(report.funnel, words),
                *_uses(report, words),
                *_states(report.rectifications, "rectifications", words),
                *_states(report.appeals, "appeals", words),
                *_notes(report, words),
            ),
            words,
        ),
    )


def _overview(report: AnnualReport, words: Words) -> list[Block]:
    text = words.fill(
        "annual_overview_text",
        contracts=counted(report.contracts),
        scored=counted(report.scored),
        determined=counted(report.determined),
    )
    blocks: list[Block] = [Heading(words["annual_overview"]), Paragraph(text)]
    if not report.determined:
        return [*blocks, Paragraph(words["annual_none"], strong=True)]
    language = words.language
    titles = {code: title[language] for code, title in report.framework_titles.items()}
    return [
        *blocks,
        _table(
            words, "frameworks", "framework", [(titles.get(each.code, each.code), each) for each in report.frameworks]
        ),
        _table(words, "stages", "stage", [(words.code("stage", each.code), each) for each in report.stages]),
        _table(words, "labels", "label", [(words.code("label", each.code), each) for each in report.labels]),
    ]


def _table(words: Words, name: str, column: str, rows: Sequence[tuple[str, Total]]) -> Table:
    return Table(
        words[f"table_{name}"],
        [words[f"column.{each}"] for each in (column, "count", "mean")],
        [[label, counted(each.number), two(each.mean) if each.mean else ""] for label, each in rows],
        (False, True, True),
        (60, 18, 22),
    )


def _grades(report: AnnualReport, words: Words) -> list[Block]:
    if not report.determined:
        return []
    language = words.language
    items = [
        Count(
            report.grade_titles.get(each.code, {}).get(language, each.code),
            each.number,
            f"{100 * each.number / report.determined:.1f}%",
        )
        for each in report.grades
    ]
    description = words.fill("annual_grade_alt", parts=words.joined(f"{each.label} {each.number}" for each in items))
    caption = words["annual_grade_caption"]
    drawn = counts(items, name="grades", title=caption, description=description)
    return [Heading(words["annual_grades"]), Figure(drawn, caption, description)]


def _trends(report: AnnualReport, words: Words) -> list[Block]:
    if not report.determined:
        return []
    known = {each.code: each for each in report.months}
    months = [f"{report.year}-{month:02d}" for month in range(1, 13)]
    by_month = [Moment(str(int(code[5:])), _mean(known.get(code))) for code in months]
    by_year = [Moment(each.code, _mean(each)) for each in report.years]
    blocks: list[Block] = [Heading(words["annual_trend"])]
    for name, moments in (("month", by_month), ("year", by_year)):
        said = [f"{each.label} {each.value:.2f}" for each in moments if each.value is not None]
        caption = words[f"annual_{name}_caption"]
        description = words.fill(f"annual_{name}_alt", parts=words.joined(said))
        unit = words["axis_points"]
        drawn = trend(moments, name=f"by-{name}", title=caption, description=description, unit=unit)
        blocks.append(Figure(drawn, caption, description))
    return blocks


def _mean(total: Total | None) -> float | None:
    return None if total is None or total.mean is None else float(total.mean)


def _parts(report: AnnualReport, words: Words) -> list[Block]:
    if not report.parts:
        return []
    rows = [(words.region(each.code), each) for each in report.parts]
    return [
        Heading(words["annual_regions"]),
        Paragraph(words["annual_regions_text"]),
        _table(words, "regions", "region", rows),
    ]


def _no_funnel(figures: FunnelFigures, words: Words) -> str:
    if figures.peers is not None and figures.peers < MINIMUM_PEERS:
        return words.fill("annual_funnel_refused", peers=figures.peers, minimum=MINIMUM_PEERS)
    return words["annual_funnel_unknown"]


def _funnel(figures: FunnelFigures | None, words: Words) -> list[Block]:
    if figures is None:
        return []
    blocks: list[Block] = [Heading(words["annual_funnel"])]
    if figures.refused is not None or figures.target is None:
        return [*blocks, Paragraph(_no_funnel(figures, words))]
    ordered = sorted(figures.units, key=lambda each: each.results)
    limits = {
        each.results: Limits(
            float(each.results),
            low998=float(each.limits[0]),
            low95=float(each.limits[1]),
            high95=float(each.limits[2]),
            high998=float(each.limits[3]),
        )
        for each in ordered
    }
    numbers = {each.unit: place for place, each in enumerate((one for one in ordered if one.outside), start=1)}
    points = [
        Point(
            str(numbers.get(each.unit, "")),
            float(each.results),
            float(each.value),
            float(each.outside) if each.outside else None,
        )
        for each in ordered
    ]
    rows = [
        [
            f"{numbers[each.unit]}. {each.name or each.unit}",
            counted(each.results),
            f"{float(each.value):.1f}%",
            f"{each.outside}%",
        ]
        for each in ordered
        if each.outside
    ]
    outside = [f"{row[0]} {row[2]}" for row in rows]
    caption = words["annual_funnel_caption"]
    description = words.fill(
        "annual_funnel_alt",
        providers=len(points),
        target=two(figures.target),
        outside=words.joined(outside) or words["none"],
    )
    drawn = funnel(
        points,
        [limits[size] for size in sorted(limits)],
        name="funnel",
        title=caption,
        description=description,
        target=float(figures.target),
        size_label=words["annual_funnel_size"],
        value_label=words["annual_funnel_share"],
    )
    blocks.append(Paragraph(words["annual_funnel_text"], see=("funnel",)))
    blocks.append(Figure(drawn, caption, description, name="funnel"))
    if rows:
        columns = [words[f"column.{each}"] for each in ("provider", "contracts", "poor", "limit")]
        blocks.append(Table(words["table_outside"], columns, rows, (False, True, True, True), (52, 14, 18, 16)))
    return blocks


def _uses(report: AnnualReport, words: Words) -> list[Block]:
    rows = [
        [
            words.code("use", each.code),
            counted(each.opened),
            counted(each.applied),
            _rate(each.rate),
            counted(each.overdue),
        ]
        for each in report.uses
    ]
    blocks: list[Block] = [Heading(words["annual_uses"])]
    if not rows:
        return [*blocks, Paragraph(words["annual_nothing"])]
    columns = ("use", "opened", "done", "rate", "overdue")
    return [
        *blocks,
        Table(
            words["table_uses"],
            [words[f"column.{each}"] for each in columns],
            rows,
            (False, True, True, True, True),
            (40, 15, 15, 15, 15),
        ),
    ]


def _rate(rate: str | None) -> str:
    return "" if rate is None else percent(rate)


def _states(items: Sequence[StateTotal], name: str, words: Words) -> list[Block]:
    blocks: list[Block] = [Heading(words[f"annual_{name}"])]
    if not items:
        return [*blocks, Paragraph(words["annual_nothing"])]
    return [
        *blocks,
        Table(
            words[f"table_{name}"],
            [words[f"column.{each}"] for each in ("outcome", "count", "overdue")],
            [[words.code("state_of", each.code), counted(each.number), counted(each.overdue)] for each in items],
            (False, True, True),
            (60, 20, 20),
        ),
    ]


def _notes(report: AnnualReport, words: Words) -> list[Block]:
    notes = ("note.determinations", "note.weights", "note.no_ranking")
    lines = (words["seal_office"], words["seal_person"], words["seal_date"])
    return [
        Heading(words["annual_notes"]),
        *(Paragraph(words[note]) for note in notes),
        Facts(((words["fact.made_at"], day_time(report.made_at, report.region)),)),
        SealPlace(lines, words["seal_place"]),
    ]
