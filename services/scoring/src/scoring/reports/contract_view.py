"""A contract's evaluation report as a document: conclusion first, then why, how sure, on what, signed by whom."""

from scoring.reports.certainty_view import certainty_blocks
from scoring.reports.charts import Bar, waterfall
from scoring.reports.code import qr_code
from scoring.reports.content import ContractReport, Line, in_language
from scoring.reports.document import Block, Document, Facts, Figure, Heading, Paragraph, SealPlace, Table
from scoring.reports.formats import day_time, grouped, measured, percent, short, two
from scoring.reports.formats import score as cut
from scoring.reports.numbering import numbered
from scoring.reports.target_view import target_blocks
from scoring.reports.words import Words, words_of

__all__ = ["contract_document"]


def contract_document(report: ContractReport, *, language: str) -> Document:
    """The report in Chinese (`zh`) or English (`en`)."""
    words = words_of(language)
    marks = [words["simulated"]] if report.simulated else []
    if report.determined is None:
        marks.insert(0, words["draft"])
    stage = words.code("stage", report.stage)
    return Document(
        language=language,
        title=words["contract_title"],
        subtitle=f"{report.contract_title or report.contract_id} · {stage}",
        number=words.fill("number", number=report.number) if report.number else words["number_none"],
        mark=" · ".join(marks),
        code=qr_code(report.verify_at, label=words["verify"]),
        code_text=short(report.content_hash),
        code_label=words["verify"],
        page_of=(words["page_before"], words["page_between"], words["page_after"]),
        blocks=numbered(
            (
                *_summary(report, words),
                *_subject(report, words),
                *_parts(report, words),
                *certainty_blocks(report, words),
                *_responsibility(report, words),
                *_evidence(report, words),
                *_signature(report, words),
            ),
            words,
        ),
    )


def _summary(report: ContractReport, words: Words) -> list[Block]:
    language = words.language
    blocks: list[Block] = [Heading(words["summary"])]
    if report.determined is None:
        blocks.append(
            Paragraph(words.fill("conclusion_draft", at=day_time(report.recorded_at, report.region)), strong=True)
        )
    blocks.append(
        Paragraph(
            words.fill(
                "conclusion",
                stage=words.code("stage", report.stage),
                score=cut(report.score),
                grade=report.grade_title(report.grade, language),
                coverage=percent(report.coverage),
            )
        )
    )
    if report.determined is not None and report.determined.capped_by:
        point = report.grade_title(report.determined.point_grade, language)
        by = words.joined(_cap(report, cause, words) for cause in report.determined.capped_by)
        grade = report.grade_title(report.grade, language)
        blocks.append(Paragraph(words.fill("capped", point=point, by=by, grade=grade)))
    for gate in report.gates:
        node = report.node_title(gate.node, language)
        said = {
            "name": report.gate_title(gate.code, language),
            "node": node,
            "cap": report.grade_title(gate.cap, language),
            "reason": in_language(gate.reason, language).rstrip("。."),
        }
        if gate.below is None:
            blocks.append(Paragraph(words.fill("gate", **said)))
        else:
            below = measured(gate.below, None, words)
            blocks.append(Paragraph(words.fill("gate_value", value=cut(gate.value), below=below, **said)))
    if report.ungated_score is not None and report.gates:
        blocks.append(Paragraph(words.fill("ungated", score=cut(report.ungated_score))))
    if report.held:
        titles = [report.node_title(path, language) for path in report.held]
        blocks.append(Paragraph(words.fill("held", held=words.joined(titles))))
    return blocks


def _cap(report: ContractReport, cause: str, words: Words) -> str:
    """What holds a grade below that of the points: `gate:<code>` or `coverage`."""
    kind, _, code = cause.partition(":")
    if kind == "gate":
        return words.fill("capped_by.gate", name=report.gate_title(code, words.language))
    return words.code("capped_by", cause)


def _subject(report: ContractReport, words: Words) -> list[Block]:
    none = words["none"]
    money = words.money(grouped(report.value), report.currency) if report.value else none
    category = words.category(report.service_category, report.category_name) if report.service_category else none
    return [
        Heading(words["subject"]),
        Facts(
            (
                (words["fact.contract"], report.contract_title or none),
                (words["fact.contract_id"], str(report.contract_id)),
                (words["fact.region"], words.region(report.region)),
                (words["fact.category"], category),
                (words["fact.purchaser"], report.purchaser_name or str(report.purchaser_id or none)),
                (words["fact.provider"], report.provider_name or str(report.provider_id or none)),
                (words["fact.value"], money),
                (words["fact.framework"], f"{report.framework_title[words.language]} {report.framework_version}"),
                (words["fact.source"], in_language(report.framework_source, words.language)),
            )
        ),
    ]


def _parts(report: ContractReport, words: Words) -> list[Block]:
    language = words.language
    top = [line for line in report.lines if line.depth == 0]
    bars = [Bar(line.title[language], float(line.points), float(line.weight)) for line in top]
    parts = " ".join(
        words.fill("waterfall_part", title=line.title[language], points=two(line.points), weight=two(line.weight))
        for line in top
    )
    # The nodes' points add up to the score before gates.
    capped = bool(report.gates) and report.ungated_score is not None
    reached = report.ungated_score if capped and report.ungated_score else report.score
    description = words.fill("waterfall_alt", parts=parts, score=cut(reached))
    thresholds = [(float(each.minimum), each.title[language]) for each in report.grades]
    drawn = waterfall(
        bars,
        name="waterfall",
        title=words["waterfall_caption"],
        description=description,
        total=words["total_ungated" if capped else "total"],
        sum_label=cut(reached),
        thresholds=thresholds,
    )
    columns = ("indicator", "target", "actual", "weight", "points", "accountable", "state")
    return [
        Heading(words["parts"]),
        Paragraph(words["parts_text"], see=("waterfall", "parts")),
        Figure(drawn, words["waterfall_caption"], description, name="waterfall"),
        Table(
            words["table_parts"],
            [words[f"column.{name}"] for name in columns],
            [_row(line, words) for line in report.lines],
            (False, True, True, True, True, False, False),
            (28, 14, 14, 9, 9, 12, 14),
            [line.depth for line in report.lines],
            name="parts",
        ),
        *target_blocks(report, words),
    ]


def _row(line: Line, words: Words) -> list[str]:
    if line.state is None:  # a dimension
        return [line.title[words.language], "", "", two(line.weight), two(line.points), "", ""]
    remark = "" if line.state == "evidence" else words.code("state", line.state)
    if line.over_attained:
        remark = words["over"]
    return [
        line.title[words.language],
        measured(line.target, line.unit, words),
        measured(line.raw, line.unit, words),
        two(line.weight),
        two(line.points),
        words.code("accountable", line.accountable),
        remark,
    ]


def _responsibility(report: ContractReport, words: Words) -> list[Block]:
    rows = []
    for part, score, grade in (
        ("provider_part", report.provider_score, report.provider_grade),
        ("purchaser_part", report.purchaser_score, report.purchaser_grade),
    ):
        said = words["none"]
        if score is not None:
            said = words.fill("out_of", score=cut(score), grade=report.grade_title(grade, words.language))
            sure = report.part_certainty.get(part.removesuffix("_part"))
            if sure is not None:
                label = words.code("label", sure.label)
                said += words.fill("part_sure", low=cut(sure.low), high=cut(sure.high), label=label)
        rows.append((words[part], said))
    blocks: list[Block] = [Heading(words["responsibility"]), Paragraph(words["responsible_text"]), Facts(rows)]
    if report.evaluator_dependent is not None:
        blocks.append(
            Paragraph(words["evaluator_dependent" if report.evaluator_dependent else "evaluator_independent"])
        )
    return blocks


def _evidence(report: ContractReport, words: Words) -> list[Block]:
    rows = [[words.code("kind", each.kind), str(each.id), each.sha256] for each in report.evidence]
    verify = "verify_text_draft" if report.determined is None else "verify_text"
    return [
        Heading(words["evidence"]),
        Paragraph(words.fill("evidence_text", count=len(rows)), see=("evidence",)),
        Paragraph(words.fill(verify, content=report.content_hash, chain=report.chain_hash)),
        Table(
            words.fill("table_evidence", count=len(rows)),
            [words["column.kind"], words["column.id"], words["column.sha256"]],
            rows,
            (False, False, False),
            (33, 54, 79),
            name="evidence",
        ),
    ]


def _signature(report: ContractReport, words: Words) -> list[Block]:
    blocks: list[Block] = [Heading(words["signature"])]
    act = report.determined
    rows: list[tuple[str, str]] = []
    if act is not None:
        rows = [
            (words["fact.document_number"], act.document_number),
            (words["fact.signed_by"], act.signed_by or words["none"]),
            (words["fact.issued_at"], day_time(act.issued_at, report.region)),
            (words["fact.cutoff"], day_time(act.evidence_cutoff, report.region)),
            (
                words["fact.effective_at"],
                day_time(act.effective_at, report.region) if act.effective_at else words["fact.not_effective"],
            ),
        ]
        if act.binding is not None:
            rows.append((words["fact.binding"], words["fact.binding_yes" if act.binding else "fact.binding_no"]))
        if act.replaces is not None:
            rows.append((words["fact.replaces"], str(act.replaces)))
            rows.append((words["fact.reason"], act.reason or words["none"]))
    rows.append((words["fact.framework_hash"], report.framework_hash))
    rows.append((words["fact.made_at"], day_time(report.made_at, report.region)))
    blocks.append(Facts(rows))
    if act is not None:
        lines = (words["seal_office"], words["seal_person"], words["seal_date"])
        blocks.append(SealPlace(lines, words["seal_place"]))
    return blocks
