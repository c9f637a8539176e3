"""What the tests of money repeat."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

Project = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def project(contracts: Any) -> Project:
    """Records a budget project of a contract's purchaser."""

    async def record(contract: dict[str, Any], amount: str, **fields: Any) -> dict[str, Any]:
        body = {
            "region": "CN-230102",
            "unit_id": contract["purchaser"]["organisation_id"],
            "code": "P-1",
            "name": "养老服务",
            "year": 2025,
            "initial_amount": amount,
            "simulated": True,
        }
        found: dict[str, Any] = await contracts.post("/budget-projects", body | fields, expect=201)
        return found

    return record
