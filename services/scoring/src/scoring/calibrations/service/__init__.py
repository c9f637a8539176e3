"""What is done with calibration rounds: open, close, enter the values, decide."""

from scoring.calibrations.service.close import ENTER_JOB, close_round
from scoring.calibrations.service.decide import (
    FLAG_DECIDED,
    adjudicate,
    correct_mark,
    decide_flag,
    decide_flag_on_appeal,
    trial_value,
)
from scoring.calibrations.service.open import open_round

__all__ = [
    "ENTER_JOB",
    "FLAG_DECIDED",
    "adjudicate",
    "close_round",
    "correct_mark",
    "decide_flag",
    "decide_flag_on_appeal",
    "open_round",
    "trial_value",
]
