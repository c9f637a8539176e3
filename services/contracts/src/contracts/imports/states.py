"""From the OCDS contract status to our state.

| OCDS status | what the file says besides | ours | end_reason |
|---|---|---|---|
| pending | | pending | |
| active | | active | |
| cancelled | | cancelled | cancelled |
| terminated | finalStatus `complete` (OCDS 1.2) | completed | complete |
| terminated | finalStatus `incomplete`, `cancelled`, `unsuccessful` | terminated | the same |
| terminated | implementation.finalValue | completed | complete |
| terminated | delivery milestones, all met | completed | complete |
| terminated | nothing of these | terminated | unknown: gap `end_reason` |

OCDS 1.1 says `terminated` of every contract that ended after its signature, whatever the reason (code list
contractStatus), and our `completed` is published as `terminated` too (reference: contracts, sections 2.2 and 2.4), so
that the status alone does not tell the two apart. The contract completion extension defines `finalValue` as "the actual
total value of all payments for a completed contract" and names milestones that are all met as the sign of a successful
end. Its `endDate` is only the day on which the implementation ended, by whatever cause: it gives `ended_at` and no
state. An `active` contract with a final value stays active: the publisher says so, and it is not ours to correct.
"""

from dataclasses import dataclass

from contracts.imports.errors import RecordRejected

__all__ = ["END_REASONS", "STATUSES", "TrueState", "true_state"]

STATUSES = ("pending", "active", "cancelled", "terminated")
END_REASONS = ("complete", "incomplete", "cancelled", "unsuccessful")


@dataclass(frozen=True, slots=True)
class TrueState:
    """The state in which a contract enters. `reason_known` is false when it ended and nobody says why."""

    state: str
    end_reason: str | None = None
    reason_known: bool = True


def true_state(
    status: str | None,
    *,
    final_status: str | None,
    has_final_value: bool,
    delivery_milestones: tuple[str, ...],
    place: str,
) -> TrueState:
    """Our state for an OCDS status and the evidence beside it (table above).

    Args:
        status: `contracts[].status`.
        final_status: `contracts[].finalStatus` of OCDS 1.2, when the publisher has it.
        has_final_value: whether `implementation.finalValue` is there.
        delivery_milestones: states of the delivery milestones, in our words.
        place: where the contract stands, for the refusal.

    Raises:
        RecordRejected: no status, or one that the closed code list does not have: the true state would be a guess.
    """
    if status is None:
        raise RecordRejected(f"{place}.status", "is missing; the contract's true state would be a guess")
    if status not in STATUSES:
        raise RecordRejected(f"{place}.status", f"{status!r} is no OCDS contract status ({', '.join(STATUSES)})")
    if status == "cancelled":
        return TrueState("cancelled", "cancelled")
    if status != "terminated":
        return TrueState(status)
    if final_status in END_REASONS:
        return TrueState("completed" if final_status == "complete" else "terminated", final_status)
    if has_final_value or (delivery_milestones and all(state == "met" for state in delivery_milestones)):
        return TrueState("completed", "complete")
    return TrueState("terminated", None, reason_known=False)
