"""How sure a contract's conclusion is, in its report."""

from scoring.determinations.certainty import ADVERSE, INDICATIVE
from scoring.reports.charts import Band, interval
from scoring.reports.content import ContractReport
from scoring.reports.document import Block, Figure, Heading, Paragraph
from scoring.reports.formats import percent, two
from scoring.reports.formats import score as cut
from scoring.reports.words import Words

__all__ = ["certainty_blocks"]

STEPS = 3
"""So many of the things to measure next are named."""


def certainty_blocks(report: ContractReport, words: Words) -> list[Block]:
    """Interval, probability of the grade, bounds, where the uncertainty comes from and what to measure next."""
    language = words.language
    blocks: list[Block] = [Heading(words["certainty"])]
    bounds = words.fill("bounds", lower=cut(report.lower), upper=cut(report.upper))
    if report.lower == report.upper:
        bounds = words["bounds_none"]
    likely = None
    said = ""
    if report.interval is not None:
        low, high = report.interval
        likely = (float(low), float(high))
        said = words.fill("interval_alt_likely", low=cut(low), high=cut(high))
        key = "interval_point" if cut(low) == cut(high) else "interval_text"
        blocks.append(
            Paragraph(
                words.fill(
                    key,
                    low=cut(low),
                    high=cut(high),
                    median=cut(report.median or report.score),
                    label=words.code("label", report.label),
                ),
                see=("interval",),
            )
        )
    else:
        blocks.append(Paragraph(words["interval_none"], see=("interval",)))
    chances = {each.grade: float(each.probability) for each in report.chances}
    if report.grade in chances:
        grade = report.grade_title(report.grade, language)
        blocks.append(Paragraph(words.fill("chance_text", grade=grade, chance=percent(str(chances[report.grade])))))
    if likely is not None:
        blocks.append(Paragraph(words["interval_explained"]))
        steps = {"firm": f"{ADVERSE:.0%}", "indicative": f"{INDICATIVE:.0%}"}
        blocks.append(Paragraph(words.fill("labels_explained", **steps)))
    blocks.append(Paragraph(bounds))
    known = [(kind, share) for kind, share in report.shares.items() if share is not None]
    if any(float(share) > 0.0 for _, share in known):
        parts = [f"{words.code('share', kind)} {percent(share)}" for kind, share in known]
        blocks.append(Paragraph(words.fill("shares_text", parts=words.joined(parts))))
    for step in report.steps[:STEPS]:
        nodes = words.joined(report.node_title(path, language) for path in step.nodes)
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
    blocks.append(Figure(drawn, caption, description, name="interval"))
    return blocks
