"""The agreed targets in a contract's report, beside what earlier contracts agreed and reached."""

from scoring.reports.content import ContractReport, SoftenedTarget, TargetLine
from scoring.reports.document import Block, Paragraph, Table
from scoring.reports.formats import measured, percent
from scoring.reports.words import Words

__all__ = ["target_blocks"]


def target_blocks(report: ContractReport, words: Words) -> list[Block]:
    """The agreed targets beside earlier contracts of the same service; nothing where none was agreed."""
    if not report.targets:
        return []
    columns = ("indicator", "target", "typical", "met", "earlier", "state")
    return [
        Paragraph(words["targets_text"], see=("targets",)),
        Table(
            words["table_targets"],
            [words[f"column.{name}"] for name in columns],
            [_target(line, words) for line in report.targets],
            (False, True, True, True, True, False),
            (29, 11, 14, 15, 13, 18),
            name="targets",
        ),
        *(
            Paragraph(_short(line, line.softened, report, words))
            for line in report.targets
            if line.softened is not None
        ),
    ]


def _short(line: TargetLine, softened: SoftenedTarget, report: ContractReport, words: Words) -> str:
    """A target below earlier ones, with the signer's reason."""
    about = {
        "name": line.name,
        "target": measured(line.target, line.unit, words),
        "asked": measured(softened.median_target, softened.unit_before or line.unit, words),
    }
    if softened.median_result is None:
        said = words.fill("target_lowered", **about)
    else:
        against = words.code("target_against", softened.against)
        reached = measured(softened.median_result, line.unit, words)
        said = words.fill("target_softened", against=against, reached=reached, **about)
    if softened.reason is not None:
        return said + words.fill("target_reason", reason=softened.reason)
    return said + words["target_reason_none" if report.determined else "target_reason_draft"]


def _target(line: TargetLine, words: Words) -> list[str]:
    remarks = [words.code("target_flag", flag) for flag in line.flags]
    if line.compared_with is None:
        remarks = [words["target_few"]]
    elif not remarks:
        remarks = [words.code("target_group", line.compared_with)]
    return [
        line.name,
        measured(line.target, line.unit, words),
        "" if line.median_target is None else measured(line.median_target, line.unit, words),
        "" if line.reached is None else percent(line.reached),
        str(max(line.targets, line.results)),
        words.joined(remarks),
    ]
