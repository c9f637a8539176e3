"""Refusals about organisations."""

from shared.problems import Conflict, NotFound

__all__ = [
    "IndividualsNotConfigured",
    "OrganisationAlreadyRecorded",
    "OrganisationEnded",
    "OrganisationNotFound",
    "OrganisationUnknown",
]


class OrganisationNotFound(NotFound):
    """There is no organisation with this id."""

    slug, title = "organisation-not-found", "No such organisation"


class OrganisationAlreadyRecorded(Conflict):
    """The credit code or the external id belongs to an organisation that is recorded already."""

    slug, title = "organisation-already-recorded", "The organisation is recorded already"


class OrganisationUnknown(Conflict):
    """A body names an organisation that is not recorded, or not in this role."""

    slug, title = "organisation-unknown", "The organisation is not recorded in this role"


class OrganisationEnded(Conflict):
    """A body names an organisation that was merged, split up or dissolved."""

    slug, title = "organisation-ended", "The organisation has ended"


class IndividualsNotConfigured(Conflict):
    """Individuals need the secret that their identity is hashed with."""

    slug, title = "individuals-not-configured", "The secret for individuals is not set"
