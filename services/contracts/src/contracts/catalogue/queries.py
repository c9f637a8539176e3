"""Reading the guiding catalogue."""

from contracts.catalogue.items import ITEMS, CatalogueItem

__all__ = ["all_items", "is_public_service", "item_of"]


def all_items() -> list[CatalogueItem]:
    """Every item in the order of its code."""
    return list(ITEMS.values())


def item_of(code: str | None) -> CatalogueItem | None:
    """The central item that a code belongs to: provinces add digits to it (A0501 is a kind of A05)."""
    return ITEMS.get(code[:3]) if code else None


def is_public_service(code: str | None) -> bool:
    """Whether the recipients' opinion belongs to the acceptance (public services; Reg. 658 art. 45(2))."""
    return bool(code) and str(code).startswith("A")
