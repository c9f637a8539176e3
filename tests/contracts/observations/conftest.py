"""Contracts of several parties, to observe in parts."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.support import ANY_VERSION

Json = dict[str, Any]


@pytest.fixture
def joint_providers(contracts: Any) -> Callable[..., Awaitable[Json]]:
    """A contract in force with one joint provider for each share; the first one leads."""

    async def make(*shares: str) -> Json:
        draft = await contracts.draft()
        path = f"/contracts/{draft['contract_id']}"
        lead = draft["provider"]["organisation_id"]
        others = [await contracts.organisation("provider") for _ in shares[1:]]
        members = [
            {"side": "provider", "organisation_id": one, "share": share, "lead": one == lead}
            for one, share in zip([lead, *others], shares, strict=True)
        ]
        answer = await contracts.staff.put(f"/v1{path}/structure", json={"members": members}, headers=ANY_VERSION)
        assert answer.status_code == 200, answer.text
        await contracts.post(f"{path}/submit")
        active: Json = await contracts.post(f"{path}/activate")
        return active

    return make
