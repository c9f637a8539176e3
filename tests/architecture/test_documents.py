"""The committed schemas are what the code says, and old samples parse for ever."""

import json
from pathlib import Path

import pytest
import yaml

from shared.documents import asyncapi, documents
from shared.events import CATALOG

ROOT = Path(__file__).parents[2]


def test_the_committed_event_documents_are_generated() -> None:
    different = [
        path.relative_to(ROOT).as_posix()
        for path, content in documents(ROOT).items()
        if not path.exists() or path.read_text(encoding="utf-8") != content
    ]
    assert not different, f"run `make docs-generate`: {different}"


def test_no_schema_is_left_over() -> None:
    committed = {path.stem for path in (ROOT / "shared/schemas/events").glob("*.json")}
    assert committed == set(CATALOG)


def test_asyncapi_refers_to_what_exists() -> None:
    document = asyncapi()

    def resolve(reference: str) -> object:
        node: object = document
        for token in reference.removeprefix("#/").split("/"):
            assert isinstance(node, dict), reference
            node = node[token]
        return node

    def references(node: object) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [ref for value in node.values() for ref in references(value)]
        if isinstance(node, list):
            return [ref for value in node for ref in references(value)]
        return []

    found = references(document)
    assert found
    for reference in found:
        assert resolve(reference) is not None
    assert yaml.safe_load((ROOT / "docs/asyncapi.yaml").read_text(encoding="utf-8")) == json.loads(json.dumps(document))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests/architecture/samples").glob("*.json")), ids=lambda path: path.stem
)
def test_old_samples_parse_for_ever(path: Path) -> None:
    sample = json.loads(path.read_text(encoding="utf-8"))
    entry = CATALOG[sample["type"]]
    parsed = entry.model.parse(sample["data"] | {"field_of_a_later_release": 1})
    again = json.loads(parsed.model_dump_json())
    assert kept(sample["data"], again) == sample["data"]


def kept(sample: object, parsed: object) -> object:
    """What of a sample is there after parsing; fields that came later, at any depth, are not looked at."""
    if isinstance(sample, dict) and isinstance(parsed, dict):
        return {name: kept(value, parsed[name]) for name, value in sample.items()}
    if isinstance(sample, list) and isinstance(parsed, list) and len(sample) == len(parsed):
        return [kept(one, other) for one, other in zip(sample, parsed, strict=True)]
    return parsed


def test_every_type_has_a_sample() -> None:
    sampled = {
        json.loads(path.read_text(encoding="utf-8"))["type"]
        for path in (ROOT / "tests/architecture/samples").glob("*.json")
    }
    assert sampled == set(CATALOG)
