"""Refusals about campaigns and returns."""

from shared.problems import Conflict, NotFound

__all__ = ["CampaignLocked", "CampaignNotFound", "ReturnIncomplete", "ReturnNotFound", "ReturnStateConflict"]


class CampaignNotFound(NotFound):
    """There is no such campaign."""

    slug, title = "campaign-not-found", "No such campaign"


class ReturnNotFound(NotFound):
    """The campaign has no such return in the caller's regions."""

    slug, title = "campaign-return-not-found", "No such return"


class CampaignLocked(Conflict):
    """A campaign that is locked takes nothing more."""

    slug, title = "campaign-locked", "The campaign is locked"


class ReturnStateConflict(Conflict):
    """The return's state does not allow this."""

    slug, title = "campaign-return-conflict", "The return's state does not allow this"


class ReturnIncomplete(Conflict):
    """Something that the campaign demands is missing; `missing` names the contracts and what each lacks."""

    slug, title = "campaign-return-incomplete", "The return is not complete"
