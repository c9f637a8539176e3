"""The instruments that are shipped with the service: a common core and six modules, each for four waves.

Whole questionnaires lie in `library/*-<version>.json`. The others are put together from `library/core.json`, which has
what every service is asked in each wave, and `library/modules/*.json`, which have what only one kind of service is
asked. A test holds the hash of each: whoever changes a word gives the module a new version.
"""

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from surveys.instruments.document import Instrument

__all__ = ["COMMON_CORE", "instrument_for", "shipped"]

COMMON_CORE = "public-service-core"  # fits every public service; what an event-opened wave asks
SUFFIXES = {"needs": "needs", "midterm": "midterm", "completion": "completion", "followUp": "follow-up"}
# Items of the guiding catalogue that one module fits wholly; elderly care and family planning are parts of an item.
CATEGORIES = {"A02": "education", "A03": "employment-training", "A05": "health-care", "A10": "community"}


@cache
def shipped() -> dict[tuple[str, str], Instrument]:
    """Every shipped instrument by id and version."""
    library = files("surveys.instruments") / "library"
    core = json.loads((library / "core.json").read_text(encoding="utf-8"))
    documents = [*_whole(library), *_of_service("public-service", core, core | {"waves": {}})]
    for file in _files(library / "modules"):
        module = json.loads(file.read_text(encoding="utf-8"))
        documents.extend(_of_service(module["id"], core, module))
    found = [Instrument.model_validate(document) for document in documents]
    return {(instrument.id, instrument.version): instrument for instrument in found}


def instrument_for(kind: str, service_category: str | None = None) -> str:
    """Id of the shipped instrument for a kind of wave and an item of the catalogue; without a module, the core's."""
    module = CATEGORIES.get((service_category or "")[:3])
    if module is None:
        return COMMON_CORE if kind == "completion" else f"public-service-{SUFFIXES[kind]}"
    return f"{module}-{SUFFIXES[kind]}"


def _whole(library: Traversable) -> Iterator[dict[str, Any]]:
    for file in _files(library):
        if file.name != "core.json":
            yield json.loads(file.read_text(encoding="utf-8"))


def _files(folder: Traversable) -> list[Traversable]:
    return sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)


def _of_service(service: str, core: dict[str, Any], module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for kind, wave in core["waves"].items():
        if service == "public-service" and kind == "completion":
            continue  # the common core of that wave is a whole document
        own = module["waves"].get(kind, [])
        items = [*wave["items"], *own, *wave["closing"], *core["about"]]
        used = {item.get("scale") for item in items}
        names = module["name"]
        document = {
            "id": f"{service}-{SUFFIXES[kind]}",
            "version": module["version"],
            "title": {language: text.format(service=names[language]) for language, text in wave["title"].items()},
            "introduction": wave["introduction"],
            "languages": core["languages"],
            "scales": [scale for scale in core["scales"] if scale["code"] in used],
            "items": items,
        }
        notice = module.get("guardian_notice")
        yield document if notice is None else document | {"guardian_notice": notice}
