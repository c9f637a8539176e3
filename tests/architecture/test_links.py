"""The documents lead somewhere: every relative link names a file, and every part of one that it names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"\]\((?!https?://|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
_HEAD = re.compile(r"^#+\s+(.*)$", re.MULTILINE)


def pages() -> list[str]:
    folders = [each for each in ROOT.iterdir() if each.is_dir() and not each.name.startswith(".")]
    found = [*ROOT.glob("*.md"), *(page for folder in folders for page in folder.rglob("*.md"))]
    return sorted(str(page.relative_to(ROOT)) for page in found)


def anchors(page: Path) -> set[str]:
    """Names of a page's headings, as the forges make them."""
    heads = _HEAD.findall(page.read_text())
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", pages())
def test_every_link_leads_somewhere(name: str) -> None:
    page = ROOT / name
    for target, part in _LINK.findall(page.read_text()):
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), f"{name}: {target}"
        if part and found.suffix == ".md":
            assert part in anchors(found), f"{name}: {target}#{part}"
