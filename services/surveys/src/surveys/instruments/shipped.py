"""The instruments that are shipped with the service."""

from functools import cache
from importlib.resources import files

from surveys.instruments.document import Instrument

__all__ = ["COMMON_CORE", "shipped"]

COMMON_CORE = "public-service-core"  # fits every public service; what an event-opened wave asks


@cache
def shipped() -> dict[tuple[str, str], Instrument]:
    """Every shipped instrument by id and version."""
    folder = files("surveys.instruments") / "library"
    found = [
        Instrument.model_validate_json(entry.read_bytes())
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".json")
    ]
    return {(instrument.id, instrument.version): instrument for instrument in found}
