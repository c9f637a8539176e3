"""Refusals about observations."""

from shared.problems import Conflict

__all__ = [
    "IndicatorNotAgreed",
    "ObservationImpossible",
    "ObservationNotCorrectable",
    "ObservationNotDue",
    "PartsNotObserved",
]


class IndicatorNotAgreed(Conflict):
    """The contract has no such indicator."""

    slug, title = "indicator-not-agreed", "The indicator is not agreed in this contract"


class ObservationNotCorrectable(Conflict):
    """The observation to correct is another indicator's, unknown, or corrected already."""

    slug, title = "observation-not-correctable", "This observation cannot be corrected so"


class ObservationImpossible(Conflict):
    """The indicator's unit rules the value out: a count or a share is not negative, no more than all are satisfied."""

    slug, title = "observation-impossible", "The indicator cannot have this value"


class ObservationNotDue(Conflict):
    """Nothing is observed before it happens."""

    slug, title = "observation-in-the-future", "The observation lies in the future"


class PartsNotObserved(Conflict):
    """The whole is not known while a part is not; `missing` names each, `coverage` is the share of the money seen."""

    slug, title = "parts-not-observed", "Not every part was observed"
