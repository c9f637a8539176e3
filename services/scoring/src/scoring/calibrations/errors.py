from shared.problems import Conflict, NotFound, Unprocessable

__all__ = [
    "AlreadyDecided",
    "EvaluationsDiffer",
    "EvaluationsInRound",
    "EvaluationsNotRated",
    "FlagNotFound",
    "MarksRefused",
    "NothingToAdjudicate",
    "RoundClosed",
    "RoundNotFound",
    "RoundOpen",
    "SamePerson",
]


class RoundNotFound(NotFound):
    """There is no such calibration round in the caller's scope."""

    slug, title = "calibration-not-found", "No such calibration round"


class FlagNotFound(NotFound):
    """There is no such flag in the round."""

    slug, title = "calibration-flag-not-found", "No such flag"


class EvaluationsNotRated(Conflict):
    """Some evaluations are still being rated; each is named. A round takes marks that change no more."""

    slug, title = "evaluations-not-rated", "Rating is not closed"


class EvaluationsDiffer(Conflict):
    """The evaluations have different forms, frameworks or stages: their marks are not of one kind."""

    slug, title = "evaluations-differ", "The evaluations are not of one kind"


class EvaluationsInRound(Conflict):
    """Some evaluations belong to a round already; name it in `replaces` to calibrate them anew with further marks."""

    slug, title = "evaluations-in-round", "In another round already"


class RoundClosed(Conflict):
    """The round is closed and does not change any more."""

    slug, title = "calibration-closed", "The round is closed"


class RoundOpen(Conflict):
    """The round is open: it has no parameters, flags or values yet."""

    slug, title = "calibration-open", "The round is still open"


class NothingToAdjudicate(Conflict):
    """The round needs no adjudication, or has had it."""

    slug, title = "calibration-not-adjudicable", "Nothing to adjudicate"


class AlreadyDecided(Conflict):
    """The flag was decided already; the decision is named."""

    slug, title = "calibration-flag-decided", "Decided already"


class SamePerson(Conflict):
    """Who closed the round does not decide on its flags or its agreement."""

    slug, title = "calibration-same-person", "Another person has to decide"


class MarksRefused(Unprocessable):
    """Marks for a trial value name an evaluator or a criterion that the round does not know, or leave the scale."""

    slug, title = "calibration-marks-refused", "Marks refused"
