"""A contract's evaluation report as a document: conclusion first, then why, how sure, on what, signed by whom."""

from scoring.reports.charts import Band, Bar, interval, waterfall
from scoring.reports.code import qr_code
from scoring.reports.content import ContractReport, Line
from scoring.reports.document import Block, Document, Facts, Figure, Heading, Paragraph, SealPlace, Table
from scoring.reports.formats import day_time, grouped, measured, percent, short, two
from scoring.reports.formats import score as cut
from scoring.reports.target_view import target_blocks
from scoring.reports.words import Words, words_of

__all__ = ["contract_document"]

STEPS = 3
"""So many of the things to measure next are named."""


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
        blocks=(
            *_summary(report, words),
            *_subject(report, words),
            *_parts(report, words),
            *_certainty(report, words),
            *_responsibility(report, words),
            *_evidence(report, words),
            *_signature(report, words),
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
        by = ", ".join(report.determined.capped_by)
        grade = report.grade_title(report.grade, language)
        blocks.append(Paragraph(words.fill("capped", point=point, by=by, grade=grade)))
    for gate in report.gates:
        node = _title_of(report, gate.node, language)
        cap = report.grade_title(gate.cap, language)
        blocks.append(Paragraph(words.fill("gate", code=gate.code, node=node, cap=cap, reason=gate.reason)))
    if report.ungated_score is not None and report.gates:
        blocks.append(Paragraph(words.fill("ungated", score=cut(report.ungated_score))))
    if report.held:
        titles = [_title_of(report, path, language) for path in report.held]
        blocks.append(Paragraph(words.fill("held", held=_joined(titles, words))))
    return blocks


def _joined(parts: list[str], words: Words) -> str:
    return ("、" if words.language == "zh" else ", ").join(parts)


def _title_of(report: ContractReport, path: str, language: str) -> str:
    return next((line.title[language] for line in report.lines if line.path == path), path)


def _subject(report: ContractReport, words: Words) -> list[Block]:
    none = words["none"]
    money = f"{grouped(report.value)} {report.currency or ''}".strip() if report.value else none
    return [
        Heading(words["subject"]),
        Facts(
            (
                (words["fact.contract"], report.contract_title or none),
                (words["fact.contract_id"], str(report.contract_id)),
                (words["fact.region"], words.region(report.region)),
                (words["fact.category"], report.service_category or none),
                (words["fact.purchaser"], report.purchaser_name or str(report.purchaser_id or none)),
                (words["fact.provider"], report.provider_name or str(report.provider_id or none)),
                (words["fact.value"], money),
                (words["fact.framework"], f"{report.framework_title[words.language]} {report.framework_version}"),
                (words["fact.source"], report.framework_source),
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
        Figure(drawn, words["waterfall_caption"], description),
        Table(
            words["table_parts"],
            [words[f"column.{name}"] for name in columns],
            [_row(line, words) for line in report.lines],
            (False, True, True, True, True, False, False),
            (30, 11, 11, 10, 10, 12, 16),
            [line.depth for line in report.lines],
        ),
        *target_blocks(report, words),
    ]


def _row(line: Line, words: Words) -> list[str]:
    if line.state is None:  # a dimension
        return [line.title[words.language], "", "", two(line.weight), two(line.points), "", ""]
    remark = "" if line.state == "evidence" else words.code("state", line.state)
    if line.over_attained:
        remark = words["over"]
    unit = line.unit if line.unit in {"%", "‰"} else ""
    return [
        line.title[words.language],
        measured(line.target, unit),
        measured(line.raw, unit),
        two(line.weight),
        two(line.points),
        words.code("accountable", line.accountable),
        remark,
    ]


def _certainty(report: ContractReport, words: Words) -> list[Block]:
    language = words.language
    blocks: list[Block] = [Heading(words["certainty"])]
    bounds = words.fill("bounds", lower=cut(report.lower), upper=cut(report.upper))
    likely = None
    said = ""
    if report.interval is not None:
        low, high = report.interval
        likely = (float(low), float(high))
        said = words.fill("interval_alt_likely", low=cut(low), high=cut(high))
        blocks.append(
            Paragraph(
                words.fill(
                    "interval_text",
                    low=cut(low),
                    high=cut(high),
                    median=cut(report.median or report.score),
                    label=words.code("label", report.label),
                )
            )
        )
    else:
        blocks.append(Paragraph(words["interval_none"]))
    chances = {each.grade: float(each.probability) for each in report.chances}
    if report.grade in chances:
        grade = report.grade_title(report.grade, language)
        blocks.append(Paragraph(words.fill("chance_text", grade=grade, chance=percent(str(chances[report.grade])))))
    blocks.append(Paragraph(bounds))
    known = [(kind, share) for kind, share in report.shares.items() if share is not None]
    if any(float(share) > 0.0 for _, share in known):
        parts = [f"{words.code('share', kind)} {percent(share)}" for kind, share in known]
        blocks.append(Paragraph(words.fill("shares_text", parts=_joined(parts, words))))
    for step in report.steps[:STEPS]:
        nodes = _joined([_title_of(report, path, language) for path in step.nodes], words)
        action = words.code("step", step.action)
        if step.points is not None:
            blocks.append(Paragraph(words.fill("step_points", action=action, nodes=nodes, points=two(step.points))))
        elif step.reduces is not None:
            gone = percent(step.reduces)
            blocks.append(Paragraph(words.fill("step_reduces", action=action, nodes=nodes, share=gone)))
    highest = 100.0
    bands: list[Band] = []
    for grade_ in report.grades:
        low_ = float(grade_.minimum)
        bands.append(Band(grade_.title[language], low_, highest, chances.get(grade_.code)))
        highest = low_
    caption = words["interval_caption" if likely else "interval_caption_bounds"]
    description = words.fill(
        "interval_alt",
        score=cut(report.score),
        grade=report.grade_title(report.grade, language),
        lower=cut(report.lower),
        upper=cut(report.upper),
        likely=said,
    )
    drawn = interval(
        bands[::-1],
        name="interval",
        title=caption,
        description=description,
        score=float(report.score),
        label=cut(report.score),
        bounds=(float(report.lower), float(report.upper)),
        likely=likely,
    )
    blocks.append(Figure(drawn, caption, description))
    return blocks


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
    return [
        Heading(words["evidence"]),
        Paragraph(words.fill("verify_text", content=report.content_hash, chain=report.chain_hash)),
        Table(
            words.fill("table_evidence", count=len(rows)),
            [words["column.kind"], words["column.id"], words["column.sha256"]],
            rows,
            (False, False, False),
            (33, 54, 79),
            [1] * len(rows),
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
