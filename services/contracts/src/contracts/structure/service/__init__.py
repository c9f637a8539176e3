"""What changes a contract's structure, one module per use case."""

from contracts.structure.service.confirm import Confirmed, confirm_terms, withdraw_confirmation
from contracts.structure.service.facts import NamedParts, require_parts
from contracts.structure.service.put import put_structure
from contracts.structure.service.read import confirmations_out

__all__ = [
    "Confirmed",
    "NamedParts",
    "confirm_terms",
    "confirmations_out",
    "put_structure",
    "require_parts",
    "withdraw_confirmation",
]
