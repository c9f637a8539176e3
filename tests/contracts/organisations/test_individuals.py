"""Individuals are found again by a keyed hash; their name and number are in no row, event or answer."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import text

from contracts.organisations.errors import IndividualsNotConfigured
from contracts.organisations.individuals import check_resident_id, individuals_key, pseudonym_of
from shared.events import OrganisationRecorded

SECRET = "a-key-for-tests-only-and-nothing-else"
NUMBER = "11010519491231002X"  # the example of GB 11643-1999; nobody's


def check_by_definition(body: str) -> str:
    # ISO 7064 MOD 11-2: the sum over all 18 places, weights 2^(18-i) mod 11, is 1 mod 11.
    for character in "0123456789X":
        digits = [10 if each == "X" else int(each) for each in body + character]
        if sum(digit * pow(2, 17 - place, 11) for place, digit in enumerate(digits)) % 11 == 1:
            return character
    raise AssertionError("one of eleven fits")


@given(st.from_regex(r"[1-9][0-9]{16}", fullmatch=True), st.integers(0, 16), st.integers(1, 9))
def test_the_check_character_is_that_of_the_standard(body: str, place: int, shift: int) -> None:
    number = body + check_by_definition(body)
    assert check_resident_id(number) == number
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    with pytest.raises(ValueError, match=r"17 digits|GB 11643") as refused:
        check_resident_id(wrong)
    assert wrong not in str(refused.value)


def test_the_pseudonym_depends_on_person_document_and_key() -> None:
    kinds = [
        (NUMBER, "residentId", b"a"),
        (NUMBER, "passport", b"a"),
        (NUMBER, "residentId", b"b"),
        ("E1", "other", b"a"),
    ]
    found = [pseudonym_of(number, document=document, key=key * 40) for number, document, key in kinds]
    assert len(set(found)) == len(found)
    assert pseudonym_of(" e 1 ", document="other", key=b"a" * 40) == found[3]
    for secret in (None, SecretStr("short")):
        with pytest.raises(IndividualsNotConfigured, match="GONGPING_CONTRACTS_KEY_FILE"):
            individuals_key(secret)


async def test_an_individual_is_recorded_once_and_nothing_of_it_is_kept(contracts: Any) -> None:
    body = {"number": NUMBER, "simulated": True}
    path = "/organisations:individual"
    await contracts.refused("POST", path, body, status=409, slug="individuals-not-configured")
    contracts.client.app.state.settings.contracts_key = SecretStr(SECRET)
    headers = {"Idempotency-Key": "once"}
    answer = await contracts.staff.post(f"/v1{path}", json=body, headers=headers)
    assert answer.status_code == 201
    again = await contracts.staff.post(f"/v1{path}", json=body, headers=headers)
    assert (again.status_code, again.json()) == (200, answer.json())
    person = answer.json()
    assert person["individual"] is True
    assert person["name"].startswith("IND-")
    assert (person["roles"], person["uscc"], person["seat"]) == (["provider"], None, None)
    (event,) = await contracts.emitted(OrganisationRecorded)
    assert (event.data["individual"], event.data["name"]) == (True, person["name"])

    problem = await contracts.refused("POST", path, {"number": NUMBER[:-1] + "1"}, status=422, slug="malformed")
    assert NUMBER[:-1] not in str(problem)
    strange = await contracts.staff.post(f"/v1{path}", json=body | {"name": "某人"})
    assert strange.status_code == 422
    assert "某人" not in strange.text

    async with contracts.database.reading() as session:
        tables = (
            await session.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"))
        ).scalars()
        rows = itertools.chain.from_iterable(
            [
                (await session.execute(text(f"SELECT t::text FROM {table} AS t"))).scalars().all()
                for table in tables.all()
            ]
        )
        assert not [row for row in rows if NUMBER in row or NUMBER.encode().hex() in row]
    # A person takes part in contracts like any provider.
    contract = await contracts.draft(provider_id=person["id"])
    assert contract["provider"]["name"] == person["name"]
