"""What a scan may be, told from its first bytes and not from what the sender says."""

from typing import Final

from shared.problems import Unprocessable

__all__ = ["media_type_of"]

_SIGNATURES: Final = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}


def media_type_of(scan: bytes) -> str:
    """PDF, PNG or JPEG; anything else is refused (422)."""
    for signature, media_type in _SIGNATURES.items():
        if scan.startswith(signature):
            return media_type
    raise Unprocessable(
        "A scan is a PDF, PNG or JPEG file.", errors=[{"pointer": "body", "detail": "neither PDF nor PNG nor JPEG"}]
    )
