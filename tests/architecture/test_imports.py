"""The import rules that import-linter cannot say (docs/architecture.md, rules 6 and 8)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ("contracts", "surveys", "scoring", "gateway")
# What a slice may take from an earlier slice: its acts and its reads, the values it publishes, never its tables' classes.
OPEN_MODULES = {"service", "queries", "errors", "imported", "schemas"}


def modules(service: str) -> Iterator[tuple[Path, list[tuple[str, int]]]]:
    for path in sorted((ROOT / "services" / service / "src" / service).rglob("*.py")):
        imports = []
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imports += [(alias.name, node.lineno) for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                imports += [(f"{node.module}.{alias.name}", node.lineno) for alias in node.names]
        yield path, imports


def slice_of(service: str, path: Path) -> str | None:
    parts = path.relative_to(ROOT / "services" / service / "src" / service).parts
    return parts[0] if len(parts) > 1 else None


@pytest.mark.parametrize("service", SERVICES)
def test_fastapi_stays_in_routes_and_app(service: str) -> None:
    allowed = {"routes.py", "app.py"}
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path, imports in modules(service)
        for name, line in imports
        if name.split(".")[0] in {"fastapi", "starlette"}
        and path.name not in allowed
        and slice_of(service, path) != "proxy"
    ]
    assert not found, f"FastAPI outside routes.py and app.py: {found}"


@pytest.mark.parametrize("service", SERVICES)
def test_a_slice_uses_another_through_its_functions(service: str) -> None:
    root = ROOT / "services" / service / "src" / service
    slices = {path.name for path in root.iterdir() if (path / "__init__.py").exists()}
    found = []
    for path, imports in modules(service):
        mine = slice_of(service, path)
        if mine is None:
            continue
        for name, line in imports:
            parts = name.split(".")
            if parts[0] != service or len(parts) < 3 or parts[1] not in slices or parts[1] == mine:
                continue
            if parts[2] == "models":
                found.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    assert not found, f"a slice imports another slice's tables: {found}"


@pytest.mark.parametrize("service", SERVICES)
def test_slices_depend_in_the_order_of_app(service: str) -> None:
    root = ROOT / "services" / service / "src" / service
    text = (root / "app.py").read_text(encoding="utf-8")
    order: list[str] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            names = [
                target.id
                for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
                if isinstance(target, ast.Name)
            ]
            if names == ["SLICES"] and isinstance(node.value, ast.Tuple):
                order = [str(element.value) for element in node.value.elts if isinstance(element, ast.Constant)]
    assert order, f"{service}/app.py states no SLICES tuple, the order in which its slices may use each other"
    found = []
    for path, imports in modules(service):
        mine = slice_of(service, path)
        for name, line in imports:
            parts = name.split(".")
            if (
                parts[0] == service
                and len(parts) > 1
                and parts[1] in order
                and mine in order
                and order.index(parts[1]) > order.index(mine)
            ):
                found.append(f"{path.relative_to(ROOT)}:{line} imports {name}, a later slice")
    assert not found, found


def test_modules_stay_readable() -> None:
    limit = 350
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in ("shared/src", "services", "deploy/local/src")
        for path in (ROOT / folder).rglob("*.py")
        if "versions" not in path.parts and (lines := len(path.read_text(encoding="utf-8").splitlines())) > limit
    }
    assert not long, f"modules over {limit} lines: {long}"
