"""A report as headings, paragraphs, tables and figures, before it is a page or a PDF: one order for every reader."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

__all__ = ["Block", "Document", "Facts", "Figure", "Heading", "Paragraph", "SealPlace", "Table"]


@dataclass(frozen=True, slots=True)
class Heading:
    """Opens a section, which is numbered, or with `sub` a part of one."""

    text: str
    sub: bool = False
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; `strong` is for what must not be overlooked, `see` names the tables and figures it speaks of."""

    text: str
    strong: bool = False
    see: Sequence[str] = ()
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, slots=True)
class Facts:
    """Pairs of a name and what it is."""

    rows: Sequence[tuple[str, str]]
    kind: Literal["facts"] = "facts"


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption; `numeric` says which columns are figures, `depths` how far each first cell is set in."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: Sequence[bool]
    widths: Sequence[int]
    """Shares of the width of the page."""
    depths: Sequence[int] = ()
    name: str = ""
    """By which a paragraph refers to it."""
    kind: Literal["table"] = "table"


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart; `description` says in words what it shows."""

    svg: str
    caption: str
    description: str
    name: str = ""
    kind: Literal["figure"] = "figure"


@dataclass(frozen=True, slots=True)
class SealPlace:
    """Where the office stamps and signs."""

    lines: Sequence[str]
    label: str
    kind: Literal["seal"] = "seal"


Block = Heading | Paragraph | Facts | Table | Figure | SealPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole report. `mark` is written across every page (draft, simulated data); `code` is the QR code as SVG."""

    language: str
    title: str
    subtitle: str
    number: str
    mark: str
    code: str
    code_text: str
    code_label: str
    page_of: tuple[str, str, str]
    """The words around "page N of M"."""
    blocks: Sequence[Block] = field(default_factory=tuple)

    def plain(self) -> dict[str, Any]:
        """As plain values for a template."""
        return asdict(self)
