"""Modules per service category: what is grafted into the tree, and that the common core stays the same in all."""

import copy
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, Final

from scoring.frameworks.document import STAGES
from scoring.frameworks.errors import InvalidFrameworkError
from scoring.frameworks.faults import Fault

__all__ = ["MODULE_NONE", "concrete_document", "module_faults", "module_of"]

MODULE_NONE: Final = ""
"""Stands for the common core alone."""
_LEFT_OUT: Final = {"modules", "limits"}


def module_of(document: Mapping[str, Any], category: str | None) -> str:
    """Code of the first module that fits a service category by prefix, MODULE_NONE when there is none."""
    for module in document.get("modules", ()):
        if (category or "").startswith(tuple(module["categories"])):
            code: str = module["code"]
            return code
    return MODULE_NONE


def concrete_document(document: Mapping[str, Any], module: str) -> Mapping[str, Any]:
    """The document with one module grafted in and the others left out: what is scored, hashed and exported.

    Limits are for those who inherit, and judgements do not hold where a module restates the weights: neither is in it.
    A document without modules is its own concrete form.
    """
    if "modules" not in document:
        if module != MODULE_NONE:
            raise InvalidFrameworkError(f"the framework {document['id']} has no modules")
        return document
    plain: dict[str, Any] = copy.deepcopy({key: value for key, value in document.items() if key not in _LEFT_OUT})
    if module == MODULE_NONE:
        return plain
    chosen = next((each for each in document["modules"] if each["code"] == module), None)
    if chosen is None:
        raise InvalidFrameworkError(f"the framework {document['id']} has no module {module}")
    for graft in chosen["grafts"]:
        parent = _dimension_at(plain, graft["under"])
        assert parent is not None  # noqa: S101 - `module_faults` has looked
        parent.pop("weighting", None)
        children = _children_of(parent)
        for child in children:
            child["weight"] = copy.deepcopy(graft["weights"].get(child["code"], child["weight"]))
        children.extend(copy.deepcopy(graft["nodes"]))
    return plain | {"module": {key: copy.deepcopy(chosen[key]) for key in ("code", "title", "categories")}}


def module_faults(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Faults of the grafts themselves; what they make of the tree is checked with the tree."""
    modules = document["modules"]
    codes = [module["code"] for module in modules]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield Fault(f"module {code}", "the code is used twice")
    seen: dict[str, str] = {}
    for module in modules:
        for prefix in module["categories"]:
            earlier = next((code for taken, code in seen.items() if prefix.startswith(taken)), None)
            if earlier is not None:
                yield Fault(f"module {module['code']}", f"{prefix} goes to the module {earlier}, which stands first")
        seen.update(dict.fromkeys(module["categories"], module["code"]))
        for graft in module["grafts"]:
            yield from _graft(document, module["code"], graft)


def _graft(document: Mapping[str, Any], code: str, graft: Mapping[str, Any]) -> Iterator[Fault]:
    place = f"module {code}, node {graft['under']}"
    parent = _dimension_at(document, graft["under"])
    if parent is None:
        yield Fault(place, "there is no such dimension to graft under")
        return
    children = _children_of(parent)
    unknown = sorted(graft["weights"].keys() - {child["code"] for child in children})
    if unknown:
        yield Fault(place, f"there is no child {', '.join(unknown)} to restate the weight of")
    core = document.get("core", ())
    if any(graft["under"] == path or graft["under"].startswith(f"{path}.") for path in core):
        yield Fault(place, "the common core is the same for every service: nothing is grafted into it")
    prefix = "" if graft["under"] == "root" else f"{graft['under']}."
    common = [child for child in children if f"{prefix}{child['code']}" in core]
    for stage in STAGES:
        before = [Fraction(repr(child["weight"][stage])) for child in common]
        after = [Fraction(repr(graft["weights"].get(child["code"], child["weight"])[stage])) for child in common]
        if any(x * sum(before) != y * sum(after) for x, y in zip(after, before, strict=True)):
            yield Fault(place, f"the nodes of the common core must keep their weights to each other at stage {stage}")


def _dimension_at(document: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - the document's own dictionary
    """A dimension by path, the document itself for `root`; None when there is none."""
    parent: Any = document
    for code in () if path == "root" else path.split("."):
        parent = next((child for child in _children_of(parent) if child["code"] == code), {})
        if "children" not in parent:
            return None
    return parent


def _children_of(parent: Mapping[str, Any]) -> list[Any]:
    children: list[Any] = parent["nodes"] if "nodes" in parent else parent["children"]
    return children
