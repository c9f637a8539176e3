"""The offline validator of the standard, and contracts imported from files."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from contracts.exchange import routes
from contracts.exchange.package import EXTENSIONS

Json = dict[str, Any]
SHELF = Path(__file__).parents[4] / "shared"
TOOL = SHELF / "tools" / "ocds_offline.py"
OURS = {"simulated", "beneficiaryPopulation", "lifecycle", "indicator", "acceptances", "lots", "partyShares"} | {
    "regionShares",
    "agreement",
    "evaluations",
    "inspections",
    "findings",
    "settlement",
    "sha256",
}
OURS |= {"lots", "partyShares", "regionShares", "agreement", "dimensions"}
PUBLIC_URL = "https://ocds.example.org"
OWN_EXTENSION = f"{PUBLIC_URL}{routes.EXTENSION_PATH}/extension.json"


@pytest.fixture(scope="session")
def shelf() -> Path:
    path = SHELF / "data"
    if not path.exists():
        pytest.skip("the shared data are not there")
    return path


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> Callable[[Json], Json]:
    """`offline(package)` is what libcoveocds finds; no request leaves the machine. Ours is served from the package."""
    if not TOOL.exists():
        pytest.skip("the offline validator is not there")
    pytest.importorskip("libcoveocds")
    adapters = pytest.importorskip("requests.adapters")
    monkeypatch.setattr(adapters.HTTPAdapter, "send", adapters.HTTPAdapter.send)  # the tool replaces it; undone here
    spec = importlib.util.spec_from_file_location("ocds_offline", TOOL)
    assert spec
    assert spec.loader
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        tool: ModuleType = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(tool)
    finally:
        sys.dont_write_bytecode = written
    theirs = tool._local_body
    folder = Path(routes.__file__).parent / "extension"

    def body(url: str) -> bytes | None:
        if url.startswith(f"{PUBLIC_URL}{routes.EXTENSION_PATH}/"):
            return (folder / url.rpartition("/")[2]).read_bytes()
        found: bytes | None = theirs(url)
        return found

    monkeypatch.setattr(tool, "_local_body", body)
    validate: Callable[[Json], Json] = tool.validate
    return validate


@pytest.fixture
def assert_valid(offline: Callable[[Json], Json]) -> Callable[[Json], None]:
    """Holds a package to what "valid" means: no error, no bad closed code, no invalid extension, no unknown field but ours."""

    def check(package: Json) -> None:
        found = offline(package)
        assert found["validation_errors"] == [], found["validation_errors"][:3]
        assert found["additional_closed_codelist_values"] == {}
        extensions = found.get("extensions", {})
        assert extensions.get("invalid_extension", {}) == {}, extensions
        ours = OURS if OWN_EXTENSION not in package["extensions"] else set()
        paths = {f"{field['path']}/{field['field_name']}" for field in found["all_additional_fields"]}
        assert [path for path in paths if not ours & set(path.split("/"))] == []

    return check


@pytest.fixture
def as_package() -> Callable[[str, list[Json]], Json]:
    """A package that names our extension too, so that no field is unknown at all."""

    def make(kind: str, items: list[Json]) -> Json:
        head = {"uri": "https://example.org/p", "version": "1.1", "publishedDate": "2026-01-01T00:00:00Z"}
        return head | {"publisher": {"name": "test"}, "extensions": [*EXTENSIONS, OWN_EXTENSION], kind: items}

    return make
