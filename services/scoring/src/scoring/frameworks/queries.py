"""The frameworks that are shipped.

A released version is never edited: a new version is a new file, the old one stays as `<id>@<version>.json`, so that
every score row can be explained with the rules that it was made by.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from scoring.canonical import canonical, sha256
from scoring.frameworks.document import Framework, Grade, Node, Rule
from scoring.frameworks.errors import FrameworkNotFound
from scoring.frameworks.validation import validate

__all__ = ["find_framework", "framework_by_hash", "frameworks_in_force", "read_framework", "shipped_frameworks"]


def read_framework(document: Mapping[str, Any]) -> Framework:
    """Validate a document and read it; InvalidFrameworkError names what is wrong."""
    validate(document)
    return Framework(
        id=document["id"],
        version=document["version"],
        hash=sha256(canonical(document)),
        title=document["title"],
        source=document["source"],
        algorithm=document["algorithm"],
        grades=tuple(Grade(grade["code"], grade["title"], float(grade["minimum"])) for grade in document["grades"]),
        nodes=tuple(_node(node, ()) for node in document["nodes"]),
        document=document,
    )


def _node(node: Mapping[str, Any], path: tuple[str, ...]) -> Node:
    here = (*path, node["code"])
    agreed = node.get("agreed")
    rule = agreed["indicator"] if agreed else node.get("indicator")
    return Node(
        code=node["code"],
        path=".".join(here),
        title=node["title"],
        weight={stage: float(weight) for stage, weight in node["weight"].items()},
        children=tuple(_node(child, here) for child in node.get("children", ())),
        rule=Rule(**rule) if rule else None,
        level=agreed["level"] if agreed else None,
        unagreed=Rule(**agreed["unagreed"]) if agreed else None,
    )


@cache
def shipped_frameworks() -> tuple[Framework, ...]:
    """Every version that is shipped, by id and version."""
    data = files("scoring.frameworks") / "data"
    documents = [
        json.loads(entry.read_text(encoding="utf-8"))
        for entry in data.iterdir()
        if entry.name.endswith(".json") and not entry.name.endswith(".schema.json")
    ]
    return tuple(sorted((read_framework(document) for document in documents), key=_order))


def _order(framework: Framework) -> tuple[str, tuple[int, ...]]:
    return framework.id, tuple(int(part) for part in framework.version.split("."))


@cache
def frameworks_in_force() -> tuple[Framework, ...]:
    """The highest version of each framework, by id: every contract is scored under all of them."""
    return tuple({framework.id: framework for framework in shipped_frameworks()}.values())


def find_framework(framework_id: str, version: str | None = None) -> Framework:
    """A framework by id, in force or in a stated version; FrameworkNotFound."""
    candidates = shipped_frameworks() if version else frameworks_in_force()
    for framework in candidates:
        if framework.id == framework_id and version in {None, framework.version}:
            return framework
    known = ", ".join(framework.id for framework in frameworks_in_force())
    raise FrameworkNotFound(f"There is no framework {framework_id}{f' {version}' if version else ''}. Known: {known}.")


def framework_by_hash(framework_hash: str) -> Framework:
    """The shipped version with that hash; FrameworkNotFound when this release does not carry it any more."""
    for framework in shipped_frameworks():
        if framework.hash == framework_hash:
            return framework
    raise FrameworkNotFound(f"This release carries no framework with the hash {framework_hash}.")
