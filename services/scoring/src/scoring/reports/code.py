"""The QR code that leads from paper to the determination's hash."""

import io
from html import escape

import segno

__all__ = ["qr_code"]

QUIET_ZONE = 4  # modules; ISO/IEC 18004


def qr_code(content: str, *, label: str) -> str:
    """A QR code (error correction M) as SVG with its label for screen readers."""
    buffer = io.BytesIO()
    segno.make_qr(content, error="m").save(
        buffer, kind="svg", xmldecl=False, omitsize=True, border=QUIET_ZONE, svgclass=None, lineclass=None
    )
    drawn = buffer.getvalue().decode().strip()
    return drawn.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1)
