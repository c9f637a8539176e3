"""Every type of problem leads to a page that explains it."""

import importlib.util
import json
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest

from gateway.app import SERVICE
from gateway.pages.problems import ProblemType, find_problem_type, problem_page, problem_types
from shared.testing import ServiceClient, client_for

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
async def service() -> AsyncIterator[ServiceClient]:
    async with client_for(SERVICE, "postgresql://nobody@127.0.0.1:1/nothing") as client:
        yield client


def tool() -> ModuleType:
    path = ROOT / "services/gateway/problem_types.py"
    spec = importlib.util.spec_from_file_location("problem_types", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_file_names_every_type_of_every_service() -> None:
    module = tool()
    committed = json.loads(module.TARGET.read_text(encoding="utf-8"))
    assert committed == module.catalogue(), "run `python services/gateway/problem_types.py`"


def test_every_type_says_what_it_means() -> None:
    for problem in problem_types().values():
        assert 400 <= problem.status < 600, problem
        assert problem.meaning.endswith((".", "?", "!", ")")), problem
        assert problem.services, problem


@pytest.mark.parametrize(
    "slug", ["not-found", "service-down", "client-already-exists", "internal", "http-405", "http-418"]
)
async def test_a_type_has_its_page(service: ServiceClient, slug: str) -> None:
    answer = await service.anonymous.get(f"/problems/{slug}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert f"/problems/{slug}" in answer.text
    assert "<script" not in answer.text


@pytest.mark.parametrize("slug", ["nonsense", "http-", "http-999", "http-x", "http-²²²", "<b>"])
async def test_an_unknown_type_is_not_found_and_echoes_nothing(service: ServiceClient, slug: str) -> None:
    answer = await service.anonymous.get(f"/problems/{slug}")
    assert answer.status_code == 404
    assert slug not in answer.text


async def test_the_list_links_every_type(service: ServiceClient) -> None:
    text = (await service.anonymous.get("/problems")).text
    for slug in problem_types():
        assert f'href="/problems/{slug}"' in text


def test_texts_are_escaped() -> None:
    body = problem_page(ProblemType("a", "t", 400, "<script>alert(1)</script>", ("x",)))
    assert "<script>" not in body
    assert "&lt;script&gt;" in body


def test_a_bare_http_error_has_a_type_too() -> None:
    found = find_problem_type("http-405")
    assert found is not None
    assert (found.status, found.title) == (405, "Method Not Allowed")
