"""The token endpoint: RFC 6749, and that the check of a secret is no weapon."""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import text
from tests.gateway.tools import Gateway, run_gateway

from gateway.clients.secrets import hash_secret
from gateway.clients.service import create_client
from gateway.tokens.attempts import SecretChecker
from gateway.tokens.errors import TokenRefused
from gateway.tokens.keys import SigningKeys, init_keys, rotate_keys
from shared import clock
from shared.auth import SYSTEM, Keys
from shared.problems import Unauthorized

SECRET = "a secret with & and = and 密"
GRANT = {"grant_type": "client_credentials"}
CREDENTIALS = {"client_id": "harbin", "client_secret": SECRET}


@pytest.fixture(scope="module")
def key_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("keys")
    files = {"signing": folder / "signing.json", "public": folder / "public.json"}
    assert init_keys(**files)
    return files


@pytest.fixture(scope="module")
async def gateway(module_database_url: str, key_files: dict[str, Path]) -> AsyncIterator[Gateway]:
    async with run_gateway(
        module_database_url,
        signing_keys=key_files["signing"],
        keys=key_files["public"],
        own_keys=True,
        wrong_secrets_per_minute=3,
    ) as running:
        async with running.database.transaction() as session:
            await create_client(
                session,
                principal=SYSTEM,
                client_id="harbin",
                name="Harbin",
                roles=["purchaser", "finance"],
                regions=["CN-2301"],
                unit="Culture",
                secret=SECRET,
            )
        yield running


@pytest.fixture(autouse=True)
def nobody_has_failed_yet(gateway: Gateway) -> None:
    gateway.app.state.token_issuer = None


async def ask(gateway: Gateway, data: dict[str, str] | None = None, **options: Any) -> httpx.Response:
    async with gateway.client() as caller:
        return await caller.post("/oauth/token", data=GRANT if data is None else data, **options)


def refused(answer: httpx.Response, status: int, error: str) -> None:
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]
    assert answer.headers["cache-control"] == "no-store"


async def test_credentials_in_the_body_give_a_token_that_works(gateway: Gateway, key_files: dict[str, Path]) -> None:
    answer = await ask(gateway, GRANT | CREDENTIALS)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    granted = answer.json()
    assert granted["token_type"] == "Bearer"
    assert granted["expires_in"] == 600
    assert granted["scope"] == "finance purchaser"
    principal = Keys(key_files["public"]).verify(granted["access_token"])
    assert principal.subject == "harbin"
    assert principal.roles == {"purchaser", "finance"}
    assert principal.regions == ("CN-2301",)
    assert principal.unit == "Culture"
    async with gateway.client(bearer=granted["access_token"]) as caller:
        assert (await caller.get("/v1/clients")).status_code == 403  # known, but no operator


async def test_credentials_by_http_basic_are_form_encoded(gateway: Gateway) -> None:
    basic = base64.b64encode(f"harbin:{quote_plus(SECRET)}".encode()).decode()
    answer = await ask(gateway, headers={"Authorization": f"Basic {basic}"})
    assert answer.status_code == 200


async def test_a_scope_narrows_the_roles(gateway: Gateway, key_files: dict[str, Path]) -> None:
    answer = await ask(gateway, GRANT | CREDENTIALS | {"scope": "finance"})
    assert answer.json()["scope"] == "finance"
    assert Keys(key_files["public"]).verify(answer.json()["access_token"]).roles == {"finance"}


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        (CREDENTIALS, 400, "invalid_request"),
        (GRANT, 401, "invalid_client"),
        (GRANT | {"client_id": "harbin"}, 401, "invalid_client"),
        (GRANT | CREDENTIALS | {"client_secret": "wrong"}, 401, "invalid_client"),
        (GRANT | CREDENTIALS | {"client_id": "nobody"}, 401, "invalid_client"),
        (GRANT | CREDENTIALS | {"client_id": "x" * 500}, 401, "invalid_client"),
        (GRANT | CREDENTIALS | {"client_secret": "x" * 5000}, 401, "invalid_client"),
        (GRANT | CREDENTIALS | {"client_id": "har\x00bin"}, 401, "invalid_client"),
        (CREDENTIALS | {"grant_type": "password"}, 400, "unsupported_grant_type"),
        (GRANT | CREDENTIALS | {"scope": "operator"}, 400, "invalid_scope"),
        (GRANT | CREDENTIALS | {"scope": "finance operator"}, 400, "invalid_scope"),
    ],
)
async def test_refusals_follow_the_standard(gateway: Gateway, form: dict[str, str], status: int, error: str) -> None:
    answer = await ask(gateway, form)
    refused(answer, status, error)
    assert ("www-authenticate" in answer.headers) is (status == 401)


@pytest.mark.parametrize(
    ("authorization", "status", "error"),
    [
        ("Basic !!!", 401, "invalid_client"),
        ("Basic " + base64.b64encode(b"no colon").decode(), 401, "invalid_client"),
        ("Basic " + base64.b64encode(b"\xff:\xff").decode(), 401, "invalid_client"),
        ("Basic " + base64.b64encode(b":x").decode(), 401, "invalid_client"),
        ("Digest x", 401, "invalid_client"),
    ],
)
async def test_unreadable_basic_credentials(gateway: Gateway, authorization: str, status: int, error: str) -> None:
    refused(await ask(gateway, headers={"Authorization": authorization}), status, error)


async def test_credentials_sent_twice_are_refused(gateway: Gateway) -> None:
    basic = {"Authorization": "Basic " + base64.b64encode(f"harbin:{quote_plus(SECRET)}".encode()).decode()}
    refused(await ask(gateway, GRANT | CREDENTIALS, headers=basic), 400, "invalid_request")
    refused(await ask(gateway, GRANT | {"client_id": "another"}, headers=basic), 400, "invalid_request")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", json.dumps(GRANT | CREDENTIALS).encode()),
        ("application/x-www-form-urlencoded", b"grant_type=client_credentials&grant_type=client_credentials"),
        ("application/x-www-form-urlencoded", b"%ff=%ff"),
        ("application/x-www-form-urlencoded", b"\xff"),
        ("application/x-www-form-urlencoded", b""),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(50))),
    ],
)
async def test_malformed_requests(gateway: Gateway, content_type: str, body: bytes) -> None:
    async with gateway.client() as caller:
        answer = await caller.post("/oauth/token", content=body, headers={"Content-Type": content_type})
    refused(answer, 400, "invalid_request")


async def test_a_disabled_client_gets_no_token(gateway: Gateway) -> None:
    async with gateway.database.transaction() as session:
        await create_client(
            session,
            principal=SYSTEM,
            client_id="closed",
            name="Closed",
            roles=["auditor"],
            regions=["*"],
            secret=SECRET,
        )
        await session.execute(text("UPDATE client SET enabled = false WHERE id = 'closed'"))
    form = GRANT | {"client_id": "closed", "client_secret": SECRET}
    unknown = await ask(gateway, form | {"client_id": "nobody"})
    disabled = await ask(gateway, form)
    refused(disabled, 401, "invalid_client")
    assert disabled.json() == unknown.json()


async def test_many_wrong_secrets_are_slowed_down_but_the_right_one_still_works(gateway: Gateway) -> None:
    assert (await ask(gateway, GRANT | CREDENTIALS)).status_code == 200
    wrong = GRANT | CREDENTIALS
    for number in range(3):
        refused(await ask(gateway, wrong | {"client_secret": f"wrong{number}"}), 401, "invalid_client")
    slowed = await ask(gateway, wrong | {"client_secret": "wrong3"})
    refused(slowed, 429, "slow_down")
    assert 1 <= int(slowed.headers["retry-after"]) <= 60
    assert (await ask(gateway, GRANT | CREDENTIALS)).status_code == 200


async def test_a_gateway_without_a_signing_key_says_so(module_database_url: str) -> None:
    async with run_gateway(module_database_url) as gateway:
        answer = await ask(gateway, GRANT | CREDENTIALS)
        async with gateway.client() as caller:
            jwks = await caller.get("/.well-known/jwks.json")
    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/unavailable"
    assert jwks.json() == {"keys": []}


class Clock:
    moment = 1000.0

    def __call__(self) -> float:
        return self.moment


@pytest.fixture
def cheap_hash() -> str:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("right")


async def test_a_right_secret_is_checked_once(cheap_hash: str) -> None:
    checker = SecretChecker(at_once=1, wrong_per_minute=5)
    for _ in range(3):
        assert await checker.check(client_id="c", secret_hash=cheap_hash, secret="right", address="a")
    assert checker.checked == 1


async def test_a_wrong_secret_is_checked_once_a_minute(cheap_hash: str) -> None:
    now = Clock()
    checker = SecretChecker(at_once=1, wrong_per_minute=50, now=now)
    for _ in range(3):
        assert not await checker.check(client_id="c", secret_hash=cheap_hash, secret="wrong", address="a")
    assert checker.checked == 1
    now.moment += 61
    assert not await checker.check(client_id="c", secret_hash=cheap_hash, secret="wrong", address="a")
    assert checker.checked == 2


async def test_a_changed_secret_makes_what_was_remembered_void(cheap_hash: str) -> None:
    checker = SecretChecker(at_once=1, wrong_per_minute=5)
    assert await checker.check(client_id="c", secret_hash=cheap_hash, secret="right", address="a")
    changed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("another")
    assert not await checker.check(client_id="c", secret_hash=changed, secret="right", address="a")


async def test_wrong_secrets_count_by_client_and_address_and_by_address(cheap_hash: str) -> None:
    now = Clock()
    checker = SecretChecker(at_once=1, wrong_per_minute=2, now=now)

    async def wrong(client_id: str, address: str) -> bool:
        return await checker.check(client_id=client_id, secret_hash=cheap_hash, secret="wrong", address=address)

    assert not await wrong("c", "a")
    assert not await wrong("c", "a")
    with pytest.raises(TokenRefused, match="wait"):
        await wrong("c", "a")
    assert not await wrong("c", "b")  # another address is not locked out by the first
    for number in range(10):
        assert not await wrong(f"c{number}", "a")
    with pytest.raises(TokenRefused, match="wait"):
        await wrong("c99", "a")
    now.moment += 61
    assert not await wrong("c", "a")


async def test_an_unknown_client_costs_a_check_too() -> None:
    checker = SecretChecker(at_once=1, wrong_per_minute=5)
    assert not await checker.check(client_id="nobody", secret_hash=None, secret="x", address="a")
    assert checker.checked == 1


async def test_waiting_checks_are_bounded(cheap_hash: str) -> None:
    checker = SecretChecker(at_once=1, wrong_per_minute=1000)
    checks = [
        checker.check(client_id="c", secret_hash=cheap_hash, secret=f"wrong{number}", address="a")
        for number in range(40)
    ]
    outcomes = await asyncio.gather(*checks, return_exceptions=True)
    busy = [outcome for outcome in outcomes if isinstance(outcome, TokenRefused)]
    assert {refusal.status for refusal in busy} == {503}
    assert outcomes.count(False) + len(busy) == 40
    assert outcomes.count(False) >= 16


async def test_the_loop_goes_on_while_a_secret_is_checked() -> None:
    secret_hash = await asyncio.to_thread(hash_secret, "right")
    checker = SecretChecker(at_once=1, wrong_per_minute=5)
    check = asyncio.create_task(checker.check(client_id="c", secret_hash=secret_hash, secret="right", address="a"))
    turns = 0
    while not check.done():
        turns += 1
        await asyncio.sleep(0)
    assert await check
    assert turns > 10


def test_rotation_keeps_the_key_before(tmp_path: Path) -> None:
    files = {"signing": tmp_path / "signing.json", "public": tmp_path / "public.json"}
    assert init_keys(**files)
    assert not init_keys(**files)
    assert files["signing"].stat().st_mode & 0o777 == 0o600
    first = SigningKeys(files["signing"]).public()["keys"]
    assert len(first) == 1
    assert "d" not in first[0]
    newer = rotate_keys(**files)
    kids = [key["kid"] for key in json.loads(files["public"].read_text())["keys"]]
    assert kids == [newer, first[0]["kid"]]
    newest = rotate_keys(**files)
    kids = [key["kid"] for key in SigningKeys(files["signing"]).public()["keys"]]
    assert kids == [newest, newer]
    assert all("d" not in key for key in json.loads(files["public"].read_text())["keys"])


def test_a_lost_public_file_is_made_again(tmp_path: Path) -> None:
    files = {"signing": tmp_path / "signing.json", "public": tmp_path / "public.json"}
    init_keys(**files)
    before = files["public"].read_text()
    files["public"].unlink()
    assert not init_keys(**files)
    assert json.loads(files["public"].read_text()) == json.loads(before)


def test_the_new_key_signs_only_when_every_service_can_know_it(tmp_path: Path) -> None:
    files = {"signing": tmp_path / "signing.json", "public": tmp_path / "public.json"}
    init_keys(**files)
    old = SigningKeys(files["signing"]).signing().kid
    newer = rotate_keys(**files)
    assert SigningKeys(files["signing"]).signing().kid == old
    past = files["signing"].stat().st_mtime - 10
    os.utime(files["signing"], (past, past))
    assert SigningKeys(files["signing"]).signing().kid == newer


async def test_tokens_of_both_keys_pass_during_a_rotation(
    gateway: Gateway, key_files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (await ask(gateway, GRANT | CREDENTIALS)).json()["access_token"]
    rotate_keys(**key_files)
    monkeypatch.setattr("gateway.tokens.keys._SETTLE_SECONDS", 0.0)
    gateway.app.state.token_issuer = None
    after = (await ask(gateway, GRANT | CREDENTIALS)).json()["access_token"]
    keys = Keys(key_files["public"])
    assert keys.verify(before).subject == keys.verify(after).subject == "harbin"
    async with gateway.client() as caller:
        published = (await caller.get("/.well-known/jwks.json")).json()["keys"]
    assert len(published) == 2
    kids = {json.loads(base64.urlsafe_b64decode(part.split(".")[0] + "=="))["kid"] for part in (before, after)}
    assert kids == {key["kid"] for key in published}
    rotate_keys(**key_files)
    with pytest.raises(Unauthorized):
        Keys(key_files["public"]).verify(before)


async def test_a_token_lasts_as_long_as_it_says(gateway: Gateway, key_files: dict[str, Path]) -> None:
    with clock.frozen(clock.now()):
        bearer = (await ask(gateway, GRANT | CREDENTIALS)).json()["access_token"]
        keys = Keys(key_files["public"])
        clock.advance(timedelta(seconds=599))
        keys.verify(bearer)
        clock.advance(timedelta(seconds=2))
        with pytest.raises(Unauthorized):
            keys.verify(bearer)
