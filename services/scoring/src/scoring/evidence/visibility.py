"""Who may know of a contract that was not concluded: as the contracts service has it."""

from typing import Final

from scoring.evidence.models import Contract
from shared.auth import Principal

__all__ = ["may_know"]

_UNCONCLUDED: Final = {"draft", "pending", "cancelled"}
_SUPERVISING: Final = {"finance", "auditor", "operator"}


def may_know(principal: Principal, contract: Contract) -> bool:
    """Whether a caller of the contract's region may know of it at all.

    A draft, what waits for its confirmations, and what came to nothing are a matter of the parties and of those who
    supervise them, not of a purchaser whose token names another organisation. Of several parties only the leads are
    known here; the others read their draft in the contracts service.
    """
    if contract.state not in _UNCONCLUDED or principal.roles & _SUPERVISING or principal.organisation is None:
        return True
    return principal.organisation in {contract.purchaser_id, contract.provider_id}
