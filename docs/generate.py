# ruff: noqa: INP001 - a script and no package
"""Writes or checks the documents that are generated from the code.

usage: python docs/generate.py write | check

`docs/openapi/<service>.json` from each service's application, `docs/asyncapi.yaml` and `shared/schemas/events` from the
catalogue of events. A script and no package: it reads all four services, which no package of the project may.
"""

import json
import sys
from importlib import import_module
from pathlib import Path

from shared import documents
from shared.service import Service, create_app

ROOT = Path(__file__).resolve().parents[1]
SERVICES = ("contracts", "surveys", "scoring", "gateway")
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"  # an application says what it can do without a database


def service_of(name: str) -> Service:
    """The service that a package's `app.py` describes."""
    return next(value for value in vars(import_module(f"{name}.app")).values() if isinstance(value, Service))


def openapi() -> dict[Path, str]:
    """The OpenAPI document of each service, by its path."""
    texts = {}
    for name in SERVICES:
        service = service_of(name)
        document = create_app(service, service.settings.load(database_url=NOWHERE)).openapi()
        texts[ROOT / f"docs/openapi/{name}.json"] = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    return texts


def main(mode: str) -> int:
    """Write, or list what differs; the exit status."""
    different = []
    for path, text in openapi().items():
        if mode == "write":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            different.append(path.relative_to(ROOT).as_posix())
    for name in different:
        sys.stdout.write(f"{name} is not what the code says; run `make docs-generate`\n")
    return max(documents.main([mode, str(ROOT)]), 1 if different else 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
