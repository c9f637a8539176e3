"""What the contracts of one OCDS release have in common: the parties, the tender, the awards, the budget."""

from contracts.imports.parties import Parties
from contracts.imports.reading import Node

__all__ = ["Process"]

_METHODS = frozenset({"open", "selective", "limited", "direct"})


class Process:
    """The release around its contracts, read once."""

    def __init__(self, release: Node, ocid: str) -> None:
        self.ocid = ocid
        self.release_ids = {"release_id": release.text("id"), "release_date": release.text("date")}
        self.contracts = release.nodes("contracts")
        self.parties = Parties(release)
        self.buyer = self.parties.buyer() if self.contracts else None
        tender = release.node("tender")
        self.tender = tender
        self.tender_id = tender.text("id") if tender else None
        self.tenderers = tender.whole("numberOfTenderers") if tender else None
        method = tender.raw("procurementMethod") if tender else None
        known = isinstance(method, str) and method in _METHODS
        self.method = tender.text("procurementMethod") if tender and known else None
        self.awards = release.nodes("awards")
        planning = release.node("planning")
        self.budget = planning.node("budget") if planning else None

    def award(self, award_id: str | None) -> Node | None:
        """The award that a contract names, or the only one there is when it names none."""
        if award_id is None:
            return self.awards[0] if len(self.awards) == 1 else None
        return next((award for award in self.awards if award.equals("id", award_id)), None)
