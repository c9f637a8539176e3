"""Files by their hash: what begins how, and which addresses are stores."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.files import TooLargeError, fits, open_files


@pytest.mark.parametrize(
    ("media_type", "head", "kept"),
    [
        ("application/pdf", b"%PDF-1.7", True),
        ("application/pdf", b"MZ\x90\x00", False),
        ("image/png", b"\x89PNG\r\n\x1a\n\x00", True),
        ("application/ofd", b"PK\x03\x04", True),
        ("application/msword", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", True),
        ("text/csv", "名称,金额\n".encode(), True),
        ("text/csv", "名称,金额\n".encode("gb18030"), True),
        ("text/csv", ("合同" * 1000).encode()[:4096], True),
        ("text/plain", b"a\x00b", False),
        ("text/plain", b"\xff" * 20, False),
        ("text/plain", b"%PDF-1.7", False),
        ("text/html", b"<html>", None),
        ("application/x-msdownload", b"MZ", None),
    ],
)
def test_a_file_begins_as_its_media_type_says(media_type: str, head: bytes, kept: bool | None) -> None:
    assert fits(media_type, head) is kept


@pytest.mark.parametrize("url", ["file://host/folder", "ftp://x/y", "/folder", "s3://"])
def test_other_addresses_are_no_stores(url: str) -> None:
    with pytest.raises(ValueError, match="neither"):
        open_files(url)


async def test_what_came_lies_under_its_hash_and_is_read_again(tmp_path: Path) -> None:
    files = open_files((tmp_path / "合同 files").as_uri())

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"%PDF-" + b"x" * 2_000

    await files.receive("one", pieces())
    with pytest.raises(TooLargeError):
        await files.look("one", limit=6_000)
    arrived = await files.look("one", limit=7_000)
    assert (arrived.size, len(arrived.head)) == (6_015, 4_096)
    await files.keep("one", sha256=arrived.sha256)
    content = b"".join([piece async for piece in await files.read(arrived.sha256)])
    assert hashlib.sha256(content).hexdigest() == arrived.sha256
    with pytest.raises(FileNotFoundError):
        await files.look("one", limit=7_000)
    with pytest.raises(TypeError, match="signs no"):
        await files.upload_url("one", seconds=1)
    assert (tmp_path / "合同 files").is_dir()
    for _ in range(2):  # erasing what is gone changes nothing: a job may be run again
        await files.erase(arrived.sha256)
        await files.drop("one")
    with pytest.raises(FileNotFoundError):
        await files.read(arrived.sha256)
