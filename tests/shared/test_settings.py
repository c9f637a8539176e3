"""Settings, the clock, identifiers and problem documents."""

import threading
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError
from pydantic_core import from_json

from shared import clock, problems
from shared.ids import new_id
from shared.problems import Problem, Unauthorized, Unavailable, problem_response
from shared.settings import ServiceSettings

AT = datetime(2026, 3, 1, 15, 59, 59, 500_000, tzinfo=UTC)  # the last second of the day in Beijing


class ToySettings(ServiceSettings):
    """With a field of the service's own."""

    fancy_limit: int = Field(3, ge=1, description="How fancy.")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://from-the-environment/x")


def test_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NATS_URL", "nats://elsewhere:1")
    monkeypatch.setenv("GONGPING_PORT", "9")
    monkeypatch.setenv("GONGPING_FANCY_LIMIT", "8")
    monkeypatch.setenv("GONGPING_UNKNOWN", "whatever")
    loaded = ToySettings.load()
    assert loaded.database_url == "postgresql://from-the-environment/x"
    assert (loaded.nats_url, loaded.port, loaded.fancy_limit) == ("nats://elsewhere:1", 9, 8)


def test_file_holds_the_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The file wins over the variable; the argument over both; the newline at the end is none of the secret."""
    secret = tmp_path / "secret"
    secret.write_text("postgresql://from-the-file/x\n", encoding="utf-8")
    number = tmp_path / "number"
    number.write_text("5\n", encoding="utf-8")
    monkeypatch.setenv("DATABASE_URL_FILE", str(secret))
    monkeypatch.setenv("GONGPING_FANCY_LIMIT_FILE", str(number))
    monkeypatch.setenv("GONGPING_FANCY_LIMIT", "7")
    loaded = ToySettings.load()
    assert (loaded.database_url, loaded.fancy_limit) == ("postgresql://from-the-file/x", 5)
    assert ToySettings.load(database_url="postgresql://argument/x").database_url == "postgresql://argument/x"
    monkeypatch.delenv("DATABASE_URL")
    assert ToySettings.load().database_url == "postgresql://from-the-file/x"


def test_missing_file_is_an_error_at_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "missing"))
    with pytest.raises(FileNotFoundError):
        ToySettings.load()


def test_database_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    with pytest.raises(ValidationError, match="DATABASE_URL"):
        ToySettings.load()


@pytest.mark.parametrize(
    ("given", "delays"),
    [
        ("1,5,30", (1, 5, 30)),
        (" 0.5 , 2 ", (0.5, 2)),
        ("7", (7,)),
        ("", ()),
    ],
)
def test_retry_delays(given: str, delays: tuple[float, ...]) -> None:
    assert ToySettings.load(retry_seconds=given).retry_delays == delays


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("retry_seconds", "soon"),
        ("retry_seconds", "1,-5"),
        ("retry_seconds", "1;5"),
        ("retry_seconds", "1,"),
        ("subject_prefix", "a.b"),
        ("subject_prefix", ""),
        ("subject_prefix", "*"),
        ("port", 65_536),
        ("port", -1),
        ("pool_size", 0),
        ("fetch_batch", 0),
        ("trace_ratio", 1.1),
        ("fancy_limit", 0),
    ],
)
def test_nonsense_is_refused_at_the_start(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        ToySettings.load(**{field: value})


def test_roles_of_a_process() -> None:
    everything = ToySettings.load()
    assert all(everything.has_role(role) for role in ("http", "relay", "consume", "jobs"))
    some = ToySettings.load(roles=" relay , jobs")
    assert [role for role in ("http", "relay", "consume", "jobs", "job", "") if some.has_role(role)] == [
        "relay",
        "jobs",
    ]


def test_every_field_is_described() -> None:
    assert [name for name, field in ToySettings.model_fields.items() if not field.description] == []


def test_clock_runs_in_utc() -> None:
    before = clock.now()
    assert before.tzinfo is UTC
    assert clock.now() >= before


def test_frozen_clock_stands_until_it_is_advanced() -> None:
    with clock.frozen(AT):
        assert clock.now() == clock.now() == AT
        assert clock.today() == date(2026, 3, 1)
        clock.advance(timedelta(seconds=1))
        assert clock.now() == AT + timedelta(seconds=1)
        assert clock.today() == date(2026, 3, 2)
    assert clock.now() != AT + timedelta(seconds=1)


def test_frozen_clocks_nest_and_survive_errors() -> None:
    def advance_and_fail() -> None:
        with clock.frozen(AT + timedelta(days=1)):
            clock.advance(timedelta(days=1))
            raise RuntimeError("inside")

    with clock.frozen(AT):
        with pytest.raises(RuntimeError, match="inside"):
            advance_and_fail()
        assert clock.now() == AT


def test_frozen_clock_holds_in_every_thread() -> None:
    seen: list[datetime] = []
    with clock.frozen(AT):
        thread = threading.Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()
    assert seen == [AT]


def test_running_clock_cannot_be_advanced() -> None:
    with pytest.raises(RuntimeError, match="frozen"):
        clock.advance(timedelta(seconds=1))


def test_ids_sort_by_their_time() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == len(ids)
    assert {each.version for each in ids} == {7}
    milliseconds = [each.int >> 80 for each in ids]
    assert milliseconds == sorted(milliseconds)
    assert isinstance(ids[0], UUID)


def kinds(base: type[Problem] = Problem) -> list[type[Problem]]:
    """The problems that this module defines."""
    found = [cls for cls in base.__subclasses__() if cls.__module__ == problems.__name__]
    return found + [each for cls in found for each in kinds(cls)]


@pytest.mark.parametrize(
    ("name", "status", "slug"),
    [
        ("Unauthorized", 401, "unauthorized"),
        ("Forbidden", 403, "forbidden"),
        ("NotFound", 404, "not-found"),
        ("Conflict", 409, "conflict"),
        ("PreconditionFailed", 412, "stale-version"),
        ("TooLarge", 413, "too-large"),
        ("Unprocessable", 422, "malformed"),
        ("TooManyRequests", 429, "too-many-requests"),
        ("Unavailable", 503, "unavailable"),
    ],
)
def test_problem_document(name: str, status: int, slug: str) -> None:
    answer = problem_response(getattr(problems, name)("Do this.", field="x"))
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document = from_json(bytes(answer.body))
    assert document.pop("title")
    assert document == {"type": f"/problems/{slug}", "status": status, "detail": "Do this.", "field": "x"}


def test_slugs_are_unique() -> None:
    slugs = [Problem.slug, *(kind.slug for kind in kinds())]
    assert len(slugs) >= 10
    assert len(slugs) == len(set(slugs))


def test_problem_tells_what_to_do_next() -> None:
    assert problem_response(Unauthorized("x")).headers["www-authenticate"] == 'Bearer realm="gongping"'
    assert problem_response(Unavailable("x")).headers["retry-after"] == "1"
    assert "retry-after" not in problem_response(Problem("x")).headers


def test_members_may_be_what_json_has_not() -> None:
    at = datetime(2026, 3, 1, 8, tzinfo=timezone(timedelta(hours=8)))
    number = new_id()
    body = problem_response(Problem("x", amount=Decimal("1.10"), id=number, at=at, on=at.date(), seen={1})).body
    members = from_json(bytes(body))
    assert members["amount"] == "1.10"
    assert members["id"] == str(number)
    assert members["at"] == "2026-03-01T08:00:00+08:00"
    assert members["on"] == "2026-03-01"
    assert members["seen"] == [1]


@given(st.lists(st.text(max_size=5) | st.integers(0, 99), max_size=4))
def test_pointer_can_be_read_back(path: list[str | int]) -> None:
    """RFC 6901: `~1` is a slash, `~0` a tilde, decoded in this order."""
    pointer = problems._pointer(("body", *path))
    read = [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
    assert read == ([str(each) for each in path] or [""])


def test_pointer_outside_the_body_is_a_name() -> None:
    assert problems._pointer(("query", "limit")) == "query:limit"
    assert problems._pointer(("header", "if-match")) == "header:if-match"
    assert problems._pointer(()) == "/"
