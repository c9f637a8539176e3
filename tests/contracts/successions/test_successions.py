"""Succession: open contracts move, ended ones stay, the track record follows by decision only."""

import asyncio
from typing import Any

from contracts.organisations.uscc import inner_check, outer_check
from contracts.snapshot import snapshot
from shared.events import ContractUpdated, OrganisationRecorded

Json = dict[str, Any]
DATED = {"effective_on": "2025-06-30", "document": "simulated-1"}
USCC = "91110000600037341L"


def another_code() -> str:
    body = "91230102MA1C2D3E" + inner_check("MA1C2D3E")
    return body + outer_check(body)


async def succeed(contracts: Any, organisation: str, *, expect: int = 201, **body: Any) -> Json:
    answer: Json = await contracts.post(f"/organisations/{organisation}/successions", DATED | body, expect=expect)
    return answer


async def refused(contracts: Any, organisation: str, slug: str, *, status: int = 409, **body: Any) -> Json:
    path = f"/organisations/{organisation}/successions"
    problem: Json = await contracts.refused("POST", path, DATED | body, status=status, slug=slug)
    return problem


async def test_name_and_code_change_and_the_organisation_stays(contracts: Any) -> None:
    one = await contracts.organisation("provider", name="旧名", uscc=USCC, external_id={"source": "hlj", "id": "1"})
    other = await contracts.organisation("provider")
    await succeed(contracts, one, kind="rename", name="新名")
    await refused(contracts, one, "succession-unsound", kind="rename", name="新名")
    await refused(contracts, one, "succession-unsound", kind="rename", name="更新", effective_on="2999-01-01")
    changed = await succeed(contracts, one, kind="codeChange", uscc=another_code())
    assert (changed["before"], changed["after"]) == ({"uscc": USCC}, {"uscc": another_code()})
    # Nobody else takes the former code, and neither does it come back.
    for organisation, code in ((other, USCC), (other, another_code()), (one, USCC)):
        await refused(contracts, organisation, "succession-unsound", kind="codeChange", uscc=code)
    await contracts.refused(
        "POST",
        f"/organisations/{other}/successions",
        {"kind": "codeChange"} | DATED | {"uscc": "1" * 18},
        status=422,
        slug="malformed",
    )
    for code in (USCC, another_code()):
        assert [each["id"] for each in (await contracts.get(f"/organisations?uscc={code}"))["items"]] == [one]
    # A file of the past that names it by the former code finds it and changes nothing.
    item = {
        "name": "新名",
        "roles": ["provider"],
        "uscc": USCC,
        "external_id": {"source": "hlj", "id": "1"},
        "simulated": True,
    }
    answer = await contracts.post(
        "/organisations:bulk", {"items": [item, item | {"external_id": {"source": "x", "id": "9"}}]}
    )
    assert [each["outcome"] for each in answer["items"]] == ["unchanged", "unchanged"]
    assert {each["id"] for each in answer["items"]} == {one}
    shown = await contracts.get(f"/organisations/{one}")
    assert (shown["name"], shown["uscc"], shown["version"], shown["status"]) == ("新名", another_code(), 3, "active")
    record = await contracts.get(f"/organisations/{one}/record")
    assert (record["former_names"], record["former_codes"], record["undecided"]) == (["旧名"], [USCC], [])
    stale = {"If-Match": '"1"'}
    body = DATED | {"kind": "rename", "name": "x"}
    await contracts.refused(
        "POST", f"/organisations/{one}/successions", body, status=412, slug="stale-version", headers=stale
    )


async def test_a_merger_moves_open_contracts_and_leaves_the_ended_ones(contracts: Any) -> None:
    old, also, new = [await contracts.organisation("provider") for _ in range(3)]
    bureau, joint = await contracts.organisation("purchaser"), await contracts.organisation("purchaser")
    ended = await contracts.completed(provider_id=old, purchaser_id=bureau)
    running = await contracts.active(provider_id=old, purchaser_id=bureau)
    drafted = await contracts.draft(provider_id=also, purchaser_id=bureau, region="CN-310101")

    narrow = contracts.client.as_("finance", regions=["CN-23"])
    path, body = f"/organisations/{old}/successions", DATED | {"kind": "merger", "others": [also], "successor_id": new}
    problem = await contracts.refused("POST", path, body, status=403, slug="contracts-outside-scope", client=narrow)
    assert problem["contracts"] == 1
    await refused(contracts, old, "succession-unsound", kind="merger", successor_id=old)
    await refused(contracts, old, "succession-unsound", kind="merger", others=[new], successor_id=new)
    unknown = "01900000-0000-7000-8000-000000000000"
    await refused(contracts, old, "succession-unsound", kind="merger", successor_id=unknown)
    await refused(contracts, unknown, "organisation-not-found", status=404, kind="merger", successor_id=new)
    contracts.client.app.state.settings.max_succession_contracts = 1
    await refused(contracts, old, "too-large", status=413, kind="merger", others=[also], successor_id=new)
    contracts.client.app.state.settings.max_succession_contracts = 10

    told = len(await contracts.emitted(ContractUpdated))
    merged = await succeed(contracts, old, kind="merger", others=[also], successor_id=new)
    assert (merged["moved_contracts"], merged["successors"]) == (2, [new])
    assert set(merged["predecessors"]) == {old, also}
    for contract, provider in ((ended, old), (running, new), (drafted, new)):
        shown = await contracts.get(f"/contracts/{contract['contract_id']}")
        assert shown["provider"]["organisation_id"] == provider
        assert shown["version"] == contract["version"] + (0 if contract is ended else 1)
    events = (await contracts.emitted(ContractUpdated))[told:]
    assert [event.data["provider"]["organisation_id"] for event in events] == [new, new]
    history = await contracts.get(f"/contracts/{running['contract_id']}/history")
    assert history["items"][-1]["action"] == "contract.party_succeeded"
    assert history["items"][-1]["fields"]["provider"] == {"from": old, "to": new}

    gone = await contracts.get(f"/organisations/{old}")
    assert (gone["status"], gone["ended_on"], gone["succeeded_by"]) == ("succeeded", "2025-06-30", [new])
    last = {event.subject: event.data for event in await contracts.emitted(OrganisationRecorded)}
    assert (last[old]["status"], last[old]["succeeded_by"]) == ("succeeded", [new])
    problem = await contracts.refused(
        "POST",
        "/contracts",
        await contracts.terms(provider_id=old, purchaser_id=bureau),
        status=409,
        slug="organisation-ended",
    )
    assert problem["succeeded_by"] == [new]
    await refused(contracts, old, "succession-unsound", kind="rename", name="x")

    # The purchaser too: its successor gets the role that it lacks, and acts in the contract from now on.
    provider = await contracts.organisation("provider")
    await succeed(contracts, bureau, kind="merger", successor_id=provider)
    assert (await contracts.get(f"/organisations/{provider}"))["roles"] == ["provider", "purchaser"]
    acts = contracts.client.as_("purchaser", organisation=provider)
    answer = await acts.post(f"/v1/contracts/{running['contract_id']}/suspend", json={"reason": "x"})
    assert answer.status_code == 200, answer.text
    lost = contracts.client.as_("purchaser", organisation=bureau)
    answer = await lost.post(f"/v1/contracts/{running['contract_id']}/resume")
    assert answer.json()["type"] == "/problems/not-a-party"
    assert joint

    # The snapshot tells a new listener the same.
    async with contracts.database.reading() as session:
        taken = [data async for data, _, _ in snapshot(session) if isinstance(data, OrganisationRecorded)]
    last = {event.subject: event.data for event in await contracts.emitted(OrganisationRecorded)}
    assert {str(data.organisation_id): data.model_dump(mode="json") for data in taken} == last


async def test_a_contract_that_is_drafted_meanwhile_is_moved_or_refused(contracts: Any) -> None:
    new = await contracts.organisation("provider")
    for _ in range(6):
        old = await contracts.organisation("provider")
        terms = await contracts.terms(provider_id=old)
        path, merger = f"/v1/organisations/{old}/successions", DATED | {"kind": "merger", "successor_id": new}
        drafted, merged = await asyncio.gather(
            contracts.staff.post("/v1/contracts", json=terms), contracts.staff.post(path, json=merger)
        )
        assert merged.status_code == 201, merged.text
        if drafted.status_code == 201:
            shown = await contracts.get(f"/contracts/{drafted.json()['contract_id']}")
            assert shown["provider"]["organisation_id"] == new
        else:
            assert drafted.json()["type"] == "/problems/organisation-ended", drafted.text


async def test_the_track_record_follows_by_decision_through_any_number_of_steps(contracts: Any) -> None:
    first, second, third = [await contracts.organisation("provider") for _ in range(3)]
    await contracts.completed(provider_id=first)
    await contracts.active(provider_id=second)
    step = await succeed(contracts, first, kind="merger", successor_id=second)
    last = await succeed(contracts, second, kind="merger", successor_id=third)
    record = await contracts.get(f"/organisations/{third}/record")
    assert (record["own"]["contracts"], record["inherited"], record["undecided"]) == (1, [], [second])

    async def decide(predecessor: str, succession: Json, **body: Any) -> Json:
        path = f"/organisations/{predecessor}/successions/{succession['id']}/track-record"
        answer: Json = await contracts.post(path, {"reason": "同一法人", "document": "simulated-2"} | body)
        return answer

    path = f"/organisations/{third}/successions/{last['id']}/track-record"
    wrong = {"successor_id": second, "carries": True, "reason": "x", "document": "x"}
    await contracts.refused("POST", path, wrong, status=409, slug="succession-unsound")
    await contracts.refused("POST", path.replace(last["id"], first), wrong, status=404, slug="succession-not-found")
    await decide(first, step, successor_id=second, carries=True)
    decided = await decide(second, last, successor_id=third, carries=True)
    assert [each["carries"] for each in decided["decisions"]] == [True]
    record = await contracts.get(f"/organisations/{third}/record")
    assert [part["organisation_id"] for part in record["inherited"]] == [second, first]
    assert [part["contracts"] for part in record["inherited"]] == [0, 1]
    assert record["undecided"] == []
    await decide(second, last, successor_id=third, carries=False)
    record = await contracts.get(f"/organisations/{third}/record")
    assert (record["inherited"], record["undecided"]) == ([], [])
    listed = (await contracts.get(f"/organisations/{third}/successions"))["items"]
    assert [each["carries"] for each in listed[0]["decisions"]] == [True, False]
    assert (await contracts.get(f"/organisations/{third}"))["record_from"] == []


async def test_a_split_assigns_each_open_contract_and_a_dissolution_leaves_none(contracts: Any) -> None:
    whole, left, right = [await contracts.organisation("provider") for _ in range(3)]
    one, two = [await contracts.active(provider_id=whole) for _ in range(2)]
    first = {"contract_id": one["contract_id"], "to": left}
    split: Json = {"kind": "split", "successors": [left, right]}
    problem = await refused(contracts, whole, "open-contracts-left", **split, assignments=[first])
    assert problem["contracts"] == [two["contract_id"]]
    strange = await contracts.organisation("provider")
    await refused(contracts, whole, "succession-unsound", **split, remaining_to=strange)
    await refused(contracts, whole, "succession-unsound", **split, remaining_to=whole)
    await refused(contracts, whole, "succession-unsound", kind="split", successors=[whole])
    await refused(
        contracts, whole, "succession-unsound", **split, assignments=[first | {"contract_id": whole}], remaining_to=left
    )
    # It survives beside what comes of it: what is not assigned stays.
    derived = await succeed(contracts, whole, kind="split", successors=[left], survives=True, assignments=[first])
    assert derived["moved_contracts"] == 1
    assert (await contracts.get(f"/organisations/{whole}"))["status"] == "active"

    problem = await refused(contracts, whole, "open-contracts-left", kind="dissolution")
    assert problem["contracts"] == [two["contract_id"]]
    await succeed(contracts, whole, kind="dissolution", successor_id=right)
    gone = await contracts.get(f"/organisations/{whole}")
    assert (gone["status"], gone["succeeded_by"]) == ("dissolved", [right])
    await succeed(contracts, strange, kind="dissolution")
    providers = [
        (await contracts.get(f"/contracts/{contract['contract_id']}"))["provider"]["organisation_id"]
        for contract in (one, two)
    ]
    assert providers == [left, right]
