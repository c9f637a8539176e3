from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from tests.gateway.tools import Gateway, run_gateway

from gateway.clients.schemas import ClientIn
from gateway.clients.secrets import verify_secret
from gateway.clients.service import ensure_client
from shared.auth import SYSTEM

BODY = {"name": "Harbin finance bureau", "roles": ["purchaser"], "regions": ["CN-2301"]}


@pytest.fixture
async def gateway(database_url: str) -> AsyncIterator[Gateway]:
    async with run_gateway(database_url, revocation_poll_seconds=3600) as running:
        yield running


async def test_a_client_is_created_with_a_secret_that_is_shown_once(gateway: Gateway) -> None:
    async with gateway.client("operator") as operator:
        answer = await operator.post("/v1/clients", json=BODY | {"regions": ["CN-230000", "CN-2201", "CN-2201"]})
        assert answer.status_code == 201
        created = answer.json()
        read = await operator.get(answer.headers["location"])
    assert answer.headers["cache-control"] == "no-store"
    assert created["regions"] == ["CN-2201", "CN-23"]
    assert created["enabled"] is True
    assert read.json() == {key: value for key, value in created.items() if key != "client_secret"}
    async with gateway.database.reading() as session:
        stored = (await session.execute(text("SELECT * FROM client"))).one()
    assert created["client_secret"] not in str(tuple(stored))
    assert stored.secret_hash.startswith("$argon2id$")
    assert verify_secret(stored.secret_hash, created["client_secret"])


async def test_every_write_has_its_audit_row(gateway: Gateway) -> None:
    async with gateway.client("operator", subject="op-1") as operator:
        created = (await operator.post("/v1/clients", json=BODY)).json()
        await operator.post(f"/v1/clients/{created['id']}/disable")
        await operator.post(f"/v1/clients/{created['id']}/disable")
        await operator.post(f"/v1/clients/{created['id']}/enable")
        await operator.post(f"/v1/clients/{created['id']}/enable")
    async with gateway.database.reading() as session:
        rows = (await session.execute(text("SELECT subject, action, noun_id, fields FROM audit ORDER BY n"))).all()
    assert [(row.subject, row.action) for row in rows] == [
        ("op-1", "client.created"),
        ("op-1", "client.disabled"),
        ("op-1", "client.enabled"),
    ]
    assert {row.noun_id for row in rows} == {created["id"]}
    assert created["client_secret"] not in str(rows)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": None}, "/name"),
        ({"roles": []}, "/roles"),
        ({"roles": ["public"]}, "/roles/0"),
        ({"roles": ["king"]}, "/roles/0"),
        ({"regions": []}, "/regions"),
        ({"regions": ["Harbin"]}, "/regions/0"),
        ({"regions": ["CN-%"]}, "/regions/0"),
        ({"organisation": "x"}, "/organisation"),
        ({"secret": "mine"}, "/secret"),
    ],
)
async def test_a_malformed_client_is_refused_with_the_fields_path(
    gateway: Gateway, change: dict[str, object], pointer: str
) -> None:
    async with gateway.client("operator") as operator:
        answer = await operator.post("/v1/clients", json=BODY | change)
        assert answer.status_code == 422
        assert pointer in [error["pointer"] for error in answer.json()["errors"]]
        assert (await operator.get("/v1/clients")).json() == {"items": [], "next": None}


async def test_a_name_is_given_once(gateway: Gateway) -> None:
    async with gateway.client("operator") as operator:
        first = await operator.post("/v1/clients", json=BODY)
        second = await operator.post("/v1/clients", json=BODY)
    assert second.status_code == 409
    assert second.json()["type"] == "/problems/client-already-exists"
    assert second.json()["client_id"] == first.json()["id"]


async def test_a_secret_is_never_kept_for_an_idempotency_key(gateway: Gateway) -> None:
    async with gateway.client("operator", headers={"Idempotency-Key": "k1"}) as operator:
        answer = await operator.post("/v1/clients", json=BODY)
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/secret-not-repeatable"
    async with gateway.database.reading() as session:
        assert (await session.execute(text("SELECT count(*) FROM client"))).scalar_one() == 0
        assert (await session.execute(text("SELECT count(*) FROM idempotency"))).scalar_one() == 0


async def test_disabling_takes_the_access_away_with_the_answer(gateway: Gateway) -> None:
    async with gateway.client("operator") as operator:
        created = (await operator.post("/v1/clients", json=BODY | {"roles": ["operator"]})).json()
        async with gateway.client("operator", subject=created["id"], regions=["CN-2301"]) as caller:
            assert (await caller.get("/v1/clients")).status_code == 200
            disabled = await operator.post(f"/v1/clients/{created['id']}/disable")
            assert disabled.status_code == 200
            assert disabled.json()["enabled"] is False
            assert (await caller.get("/v1/clients")).status_code == 401
            enabled = await operator.post(f"/v1/clients/{created['id']}/enable")
            assert enabled.json()["enabled"] is True
            assert (await caller.get("/v1/clients")).status_code == 401  # its tokens are from before
    assert (disabled.json()["version"], enabled.json()["version"]) == (2, 3)


async def test_another_process_learns_of_it_from_the_database(gateway: Gateway) -> None:
    revocations = gateway.app.state.revocations
    async with gateway.client("operator") as operator:
        identity = (await operator.post("/v1/clients", json=BODY)).json()["id"]
    assert not revocations.covers(identity, 0)
    async with gateway.database.transaction() as session:  # as another process would
        await session.execute(text("UPDATE client SET enabled = false, tokens_not_before_at = now()"))
    await revocations.refresh(gateway.database)
    assert revocations.covers(identity, 2e12)
    async with gateway.database.transaction() as session:
        await session.execute(text("UPDATE client SET enabled = true, tokens_not_before_at = now()"))
    await revocations.refresh(gateway.database)
    assert revocations.covers(identity, 0)
    assert not revocations.covers(identity, 2e12)


async def test_pages_hold_every_visible_client_once(gateway: Gateway) -> None:
    scopes = ["*", "CN", "CN-23", "CN-2301", "CN-230102", "CN-44", "XK"]
    clients = {f"client of {scope}": [scope] for scope in scopes} | {"mixed": ["CN-2301", "CN-44"]}
    async with gateway.database.transaction() as session:  # not by the API: each would cost a hash
        for number, (name, regions) in enumerate(clients.items()):
            await session.execute(
                text(
                    "INSERT INTO client (id, name, roles, regions, secret_hash, enabled, version, created_at, updated_at) "
                    "VALUES (:id, :name, ARRAY['auditor'], :regions, '', true, 1, now(), now())"
                ),
                {"id": f"client-{number}", "name": name, "regions": regions},
            )
    mixed = f"client-{len(clients) - 1}"

    async def visible(*regions: str) -> set[str]:
        found: list[str] = []
        async with gateway.client("operator", regions=regions) as operator:
            url: str | None = "/v1/clients?limit=2"
            while url:
                answer = await operator.get(url)
                page = answer.json()
                assert len(page["items"]) <= 2
                found += [item["name"] for item in page["items"]]
                url = answer.links["next"]["url"] if page["next"] else None
                assert ("next" in answer.links) is bool(page["next"])
            seen = {name.removeprefix("client of ") for name in found}
            assert len(seen) == len(found)
            single = await operator.get(f"/v1/clients/{mixed}")
            assert (single.status_code == 200) is ("mixed" in seen)
            return seen

    assert await visible("*") == {*scopes, "mixed"}
    assert await visible("CN") == {"CN", "CN-23", "CN-2301", "CN-230102", "CN-44", "mixed"}
    assert await visible("CN-23") == {"CN-23", "CN-2301", "CN-230102"}
    assert await visible("CN-2301", "CN-44") == {"CN-2301", "CN-230102", "CN-44", "mixed"}
    assert await visible("ZZ-0") == set()


@pytest.mark.parametrize(
    ("own", "given", "status"),
    [
        (["CN-23"], ["CN-2301"], 201),
        (["CN-23"], ["CN-23"], 201),
        (["CN"], ["CN"], 201),
        (["CN"], ["CN-44"], 201),
        (["CN-23"], ["CN"], 403),
        (["CN-23"], ["*"], 403),
        (["CN-23"], ["CN-2301", "CN-44"], 403),
        (["CN"], ["*"], 403),
        (["CN"], ["XK"], 403),
        (["*"], ["*"], 201),
    ],
)
async def test_nobody_gives_away_more_than_his_own_scope(
    gateway: Gateway, own: list[str], given: list[str], status: int
) -> None:
    async with gateway.client("operator", regions=own) as operator:
        assert (await operator.post("/v1/clients", json=BODY | {"regions": given})).status_code == status


async def test_a_foreign_client_can_be_neither_read_nor_disabled(gateway: Gateway) -> None:
    async with gateway.client("operator") as operator:
        identity = (await operator.post("/v1/clients", json=BODY)).json()["id"]
        async with gateway.client("operator", regions=["CN-44"]) as foreign:
            for method, path in (("GET", ""), ("POST", "/disable"), ("POST", "/enable")):
                answer = await foreign.request(method, f"/v1/clients/{identity}{path}")
                assert (answer.status_code, answer.json()["type"]) == (404, "/problems/client-not-found")
        assert (await operator.get(f"/v1/clients/{identity}")).json()["enabled"] is True
        assert (await operator.post("/v1/clients/nobody/disable")).status_code == 404
        assert (await operator.get("/v1/clients/a%20b")).status_code == 422


async def test_a_wanted_client_is_brought_to_its_state_however_often(gateway: Gateway) -> None:
    wanted = ClientIn.model_validate(BODY).model_dump()

    async def ensure(secret: str, **changes: object) -> bool:
        async with gateway.database.transaction() as session:
            return await ensure_client(session, principal=SYSTEM, client_id="demo", secret=secret, **(wanted | changes))

    assert await ensure("the first secret")
    assert not await ensure("the first secret")
    assert await ensure("another secret")
    assert not await ensure("another secret")
    assert await ensure("another secret", roles=["auditor"])
    async with gateway.database.reading() as session:
        row = (await session.execute(text("SELECT * FROM client"))).one()
    assert (row.id, row.roles, row.version) == ("demo", ["auditor"], 3)
    assert verify_secret(row.secret_hash, "another secret")
    await gateway.app.state.revocations.refresh(gateway.database)
    assert gateway.app.state.revocations.covers("demo", 0)  # tokens with the roles from before are void
