import json
from pathlib import Path

import pytest

from gongping_client import Credentials, CredentialsMissingError, find_credentials

LOCAL = {"url": "http://127.0.0.1:8080", "client_id": "demo", "client_secret": "of-demo"}


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("GONGPING_URL", "GONGPING_CLIENT_ID", "GONGPING_CLIENT_SECRET", "GONGPING_STATE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def _write(folder: Path) -> None:
    (folder / ".gongping").mkdir()
    (folder / ".gongping" / "client.json").write_text(json.dumps(LOCAL), encoding="utf-8")


def test_the_local_deployment_is_found_from_a_folder_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert find_credentials() == Credentials("http://127.0.0.1:8080", "demo", "of-demo")


def test_a_state_folder_elsewhere_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "client.json").write_text(json.dumps(LOCAL), encoding="utf-8")
    monkeypatch.setenv("GONGPING_STATE", str(tmp_path / "state"))
    assert find_credentials().client_id == "demo"


def test_the_environment_wins_over_the_local_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path)
    monkeypatch.setenv("GONGPING_URL", "https://province/")
    monkeypatch.setenv("GONGPING_CLIENT_ID", "system")
    monkeypatch.setenv("GONGPING_CLIENT_SECRET", "s")
    assert find_credentials() == Credentials("https://province", "system", "s")
    assert find_credentials(url="https://other", client_id="a", client_secret="b") == Credentials(
        "https://other", "a", "b"
    )


def test_the_local_secret_is_not_sent_to_another_gateway(tmp_path: Path) -> None:
    _write(tmp_path)
    with pytest.raises(CredentialsMissingError, match="No client for https://elsewhere"):
        find_credentials(url="https://elsewhere")


def test_the_local_client_is_never_joined_with_another_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path)
    with pytest.raises(CredentialsMissingError, match=r"No client for http://127\.0\.0\.1:8080"):
        find_credentials(client_id="a")
    monkeypatch.setenv("GONGPING_CLIENT_SECRET", "s")  # a secret is better not given on the command line
    assert find_credentials(client_id="a") == Credentials("http://127.0.0.1:8080", "a", "s")


def test_a_local_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    (tmp_path / ".gongping").mkdir()
    (tmp_path / ".gongping" / "client.json").write_text("{", encoding="utf-8")
    with pytest.raises(CredentialsMissingError, match=r"client\.json cannot be read"):
        find_credentials()


def test_nothing_known_says_what_to_give() -> None:
    with pytest.raises(CredentialsMissingError, match="--gateway URL, set GONGPING_URL"):
        find_credentials()


def test_a_secret_is_not_shown() -> None:
    assert "of-demo" not in repr(Credentials("http://gateway", "demo", "of-demo"))
