"""Settings come from the environment, from files that hold secrets, and from arguments."""

from pathlib import Path

import pytest
from pydantic import Field, ValidationError

from shared.settings import ServiceSettings


class ToySettings(ServiceSettings):
    """A service's own field beside the common ones."""

    answers: int = Field(3, ge=1, description="Answers at once.")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("DATABASE_URL", "postgresql://from-environment/x")
    return monkeypatch


def test_fields_are_read_from_the_environment(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("NATS_URL", "nats://a,nats://b")
    environment.setenv("GONGPING_PORT", "9000")
    environment.setenv("GONGPING_ANSWERS", "7")
    settings = ToySettings.load()
    assert settings.database_url == "postgresql://from-environment/x"
    assert (settings.nats_url, settings.port, settings.answers) == ("nats://a,nats://b", 9000, 7)


def test_secret_may_stand_in_a_file(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("postgresql://from-file/x\n", encoding="utf-8")
    environment.setenv("DATABASE_URL_FILE", str(secret))
    (tmp_path / "answers").write_text(" 9 ", encoding="utf-8")
    environment.setenv("GONGPING_ANSWERS_FILE", str(tmp_path / "answers"))
    settings = ToySettings.load()
    assert (settings.database_url, settings.answers) == ("postgresql://from-file/x", 9)


def test_argument_wins(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("postgresql://from-file/x", encoding="utf-8")
    environment.setenv("DATABASE_URL_FILE", str(tmp_path / "secret"))
    assert ToySettings.load(database_url="postgresql://given/x").database_url == "postgresql://given/x"


def test_file_that_is_not_there_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("NATS_URL_FILE", "/nowhere/secret")
    with pytest.raises(FileNotFoundError, match="/nowhere/secret"):
        ToySettings.load()


def test_database_must_be_named(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("DATABASE_URL")
    with pytest.raises(ValidationError, match="DATABASE_URL"):
        ToySettings.load()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GONGPING_PORT", "65536"),
        ("GONGPING_TRACE_RATIO", "2"),
        ("GONGPING_SUBJECT_PREFIX", "two.tokens"),
        ("GONGPING_SUBJECT_PREFIX", "all >"),
        ("GONGPING_RETRY_SECONDS", "1;5"),
        ("GONGPING_RETRY_SECONDS", "1,-5"),
        ("GONGPING_STREAM_REPLICAS", "0"),
        ("GONGPING_ANSWERS", "0"),
    ],
)
def test_value_that_cannot_work_is_refused_at_the_start(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    environment.setenv(name, value)
    with pytest.raises(ValidationError):
        ToySettings.load()


@pytest.mark.parametrize(
    ("given", "delays"), [("1,5,30", (1, 5, 30)), (" 0.5 , 2 ", (0.5, 2)), ("", ()), ("600", (600,))]
)
def test_delays_are_numbers(given: str, delays: tuple[float, ...]) -> None:
    assert ToySettings.load(retry_seconds=given).retry_delays == delays


def test_process_takes_the_parts_that_its_roles_say() -> None:
    settings = ToySettings.load(roles="http, jobs")
    assert [role for role in ("http", "relay", "consume", "jobs") if settings.has_role(role)] == ["http", "jobs"]


def test_every_field_says_what_it_means() -> None:
    assert [name for name, field in ServiceSettings.model_fields.items() if not field.description] == []
