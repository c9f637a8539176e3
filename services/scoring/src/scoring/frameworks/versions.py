"""Every version that a caller may read: shipped ones, approved and retired ones, and drafts of the own region."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.frameworks.errors import FrameworkNotFound
from scoring.frameworks.models import FrameworkVersion
from scoring.frameworks.queries import covers, shipped_frameworks, version_rows
from scoring.frameworks.registry import order
from shared.auth import Principal

__all__ = ["OFFICERS", "Version", "find_version", "parse_reference", "visible_versions"]

OFFICERS = frozenset({"finance", "purchaser", "auditor", "operator"})
"""Roles that see drafts and who did what."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version as it is answered."""

    document: Mapping[str, Any]
    hash: str
    state: str
    region: str | None
    in_force: bool
    row: FrameworkVersion | None
    """None for a shipped version."""

    @property
    def id(self) -> str:
        """Id of the framework."""
        framework_id: str = self.document["id"]
        return framework_id

    @property
    def version(self) -> str:
        """Semantic version."""
        version: str = self.document["version"]
        return version


async def visible_versions(
    session: AsyncSession, *, principal: Principal, framework_id: str | None = None
) -> list[Version]:
    """Shipped versions by id, then the regions' own by id; the higher version last."""
    shipped = [
        Version(each.written, each.written_hash, "shipped", None, not each.offered and _newest(each.id) is each, None)
        for each in shipped_frameworks()
        if framework_id in {None, each.id}
    ]
    rows = [row for row in await version_rows(session, framework_id=framework_id) if _visible(row, principal)]
    rows.sort(key=lambda row: (row.framework_id, order(row.framework_version)))
    newest = {row.framework_id: row for row in rows if row.state == "approved"}
    own = [
        Version(
            row.document,
            row.hash,
            row.state,
            row.scope,
            in_force=newest.get(row.framework_id) is row and not row.document.get("offered", False),
            row=row,
        )
        for row in rows
    ]
    return [*shipped, *own]


async def find_version(
    session: AsyncSession, framework_id: str, framework_version: str | None = None, *, principal: Principal
) -> Version:
    """One version; without a number the one in force, or else the highest that the caller may read.

    Raises FrameworkNotFound, which names the frameworks that are known.
    """
    found = await visible_versions(session, principal=principal, framework_id=framework_id)
    if framework_version is not None:
        found = [each for each in found if each.version == framework_version]
    if not found:
        every = await visible_versions(session, principal=principal)
        known = ", ".join(dict.fromkeys(each.id for each in every))
        named = f"{framework_id} {framework_version}" if framework_version else framework_id
        raise FrameworkNotFound(f"There is no framework {named}. Known: {known}.")
    settled = [each for each in found if each.state in {"shipped", "approved"}] or found
    return next((each for each in settled if each.in_force), settled[-1])


def parse_reference(reference: str) -> tuple[str, str | None]:
    """Id and version of `four-questions@1.0.0` or `four-questions`."""
    framework_id, _, version = reference.partition("@")
    return framework_id, version or None


def _newest(framework_id: str) -> object:
    return next(each for each in reversed(shipped_frameworks()) if each.id == framework_id)


def _visible(row: FrameworkVersion, principal: Principal) -> bool:
    if row.state in {"approved", "retired"}:
        return True
    return bool(principal.roles & OFFICERS) and covers(principal, row.scope)
