from shared.problems import Conflict, NotFound

__all__ = ["ImpactNotFound", "ScoreNotEvaluable", "ScoreNotFound", "ScoreNotReproducible"]


class ScoreNotFound(NotFound):
    """The contract has no score in the caller's scope, or not that row."""

    slug, title = "score-not-found", "No such score"


class ScoreNotEvaluable(NotFound):
    """The contract of the past was closed as not evaluable: `reason` says why; it is a gap and no score of 0."""

    slug, title = "score-not-evaluable", "The contract cannot be evaluated"


class ScoreNotReproducible(Conflict):
    """The row does not come out again from the evidence and the framework that it names, or one of them is gone."""

    slug, title = "score-not-reproducible", "The score does not come out again"


class ImpactNotFound(NotFound):
    """Nobody asked for the impact of that framework's version, or it is of another region."""

    slug, title = "impact-not-found", "No such impact"
