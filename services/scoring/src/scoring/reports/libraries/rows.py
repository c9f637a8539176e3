"""A framework document as rows, and rows as a document."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scoring.frameworks.document import STAGES
from scoring.reports.errors import LibraryUnreadable
from scoring.reports.libraries.columns import PLAIN, RULE, RULES, SHORT, TEXTS, Cell

__all__ = ["Library", "document_of", "library_of"]


@dataclass(frozen=True, slots=True)
class Library:
    """A library as tables: keys and values of the framework, and the rows of its nodes by column."""

    settings: Sequence[tuple[str, str]]
    nodes: Sequence[Mapping[str, Cell]]
    first_row: int = 2
    """Number of the first node's row in its file, for messages."""


@dataclass(slots=True)
class _Reading:
    """What was found on the way."""

    errors: list[dict[str, str]] = field(default_factory=list)

    def fault(self, row: int | str, path: str, detail: str) -> None:
        where = f"row {row}" if isinstance(row, int) else row
        self.errors.append({"node": path or "document", "detail": f"{where}: {detail}"})


def library_of(document: Mapping[str, Any]) -> Library:
    """The tables of a framework document."""
    settings: list[tuple[str, str]] = []
    for key, value in document.items():
        if key == "nodes":
            continue
        if key in TEXTS and isinstance(value, dict):
            settings += [(f"{key}.{language}", text) for language, text in value.items()]
        elif key in PLAIN:
            settings.append((key, value))
        else:
            settings.append((key, _json(_without_nodes(value) if key == "modules" else value)))
    rows = list(_rows(document["nodes"], "", ()))
    for module in document.get("modules", ()):
        for place, graft in enumerate(module["grafts"], start=1):
            rows += _rows(graft["nodes"], f"{module['code']}/{place}", ())
    return Library(settings, rows)


def _without_nodes(modules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            **module,
            "grafts": [{key: value for key, value in graft.items() if key != "nodes"} for graft in module["grafts"]],
        }
        for module in modules
    ]


def _json(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return json.dumps(value, ensure_ascii=False)


def _rows(nodes: Sequence[Mapping[str, Any]], module: str, above: tuple[str, ...]) -> Iterator[dict[str, Cell]]:
    for node in nodes:
        path = (*above, node["code"])
        row: dict[str, Cell] = {
            "module": module,
            "path": ".".join(path),
            "title_en": node["title"]["en"],
            "title_zh": node["title"]["zh"],
            **{stage: float(node["weight"][stage]) for stage in STAGES},
        }
        known = {"code", "title", "weight", "children", "indicator", "agreed"}
        more: dict[str, Any] = {key: value for key, value in node.items() if key not in known}
        own = {"node": more} if more else {}
        if "indicator" in node:
            yield row | _rule(node["indicator"], "indicator", own)
        elif "agreed" in node:
            agreed = node["agreed"]
            beside = {key: value for key, value in agreed.items() if key not in {"level", "indicator", "unagreed"}}
            own |= {"agreed": beside} if beside else {}
            yield row | {"level": agreed["level"]} | _rule(agreed["indicator"], "agreed", own)
            lone: dict[str, Cell] = {"module": module, "path": ".".join(path)}
            yield lone | _rule(agreed["unagreed"], "unagreed", {})
        else:
            yield row | {"more": _json(own) if own else None}
            yield from _rows(node["children"], module, path)


def _rule(rule: Mapping[str, Any], name: str, own: dict[str, Any]) -> dict[str, Cell]:
    more = {key: value for key, value in rule.items() if key not in RULE and key not in SHORT}
    own |= {"rule": more} if more else {}
    cells: dict[str, Cell] = {"rule": name, "more": _json(own) if own else None}
    cells |= {key: rule.get(key) for key in RULE}
    for key, member in SHORT.items():
        value = rule[key]
        cells[key] = value[member] if set(value) == {member} else _json(value)
    return cells


def document_of(library: Library) -> dict[str, Any]:
    """The framework document of tables; whether it keeps the rules is checked elsewhere.

    Raises LibraryUnreadable (422), which names every row that cannot be read.
    """
    reading = _Reading()
    document = _settings(library.settings, reading)
    trees: dict[str, list[dict[str, Any]]] = {}
    places: dict[tuple[str, str], dict[str, Any]] = {}
    for number, row in enumerate(library.nodes, start=library.first_row):
        if any(row.values()):  # a blank row separates what a person wants apart
            _add(row, number, trees, places, reading)
    document["nodes"] = trees.pop("", [])
    _graft(document, trees, reading)
    if not document["nodes"]:
        reading.fault("nodes", "", "there is no row of a node outside a module")
    if reading.errors:
        raise LibraryUnreadable(
            "The file is no indicator library; GET /v1/reports/indicator-libraries/cn-self-evaluation.xlsx is one.",
            errors=reading.errors[:200],
        )
    return document


def _settings(settings: Sequence[tuple[str, str]], reading: _Reading) -> dict[str, Any]:
    document: dict[str, Any] = {}
    keys: set[str] = set()
    for key, text in settings:
        if key in keys or key in {"nodes", "title"} or (key == "source" and "source" in document):
            reading.fault("framework", "", f"{key} stands twice, or is not written here")
        elif key.partition(".")[0] in TEXTS and "." in key:
            name, _, language = key.partition(".")
            both = document.setdefault(name, {})
            if isinstance(both, dict):
                both[language] = text
            else:
                reading.fault("framework", "", f"{name} stands in one language and in two")
        elif key in PLAIN:
            document[key] = text
        else:
            document[key] = _value(text, "framework", key, reading)
        keys.add(key)
    return document


def _value(text: str, row: int | str, column: str, reading: _Reading, *, path: str = "") -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        reading.fault(row, path, f"{column} is not JSON")
        return None


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _add(
    row: Mapping[str, Cell],
    number: int,
    trees: dict[str, list[dict[str, Any]]],
    places: dict[tuple[str, str], dict[str, Any]],
    reading: _Reading,
) -> None:
    module, path = _text(row.get("module")), _text(row.get("path"))
    name = _text(row.get("rule"))
    if not path:
        reading.fault(number, "", "path is empty")
        return
    if name and name not in RULES:
        reading.fault(number, path, f"rule is {name}, not one of {', '.join(RULES)} or empty")
        return
    own = _own(row, number, path, reading)
    rule = _read_rule(row, number, path, own, reading) if name else None
    if name == "unagreed":
        node = places.get((module, path))
        if node is None or "agreed" not in node:
            reading.fault(number, path, "unagreed stands without the row of the agreed indicators before it")
        else:
            node["agreed"]["unagreed"] = rule
        return
    if (module, path) in places:
        reading.fault(number, path, "the path stands twice")
        return
    node = {
        "code": path.rpartition(".")[2],
        "title": {"en": _text(row.get("title_en")), "zh": _text(row.get("title_zh"))},
        "weight": {stage: _number(row.get(stage), number, path, stage, reading) for stage in STAGES},
        **own.get("node", {}),
    }
    if name == "indicator":
        node["indicator"] = rule
    elif name == "agreed":
        node["agreed"] = {"level": _text(row.get("level")), "indicator": rule, **own.get("agreed", {})}
    else:
        node["children"] = []
    places[module, path] = node
    above = path.rpartition(".")[0]
    if not above:
        trees.setdefault(module, []).append(node)
        return
    parent = places.get((module, above))
    if parent is None or "children" not in parent:
        reading.fault(number, path, f"there is no dimension {above} before it")
        return
    parent["children"].append(node)


def _own(row: Mapping[str, Cell], number: int, path: str, reading: _Reading) -> dict[str, Any]:
    """The column `more`: what belongs to the node, its rule, or the agreed indicators and has no column."""
    text = _text(row.get("more"))
    if not text:
        return {}
    value = _value(text, number, "more", reading, path=path)
    if not isinstance(value, dict) or not all(isinstance(each, dict) for each in value.values()):
        reading.fault(number, path, 'more is not like {"node": {}, "rule": {}}')
        return {}
    own: dict[str, Any] = value
    return own


def _read_rule(
    row: Mapping[str, Cell], number: int, path: str, own: Mapping[str, Any], reading: _Reading
) -> dict[str, Any]:
    rule: dict[str, Any] = {key: text for key in RULE if (text := _text(row.get(key)))}
    for key, member in SHORT.items():
        text = _text(row.get(key))
        if text.startswith("{"):
            rule[key] = _value(text, number, key, reading, path=path)
        elif text:
            rule[key] = {member: text}
    return {**rule, **own.get("rule", {})}


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return cell.strip() if isinstance(cell, str) else f"{cell:g}"


def _number(cell: Cell, number: int, path: str, column: str, reading: _Reading) -> float:
    """A weight; Excel gives it as a number, CSV as text."""
    try:
        return float(cell if isinstance(cell, int | float) else _text(cell))
    except ValueError:
        reading.fault(number, path, f"{column} is not a number")
        return 0.0


def _graft(document: dict[str, Any], trees: Mapping[str, list[dict[str, Any]]], reading: _Reading) -> None:
    """Put the nodes of modules where their grafts are."""
    remaining = dict(trees)
    modules = document.get("modules")
    if isinstance(modules, list):
        for module in modules:
            grafts = module.get("grafts") if isinstance(module, dict) else None
            for place, graft in enumerate(grafts if isinstance(grafts, list) else (), start=1):
                name = f"{module.get('code')}/{place}"
                if isinstance(graft, dict) and name in remaining:
                    graft["nodes"] = remaining.pop(name)
    for name in remaining:
        reading.fault("nodes", name, f"the framework has no module and graft {name}")
