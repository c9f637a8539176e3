"""Tokens, roles and the region scope."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from hypothesis import example, given, settings
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import OctKey, OKPKey
from tests.support import eventually

from gongping_local.pytest_servers import Servers
from shared import clock, problems
from shared.auth import (
    PUBLIC,
    SYSTEM,
    Keys,
    Principal,
    allow,
    mint,
    new_signing_key,
    normalise_scope,
    require_region,
)
from shared.ids import new_id
from shared.problems import Forbidden, Unauthorized

KEY = new_signing_key()
FOREIGN = new_signing_key()
AT = datetime(2026, 3, 1, 8, tzinfo=UTC)


def jwks(*keys: OKPKey) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False) for key in keys]}


def token(key: OKPKey = KEY, **given: Any) -> str:
    return mint(key, **({"subject": "client", "roles": ["finance"], "regions": ["CN-23"]} | given))


def signed(claims: dict[str, Any], key: OKPKey = KEY) -> str:
    return jwt.encode({"alg": "Ed25519", "kid": key.kid}, claims, key, algorithms=["Ed25519"])


def claims_of(**changes: Any) -> dict[str, Any]:
    now = int(clock.now().timestamp())
    claims = {"iss": "gongping", "sub": "client", "iat": now, "exp": now + 600, "roles": ["finance"], "regions": ["*"]}
    return {name: value for name, value in (claims | changes).items() if value is not None}


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.fixture
def keys() -> Keys:
    return Keys(jwks(KEY))


def test_token_says_who_asks(keys: Keys) -> None:
    organisation = new_id()
    principal = keys.verify(token(organisation=organisation, unit="budget office", regions=["CN-23", "XK"]))
    assert principal == Principal("client", frozenset({"finance"}), ("CN-23", "XK"), organisation, "budget office")


def test_token_expires_to_the_second(keys: Keys) -> None:
    with clock.frozen(AT):
        given = token(ttl=timedelta(minutes=10))
        clock.advance(timedelta(seconds=599))
        assert keys.verify(given).subject == "client"
        clock.advance(timedelta(seconds=1))
        for each in (keys, Keys(jwks(KEY))):  # the one that has it in its cache, and a fresh one
            with pytest.raises(Unauthorized, match="expired"):
                each.verify(given)


def test_token_from_the_future_is_refused_beyond_the_leeway(keys: Keys) -> None:
    with clock.frozen(AT + timedelta(seconds=6)):
        given = token()
    with clock.frozen(AT):
        with pytest.raises(Unauthorized, match="not yet valid"):
            keys.verify(given)
        clock.advance(timedelta(seconds=1))
        assert keys.verify(given).subject == "client"


def test_foreign_key_is_refused(keys: Keys) -> None:
    with pytest.raises(Unauthorized, match="not signed by this system"):
        keys.verify(token(FOREIGN))


def test_foreign_key_under_our_key_id_is_refused(keys: Keys) -> None:
    parts: dict[str, Any] = FOREIGN.as_dict(private=True) | {"kid": KEY.kid}
    impostor = OKPKey.import_key(parts)
    with pytest.raises(Unauthorized, match="not signed by this system"):
        keys.verify(token(impostor))


def test_changed_claims_are_refused(keys: Keys) -> None:
    head, _, signature = token().split(".")
    with pytest.raises(Unauthorized, match="not signed by this system"):
        keys.verify(f"{head}.{part(claims_of(roles=['operator']))}.{signature}")


def test_public_key_is_no_shared_secret(keys: Keys) -> None:
    """The public key is known to all: a token that uses it as the secret of an HMAC must not pass."""
    secret = OctKey.import_key(json.dumps(KEY.as_dict(private=False)))
    forged = jwt.encode({"alg": "HS256", "kid": KEY.kid}, claims_of(), secret, algorithms=["HS256"])
    with pytest.raises(Unauthorized):
        keys.verify(forged)


@pytest.mark.parametrize(
    "head", [[], "x", 1, None, {}, {"alg": "none"}, {"alg": []}, {"alg": "Ed25519", "kid": []}, b"\xff", b"[" * 30_000]
)
def test_malformed_head_is_refused(keys: Keys, head: object) -> None:
    _, body, signature = token().split(".")
    for tail in (f"{body}.{signature}", f"{body}."):
        with pytest.raises(Unauthorized):
            keys.verify(f"{part(head)}.{tail}")


@pytest.mark.parametrize("given", ["x", "a.b.c", "..", "...", "é.é.é", "a.b.c.d.e"])
def test_malformed_token_is_refused(keys: Keys, given: str) -> None:
    with pytest.raises(Unauthorized, match="malformed"):
        keys.verify(given)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody else"},
        {"iss": None},
        {"sub": None},
        {"exp": None},
        {"exp": "soon"},
        {"exp": []},
        {"exp": float("nan")},
        {"roles": None},
        {"roles": 1},
        {"regions": None},
        {"org": 5},
        {"org": "no uuid"},
    ],
)
def test_malformed_claims_are_refused(keys: Keys, changes: dict[str, Any]) -> None:
    assert keys.verify(signed(claims_of())).subject == "client"
    with pytest.raises(Unauthorized):
        keys.verify(signed(claims_of(**changes)))


def test_claims_that_are_no_object_are_refused(keys: Keys) -> None:
    with pytest.raises(Unauthorized):
        keys.verify(jws.serialize_compact({"alg": "Ed25519", "kid": KEY.kid}, b"[]", KEY, algorithms=["Ed25519"]))


async def test_keys_are_rotated_without_a_restart(tmp_path: Path) -> None:
    """First one key, then both, then only the new one; a token that was seen before its key went is refused too."""
    old, new = new_signing_key(), new_signing_key()
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(jwks(old)), encoding="utf-8")
    keys = Keys(path)
    by_old, by_new = token(old, subject="old"), token(new, subject="new")

    def accepted() -> set[str]:
        found = set()
        for each in (by_old, by_new):
            try:
                found.add(keys.verify(each).subject)
            except Unauthorized:
                continue
        return found

    assert accepted() == {"old"}
    path.write_text(json.dumps(jwks(old, new)), encoding="utf-8")
    await eventually(lambda: accepted() == {"old", "new"})
    path.write_text(json.dumps(jwks(new)), encoding="utf-8")
    await eventually(lambda: accepted() == {"new"})


def test_file_in_exchange_leaves_the_known_keys(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(jwks(KEY)), encoding="utf-8")
    keys = Keys(path)
    keys.verify(token())
    for damage in ('{"keys": [', "", "{}", "[]", "null", '{"keys": [{"kty": "what"}]}', None):
        if damage is None:
            path.unlink()
        else:
            path.write_text(damage, encoding="utf-8")
        keys._checked = 0.0  # the second after which the file is looked at again
        assert keys.verify(token(subject=f"after {damage}")).subject == f"after {damage}"


@pytest.mark.parametrize("source", [None, "missing"])
def test_without_keys_no_token_is_accepted(source: str | None, tmp_path: Path) -> None:
    keys = Keys(tmp_path / source if source else None)
    with pytest.raises(Unauthorized, match="GONGPING_KEYS"):
        keys.verify(token())
    assert keys.principal_of(None) is PUBLIC


def test_cache_of_tokens_is_bounded(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.auth._CACHE_SIZE", 3)
    for number in range(5):
        keys.verify(token(subject=str(number)))
    assert [principal.subject for principal, _ in keys._cache.values()] == ["2", "3", "4"]


def test_authorization_header(keys: Keys) -> None:
    assert keys.principal_of(None) is PUBLIC
    assert keys.principal_of("") is PUBLIC
    assert keys.principal_of(f"bearer  {token()}").subject == "client"
    for header in ("Bearer", "Bearer ", token(), f"Basic {token()}"):
        with pytest.raises(Unauthorized):
            keys.principal_of(header)


@pytest.fixture
async def web() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.state.keys = Keys(jwks(KEY))
    problems.install(app)

    @app.get("/closed")
    async def closed(principal: Annotated[Principal, allow("finance", "auditor")]) -> str:
        return principal.subject

    @app.get("/open")
    async def opened(principal: Annotated[Principal, allow("finance", "public")]) -> str:
        return principal.subject

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        yield client


@pytest.mark.parametrize(
    ("path", "given", "status", "slug"),
    [
        ("/closed", None, 401, "unauthorized"),
        ("/closed", {"roles": ["provider"]}, 403, "forbidden"),
        ("/closed", {"roles": []}, 403, "forbidden"),
        ("/closed", {"roles": ["public"]}, 403, "forbidden"),
        ("/closed", {"roles": ["provider", "auditor"]}, 200, None),
        ("/closed", {"key": FOREIGN}, 401, "unauthorized"),
        ("/open", None, 200, None),
        ("/open", {"roles": ["provider"]}, 403, "forbidden"),
        ("/open", {"key": FOREIGN}, 401, "unauthorized"),
    ],
)
async def test_roles_decide_who_passes(
    web: httpx.AsyncClient, path: str, given: dict[str, Any] | None, status: int, slug: str | None
) -> None:
    headers = {} if given is None else {"Authorization": f"Bearer {token(**given)}"}
    answer = await web.get(path, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers.get("www-authenticate") == ('Bearer realm="gongping"' if status == 401 else None)
    if slug is not None:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == f"/problems/{slug}"
    else:
        assert answer.json() == ("public" if given is None else "client")


def scoped(*regions: str) -> Principal:
    return Principal("client", frozenset(), regions)


@pytest.mark.parametrize(
    ("region", "scope"),
    [
        ("CN", "CN"),
        ("CN-230000", "CN-23"),
        ("CN-230100", "CN-2301"),
        ("CN-230102", "CN-230102"),
        ("CN-23", "CN-23"),
        ("CN-000000", "CN"),
        ("XK-0", "XK-0"),
        ("XK-00", "XK-00"),  # only the Chinese code marks a level by zeros
        ("ZZ-0", "ZZ-0"),
        ("*", "*"),
    ],
)
def test_scope_is_a_prefix(region: str, scope: str) -> None:
    assert normalise_scope(region) == scope


@pytest.mark.parametrize(
    ("scope", "seen", "unseen"),
    [
        (["*"], ["CN-230102", "XK-0", "ZZ-0"], []),
        ([], [], ["CN-230102", "XK-0", "ZZ-0", ""]),
        ([""], [], ["CN-230102", "XK-0", "ZZ-0"]),
        (["CN"], ["CN-230102", "CN-110000"], ["XK-0", "ZZ-0", "CNX-1"]),
        (["CN-230000"], ["CN-230102", "CN-230000"], ["CN-220102"]),
        (["CN-2301"], ["CN-230102", "CN-230100"], ["CN-230202", "CN-230000"]),
        (["CN-230102"], ["CN-230102"], ["CN-230103", "CN-230100"]),
        (["XK-0", "ZZ"], ["XK-0", "ZZ-0"], ["CN-230102"]),
        (["CN-23%", "CN-2_"], ["CN-23%0", "CN-2_1"], ["CN-230102", "CN-210000"]),
    ],
)
def test_scope_covers(scope: list[str], seen: list[str], unseen: list[str]) -> None:
    principal = scoped(*scope)
    assert [region for region in seen + unseen if principal.may_see(region)] == seen


def test_naming_a_foreign_region_is_refused() -> None:
    require_region(scoped("CN-23"), "CN-230102")
    require_region(SYSTEM, "ZZ-0")
    for principal, said in ((scoped("CN-23"), "CN-23"), (scoped(), "none")):
        with pytest.raises(Forbidden, match=said) as refusal:
            require_region(principal, "XK-0")
        assert refusal.value.members == {"region": "XK-0"}


REGIONS = [
    "CN-230102",
    "CN-230103",
    "CN-230202",
    "CN-220102",
    "CN-230000",
    "CN-2301",
    "CN-23",
    "CN",
    "CN-",
    "CNX-1",
    "XK-0",
    "XK-00",
    "XK-xx",
    "ZZ-0",
    "ZZ",
    "*",
    "-",
    "%",
    "_",
]
texts = st.sampled_from(REGIONS) | st.text("CNXK-0123%_\\*", max_size=9)


@example("CN-000000", "CN-230102")
@example("CN-0", "CN-000000")
@given(texts, texts)
def test_normalising_is_stable_and_covers_the_region_itself(scope: str, region: str) -> None:
    once = normalise_scope(scope)
    assert normalise_scope(once) == once
    assert scoped(scope).may_see(region) == scoped(once).may_see(region)
    if scope.count("-") == 1 and not scope.endswith("-"):
        assert scoped(scope).may_see(scope)
    # A wider scope never sees less.
    if scoped(scope).may_see(region):
        assert scoped(scope, "ZZ-0").may_see(region)


async def test_database_sees_what_the_principal_sees(servers: Servers) -> None:
    """`may_see` and the patterns for LIKE are two ways to say the same."""
    drawn: list[tuple[list[str], list[str]]] = []

    @settings(max_examples=60, deadline=None, database=None)
    @given(st.lists(texts, max_size=3), st.lists(texts, min_size=1, max_size=12))
    def draw(scope: list[str], regions: list[str]) -> None:
        drawn.append((scope, [*regions, *REGIONS]))

    await asyncio.to_thread(draw)
    connection = await asyncpg.connect(servers.postgres_url)
    try:
        for scope, regions in drawn:
            principal = scoped(*scope)
            if not principal.unlimited:
                assert await liked(connection, regions, principal.patterns) == [
                    region for region in regions if principal.may_see(region)
                ]
    finally:
        await connection.close()
    assert len(drawn) > 20


async def liked(connection: "asyncpg.Connection[Any]", regions: Sequence[str], patterns: Sequence[str]) -> list[str]:
    rows = await connection.fetch(
        "SELECT region FROM unnest($1::text[]) WITH ORDINALITY AS t(region, n) WHERE region LIKE ANY($2::text[]) ORDER BY n",
        list(regions),
        list(patterns),
    )
    return [row["region"] for row in rows]
