"""Drafts with a structure, and parties that confirm."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.support import ANY_VERSION

Json = dict[str, Any]


@pytest.fixture
def structure(contracts: Any) -> Callable[..., Awaitable[Json]]:
    """Agree the structure of a draft as staff."""

    async def put(contract: Json, *, expect: int = 200, **body: Any) -> Json:
        answer = await contracts.staff.put(
            f"/v1/contracts/{contract['contract_id']}/structure", json=body, headers=ANY_VERSION
        )
        assert answer.status_code == expect, answer.text
        found: Json = answer.json()
        return found

    return put


@pytest.fixture
def confirm(contracts: Any) -> Callable[..., Awaitable[Json]]:
    """Confirm the present terms for a party, as staff unless another client is given."""

    async def post(
        contract: Json, party: Json | None = None, *, client: Any = None, terms: str | None = None, **more: Any
    ) -> Json:
        path = f"/v1/contracts/{contract['contract_id']}"
        terms = terms or (await contracts.staff.get(f"{path}/confirmations")).json()["terms_sha256"]
        named = {name: party[name] for name in ("organisation_id", "side")} if party else {}
        answer = await (client or contracts.staff).post(f"{path}/confirm", json={"terms_sha256": terms} | named | more)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    return post


def members(side: str, organisations: list[str], shares: list[str]) -> list[Json]:
    """Members of a side; the first one leads."""
    return [
        {"side": side, "organisation_id": one, "share": share, "lead": number == 0}
        for number, (one, share) in enumerate(zip(organisations, shares, strict=True))
    ]
