"""The simulated data set against the real contracts service: its guards let every contract through its life."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.client.conftest import Office

from gongping_client import ProblemError
from gongping_client.demo.generate import generate_dataset
from gongping_client.demo.load import load_dataset
from gongping_client.demo.steps import DemoError, until
from gongping_client.demo.story import StoryFailedError, run_story
from gongping_client.models import ContractIn, ExternalId, LedgerIn, ObservationIn, OrganisationIn


async def test_every_contract_goes_as_far_as_its_story(office: Office) -> None:
    whole = generate_dataset(as_of=datetime.now(UTC).date(), count=16)
    # Without the surveys service there are no answers; the contract's own life does not depend on them.
    contracts = tuple(
        one.model_copy(update={"stage": "completed", "answers": ()}) if one.stage == "answered" else one
        for one in whole.contracts
    )
    dataset = whole.model_copy(update={"contracts": contracts})
    steps: list[tuple[int, int]] = []
    counts = await load_dataset(office.client, dataset, progress=lambda *step: steps.append(step))
    assert dict(counts) == {"completed": 12, "active": 4}
    assert steps[-1] == (16, 16)
    held = await office.contracts()
    assert len(held) == 16
    for contract in held:
        assert contract["simulated"] is True
        assert contract["purchaser"]["name"].startswith("【模拟】")
        assert contract["state"] in {"completed", "active"}
        if contract["state"] == "completed":
            assert Decimal(contract["ledger"]["outstanding"]) == 0
            assert Decimal(contract["ledger"]["accepted"]) > 0
    before = await office.written()
    assert dict(await load_dataset(office.client, dataset)) == {"known": 16}
    assert await office.written() == before


async def test_the_client_speaks_the_whole_life_of_a_contract(office: Office) -> None:
    client = office.client
    organisation = await client.organisations.create(
        OrganisationIn(name="Town", roles=("purchaser", "provider"), simulated=True)
    )
    assert (await client.organisations.get(organisation.id)).name == "Town"
    provider = await client.organisations.create(OrganisationIn(name="Home", roles=("provider",), simulated=True))
    (demo,) = [
        one for one in generate_dataset(as_of=datetime.now(UTC).date(), count=3).contracts if one.stage == "completed"
    ]
    body = ContractIn(
        **dict(demo.terms),
        region="CN-230102",
        title="first",
        purchaser_id=organisation.id,
        provider_id=provider.id,
        external_id=ExternalId(source="s", id="1"),
        simulated=True,
    )
    contract = await client.contracts.create(body)
    contract = await client.contracts.update(contract.contract_id, {"title": "second"}, version=contract.version)
    assert contract.title == "second"
    with pytest.raises(ProblemError) as stale:
        await client.contracts.update(contract.contract_id, {"title": "third"}, version=1)
    assert stale.value.status == 412
    key = contract.contract_id
    await client.contracts.submit(key)
    assert (await client.contracts.return_(key, reason="number missing")).state == "draft"
    await client.contracts.submit(key)
    assert (await client.contracts.activate(key)).state == "active"
    assert (await client.contracts.suspend(key, reason="flood")).state == "suspended"
    assert (await client.contracts.resume(key)).state == "active"
    with pytest.raises(ProblemError) as refusal:
        await client.contracts.complete(key)
    assert refusal.value.slug == "contract-not-completable"
    assert {item["what"] for item in refusal.value.extras["missing"]} >= {"acceptance", "payment", "milestones.D1"}
    day = demo.observations[0].observed_on
    await client.contracts.observe(
        key, ObservationIn(indicator_id=contract.indicators[0].indicator_id, value=Decimal("1.5"), observed_on=day)
    )
    await client.contracts.post_entry(key, LedgerIn(kind="payment", amount=Decimal(100), booked_on=day, voucher="v1"))
    assert [one.value async for one in client.contracts.observations(key)] == [Decimal("1.5")]
    assert [one.voucher async for one in client.contracts.ledger(key)] == ["v1"]
    assert (await client.contracts.terminate(key, reason="provider gone")).end_reason == "incomplete"
    actions = [act["action"] async for act in client.contracts.history(key)]
    assert actions[0] == "contract.created"
    assert actions[-1] == "contract.terminated"
    cancelled = await client.contracts.create(body.model_copy(update={"external_id": None}))
    assert (await client.contracts.cancel(cancelled.contract_id, reason="not needed")).state == "cancelled"
    assert {one.state async for one in client.contracts.list(region="CN-23")} == {"terminated", "cancelled"}
    assert "CN-23" in {region["code"] for region in await client.regions()}
    assert len(await client.catalogue()) == 30


async def test_a_story_without_a_stream_fails_at_once(office: Office) -> None:
    lines: list[str] = []
    with pytest.raises(StoryFailedError, match="404"):
        await run_story(office.client, echo=lines.append, seconds=5)
    assert await office.written() == 0


async def test_what_does_not_happen_in_time_is_named() -> None:
    async def never() -> None:
        return None

    with pytest.raises(DemoError, match="the wave opens: did not happen within 0 s"):
        await until("the wave opens", never, seconds=0.02)


async def test_a_part_that_is_away_is_asked_again_and_a_refusal_is_not() -> None:
    answers: list[ProblemError | str] = [
        ProblemError(status=status, slug=slug, title="", detail="d") for status, slug in ((503, "down"), (502, "gone"))
    ]
    answers.append("here")

    async def ask() -> str:
        answer = answers.pop(0)
        if isinstance(answer, ProblemError):
            raise answer
        return answer

    assert await until("it answers", ask, seconds=5) == "here"
    answers.append(ProblemError(status=403, slug="forbidden", title="", detail="not yours"))
    with pytest.raises(ProblemError, match="not yours"):
        await until("it answers", ask, seconds=5)
    answers.extend(ProblemError(status=503, slug="down", title="", detail="scoring is down") for _ in range(100))
    with pytest.raises(DemoError, match="did not happen within 0 s; 503 down: scoring is down"):
        await until("it answers", ask, seconds=0.02)
