import importlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.settings import ContractsSettings
from shared.bus import stream_name
from shared.service import Service

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SERVICES = ("contracts", "surveys", "scoring", "gateway")
PREFIX = "gongping"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the deployment in which the secrets were made."""
    if shutil.which("openssl") is None or shutil.which("bash") is None:
        pytest.skip("init-secrets.sh needs bash and openssl")
    copy = tmp_path_factory.mktemp("deploy")
    for name in ("init-secrets.sh", "nats.conf", "postgres/init.sh"):
        (copy / name).parent.mkdir(exist_ok=True)
        shutil.copy(DEPLOY / name, copy / name)
    init_secrets(copy)
    return copy


def init_secrets(copy: Path, *arguments: str) -> None:
    subprocess.run([copy / "init-secrets.sh", *arguments], check=True, capture_output=True)


def contents(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def service_of(name: str) -> Service:
    found = [value for value in vars(importlib.import_module(f"{name}.app")).values() if isinstance(value, Service)]
    assert len(found) == 1
    return found[0]


def broker_users() -> dict[str, dict[str, set[str]]]:
    users = {}
    for block in (DEPLOY / "nats.conf").read_text(encoding="utf-8").split("user: ")[1:]:
        publish, subscribe = re.findall(r"allow: \[(.*?)\]", block, flags=re.DOTALL)
        users[block.split()[0]] = {
            "publish": set(re.findall(r'"(.*?)"', publish)),
            "subscribe": set(re.findall(r'"(.*?)"', subscribe)),
        }
    return users


@pytest.mark.parametrize("name", SERVICES)
def test_a_broker_user_may_do_what_its_service_does_and_no_more(name: str) -> None:
    service = service_of(name)
    publish, subscribe = set[str](), {"_INBOX.>"}
    if service.publishes:
        stream = stream_name(PREFIX, name)
        publish |= {f"{PREFIX}.{name}.>", f"{PREFIX}.wake.{name}", f"{PREFIX}.watermark.{name}"}
        publish |= {f"$JS.API.STREAM.{call}.{stream}" for call in ("CREATE", "UPDATE", "MSG.GET")}
        subscribe |= {f"{PREFIX}.wake.{name}", f"{PREFIX}.repair.{name}"}
    for subscription in service.subscriptions:
        stream = stream_name(PREFIX, subscription.source)
        publish.add(f"{PREFIX}.repair.{subscription.source}")
        subscribe.add(f"{PREFIX}.watermark.{subscription.source}")
        for durable in (f"{PREFIX}-{name}", f"{PREFIX}-{name}-replay"):
            publish |= {f"$JS.API.CONSUMER.*.{stream}.{durable}", f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"}
            publish.add(f"$JS.ACK.{stream}.{durable}.>")
    assert broker_users()[name] == {"publish": publish, "subscribe": subscribe}


def test_the_broker_knows_the_four_services_only() -> None:
    assert set(broker_users()) == set(SERVICES)


def test_the_broker_takes_its_configuration(made: Path) -> None:
    server = shutil.which("nats-server", path=str(ROOT / ".venv" / "bin")) or shutil.which("nats-server")
    if server is None:
        pytest.skip("no nats-server")
    # As in the container: the passwords are included by a path relative to the configuration.
    config, passwords = made / "inside/etc/nats/gongping.conf", made / "inside/run/secrets/nats_passwords"
    for target, source in ((config, "nats.conf"), (passwords, "secrets/nats_passwords")):
        target.parent.mkdir(parents=True)
        shutil.copy(made / source, target)
    subprocess.run([server, "--config", config, "-t"], check=True, capture_output=True)


def test_every_container_is_confined(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}, name


def test_only_the_gateway_is_published_and_on_loopback(compose: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert list(published) == ["gateway"]
    assert all(port.startswith("127.0.0.1:") for port in published["gateway"])
    assert compose["networks"]["inside"]["internal"] is True
    assert all(service["networks"] == ["inside"] for name, service in compose["services"].items() if name != "gateway")


def test_what_runs_for_ever_is_restarted_and_checked_and_what_runs_once_is_waited_for(compose: dict[str, Any]) -> None:
    awaited = {
        needed
        for service in compose["services"].values()
        for needed, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_completed_successfully"
    }
    for name, service in compose["services"].items():
        if name in awaited:
            assert service["restart"] == "no"
        else:
            assert service["restart"] == "unless-stopped"
            assert service["healthcheck"]["test"][0] == "CMD"
    assert {f"{name}-migrate" for name in SERVICES} <= awaited


def test_every_secret_is_made_and_named(compose: dict[str, Any], made: Path) -> None:
    named = {secret for service in compose["services"].values() for secret in service.get("secrets", [])}
    assert named == set(compose["secrets"])
    for secret in compose["secrets"].values():
        assert (made / secret["file"]).read_text().strip()
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith("./secrets/") or (made / source).is_dir()


def test_a_container_sees_no_secret_of_another_service(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        others = [other for other in SERVICES if not name.startswith(other)]
        if name != "postgres":
            assert not [secret for secret in service.get("secrets", []) if secret.split("_")[0] in others], name
        private = any("secrets/private" in volume for volume in service.get("volumes", []))
        assert private == (name == "gateway")


def test_making_the_secrets_again_changes_nothing(made: Path) -> None:
    before = contents(made / "secrets")
    init_secrets(made)
    assert contents(made / "secrets") == before


def test_the_secrets_folder_is_closed_and_its_files_are_readable_inside_containers(made: Path) -> None:
    assert (made / "secrets").stat().st_mode & 0o777 == 0o700
    assert all(file.stat().st_mode & 0o777 == 0o444 for file in (made / "secrets").rglob("*") if file.is_file())


def test_rotating_the_keys_keeps_the_one_before_and_publishes_no_private_part(made: Path) -> None:
    private, public = made / "secrets" / "private" / "signing_keys.json", made / "secrets" / "public" / "jwks.json"
    first = json.loads(private.read_text())["keys"][0]["kid"]
    init_secrets(made, "rotate-keys")
    second = json.loads(private.read_text())["keys"][0]["kid"]
    init_secrets(made, "rotate-keys")
    kids = [key["kid"] for key in json.loads(private.read_text())["keys"]]
    assert len(kids) == 2
    assert kids[1] == second
    assert len({first, *kids}) == 3
    published = json.loads(public.read_text())["keys"]
    assert [key["kid"] for key in published] == kids
    assert all("d" not in key for key in published)


def test_the_made_keys_sign_what_the_services_accept(made: Path) -> None:
    keys = importlib.import_module("gateway.tokens.keys").SigningKeys(
        made / "secrets" / "private" / "signing_keys.json"
    )
    auth = importlib.import_module("shared.auth")
    token = auth.mint(keys.signing(), subject="somebody", roles=["purchaser"], regions=["CN-23"])
    verified = auth.Keys(made / "secrets" / "public" / "jwks.json").verify(token)
    assert (verified.subject, verified.regions) == ("somebody", ("CN-23",))


def test_documents_lie_in_a_volume_that_the_service_may_write(compose: dict[str, Any]) -> None:
    service = compose["services"]["contracts"]
    settings = service["environment"]
    default = settings["GONGPING_FILES_URL"].removeprefix("${GONGPING_FILES_URL:-").removesuffix("}")
    assert default == "file:///data/files"
    volume = next(volume for volume in service["volumes"] if volume.endswith(":/data"))
    assert volume.split(":")[0] in compose["volumes"]
    # An empty text would be no address: what is not set is not passed on.
    passed = {name for name, value in settings.items() if name.startswith("GONGPING_FILES_") and value is None}
    known = {f"GONGPING_{name.upper()}" for name in ContractsSettings.model_fields}
    assert passed == {f"GONGPING_FILES_{name}" for name in ("ENDPOINT", "REGION", "ACCESS_KEY", "SECRET_KEY")}
    assert passed <= known
    # A new volume takes over the owner of the folder that it is mounted on.
    image = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    assert image.index("chown 10001:10001 /data") < image.index("USER 10001:10001")
