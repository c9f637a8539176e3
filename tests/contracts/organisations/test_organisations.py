"""Organisations over HTTP: recorded once, found by code and external id, brought up to date in bulk."""

from typing import Any

from shared.events import OrganisationRecorded

USCC = "91110000600037341L"
ORGAN = {"name": "某市民政局", "roles": ["purchaser"], "seat": "CN-230100"}


async def test_an_organisation_is_recorded_and_announced(contracts: Any) -> None:
    body = {"name": "某公司", "roles": ["provider"], "uscc": USCC, "external_id": {"source": "hlj", "id": "1"}}
    answer = await contracts.staff.post("/v1/organisations", json=body)
    assert answer.status_code == 201
    recorded = answer.json()
    assert answer.headers["location"] == f"/v1/organisations/{recorded['id']}"
    assert answer.headers["etag"] == '"1"'
    assert recorded["kind"] == "enterprise (企业)"
    assert recorded["external_ids"] == [{"source": "hlj", "id": "1"}]
    shown = await contracts.client.anonymous.get(f"/v1/organisations/{recorded['id']}")
    assert shown.json() == recorded
    (event,) = await contracts.emitted(OrganisationRecorded)
    assert event.data["organisation_id"] == recorded["id"]
    assert event.data["uscc"] == USCC
    assert event.region == "CN-00"


async def test_the_seat_is_kept_in_its_canonical_form(contracts: Any) -> None:
    assert (await contracts.post("/organisations", ORGAN, expect=201))["seat"] == "CN-2301"


async def test_a_known_code_or_external_id_conflicts_and_names_the_organisation(contracts: Any) -> None:
    first = await contracts.organisation("provider", uscc=USCC, external_id={"source": "hlj", "id": "1"})
    for body in ({"uscc": USCC}, {"external_id": {"source": "hlj", "id": "1"}}):
        problem = await contracts.refused(
            "POST", "/organisations", ORGAN | body, status=409, slug="organisation-already-recorded"
        )
        assert problem["organisation_id"] == first
    assert len(await contracts.emitted(OrganisationRecorded)) == 1


async def test_doubtful_organisations_are_recorded_with_warnings(contracts: Any) -> None:
    recorded = await contracts.post("/organisations", ORGAN | {"uscc": USCC, "seat": "CN-371202"}, expect=201)
    assert [warning["code"] for warning in recorded["warnings"]] == ["role-unusual", "division-retired"]


async def test_malformed_organisations_are_refused_with_the_place(contracts: Any) -> None:
    changes: dict[str, Any] = {
        "/uscc": {"uscc": "91110000600037341M"},
        "/roles": {"roles": []},
        "/roles/0": {"roles": ["king"]},
        "/name": {"name": ""},
        "/seat": {"seat": "CN-99"},
        "/simulated": {"simulated": 0},
        "/nickname": {"nickname": "x"},
        "/external_id/id": {"external_id": {"source": "a"}},
    }
    for pointer, change in changes.items():
        assert await contracts.pointers("POST", "/organisations", ORGAN | change) == {pointer}
    assert await contracts.emitted() == []


async def test_bulk_upsert_answers_per_item(contracts: Any) -> None:
    await contracts.organisation("purchaser", uscc=USCC)
    items = [
        ORGAN | {"external_id": {"source": "hlj", "id": "1"}},
        ORGAN | {"external_id": {"source": "hlj", "id": "2"}, "uscc": USCC, "roles": ["provider"]},
        ORGAN | {"external_id": {"source": "hlj", "id": "1"}, "roles": ["evaluator"]},
    ]
    first = await contracts.post("/organisations:bulk", {"items": items})
    assert [item["outcome"] for item in first["items"]] == ["created", "updated", "updated"]
    assert (first["created"], first["updated"], first["failed"]) == (1, 2, 0)
    again = await contracts.post("/organisations:bulk", {"items": items[1:]})
    assert (again["unchanged"], again["updated"]) == (2, 0)
    shown = await contracts.get(f"/organisations/{first['items'][0]['id']}")
    assert shown["roles"] == ["evaluator", "purchaser"]
    assert shown["version"] == 2


async def test_a_failed_item_leaves_nothing_behind_and_does_not_stop_the_others(contracts: Any) -> None:
    await contracts.organisation("provider", uscc=USCC, external_id={"source": "hlj", "id": "1"})
    other = "91110000802100433B"
    items = [
        ORGAN | {"external_id": {"source": "hlj", "id": "1"}, "uscc": other, "name": "另一个"},
        ORGAN | {"external_id": {"source": "hlj", "id": "2"}},
    ]
    answer = await contracts.post("/organisations:bulk", {"items": items})
    assert [item["outcome"] for item in answer["items"]] == ["failed", "created"]
    assert answer["items"][0]["problem"]["type"] == "/problems/organisation-already-recorded"
    assert len(await contracts.emitted(OrganisationRecorded)) == 2


async def test_a_code_of_another_organisation_is_not_taken(contracts: Any) -> None:
    holder = await contracts.organisation("provider", uscc=USCC)
    await contracts.organisation("purchaser", external_id={"source": "hlj", "id": "1"})
    item = ORGAN | {"external_id": {"source": "hlj", "id": "1"}, "uscc": USCC}
    answer = await contracts.post("/organisations:bulk", {"items": [item]})
    assert answer["items"][0]["problem"]["organisation_id"] == holder


async def test_lists_are_filtered_and_paged(contracts: Any) -> None:
    ids = [await contracts.organisation("provider") for _ in range(3)]
    await contracts.organisation("purchaser", uscc=USCC, external_id={"source": "hlj", "id": "9"})
    page = await contracts.get("/organisations?role=provider&limit=2")
    assert [item["id"] for item in page["items"]] == ids[:2]
    rest = await contracts.staff.get(
        "/v1/organisations", params={"role": "provider", "limit": 2, "cursor": page["next"]}
    )
    assert [item["id"] for item in rest.json()["items"]] == ids[2:]
    assert rest.json()["next"] is None
    assert len((await contracts.get(f"/organisations?uscc={USCC}"))["items"]) == 1
    assert len((await contracts.get("/organisations?source=hlj&external_id=9"))["items"]) == 1
    assert (await contracts.get("/organisations?source=hlj&external_id=8"))["items"] == []


async def test_a_cursor_of_another_list_is_refused(contracts: Any) -> None:
    for cursor in ("WzFd", "W10", "nonsense!", "eyJhIjoxfQ"):
        await contracts.refused("GET", f"/organisations?cursor={cursor}", status=422, slug="malformed")


async def test_an_unknown_organisation_is_not_found(contracts: Any) -> None:
    path = "/organisations/01900000-0000-7000-8000-000000000000"
    await contracts.refused("GET", path, status=404, slug="organisation-not-found")
    answer = await contracts.staff.get("/v1/organisations/none")
    assert answer.status_code == 422
