from shared.problems import Conflict, Forbidden, NotFound, Unprocessable

__all__ = [
    "AssignmentDisconnected",
    "AssignmentImpossible",
    "AssignmentNotFound",
    "AssignmentWeak",
    "CaseNotFound",
    "EvaluationNotFound",
    "EvaluationStateRefused",
    "EvaluatorExists",
    "EvaluatorHasConflict",
    "EvaluatorNotFound",
    "FormExists",
    "FormNotFound",
    "FormRefused",
    "NotYourCase",
    "RatingIncomplete",
    "RatingLocked",
    "RatingOutOfScale",
    "ReviewNeeded",
    "ReviewerTooLow",
]


class FormNotFound(NotFound):
    """There is no such rating form."""

    slug, title = "rating-form-not-found", "No such rating form"


class FormExists(Conflict):
    """This version of the form exists with other content; a version never changes."""

    slug, title = "rating-form-exists", "The form's version exists"


class FormRefused(Unprocessable):
    """The form contradicts itself or the framework; each fault names the criterion."""

    slug, title = "rating-form-refused", "Rating form refused"


class EvaluatorNotFound(NotFound):
    """There is no such evaluator or evaluator organisation in the caller's scope."""

    slug, title = "evaluator-not-found", "No such evaluator"


class EvaluatorExists(Conflict):
    """The code, the name or the subject is on the register already."""

    slug, title = "evaluator-exists", "On the register already"


class EvaluatorHasConflict(Conflict):
    """An evaluator has a conflict of interest with a case; case and interest are named."""

    slug, title = "evaluator-has-conflict", "Conflict of interest"


class EvaluationNotFound(NotFound):
    """There is no such evaluation in the caller's scope."""

    slug, title = "evaluation-not-found", "No such evaluation"


class CaseNotFound(NotFound):
    """There is no such case in the caller's scope, or the caller may not see it yet."""

    slug, title = "evaluation-case-not-found", "No such case"


class AssignmentNotFound(NotFound):
    """There is no such assignment, or it is another evaluator's."""

    slug, title = "evaluation-assignment-not-found", "No such assignment"


class NotYourCase(Forbidden):
    """The caller is no party to the case, or not its lead evaluator."""

    slug, title = "not-your-case", "Not your case"


class EvaluationStateRefused(Conflict):
    """The step is not possible in this state; the detail says which step is next."""

    slug, title = "evaluation-state-refused", "Not in this state"


class AssignmentImpossible(Conflict):
    """A case has fewer evaluators without a conflict than it needs; `cases` names each with the reasons."""

    slug, title = "assignment-impossible", "Too few evaluators without a conflict"


class AssignmentDisconnected(Conflict):
    """Cases and evaluators fall into parts without a link: severities cannot be told apart. `components` names them."""

    slug, title = "assignment-disconnected", "The assignment is not connected"


class AssignmentWeak(Conflict):
    """Severities would be determined much worse than the number of ratings allows; the figures are named."""

    slug, title = "assignment-weak", "The assignment is too weak"


class RatingOutOfScale(Unprocessable):
    """A mark lies outside its criterion's scale or tier; `errors` names the criterion and the framework's node."""

    slug, title = "rating-out-of-scale", "Rating out of scale"


class RatingIncomplete(Conflict):
    """Criteria without a mark, or cases without their ratings; each is named."""

    slug, title = "rating-incomplete", "Ratings are missing"


class RatingLocked(Conflict):
    """The rating was submitted, or rating is closed: marks do not change any more."""

    slug, title = "rating-locked", "The rating is locked"


class ReviewNeeded(Conflict):
    """A party disagreed, so that a level above has to review before the conclusion."""

    slug, title = "evaluation-review-needed", "Review one level up is needed"


class ReviewerTooLow(Forbidden):
    """The reviewer's scope does not reach the level above the case."""

    slug, title = "reviewer-too-low", "The review is made one level up"
