"""Amendments and settlements of several parties: each member confirms for itself, as at the conclusion. Simulated."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import text
from tests.contracts.structure.conftest import members

from shared.events import AmendmentAgreed

Json = dict[str, Any]
SUPPLEMENT: Json = {
    "reason_code": "quantityAdjustment",
    "rationale": "增加服务对象（模拟）",
    "amended_on": "2025-03-01",
    "value": "126000.00",
}


async def joint(contracts: Any, structure: Callable[..., Any]) -> tuple[Json, list[tuple[str, str]]]:
    """A contract in force with two purchasers and two joint providers, and its parties as (side, organisation)."""
    draft = await contracts.draft()
    parties = [("purchaser", draft["purchaser"]["organisation_id"])]
    parties += [("provider", draft["provider"]["organisation_id"])]
    parties += [(side, await contracts.organisation(side)) for side in ("purchaser", "provider")]
    several = [
        member
        for side in ("purchaser", "provider")
        for member in members(side, [one for where, one in parties if where == side], ["60", "40"])
    ]
    await structure(draft, members=several)
    await contracts.post(f"/contracts/{draft['contract_id']}/submit")
    contract = await contracts.post(f"/contracts/{draft['contract_id']}/activate")
    return contract, parties


def waiting(answer: Json) -> set[tuple[str, str]]:
    return {(one["side"], one["organisation_id"]) for one in answer["agreement"]["waiting"]}


async def test_every_member_confirms_an_amendment(contracts: Any, structure: Callable[..., Any]) -> None:
    contract, parties = await joint(contracts, structure)
    path = f"/contracts/{contract['contract_id']}"
    dropped = await contracts.post(f"{path}/amendments", SUPPLEMENT, expect=201)
    assert waiting(dropped) == set(parties)
    named = {"side": "purchaser", "organisation_id": parties[0][1]}
    await contracts.post(f"{path}/amendments/{dropped['id']}/confirm", named)
    withdrawn = await contracts.post(f"{path}/amendments/{dropped['id']}/withdraw", {"reason": "x"})
    assert (withdrawn["agreement"]["given"][0]["ended_as"], waiting(withdrawn)) == ("lapsed", set())

    proposed = await contracts.post(f"{path}/amendments", SUPPLEMENT, expect=201)
    confirm = f"{path}/amendments/{proposed['id']}/confirm"
    # A system of the region that names a side only does not say for which of its members.
    unclear = await contracts.refused(
        "POST", confirm, {"side": "provider"}, status=409, slug="confirmation-party-unclear"
    )
    assert {one["organisation_id"] for one in unclear["parties"]} == {one for _, one in parties}
    left = set(parties)
    for number, (side, organisation) in enumerate(parties):
        client = contracts.client.as_(side, organisation=organisation, subject=f"party {number}")
        if number == 1:  # nobody confirms for another member
            other = {"organisation_id": parties[3][1]}
            await contracts.refused("POST", confirm, other, status=403, slug="not-a-party", client=client)
        answer = await client.post(f"/v1{confirm}")
        assert answer.status_code == 200, answer.text
        left.discard((side, organisation))
        assert waiting(answer.json()) == left
        assert answer.json()["state"] == ("inForce" if number == 3 else "proposed")
        if number < 3:
            await contracts.refused("POST", confirm, status=409, slug="amendment-already-confirmed", client=client)
            assert (await contracts.get(path))["value"] == "120000.00"
        if number == 2:
            assert (answer.json()["purchaser"]["by"], answer.json()["provider"]) == ("party 2", None)
    assert (await contracts.get(path))["value"] == "126000.00"
    assert len(await contracts.emitted(AmendmentAgreed)) == 1
    # The confirmations of the contract's own terms are another matter.
    assert (await contracts.get(f"{path}/confirmations"))["given"] == []
    async with contracts.database.reading() as session:
        hashes = await session.execute(text("SELECT DISTINCT terms_sha256 FROM contract_confirmations"))
        assert len(hashes.all()) == 2, "one for each of the two proposals"


async def test_every_member_confirms_a_settlement(contracts: Any, structure: Callable[..., Any]) -> None:
    contract, parties = await joint(contracts, structure)
    path = f"/contracts/{contract['contract_id']}"
    await contracts.post(f"{path}/terminate", {"reason": "x", "end_reason": "incomplete"})
    claim = {
        "ground": "providerDefault",
        "fault": "provider",
        "reason": "停止服务（模拟）",
        "damages_to_purchaser": "900.00",
    }
    proposed = await contracts.post(f"{path}/settlement", claim, expect=201)
    assert waiting(proposed) == set(parties)
    for number, (side, organisation) in enumerate(parties):
        body = {"side": side, "organisation_id": organisation}
        answer = await contracts.post(f"{path}/settlement/confirm", body)
        assert answer["state"] == ("agreed" if number == 3 else "proposed")
        assert len(waiting(answer)) == 3 - number
        if number < 3:
            await contracts.refused(
                "POST", f"{path}/settlement/confirm", body, status=409, slug="settlement-already-confirmed"
            )
            assert answer["lines"][0]["entry_id"] is None, "nothing is booked before all have confirmed"
    (shown,) = (await contracts.get(f"{path}/settlement"))["items"]
    assert shown["lines"][0]["entry_id"] is not None
    assert len(shown["agreement"]["given"]) == 4
