from shared.problems import Conflict, Forbidden, NotFound

__all__ = [
    "AlreadyDone",
    "CoverageTooLow",
    "DeterminationBlocked",
    "DeterminationExists",
    "DeterminationNotFound",
    "DeterminationNotInForce",
    "DeterminationNotServed",
    "DeterminationReplaced",
    "DeterminationSuspended",
    "EvidenceHeld",
    "EvidenceNotDeterminable",
    "GateUncertain",
    "NotThePurchaser",
    "PanelUnfounded",
    "ReplacesAnother",
    "ScoreNotHead",
]


class DeterminationNotFound(NotFound):
    """There is no such determination in the caller's scope."""

    slug, title = "determination-not-found", "No such determination"


class NotThePurchaser(Forbidden):
    """A purchaser determines the scores of its own contracts; finance departments and operators act for the region."""

    slug, title = "not-the-purchaser", "This is done by the contract's purchaser"


class EvidenceHeld(Conflict):
    """Evidence is missing whose absence blocks a determination; `missing` names each indicator."""

    slug, title = "evidence-held", "Evidence is missing"


class EvidenceNotDeterminable(Conflict):
    """The score rests on answers of whoever came (an open link): it may be shown live and never determined."""

    slug, title = "evidence-not-determinable", "Evidence that may not be determined upon"


class ScoreNotHead(Conflict):
    """The score has moved on since it was read; the present version and hash are named."""

    slug, title = "score-not-head", "The score has moved on"


class DeterminationExists(Conflict):
    """The contract is determined under this framework and stage; a correction names the one that it replaces."""

    slug, title = "determination-exists", "Determined already"


class DeterminationReplaced(Conflict):
    """The determination to be replaced was replaced already; the newest is named."""

    slug, title = "determination-replaced", "Replaced already"


class ReplacesAnother(Conflict):
    """The determination to be replaced is about another contract, framework or stage."""

    slug, title = "determination-replaces-another", "It is about something else"


class DeterminationBlocked(Conflict):
    """The evaluators' marks do not allow a determination yet: an open round, too little agreement, an open flag."""

    slug, title = "determination-blocked", "The evaluation does not allow a determination yet"


class GateUncertain(Conflict):
    """A gate may be crossed or not; `gates` names each with its probability."""

    slug, title = "gate-uncertain", "Nobody can say whether a gate is crossed"


class TargetsSoftened(Conflict):
    """Agreed targets ask for less than earlier contracts agreed and reached, without a reason; `targets` names each."""

    slug, title = "targets-softened", "A softened target needs a reason"


class CoverageTooLow(Conflict):
    """Too little of a node's weight has evidence; `nodes` names each."""

    slug, title = "coverage-too-low", "Too little evidence"


class PanelUnfounded(Conflict):
    """A panel's decision rests on a third evaluation of the same contract, and this one does not."""

    slug, title = "panel-unfounded", "No third evaluation of this contract"


class DeterminationNotServed(Conflict):
    """The determination has no effect before its document is served."""

    slug, title = "determination-not-served", "Not served yet"


class DeterminationNotInForce(Conflict):
    """The determination was replaced or annulled; what stands in its place is named where there is something."""

    slug, title = "determination-not-in-force", "No longer in force"


class AlreadyDone(Conflict):
    """This was done already; when is named."""

    slug, title = "determination-act-done", "Done already"


class DeterminationSuspended(Conflict):
    """An appeal suspends publication and money effects; the appeals are named."""

    slug, title = "determination-suspended", "Suspended by an appeal"
