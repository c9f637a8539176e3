"""What is done with the register: keep it, tell what is due, record proofs and waivers, give out calendars."""

from contracts.obligations.service.acts import approve_waiver, record_proof, request_waiver
from contracts.obligations.service.calendars import create_feed, read_feed, revoke_feed
from contracts.obligations.service.keep import notice_of, refresh_contract, sweep_changes, tell_due
from contracts.obligations.service.reading import read_public, require_organisation

__all__ = [
    "approve_waiver",
    "create_feed",
    "notice_of",
    "read_feed",
    "read_public",
    "record_proof",
    "refresh_contract",
    "request_waiver",
    "require_organisation",
    "revoke_feed",
    "sweep_changes",
    "tell_due",
]
