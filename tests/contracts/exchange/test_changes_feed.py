"""The changes feed: nothing is lost or told twice, whatever order the transactions end in."""

from typing import Any

import pytest
from sqlalchemy import text

from contracts.exchange.service import keep_imported_releases
from shared.db import Database
from shared.pagination import decode_cursor, encode_cursor

Json = dict[str, Any]


async def feed(client: Any, query: str = "") -> Json:
    answer = await client.get(f"/v1/changes?{query}")
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


def told(page: Json) -> list[tuple[str, str, str]]:
    return [(item["contract_id"], item["noun"], item["state"]) for item in page["items"]]


async def test_a_late_commit_is_not_lost_and_equal_times_are_kept_apart(contracts: Any) -> None:
    one, two = await contracts.active(), await contracts.active()
    staff = contracts.staff
    before = await feed(staff)
    offset = before["next_page"]["offset"]
    write = text(
        "UPDATE contracts SET version = version + 1, title = :title, updated_at = '2030-01-01Z' WHERE id = :id"
    )
    database = Database(contracts.database.url)
    try:
        async with database.engine.connect() as slow, database.engine.connect() as fast:
            await slow.execute(write, {"title": "slow", "id": one["contract_id"]})
            await fast.execute(write, {"title": "fast", "id": two["contract_id"]})
            await fast.commit()
            waiting = await feed(staff, f"offset={offset}")
            assert told(waiting) == []
            assert waiting["next_page"]["offset"] == offset
            assert told(await feed(staff, "descending=true&limit=1")) == told(before)[-1:]
            await slow.commit()
        first = await feed(staff, f"offset={offset}&limit=1")
        second = await feed(staff, f"offset={first['next_page']['offset']}&limit=1")
        assert first["more"] is True
        assert second["more"] is False
        assert [first["items"][0]["contract_id"], second["items"][0]["contract_id"]] == [
            one["contract_id"],
            two["contract_id"],
        ]
        assert first["items"][0]["changed_at"] == second["items"][0]["changed_at"]
        async with database.engine.connect() as connection:
            with pytest.raises(Exception, match="append-only"):
                await connection.execute(text("DELETE FROM contract_changes"))
    finally:
        await database.dispose()


async def test_copying_everything_and_following(contracts: Any) -> None:
    active = await contracts.active()
    await contracts.report_milestones(active)
    pending, draft = await contracts.pending(), await contracts.draft()
    cancelled = await contracts.pending()
    await contracts.post(f"/contracts/{cancelled['contract_id']}/cancel", {"reason": "x"})
    staff, public = contracts.staff, contracts.client.anonymous
    everything = told(await feed(staff))
    assert everything == [
        (active["contract_id"], "contract", "pending"),
        (active["contract_id"], "contract", "active"),
        *[(active["contract_id"], "milestone", "active")] * 3,
        (pending["contract_id"], "contract", "pending"),
        (cancelled["contract_id"], "contract", "pending"),
        (cancelled["contract_id"], "contract", "cancelled"),
    ]
    assert draft["contract_id"] not in {contract for contract, *_ in everything}
    history, page = [], await feed(staff, "descending=true&limit=3&size=true")
    newest, size = page["prev_page"], page["size"]
    assert (size["changes"], size["contracts"]) == (8, 3)
    history += told(page)
    while page["more"]:
        page = (await staff.get(page["next_page"]["path"])).json()
        assert page["size"] is None
        history += told(page)
    assert history == everything[::-1]
    assert told((await staff.get(newest["path"])).json()) == []
    await contracts.post(f"/contracts/{active['contract_id']}/suspend", {"reason": "x"})
    assert told((await staff.get(newest["path"])).json()) == [(active["contract_id"], "contract", "suspended")]
    latest = told(await feed(staff, "latest=true"))
    assert latest == [
        (pending["contract_id"], "contract", "pending"),
        (cancelled["contract_id"], "contract", "cancelled"),
        (active["contract_id"], "contract", "suspended"),
    ]

    published = [one for one in told(await feed(staff)) if one[2] in ("active", "suspended")]
    assert told(await feed(public)) == published
    assert told(await feed(contracts.client.as_("auditor", regions=["CN-31"]))) == published
    assert (await feed(public, "size=true"))["size"]["contracts"] == 1
    assert told(await feed(public, "region=CN-31")) == []
    assert told(await feed(public, "region=CN-23")) == published
    empty = await feed(public, "region=XK&descending=true")
    assert told((await public.get(empty["prev_page"]["path"])).json()) == []

    for bad in ("offset=x", f"offset={encode_cursor(1, 2)}", "limit=0", "region=%25", "limit=1001"):
        await contracts.refused("GET", f"/changes?{bad}", status=422, slug="malformed")
    restored = encode_cursor(1, 2**60, 1)
    await contracts.refused("GET", f"/changes?offset={restored}", status=409, slug="feed-starts-anew")
    await contracts.refused("GET", f"/ocds/releases?cursor={restored}", status=409, slug="feed-starts-anew")


async def test_after_a_restore_only_what_was_kept_is_gone_on_with(contracts: Any) -> None:
    first = await contracts.active()
    staff = contracts.client.as_("auditor")
    page = await feed(staff)
    seen = page["next_page"]["offset"]
    epoch, xid, n = decode_cursor(seen)
    async with contracts.database.transaction() as session:
        await session.execute(text("UPDATE relay_state SET epoch = epoch + 1, last_seq = 0"))
    second = await contracts.active()
    new = told((await staff.get(f"/v1/changes?offset={seen}")).json())
    assert {contract for contract, _, _ in new} == {second["contract_id"]} != {first["contract_id"]}
    lost = encode_cursor(epoch, xid, n + 1)
    await contracts.refused("GET", f"/changes?offset={lost}", status=409, slug="feed-starts-anew")
    await contracts.refused("GET", f"/ocds/releases?cursor={lost}", status=409, slug="feed-starts-anew")


async def test_the_same_release_is_kept_once(contracts: Any) -> None:
    contract = await contracts.active()
    parts = [(contract["contract_id"], "c")]
    async with contracts.database.transaction() as session:
        assert await keep_imported_releases(session, [({"id": "1"}, "ocds-test01-1", parts)]) == 1
        assert await keep_imported_releases(session, [({"id": "1"}, "ocds-test01-1", parts)]) == 0
        assert await keep_imported_releases(session, [({"id": "1", "a": 1}, "ocds-test01-1", parts)]) == 1
        kept = await session.execute(text("SELECT published_id FROM imported_releases ORDER BY recorded_at, id"))
        first, second = kept.scalars()
    assert first == "1"
    assert second.startswith("1-")
