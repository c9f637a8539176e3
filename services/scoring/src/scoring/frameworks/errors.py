from shared.problems import Conflict, NotFound, Unprocessable

__all__ = [
    "FrameworkActNotPossible",
    "FrameworkExists",
    "FrameworkIdTaken",
    "FrameworkNotFound",
    "FrameworkSelfApproval",
    "InvalidFramework",
    "InvalidFrameworkError",
    "JudgementsInconsistent",
    "TargetsTooEasy",
    "VersionNotHigher",
]


class InvalidFrameworkError(ValueError):
    """A framework document breaks a rule; the message names the node. Raised when a document is loaded."""


class InvalidFramework(Unprocessable):
    """A framework document that was sent breaks rules; `errors` names the node and the rule of each."""

    slug, title = "framework-invalid", "The framework breaks rules"


class JudgementsInconsistent(Unprocessable):
    """Judgements contradict themselves beyond the limit; the triad or the item is named."""

    slug, title = "judgements-inconsistent", "Judgements that contradict themselves"


class FrameworkNotFound(NotFound):
    """There is no such framework, or not in that version."""

    slug, title = "framework-not-found", "No such framework"


class FrameworkIdTaken(Conflict):
    """The id belongs to a shipped framework or to another region; take another one."""

    slug, title = "framework-id-taken", "The id is taken"


class FrameworkExists(Conflict):
    """This version is registered already; a changed framework is a new version."""

    slug, title = "framework-exists", "The version exists"


class VersionNotHigher(Conflict):
    """A new version must be higher than the one that is approved; the present one is named."""

    slug, title = "framework-version-not-higher", "The version is not higher"


class FrameworkActNotPossible(Conflict):
    """The version is not in the state that the act needs; the state and what is possible now are named."""

    slug, title = "framework-act-not-possible", "Not possible in this state"


class FrameworkSelfApproval(Conflict):
    """Whoever wrote or submitted a version cannot approve it: a second person has to."""

    slug, title = "framework-self-approval", "A second person approves"


class TargetsTooEasy(Conflict):
    """Targets ask for less than history or the sector reached; `targets` names each, and a reason lets them pass."""

    slug, title = "framework-targets-too-easy", "Targets below what was reached before"
