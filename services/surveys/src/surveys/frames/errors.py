"""Refusals about frames and invitations."""

from shared.problems import Conflict, NotFound, Unprocessable

__all__ = [
    "AttributesTooFine",
    "AuditUnfit",
    "EnumeratorUnknown",
    "FrameAlreadyDrawn",
    "FrameDiffers",
    "FrameMalformed",
    "FrameNotDrawn",
    "FrameNotFound",
    "FrameNotWanted",
    "InvitationUnknown",
    "PaidUnitsUnknown",
    "SheetsUnfit",
]


class FrameNotFound(NotFound):
    """The wave has no frame."""

    slug, title = "frame-not-found", "The wave has no frame"


class InvitationUnknown(NotFound):
    """A reference or token belongs to no invitation of the wave."""

    slug, title = "invitation-unknown", "No such invitation in this wave"


class FrameNotWanted(Conflict):
    """An open link asks whoever comes: it has no frame."""

    slug, title = "frame-not-wanted", "The wave has no frame by its design"


class FrameAlreadyDrawn(Conflict):
    """The sample was drawn: the frame stays as it was then."""

    slug, title = "frame-already-drawn", "The frame is complete already"


class FrameNotDrawn(Conflict):
    """Invitations are made after the sample was drawn."""

    slug, title = "frame-not-drawn", "The sample was not drawn yet"


class FrameDiffers(Conflict):
    """The frame does not fit what the wave declared."""

    slug, title = "frame-differs", "The frame does not fit the wave"


class AttributesTooFine(Conflict):
    """Few people share stratum and attributes: an anonymous answer that carries both would not stay anonymous."""

    slug, title = "attributes-too-fine", "The attributes of the frame are too fine"


class FrameMalformed(Unprocessable):
    """Rows of a frame are wrong; names the row and the field of each error."""

    slug, title = "frame-malformed", "The frame is malformed"


class AuditUnfit(Unprocessable):
    """The audit sample cannot confirm or refute the list; says why."""

    slug, title = "audit-unfit", "The audit sample does not fit"


class PaidUnitsUnknown(Conflict):
    """There is no number of paid service units to compare the frame with."""

    slug, title = "paid-units-unknown", "The paid service units are not known"


class EnumeratorUnknown(NotFound):
    """The wave has no enumerator of that pseudonym."""

    slug, title = "enumerator-unknown", "No such enumerator"


class SheetsUnfit(Unprocessable):
    """There is nothing to print."""

    slug, title = "sheets-unfit", "There is nothing to print"
