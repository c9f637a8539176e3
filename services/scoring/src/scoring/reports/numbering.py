"""Numbers of sections, tables and figures, given when the document is whole: a part that is missing leaves no gap."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from scoring.reports.document import Block, Figure, Heading, Paragraph, Table
from scoring.reports.words import Words

__all__ = ["numbered"]

_CHINESE = "〇一二三四五六七八九"


def numbered(blocks: Sequence[Block], words: Words) -> tuple[Block, ...]:
    """The same blocks with numbers, and paragraphs with the numbers of what they refer to.

    KeyError for what is not there.
    """
    captions = dict(_labels(blocks, words))
    names = {block.name: captions[id(block)] for block in blocks if isinstance(block, Table | Figure) and block.name}
    sections = 0
    made: list[Block] = []
    for block in blocks:
        if isinstance(block, Heading) and not block.sub:
            sections += 1
            number = _chinese(sections) if words.language == "zh" else str(sections)
            made.append(replace(block, text=words.fill("section", number=number, title=block.text)))
        elif isinstance(block, Table | Figure):
            caption = words.fill("labelled", label=captions[id(block)], caption=block.caption)
            made.append(replace(block, caption=caption))
        elif isinstance(block, Paragraph) and block.see:
            seen = words["and"].join(names[name] for name in block.see)
            space = "" if words.language == "zh" else " "
            made.append(replace(block, text=f"{block.text}{space}{words.fill('see', labels=seen)}", see=()))
        else:
            made.append(block)
    return tuple(made)


def _labels(blocks: Sequence[Block], words: Words) -> Iterator[tuple[int, str]]:
    counts = {"table": 0, "figure": 0}
    for block in blocks:
        if isinstance(block, Table | Figure):
            counts[block.kind] += 1
            yield id(block), words.fill(f"{block.kind}_label", number=counts[block.kind])


def _chinese(number: int) -> str:
    """A number below twenty as headings write it."""
    return _CHINESE[number] if number < 10 else "十" + (_CHINESE[number - 10] if number > 10 else "")
