"""Answers that look careless or arranged: counted, told, and never deleted."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from surveys.instruments.document import Instrument
from surveys.instruments.variables import variables_of
from surveys.kernel.flags import speeders, straight_lines
from surveys.responses.columns import Columns
from surveys.results.questions import Question
from surveys.results.response import DISPOSITION

__all__ = ["Quality", "quality_of"]

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
BATTERY = 5  # ratings from which on equal answers to all of them are a sign
ROWS = 200_000  # of the battery at a time
BREAK_OFF = 3  # code of the disposition


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Which answers have a flag, and how many have each; an answer can have several."""

    flagged: Flags
    flags: dict[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Answers with a flag."""
        return int(self.flagged.sum())


def quality_of(columns: Columns, instrument: Instrument, questions: Sequence[Question]) -> Quality:
    """Flag the answers of a wave.

    `speeder`: less than a second per question, or less than half the median; `straight_line`: five ratings or more, all
    equal; `burst`: it came in an unusual burst from one network or enumerator (recorded when it came, without the
    time); `item_non_response`: less than half of the questions was answered. Source: the surveys reference, section
    3.9, with the functions' own sources.
    """
    asked = [each.code for each in variables_of(instrument) if each.code in columns.codes]
    answered = np.zeros(columns.n)
    for code in asked:
        answered += columns.codes[code] > 0
    seconds = np.where(columns.seconds < 0, np.nan, columns.seconds.astype(np.float64))
    flags = {
        "speeder": speeders(seconds, answered),
        "straight_line": _straight_lines(columns, questions),
        "burst": columns.bursts,
        "item_non_response": columns.codes[DISPOSITION] == BREAK_OFF,
    }
    flagged = np.zeros(columns.n, dtype=np.bool_)
    for each in flags.values():
        flagged |= each
    return Quality(flagged=flagged, flags={name: int(each.sum()) for name, each in flags.items()})


def _straight_lines(columns: Columns, questions: Sequence[Question]) -> Flags:
    ratings = [question for question in questions if question.variable.kind == "rating"]
    found = np.zeros(columns.n, dtype=np.bool_)
    if len(ratings) < BATTERY:
        return found
    for start in range(0, columns.n, ROWS):
        part = slice(start, start + ROWS)
        battery: Floats = np.column_stack([each.table[columns.codes[each.column][part]] for each in ratings])
        found[part] = straight_lines(battery, least=BATTERY)
    return found
