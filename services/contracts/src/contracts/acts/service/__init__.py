"""Acts on their way through three hands, and what a change of staff moves."""

from contracts.acts.service.handover import hand_over
from contracts.acts.service.prepare import prepare_act, resubmit_act, withdraw_act
from contracts.acts.service.sign import return_act, review_act, sign_act

__all__ = ["hand_over", "prepare_act", "resubmit_act", "return_act", "review_act", "sign_act", "withdraw_act"]
