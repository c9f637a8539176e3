import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongping_client.ocds import source
from gongping_client.ocds.scan import scan
from gongping_client.ocds.source import Chunks


def through(data: bytes, chunk: int) -> bytes:
    """What the parser is given when the file comes in chunks of this size."""
    before, source.CHUNK = source.CHUNK, chunk
    try:
        chunks = Chunks(io.BytesIO(data))
        parts = []
        while part := chunks.read():
            parts.append(part)
        return b"".join(parts)
    finally:
        source.CHUNK = before


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["NaN", "-Infinity", '"NaN', "\\NaN", 'a "quoted\\" NaN', "\\", '\\"']
)
values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(value=values, chunk=st.integers(1, 40), ascii_only=st.booleans(), indent=st.sampled_from([None, 1]))
def test_only_numbers_that_are_none_are_replaced(
    value: object, chunk: int, ascii_only: bool, indent: int | None
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    masked = through(text.encode(), chunk)
    assert len(masked) == len(text.encode())
    expected = json.loads(text, parse_constant=lambda _: source.NOT_FINITE)
    found = json.loads(masked, parse_constant=lambda word: pytest.fail(f"{word} was left"))
    assert found == expected


def test_a_byte_order_mark_is_no_content() -> None:
    assert json.loads(through(b'\xef\xbb\xbf{"a":1}', 3)) == {"a": 1}


def write(folder: Path, data: bytes) -> Path:
    path = folder / "file.json"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("data", "line", "column", "offset"),
    [
        (b'{"releases":[{"ocid":"a"},\n {"ocid":\x01}]}', 2, 10, 36),
        (b'{"releases":[{"ocid":"a"}', 1, 26, 25),
        (b'{"releases":[\n\n{"ocid":"a"}]}}', 3, 15, 29),
        (b"", 1, 1, 0),
        (b'{"releases":[{"ocid":"\xff"}]}', 1, 23, 22),
    ],
)
def test_the_place_of_an_error_is_exact(tmp_path: Path, data: bytes, line: int, column: int, offset: int) -> None:
    broken = scan(write(tmp_path, data)).broken
    assert broken is not None
    assert (broken.line, broken.column, broken.offset) == (line, column, offset)


def test_the_place_is_exact_far_into_a_file(tmp_path: Path) -> None:
    good = b'{"ocid":"a","title":"NaN"},\n' * 20_000
    broken = scan(write(tmp_path, b'{"releases":[\n' + good + b"{,}]}")).broken
    assert broken is not None
    assert (broken.line, broken.column) == (20_002, 2)


def test_a_file_that_nests_without_end_is_broken_there(tmp_path: Path) -> None:
    deep = b'{"releases":[{"ocid":"a"},{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}]}"
    found = scan(write(tmp_path, deep))
    assert found.broken is not None
    assert found.broken.reason == "nested deeper than 100 levels"
    assert found.broken.offset == 31 + 97
