from shared.problems import NotFound

__all__ = ["ScoreNotFound"]


class ScoreNotFound(NotFound):
    """The contract has no score in the caller's scope, or not that row."""

    slug, title = "score-not-found", "No such score"
