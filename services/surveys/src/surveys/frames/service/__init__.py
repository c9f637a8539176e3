"""What happens to frames, invitations and tokens."""

from surveys.frames.service.access import (
    Invited,
    TokenState,
    access_key,
    enumerator_key,
    mark_opened,
    new_code,
    new_token,
    rewrite_tokens,
    spend,
    spend_on,
    states,
)
from surveys.frames.service.check import Audited, audit_frame, reconcile_frame
from surveys.frames.service.draw import DRAWING_RULE, draw_sample
from surveys.frames.service.field import (
    Reminders,
    mark_invitations,
    register_enumerators,
    reminders,
    retire_enumerator,
)
from surveys.frames.service.forget import forget_frames
from surveys.frames.service.issue import Issue, Issued, Reissue, issue_invitations, link_of, reissue_invitations
from surveys.frames.service.load import Loaded, load_frame
from surveys.frames.service.printing import print_sheets
from surveys.frames.sheets import Sheet

__all__ = [
    "DRAWING_RULE",
    "Audited",
    "Invited",
    "Issue",
    "Issued",
    "Loaded",
    "Reissue",
    "Reminders",
    "Sheet",
    "TokenState",
    "access_key",
    "audit_frame",
    "draw_sample",
    "enumerator_key",
    "forget_frames",
    "issue_invitations",
    "link_of",
    "load_frame",
    "mark_invitations",
    "mark_opened",
    "new_code",
    "new_token",
    "print_sheets",
    "reconcile_frame",
    "register_enumerators",
    "reissue_invitations",
    "reminders",
    "retire_enumerator",
    "rewrite_tokens",
    "spend",
    "spend_on",
    "states",
]
