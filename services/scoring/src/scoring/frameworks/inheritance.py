"""What a framework keeps of the one that it inherits: nodes and rules, weights inside limits, constraints."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from scoring.frameworks.document import REASON, STAGES
from scoring.frameworks.faults import Fault

__all__ = ["inheritance_faults"]

_KEPT: Final = ("algorithm", "grades", "gates", "core", "coverage", "evaluation", "aggregation")
_OWN: Final = {"weight", "weighting", "children", "title"}
Document = Mapping[str, Any]


def inheritance_faults(document: Document, parent: Document) -> Iterator[Fault]:
    """Faults against the parent, each with the node.

    Kept are every node with its rule, the grades, the common core and the aggregation; gates and constraints may be
    added and none left out. A weight stays inside the limit that the parent states for its node, or is the parent's; a
    dimension gets further children only where the parent allows additions.
    """
    limits = {limit["node"]: limit for limit in parent.get("limits", ())}
    for field in _KEPT:
        if field == "gates":
            missing = [gate["code"] for gate in parent.get(field, ()) if gate not in document.get(field, ())]
            if missing:
                yield Fault("gates", f"{', '.join(missing)} of {parent['id']} must stay as they are")
        elif document.get(field) != parent.get(field):
            yield Fault(field, f"is inherited from {parent['id']} and must stay as it is")
    if _asks_reason(parent) and not _asks_reason(document):
        yield Fault("targets", f"{parent['id']} asks for a reason where a target was softened, and so must this")
    for constraint in parent.get("constraints", ()):
        if not any(_covers(own, constraint) for own in document.get("constraints", ())):
            yield Fault(f"node {' + '.join(constraint['nodes'])}", f"the constraint of {parent['id']} is left out")
    wider = [limit["node"] for limit in document.get("limits", ()) if not _inside(limit, _limit(limits, limit["node"]))]
    if wider:
        yield Fault("limits", f"those of {', '.join(wider)} are wider than the ones of {parent['id']}")
    yield from _nodes(document["nodes"], parent["nodes"], "", limits, parent["id"])
    yield from _modules(document.get("modules", ()), parent.get("modules", ()), limits, parent["id"])


def _asks_reason(document: Document) -> bool:
    return bool(document.get("targets", {}).get("softened", REASON) == REASON)


def _covers(own: Document, constraint: Document) -> bool:
    return bool(
        own["nodes"] == constraint["nodes"]
        and set(own["stages"]) >= set(constraint["stages"])
        and own["minimum"] >= constraint["minimum"]
    )


def _limit(limits: Mapping[str, Document], path: str) -> Document:
    return limits.get(path) or limits.get("*") or {}


def _inside(own: Document, limit: Document) -> bool:
    """Whether what a framework allows its heirs is no more than it was allowed itself."""
    weights = all(name in limit for name in ("minimum", "maximum") if name in own) and (
        own.get("minimum", 100) >= limit.get("minimum", 0) and own.get("maximum", 0) <= limit.get("maximum", 100)
    )
    return weights and (limit.get("additions", False) or not own.get("additions", False))


def _nodes(
    nodes: Sequence[Document],
    before: Sequence[Document],
    path: str,
    limits: Mapping[str, Document],
    parent_id: str,
    *,
    additions: bool | None = None,
) -> Iterator[Fault]:
    own = {node["code"]: node for node in nodes}
    known = {node["code"] for node in before}
    if additions is None:
        additions = _limit(limits, path or "root").get("additions", False)
    for code in own:
        if code not in known and not additions:
            yield Fault(f"node {_join(path, code)}", f"{parent_id} allows no additions under {path or 'root'}")
    for old in before:
        here = _join(path, old["code"])
        node = own.get(old["code"])
        if node is None:
            yield Fault(f"node {here}", f"of {parent_id} is left out; give it the weight 0 where the limits allow it")
            continue
        changed = sorted(name for name in (node.keys() | old.keys()) - _OWN if node.get(name) != old.get(name))
        if changed or ("children" in old) != ("children" in node):
            yield Fault(f"node {here}", f"the rule of {parent_id} must stay as it is ({', '.join(changed) or 'kind'})")
            continue
        yield from _weight(node["weight"], old["weight"], here, _limit(limits, here), parent_id)
        if "children" in old:
            yield from _nodes(node["children"], old["children"], here, limits, parent_id)


def _weight(own: Document, old: Document, path: str, limit: Document, parent_id: str) -> Iterator[Fault]:
    for stage in STAGES:
        low = limit.get("minimum", old[stage] if "maximum" not in limit else 0)
        high = limit.get("maximum", old[stage] if "minimum" not in limit else 100)
        # A node that the parent does not assess at a stage may stay so.
        if own[stage] != old[stage] and not low <= own[stage] <= high:
            asked = f"{old[stage]:g}" if low == high else f"{low:g} to {high:g}"
            yield Fault(f"node {path}", f"weighs {own[stage]:g} at stage {stage}, {parent_id} asks for {asked}")


def _modules(
    modules: Sequence[Document], before: Sequence[Document], limits: Mapping[str, Document], parent_id: str
) -> Iterator[Fault]:
    """A module keeps its categories and grafts; new modules may be added where additions are allowed at the root."""
    own = {module["code"]: module for module in modules}
    known = {module["code"] for module in before}
    if not _limit(limits, "root").get("additions", False):
        for code in own.keys() - known:
            yield Fault(f"module {code}", f"{parent_id} allows no additions under root")
    for old in before:
        place, module = f"module {old['code']}", own.get(old["code"])
        if module is None:
            yield Fault(place, f"of {parent_id} is left out")
            continue
        if module["categories"] != old["categories"]:
            yield Fault(place, f"the categories of {parent_id} must stay as they are")
        grafts = {graft["under"]: graft for graft in module["grafts"]}
        for graft in old["grafts"]:
            mine = grafts.get(graft["under"])
            if mine is None:
                yield Fault(place, f"the graft under {graft['under']} of {parent_id} is left out")
                continue
            for fault in _graft(mine, graft, limits, parent_id):
                yield fault._replace(place=f"{place}, {fault.place}")


def _graft(own: Document, old: Document, limits: Mapping[str, Document], parent_id: str) -> Iterator[Fault]:
    path = "" if old["under"] == "root" else old["under"]
    yield from _nodes(own["nodes"], old["nodes"], path, limits, parent_id)
    for code, weights in old["weights"].items():
        here = _join(path, code)
        if code not in own["weights"]:
            yield Fault(f"node {here}", f"{parent_id} restates its weight, and so must this")
        else:
            yield from _weight(own["weights"][code], weights, here, _limit(limits, here), parent_id)


def _join(path: str, code: str) -> str:
    return f"{path}.{code}" if path else code
