"""Equity between the regions below, in an annual report."""

from scoring.kernel.shrinkage import MINIMUM_PROVIDERS
from scoring.reports.content import EquityFigures
from scoring.reports.document import Block, Facts, Heading, Paragraph, Table
from scoring.reports.formats import percent, two
from scoring.reports.words import Words

__all__ = ["equity_blocks"]


def equity_blocks(figures: EquityFigures | None, words: Words) -> list[Block]:
    """Gaps of scores in points and inequality of money and coverage; nothing where there is no level below."""
    if figures is None:
        return []
    blocks: list[Block] = [
        Heading(words["annual_equity"], sub=True),
        Paragraph(words["annual_equity_text"]),
    ]
    if figures.widest is None:
        blocks.append(Paragraph(_no_gaps(figures, words)))
    else:
        blocks.append(
            Facts(
                (
                    (words["equity.regions"], str(figures.regions)),
                    (words["equity.raw"], two(figures.raw_variance or "0")),
                    (words["equity.adjusted"], two(figures.adjusted_variance or "0")),
                    (words["equity.sd"], two(figures.between_sd or "0")),
                    (
                        words["equity.widest"],
                        words.fill(
                            "equity.gap",
                            points=two(figures.widest),
                            error=two(figures.widest_error or "0"),
                            highest=words.region(figures.highest or ""),
                            lowest=words.region(figures.lowest or ""),
                        ),
                    ),
                )
            )
        )
    rows = [
        [
            words[f"equity.{name}"],
            str(each.regions),
            two(each.mean),
            each.gini[:5],
            each.theil[:5],
            two(each.ratio) if each.ratio else "",
        ]
        for name, each in (("money", figures.money), ("coverage", figures.coverage))
        if each is not None
    ]
    if rows:
        columns = ("amount", "regions", "average", "gini", "theil", "ratio")
        names = [words[f"column.{each}"] for each in columns]
        blocks.append(
            Table(
                words["table_equity"],
                names,
                rows,
                (False, True, True, True, True, True),
                (36, 10, 14, 13, 13, 14),
            )
        )
    else:
        blocks.append(Paragraph(words["annual_equity_people"]))
    if figures.third_party is not None:
        blocks.append(Paragraph(words.fill("annual_equity_third", share=percent(figures.third_party))))
    return blocks


def _no_gaps(figures: EquityFigures, words: Words) -> str:
    if figures.regions < MINIMUM_PROVIDERS:
        return words.fill("annual_equity_refused", regions=figures.regions, minimum=MINIMUM_PROVIDERS)
    return words["annual_equity_unknown"]
