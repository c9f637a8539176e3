"""A party as an import hands it over."""

from dataclasses import dataclass

__all__ = ["ImportedOrganisation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedOrganisation:
    """A party of another system. `uscc` is given only when it passed the check of `contracts.organisations.uscc`."""

    source: str
    external_id: str
    name: str
    roles: tuple[str, ...]
    uscc: str | None = None
    seat: str | None = None
    institution_class: str | None = None
    simulated: bool = False
    warnings: tuple[dict[str, str], ...] = ()
