"""The unified social credit code against an independent reckoning of both standards."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.organisations.uscc import (
    ALPHABET,
    KINDS,
    REGISTRARS,
    check_uscc,
    inner_check,
    outer_check,
    role_warnings,
)

KNOWN = "91110000600037341L"  # published by the register; both check characters fit

# GB 32100-2015, table of weights, typed from the standard: 3 to the power i, modulo 31.
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def outer_by_table(body: str) -> str:
    total = sum(ALPHABET.index(character) * weight for character, weight in zip(body, WEIGHTS, strict=True))
    return ALPHABET[(31 - total % 31) % 31]


def inner_by_definition(organisation: str) -> str:
    values = string.digits + string.ascii_uppercase
    total = sum(
        values.index(character) * weight
        for character, weight in zip(organisation, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)
    )
    check = 11 - total % 11
    return {10: "X", 11: "0"}.get(check, str(check))


@st.composite
def codes(draw: st.DrawFn) -> str:
    head = draw(st.sampled_from(sorted(REGISTRARS))) + draw(st.sampled_from("1239"))
    division = draw(st.from_regex(r"[1-6][1-5][0-9]{4}", fullmatch=True))
    organisation = draw(st.text(ALPHABET, min_size=8, max_size=8))
    body = head + division + organisation + inner_by_definition(organisation)
    return body + outer_by_table(body)


def test_a_published_code_is_valid() -> None:
    assert check_uscc(KNOWN) == (KNOWN, "market regulation (市场监管)", "enterprise (企业)", "110000")


@given(codes())
def test_every_code_that_both_standards_make_is_valid(code: str) -> None:
    found = check_uscc(code)
    assert found.division == code[2:8]
    assert found.kind == KINDS.get(code[:2])
    assert outer_check(code) == outer_by_table(code[:17])
    assert inner_check(code[8:16]) == inner_by_definition(code[8:16])


@pytest.mark.parametrize("registrar", sorted(REGISTRARS))
def test_every_registrar_is_accepted(registrar: str) -> None:
    body = f"{registrar}1230102MA1C2D3E" + inner_by_definition("MA1C2D3E")
    code = body + outer_by_table(body)
    assert check_uscc(code).registrar == REGISTRARS[registrar]


@pytest.mark.parametrize("first_two", ["N1", "N2", "N3", "N9", "Y1", "A1"])
def test_registrars_that_common_validators_refuse_are_accepted(first_two: str) -> None:
    body = f"{first_two}510104MA6CXYXXX"[:16]
    code = body + inner_by_definition(body[8:16])
    assert check_uscc(code + outer_by_table(code)).code[:2] == first_two


@given(codes(), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_any_changed_character_is_refused(code: str, position: int, character: str) -> None:
    if code[position] == character:
        return
    with pytest.raises(ValueError, match=r"."):
        check_uscc(code[:position] + character + code[position + 1 :])


@given(codes(), st.integers(8, 15), st.sampled_from(ALPHABET))
def test_the_inner_check_holds_on_its_own(code: str, position: int, character: str) -> None:
    # Whoever repairs the outer check after changing the organisation code is still found out, unless the inner sum agrees.
    body = code[:position] + character + code[position + 1 : 17]
    if inner_by_definition(body[8:16]) == code[16]:
        return
    with pytest.raises(ValueError, match="GB 11714"):
        check_uscc(body + outer_by_table(body))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "18 characters"),
        (KNOWN[:-1], "18 characters"),
        (KNOWN + "0", "18 characters"),
        (KNOWN.lower(), "has no"),
        ("9111000060003734IL", "has no I"),
        ("B1110000600037341L", "no registrar"),
        ("91A10000600037341L", "six digits"),
        ("91110000600037341M", "does not fit the others"),
        ("９1110000600037341L", "has no"),
    ],
)
def test_a_bad_code_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_uscc(text)


def valid(first_two: str) -> str:
    body = f"{first_two}230102MA1C2D3E" + inner_by_definition("MA1C2D3E")
    return body + outer_by_table(body)


@pytest.mark.parametrize(
    ("first_two", "roles", "expected"),
    [
        ("11", ("purchaser",), []),
        ("11", ("provider",), ["role-unusual"]),
        ("91", ("provider",), []),
        ("91", ("purchaser",), ["role-unusual"]),
        ("N2", ("provider",), []),
        ("52", ("provider",), []),
        ("12", ("provider",), ["role-to-confirm"]),
        ("13", ("purchaser",), ["role-to-confirm"]),
        ("71", ("provider",), ["uscc-class-unknown"]),
    ],
)
def test_unusual_roles_are_warned_of(first_two: str, roles: tuple[str, ...], expected: list[str]) -> None:
    assert [warning["code"] for warning in role_warnings(check_uscc(valid(first_two)), roles)] == expected
