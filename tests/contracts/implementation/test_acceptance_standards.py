"""Acceptance standard by standard, on-site records as counts, closed waves, rejection and repetition."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from contracts.acceptances.handlers import surveys_subscription
from shared.events import AcceptanceRecorded, WaveClosed
from shared.ids import new_id
from shared.testing import deliver, delivery

Json = dict[str, Any]
AT = datetime(2025, 6, 20, 1, 0, tzinfo=UTC)
ONSITE: Json = {"kind": "onSite", "people": 30, "satisfied": 27}
STANDARDS: list[Json] = [
    {"standard": "每周上门两次", "kind": "service", "result": "met", "evidence": "签到记录 1,240 份（模拟）"},
    {"standard": "护理员持证", "kind": "technical", "result": "partly", "document_sha256": "b" * 64},
    {"standard": "用药安全", "kind": "safety", "result": "met", "evidence": "抽查 30 户（模拟）"},
]


def body_of(**fields: Any) -> Json:
    return {"result": "partlyAccepted", "accepted_on": "2025-07-01", "accepted_value": "60000.00"} | fields


async def close_wave(contracts: Any, *, contract_id: str, wave_id: UUID, version: int = 2) -> None:
    wave = WaveClosed(
        wave_id=wave_id,
        version=version,
        contract_id=UUID(contract_id),
        region="CN-230102",
        simulated=True,
        kind="midterm",
        instrument_id="service-satisfaction",
        instrument_version="1.0.0",
        instrument_sha256="1" * 64,
        design="census",
        opens_at=AT,
        closes_at=AT,
        closed_at=AT,
        n=57,
        response_rate=None,
        estimates=(),
        policy="score-v1",
    )
    batch = [delivery(wave, subject=wave.wave_id, region=wave.region, seq=version)]
    await deliver(contracts.database, surveys_subscription, batch)


async def test_each_standard_and_who_was_asked_are_kept(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/acceptances"
    participants = [{"group": "服务对象", "people": 22}, {"group": "家属", "people": 8}]
    shown = {"standards": STANDARDS, "participants": participants, "minutes_sha256": "c" * 64}
    accepted = await contracts.post(path, body_of(opinion=ONSITE, **shown), expect=201)
    assert [(each["standard"], each["result"]) for each in accepted["standards"]] == [
        (each["standard"], each["result"]) for each in STANDARDS
    ]
    assert (accepted["participants"], accepted["minutes_sha256"]) == (participants, "c" * 64)
    (event,) = await contracts.emitted(AcceptanceRecorded)
    assert event.data["standards"] == {"met": 2, "partly": 1}
    bare = STANDARDS[0] | {"evidence": None}
    failed = STANDARDS[0] | {"result": "notMet"}
    wrong: list[tuple[str, Json]] = [
        ("/standards/0", {"standards": [bare]}),
        ("/", {"standards": [STANDARDS[0], STANDARDS[0]]}),
        ("/", {"standards": [failed], "result": "accepted"}),
        ("/", {"standards": [STANDARDS[0]], "result": "rejected", "accepted_value": "0.00"}),
        ("/", {"opinion": ONSITE, "participants": participants[:1]}),
        ("/", {"minutes_sha256": "c" * 64}),
    ]
    for pointer, fields in wrong:
        assert await contracts.pointers("POST", path, body_of(**fields)) == {pointer}, fields


async def test_a_rejection_is_followed_by_its_repetition(contracts: Any) -> None:
    contract = await contracts.active()
    path = f"/contracts/{contract['contract_id']}/acceptances"
    failed = [STANDARDS[0] | {"result": "notMet"}]
    refusal = {"result": "rejected", "accepted_value": "0.00", "standards": failed, "accepted_on": "2025-06-01"}
    rejected = await contracts.post(path, body_of(**refusal), expect=201)
    again = body_of(repeats=rejected["id"])
    early = again | {"accepted_on": "2025-05-31"}
    await contracts.refused("POST", path, early, status=409, slug="acceptance-not-repeatable")
    repeated = await contracts.post(path, again, expect=201)
    assert repeated["repeats"] == rejected["id"]
    for wrong in (again, body_of(repeats=str(new_id()))):
        await contracts.refused("POST", path, wrong, status=409, slug="acceptance-not-repeatable")
    whole = await contracts.post(path, body_of(result="accepted", repeats=repeated["id"]), expect=201)
    await contracts.refused("POST", path, body_of(repeats=whole["id"]), status=409, slug="acceptance-not-repeatable")


async def test_a_closed_wave_is_checked_where_it_was_heard_of(contracts: Any) -> None:
    contract, other = await contracts.active(), await contracts.active()
    path = f"/contracts/{contract['contract_id']}/acceptances"
    known, foreign = new_id(), new_id()
    await close_wave(contracts, contract_id=contract["contract_id"], wave_id=known)
    await close_wave(contracts, contract_id=contract["contract_id"], wave_id=known, version=1)
    await close_wave(contracts, contract_id=other["contract_id"], wave_id=foreign, version=3)
    for reference, heard in ((known, True), (new_id(), False)):
        opinion = {"kind": "wave", "reference": str(reference)}
        accepted = await contracts.post(path, body_of(opinion=opinion, accepted_value="1.00"), expect=201)
        assert accepted["wave_known"] is heard
    opinion = {"kind": "wave", "reference": str(foreign)}
    await contracts.refused("POST", path, body_of(opinion=opinion), status=409, slug="opinion-of-another-contract")
