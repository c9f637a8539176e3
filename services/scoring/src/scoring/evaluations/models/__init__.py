"""Tables of third-party evaluation: forms, evaluators and their interests, rounds, cases, draws, ratings, acts."""

from scoring.evaluations.models.process import Act, Assignment, Case, Draw, Evaluation, Rating, View
from scoring.evaluations.models.register import Evaluator, EvaluatorOrganisation, Interest, RatingForm

__all__ = [
    "Act",
    "Assignment",
    "Case",
    "Draw",
    "Evaluation",
    "Evaluator",
    "EvaluatorOrganisation",
    "Interest",
    "Rating",
    "RatingForm",
    "View",
]
