"""Each package declares what it imports: a need that only happens to be installed breaks the next fresh machine."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "shared",
    "deploy/local",
    "services/contracts",
    "services/surveys",
    "services/scoring",
    "services/gateway",
    "services/gateway/client",
)


OURS = {path.name: folder for folder in PACKAGES for path in (ROOT / folder / "src").iterdir()}

# A distribution whose interface hands out another one's: who declares the first has the second.
PART_OF = {
    "pydantic-core": "pydantic",
    "starlette": "fastapi",
    "anyio": "fastapi",
    "yarl": "aiohttp",
    "multidict": "aiohttp",
}

# A plugin of pytest is loaded by pytest; the documents are written where the development tools are.
DEVELOPMENT = {("pytest_servers.py", "pytest"), ("documents.py", "yaml")}


def name(requirement: str) -> str:
    """The normalised name in a requirement such as `Uvicorn[standard]>=0.3`."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match
    return re.sub(r"[-_.]+", "-", match.group()).lower()


def project(package: str) -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((ROOT / package / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def declared(package: str) -> set[str]:
    """What a package asks for itself and through our own packages that it asks for."""
    needs = {name(requirement) for requirement in project(package)["dependencies"]}
    through = {"gongping-shared": "shared", "gongping-client": "services/gateway/client"}
    return needs.union(*(declared(folder) for need, folder in through.items() if need in needs)) | {
        project(package)["name"]
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_every_import_is_declared(package: str) -> None:
    distributions = packages_distributions()
    allowed = declared(package)
    missing = set()
    for path in sorted((ROOT / package / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                names = [node.module]
            for module in {item.split(".")[0] for item in names} - set(sys.stdlib_module_names):
                providers = {name(found) for found in distributions.get(module, ())}
                if module in OURS:
                    providers = {project(OURS[module])["name"]}
                if (path.name, module) in DEVELOPMENT:
                    continue
                if not (providers | {PART_OF.get(found, found) for found in providers}) & allowed:
                    missing.add(
                        f"{path.relative_to(ROOT)}: {module} ({', '.join(sorted(providers)) or 'not installed'})"
                    )
    assert not missing, "imported and not declared in pyproject.toml:\n" + "\n".join(sorted(missing))
