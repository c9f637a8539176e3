"""The money of shares: exact to the cent, whatever the shares; the database computes the same."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic_core import to_json
from sqlalchemy import text

from contracts.structure.schemas import StructureIn
from contracts.structure.shares import WHOLE, befores, parts_of
from shared.ids import new_id

CENT = Decimal("0.01")
UNIT = Decimal("0.00000001")
amounts = st.integers(0, 10**15).map(lambda cents: cents * CENT)


@st.composite
def whole_shares(draw: st.DrawFn) -> list[Decimal]:
    """Up to 40 shares with up to eight decimals that sum to exactly 100."""
    whole = int(WHOLE / UNIT)
    cuts = sorted(draw(st.lists(st.integers(0, whole), max_size=39)))
    return [(after - before) * UNIT for before, after in zip([0, *cuts], [*cuts, whole], strict=True)]


@given(amounts, whole_shares())
def test_the_parts_sum_to_the_amount(amount: Decimal, shares: list[Decimal]) -> None:
    parts = parts_of(amount, shares)
    assert sum(parts) == amount
    for part, share in zip(parts, shares, strict=True):
        assert abs(part - amount * share / WHOLE) <= CENT
        assert part >= 0
        assert part == part.quantize(CENT)


@given(whole_shares(), st.sampled_from(["purchaser", "provider"]))
def test_only_shares_that_sum_to_exactly_100_are_taken(shares: list[Decimal], side: str) -> None:
    def body(shares: list[Decimal]) -> dict[str, Any]:
        members = [
            {"side": side, "organisation_id": str(new_id()), "share": f"{share:f}", "lead": number == 0}
            for number, share in enumerate(shares)
        ]
        return {"members": members}

    assert len(StructureIn.model_validate_json(_json(body(shares))).members) == len(shares)
    short = [max(shares) - UNIT, *sorted(shares)[:-1]]
    with pytest.raises(ValidationError, match=r"99\.99999999"):
        StructureIn.model_validate_json(_json(body(short)))


def _json(body: dict[str, Any]) -> str:
    return to_json(body).decode()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"kind": "callOff"}, "framework_id"),
        ({"framework_id": str(new_id())}, "framework_id"),
        ({"ceiling": "1.00"}, "ceiling"),
        ({"lots": [{"code": "L1", "title": "a", "value": "1.00"}] * 2}, "twice: L1"),
        ({"regions": [{"region": "CN-2301", "share": "50"}, {"region": "CN-230100", "share": "50"}]}, "CN-2301"),
        ({"regions": [{"region": "CN-2301", "share": "99.5"}]}, "sum to 99.5"),
        ({"members": [{"side": "provider", "organisation_id": str(new_id()), "share": "100"}]}, "one member leads"),
    ],
)
def test_a_structure_that_does_not_add_up_is_malformed(body: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        StructureIn.model_validate_json(_json(body))


async def test_the_database_splits_as_we_do(contracts: Any) -> None:
    shares = [Decimal(one) for one in ("33.33", "33.33", "33.34", "0")]
    values = [Decimal(cents) * CENT for cents in (0, 1, 2, 10001, 99999999999999, 12345)]
    rows = [(value, before, share) for value in values for before, share in zip(befores(shares), shares, strict=True)]
    async with contracts.database.reading() as session:
        found = await session.execute(
            text(
                "SELECT share_of(amount, before, share) FROM unnest(CAST(:amounts AS numeric[]), "
                "CAST(:befores AS numeric[]), CAST(:shares AS numeric[])) AS t(amount, before, share)"
            ),
            dict(zip(("amounts", "befores", "shares"), map(list, zip(*rows, strict=True)), strict=True)),
        )
        assert list(found.scalars()) == [part for value in values for part in parts_of(value, shares)]
