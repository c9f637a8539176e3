"""What each type of problem means. `problems.json` is generated from the classes (see docs/how-to.md)."""

import json
from dataclasses import dataclass
from functools import cache
from html import escape
from http import HTTPStatus
from importlib.resources import files

__all__ = ["ProblemType", "find_problem_type", "problem_page", "problem_types", "problems_page"]


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One type of problem: the last part of its URI, its title, status, meaning, and who answers with it."""

    slug: str
    title: str
    status: int
    meaning: str
    services: tuple[str, ...]


@cache
def problem_types() -> dict[str, ProblemType]:
    """Every type by slug, in the order of the slugs."""
    rows = json.loads(files("gateway.pages").joinpath("problems.json").read_text(encoding="utf-8"))
    return {row["slug"]: ProblemType(**(row | {"services": tuple(row["services"])})) for row in rows}


def find_problem_type(slug: str) -> ProblemType | None:
    """A type by its slug. `http-<status>` stands for a bare HTTP error without a type of its own."""
    found = problem_types().get(slug)
    code = slug.removeprefix("http-")
    if found is not None or not slug.startswith("http-") or not (code.isascii() and code.isdigit()):
        return found
    try:
        status = HTTPStatus(int(code))
    except ValueError:
        return None
    return ProblemType(slug, status.phrase, status.value, status.description or f"{status.phrase}.", ("any",))


def problem_page(problem: ProblemType) -> str:
    """The body of a type's page."""
    return (
        f"<p>{escape(problem.meaning)}</p>\n<dl>\n<dt>Status</dt><dd>{problem.status}</dd>\n"
        f"<dt>Type</dt><dd><code>/problems/{escape(problem.slug)}</code></dd>\n"
        f"<dt>Answered by</dt><dd>{escape(', '.join(problem.services))}</dd>\n</dl>\n"
        "<p>The member <code>detail</code> of the answer says what happened in this case and what to do; further "
        "members name the parts. <code>type</code> stays the same for ever: programs should look at it (RFC 9457).</p>"
    )


def problems_page() -> str:
    """The body of the list of types."""
    items = "\n".join(
        f'<dt><a href="/problems/{escape(problem.slug)}"><code>{escape(problem.slug)}</code></a> · {problem.status} · '
        f"{escape(problem.title)}</dt>\n<dd>{escape(problem.meaning)}</dd>"
        for problem in problem_types().values()
    )
    return (
        "<p>Errors are answered as <code>application/problem+json</code> with one of these types.</p>\n"
        f"<dl>\n{items}\n</dl>"
    )
