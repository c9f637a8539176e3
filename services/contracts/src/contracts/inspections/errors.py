"""Refusals about inspections."""

from shared.problems import Conflict, NotFound

__all__ = ["InspectionNotFound", "InspectionNotPlanned"]


class InspectionNotFound(NotFound):
    """There is no such inspection in the caller's regions."""

    slug, title = "inspection-not-found", "No such inspection"


class InspectionNotPlanned(Conflict):
    """An inspection is carried out or cancelled once; what was recorded stands."""

    slug, title = "inspection-not-planned", "The inspection is no longer planned"
