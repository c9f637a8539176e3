# noqa: INP001 - a script beside its package
"""Writes src/gateway/pages/problems.json: what every type of problem of all services means, for the pages about them.

Run `python services/gateway/problem_types.py` after a class derived from `shared.problems.Problem` has changed.
A test compares. It is a tool of the repository, not of the gateway, which must not import the other services.
"""

import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from shared.problems import Problem

PACKAGES = ("shared", "contracts", "surveys", "scoring", "gateway")
TARGET = Path(__file__).parent / "src/gateway/pages/problems.json"
_INTERNAL = {
    "slug": "internal",
    "title": "Internal error",
    "status": 500,
    "meaning": "A fault of the service. It was logged, and nothing was changed.",
    "services": ["any"],
}


def subclasses(cls: type[Problem]) -> Iterator[type[Problem]]:
    """A class and all that derive from it."""
    yield cls
    for sub in cls.__subclasses__():
        yield from subclasses(sub)


def load_all() -> None:
    """Import every module, so that every class exists."""
    for name in PACKAGES:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not module.name.endswith(("__main__", "testing")):
                importlib.import_module(module.name)


def catalogue() -> list[dict[str, object]]:
    """One row for each slug; of classes that share one, the class that states it first describes it."""
    load_all()
    rows: dict[str, dict[str, object]] = {"internal": _INTERNAL}
    for cls in sorted(set(subclasses(Problem)), key=lambda cls: (len(cls.__mro__), cls.__module__, cls.__qualname__)):
        service = cls.__module__.split(".", 1)[0]
        if service not in PACKAGES or "slug" not in vars(cls):
            continue
        origin = "any" if service == "shared" else service
        row = rows.get(cls.slug)
        if row is None:
            meaning = re.sub(r"\s+", " ", inspect.getdoc(cls) or cls.title).strip()
            rows[cls.slug] = {
                "slug": cls.slug,
                "title": cls.title,
                "status": cls.status,
                "meaning": meaning,
                "services": [origin],
            }
        elif isinstance(services := row["services"], list) and origin not in services and "any" not in services:
            services.append(origin)
    return sorted(rows.values(), key=lambda row: str(row["slug"]))


def text() -> str:
    """The file's content."""
    return json.dumps(catalogue(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{TARGET.name} written\n")
