"""The guiding catalogue."""

from typing import Any

import pytest

from contracts.catalogue.queries import all_items, is_public_service, item_of


def test_the_catalogue_has_the_two_parts_of_the_central_list() -> None:
    codes = [item.code for item in all_items()]
    assert codes == [f"A{n:02}" for n in range(1, 19)] + [f"B{n:02}" for n in range(1, 13)]
    assert all(item.name and item.name_en for item in all_items())
    assert {item.kind for item in all_items() if item.code < "B"} == {"public"}


@pytest.mark.parametrize(
    ("code", "item", "public"),
    [
        ("A05", "A05", True),
        ("A0501", "A05", True),
        ("B07", "B07", False),
        ("A19", None, True),
        (None, None, False),
        ("", None, False),
    ],
)
def test_codes_belong_to_items(code: str | None, item: str | None, public: bool) -> None:
    found = item_of(code)
    assert (found.code if found else None) == item
    assert is_public_service(code) is public


async def test_the_catalogue_is_readable_by_all(contracts: Any) -> None:
    answer = await contracts.client.anonymous.get("/v1/catalogue")
    assert answer.status_code == 200
    assert answer.json()["items"][4] == {
        "code": "A05",
        "kind": "public",
        "name": "卫生健康公共服务",
        "name_en": "Health",
    }
