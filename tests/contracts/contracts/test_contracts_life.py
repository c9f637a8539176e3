"""The contract's life over HTTP, against the real service and a real PostgreSQL."""

from typing import Any

from shared.events import (
    ContractActivated,
    ContractCompleted,
    ContractCreated,
    ContractState,
    ContractSubmitted,
    ContractUpdated,
    LedgerPosted,
)


async def test_a_contract_from_draft_to_completion(contracts: Any) -> None:
    done = await contracts.completed()
    assert done["state"] == "completed"
    assert done["end_reason"] == "complete"
    assert done["ended_at"] is not None
    assert done["actions"] == []
    assert done["ledger"] == {
        "committed": "0.00",
        "accepted": "120000.00",
        "paid": "120000.00",
        "deducted": "0.00",
        "refunded": "0.00",
        "executed": "120000.00",
        "outstanding": "0.00",
    }
    stored = await contracts.get(f"/contracts/{done['contract_id']}")
    assert stored == done
