"""What differs between two framework documents, node by node."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from scoring.frameworks.document import STAGES
from scoring.frameworks.modules import concrete_document

__all__ = ["Difference", "differences"]

_ABOVE: Final = (
    "title",
    "source",
    "algorithm",
    "grades",
    "aggregation",
    "coverage",
    "gates",
    "core",
    "evaluation",
    "targets",
    "categories",
    "constraints",
    "limits",
    "inherits",
    "weighting",
)
Document = Mapping[str, Any]


class Difference(NamedTuple):
    """One change: `kind` is added, removed, weight, rule, title, aggregation, ...; both sides are JSON values."""

    node: str
    kind: str
    before: Any
    after: Any
    module: str | None = None


def differences(before: Document, after: Document) -> list[Difference]:
    """Every difference in the order of the tree: the common core first, then what each module adds.

    A node is known by its path; one that moved is removed and added.
    """
    found = [
        Difference("root", field, before.get(field), after.get(field))
        for field in _ABOVE
        if before.get(field) != after.get(field)
    ]
    common = list(_nodes(before["nodes"], after["nodes"], ""))
    found += common
    codes = [[module["code"] for module in document.get("modules", ())] for document in (before, after)]
    for code in dict.fromkeys([*codes[0], *codes[1]]):
        if code not in codes[1]:
            found.append(Difference("root", "module removed", code, None, code))
        elif code not in codes[0]:
            found.append(Difference("root", "module added", None, code, code))
        else:
            plain = [concrete_document(document, code) for document in (before, after)]
            if plain[0]["module"] != plain[1]["module"]:
                found.append(Difference("root", "module", plain[0]["module"], plain[1]["module"], code))
            seen = set(map(repr, common))
            inside = _nodes(plain[0]["nodes"], plain[1]["nodes"], "")
            found += [each._replace(module=code) for each in inside if repr(each) not in seen]
    return found


def _nodes(before: Sequence[Document], after: Sequence[Document], path: str) -> Iterator[Difference]:
    old = {node["code"]: node for node in before}
    new = {node["code"]: node for node in after}
    for code in dict.fromkeys([*new, *old]):
        here = f"{path}.{code}" if path else code
        if code not in old:
            yield Difference(here, "added", None, new[code])
        elif code not in new:
            yield Difference(here, "removed", old[code], None)
        else:
            yield from _node(old[code], new[code], here)


def _node(old: Document, new: Document, path: str) -> Iterator[Difference]:
    if any(old["weight"][stage] != new["weight"][stage] for stage in STAGES):
        yield Difference(path, "weight", old["weight"], new["weight"])
    for field in ("title", "aggregation", "coverage_minimum", "weighting"):
        if old.get(field) != new.get(field):
            yield Difference(path, field, old.get(field), new.get(field))
    for field in ("indicator", "agreed"):
        if old.get(field) != new.get(field):
            yield Difference(path, "rule", old.get(field), new.get(field))
    if "children" in old or "children" in new:
        yield from _nodes(old.get("children", ()), new.get("children", ()), path)
