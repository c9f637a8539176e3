"""Files by their SHA-256: a folder, or an S3-compatible object store, behind one library (obstore).

A file comes in under a name of its own, is read once to be counted, hashed and looked at, and only then moves to the
place that its hash names. What is found there is therefore what was announced, and the same file is kept once.
"""

import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.store import LocalStore, S3Store

__all__ = ["Arrived", "Files", "TooLargeError", "fits", "open_files"]

_HEAD = 4096
_SIGNATURES = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"PK\x03\x04", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
)
# Media types that are kept, and what their files begin with. Nothing that a browser or a desktop would run is among
# them but office files, whose macros their readers answer for.
_KINDS = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/gif": "gif",
    "image/tiff": "tiff",
    "application/zip": "zip",
    "application/ofd": "zip",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "zip",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "zip",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "zip",
    "application/vnd.oasis.opendocument.text": "zip",
    "application/vnd.oasis.opendocument.spreadsheet": "zip",
    "application/msword": "ole",
    "application/vnd.ms-excel": "ole",
    "application/json": "text",
    "text/plain": "text",
    "text/csv": "text",
}


class TooLargeError(Exception):
    """A file has more bytes than the limit."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came: its hash, its size in bytes, and its first bytes."""

    sha256: str
    size: int
    head: bytes


def fits(media_type: str, head: bytes) -> bool | None:
    """Whether a file begins as its media type says; None for a media type that is not kept at all."""
    kind = _KINDS.get(media_type)
    return None if kind is None else _kind_of(head) == kind


def _kind_of(head: bytes) -> str | None:
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if b"\x00" in head:
        return None
    for encoding in ("utf-8", "gb18030"):
        try:
            # The head may end inside a character.
            head[: len(head) - 4 if len(head) == _HEAD else None].decode(encoding)
        except UnicodeDecodeError as error:
            if len(head) == _HEAD and error.start >= len(head) - 8:
                return "text"
            continue
        return "text"
    return None


def open_files(
    url: str,
    *,
    endpoint: str | None = None,
    region: str | None = None,
    access_key: str | None = None,
    secret_key: str | None = None,
) -> "Files":
    """The store at `file:///folder` (made when it is not there) or `s3://bucket`; ValueError for another address."""
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path.startswith("/") and not parts.netloc:
        return Files(LocalStore(Path(unquote(parts.path)), mkdir=True), signs=False)
    if parts.scheme == "s3" and parts.netloc:
        options = {
            "endpoint": endpoint,
            "region": region or "us-east-1",
            "access_key_id": access_key,
            "secret_access_key": secret_key,
        }
        given = {name: value for name, value in options.items() if value is not None}
        plain = endpoint is not None and endpoint.startswith("http://")
        store = S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            virtual_hosted_style_request=False,
            client_options={"allow_http": plain},
            **given,  # type: ignore[arg-type]
        )
        return Files(store, signs=True)
    raise ValueError(f"{url} is neither file:///folder nor s3://bucket")


class Files:
    """A store. `signs`: others put and read objects themselves, by addresses that this store signs."""

    def __init__(self, store: LocalStore | S3Store, *, signs: bool) -> None:
        self._store = store
        self.signs = signs

    async def upload_url(self, name: str, *, seconds: int) -> str:
        """An address at which a file can be put under `incoming/<name>` until `seconds` from now."""
        return await obstore.sign_async(self._signing(), "PUT", _incoming(name), timedelta(seconds=seconds))

    async def download_url(self, sha256: str, *, seconds: int) -> str:
        """An address at which a kept file can be read until `seconds` from now."""
        return await obstore.sign_async(self._signing(), "GET", _place(sha256), timedelta(seconds=seconds))

    async def receive(self, name: str, chunks: AsyncIterator[bytes]) -> None:
        """Write what comes under `incoming/<name>`, in place of what may be there."""
        await obstore.put_async(self._store, _incoming(name), chunks)

    async def look(self, name: str, *, limit: int) -> Arrived:
        """Read what came, in pieces. FileNotFoundError when nothing did; TooLargeError over `limit` bytes."""
        found = await obstore.get_async(self._store, _incoming(name))
        if found.meta["size"] > limit:
            raise TooLargeError
        digest, size, head = hashlib.sha256(), 0, b""
        async for piece in found.stream(min_chunk_size=1 << 20):
            data = bytes(piece)
            digest.update(data)
            size += len(data)
            head += data[: max(0, _HEAD - len(head))]
        return Arrived(digest.hexdigest(), size, head)

    async def keep(self, name: str, *, sha256: str) -> None:
        """Move what came to the place that its hash names; once there it is never written again."""
        await obstore.rename_async(self._store, _incoming(name), _place(sha256), overwrite=True)

    async def drop(self, name: str) -> None:
        """Forget what came; nothing when nothing did."""
        with contextlib.suppress(FileNotFoundError):
            await obstore.delete_async(self._store, _incoming(name))

    async def erase(self, sha256: str) -> None:
        """Delete a kept file for good; nothing when there is none."""
        with contextlib.suppress(FileNotFoundError):
            await obstore.delete_async(self._store, _place(sha256))

    async def read(self, sha256: str) -> AsyncIterator[bytes]:
        """A kept file, in pieces; FileNotFoundError when there is none."""
        found = await obstore.get_async(self._store, _place(sha256))

        async def pieces() -> AsyncIterator[bytes]:
            async for piece in found.stream(min_chunk_size=1 << 20):
                yield bytes(piece)

        return pieces()

    def _signing(self) -> S3Store:
        if not isinstance(self._store, S3Store):
            raise TypeError("a folder signs no addresses")
        return self._store


def _incoming(name: str) -> str:
    return f"incoming/{name}"


def _place(sha256: str) -> str:
    return f"sha256/{sha256[:2]}/{sha256}"
