"""Writing waves: the projection of contracts, opening by hand, event or calendar, cautions, freezing."""

from surveys.waves.service.cautions import CAUTIONS, fit_to_frame, lock_open_wave, set_caution
from surveys.waves.service.due import DUE_CHUNK, due_contracts, open_due_wave
from surveys.waves.service.freeze import WaveAlreadyClosed, freeze_key, freeze_wave
from surveys.waves.service.margins import margin_of, unfit_margins
from surveys.waves.service.open import (
    CLOSE_WAVE,
    Opening,
    open_completion_wave,
    open_needs_wave,
    open_wave,
    wave_opened,
    wave_state,
)
from surveys.waves.service.projection import project_contract, project_observations

__all__ = [
    "CAUTIONS",
    "CLOSE_WAVE",
    "DUE_CHUNK",
    "Opening",
    "WaveAlreadyClosed",
    "due_contracts",
    "fit_to_frame",
    "freeze_key",
    "freeze_wave",
    "lock_open_wave",
    "margin_of",
    "open_completion_wave",
    "open_due_wave",
    "open_needs_wave",
    "open_wave",
    "project_contract",
    "project_observations",
    "set_caution",
    "unfit_margins",
    "wave_opened",
    "wave_state",
]
