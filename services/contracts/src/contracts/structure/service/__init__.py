"""What changes a contract's structure, one module per use case."""

from contracts.structure.service.confirm import Confirmed, confirm_terms, withdraw_confirmation
from contracts.structure.service.facts import NamedParts, require_parts
from contracts.structure.service.matters import agreements, confirm_matter, lapse_confirmations, speaker, waiting_for
from contracts.structure.service.put import put_structure
from contracts.structure.service.read import confirmations_out

__all__ = [
    "Confirmed",
    "NamedParts",
    "agreements",
    "confirm_matter",
    "confirm_terms",
    "confirmations_out",
    "lapse_confirmations",
    "put_structure",
    "require_parts",
    "speaker",
    "waiting_for",
    "withdraw_confirmation",
]
