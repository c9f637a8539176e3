"""Refusals about the catalogue."""

from shared.problems import Conflict, Forbidden, NotFound

__all__ = [
    "CatalogueTreeUnsound",
    "EditionAlreadyApproved",
    "EditionAlreadyRecorded",
    "EditionNotFound",
    "SecondPersonMissing",
]


class EditionNotFound(NotFound):
    """There is no edition with this id."""

    slug, title = "catalogue-edition-not-found", "No such edition of the catalogue"


class EditionAlreadyRecorded(Conflict):
    """The jurisdiction has an edition of this name."""

    slug, title = "catalogue-edition-already-recorded", "The edition is recorded already"


class EditionAlreadyApproved(Conflict):
    """An approved edition never changes: contracts rest on it."""

    slug, title = "catalogue-edition-already-approved", "The edition is approved and stays as it is"


class CatalogueTreeUnsound(Conflict):
    """The items are no tree."""

    slug, title = "catalogue-tree-unsound", "The items of the catalogue are no tree"


class SecondPersonMissing(Forbidden):
    """Whoever edited last cannot approve: four eyes."""

    slug, title = "second-person-missing", "A second person has to do this"
