"""The snapshot tells a new listener the same as the events did, one by one."""

from typing import Any

from contracts.snapshot import snapshot
from shared.events import (
    AcceptanceRecorded,
    ContractCancelled,
    ContractCompleted,
    ContractState,
    ContractSubmitted,
    ContractSuspended,
    ContractTerminated,
    ContractUpdated,
    EventData,
    LedgerPosted,
    ObservationRecorded,
    OrganisationRecorded,
)

FACTS = (ObservationRecorded, LedgerPosted, AcceptanceRecorded)


async def taken(contracts: Any) -> list[tuple[EventData, str, str]]:
    async with contracts.database.reading() as session:
        return [(data, str(subject), region) async for data, subject, region in snapshot(session)]


async def test_the_snapshot_equals_the_last_state_and_all_facts(contracts: Any) -> None:
    await contracts.completed()
    await contracts.pending(region="CN-310101")
    told = await contracts.emitted()
    snapped = await taken(contracts)
    last = {event.subject: event for event in told if event.type.startswith("contracts.contract.")}
    for data, subject, region in snapped:
        if isinstance(data, ContractState):
            assert data.model_dump(mode="json") == last[subject].data
            assert (data.TYPE, region) == (last[subject].type, last[subject].region)
    for model in (*FACTS, OrganisationRecorded):
        ours = [data.model_dump(mode="json") for data, _, _ in snapped if type(data) is model]
        assert ours == [event.data for event in told if event.type == model.TYPE], model
    assert len([data for data, _, _ in snapped if isinstance(data, ContractState)]) == 2


async def test_each_state_has_its_event(contracts: Any) -> None:
    await contracts.draft()
    await contracts.pending()
    for action in ("suspend", "terminate"):
        contract = await contracts.active()
        await contracts.post(f"/contracts/{contract['contract_id']}/{action}", {"reason": "x"})
    contract = await contracts.draft()
    await contracts.post(f"/contracts/{contract['contract_id']}/cancel", {"reason": "x"})
    await contracts.completed()
    found = [type(data) for data, _, _ in await taken(contracts) if isinstance(data, ContractState)]
    assert found == [
        ContractUpdated,
        ContractSubmitted,
        ContractSuspended,
        ContractTerminated,
        ContractCancelled,
        ContractCompleted,
    ]
