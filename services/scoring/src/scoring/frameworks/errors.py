from shared.problems import NotFound

__all__ = ["FrameworkNotFound", "InvalidFrameworkError"]


class InvalidFrameworkError(ValueError):
    """A framework document breaks a rule; the message names the node. Raised when a document is loaded."""


class FrameworkNotFound(NotFound):
    """There is no such framework, or not in that version."""

    slug, title = "framework-not-found", "No such framework"
