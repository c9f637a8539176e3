"""Refusals about corrections."""

from shared.problems import Conflict, NotFound

__all__ = [
    "CorrectionAlreadyDecided",
    "CorrectionAlreadyRequested",
    "CorrectionNeedsSecondPerson",
    "CorrectionNotFound",
    "CorrectionWithoutChange",
    "FieldNotCorrectable",
    "OldValueDiffers",
]


class CorrectionNotFound(NotFound):
    """The contract has no such correction."""

    slug, title = "correction-not-found", "No such correction"


class FieldNotCorrectable(Conflict):
    """The field is not put right by a correction; the detail says what is done instead."""

    slug, title = "field-not-correctable", "This field is not corrected so"


class OldValueDiffers(Conflict):
    """The old value of the correction is not the stored one."""

    slug, title = "old-value-differs", "The old value is not the stored one"


class CorrectionWithoutChange(Conflict):
    """Old and new value are the same."""

    slug, title = "correction-without-change", "The correction changes nothing"


class CorrectionAlreadyRequested(Conflict):
    """A correction of the same field waits for its second person."""

    slug, title = "correction-already-requested", "A correction of this field is waiting"


class CorrectionAlreadyDecided(Conflict):
    """The correction was approved or rejected before."""

    slug, title = "correction-already-decided", "The correction is decided already"


class CorrectionNeedsSecondPerson(Conflict):
    """Who asked for a correction does not approve it."""

    slug, title = "correction-needs-second-person", "A second person decides about a correction"
