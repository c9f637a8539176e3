"""The frameworks that are shipped, and the versions that regions registered.

A released version is never edited: a new version is a new file, the old one stays as `<id>@<version>.json`, so that
every score row can be explained with the rules that it was made by.
"""

import json
from functools import cache
from importlib.resources import files
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.frameworks.document import Framework
from scoring.frameworks.errors import FrameworkNotFound
from scoring.frameworks.models import FrameworkVersion
from scoring.frameworks.reading import plain_framework, read_framework
from scoring.frameworks.registry import Applied, Registry, order
from shared.auth import Principal, normalise_scope

__all__ = [
    "covers",
    "find_framework",
    "framework_by_hash",
    "frameworks_in_force",
    "load_registry",
    "read_framework",
    "read_stamp",
    "shipped_frameworks",
    "version_row",
    "version_rows",
]


@cache
def shipped_frameworks() -> tuple[Framework, ...]:
    """Every version that is shipped, by id and version; the tests of each release validate them."""
    data = files("scoring.frameworks") / "data"
    documents = [
        json.loads(entry.read_text(encoding="utf-8"))
        for entry in data.iterdir()
        if entry.name.endswith(".json") and not entry.name.endswith(".schema.json")
    ]
    return tuple(sorted((plain_framework(document) for document in documents), key=_order))


def _order(framework: Framework) -> tuple[str, tuple[int, ...]]:
    return framework.id, order(framework.version)


@cache
def frameworks_in_force() -> tuple[Framework, ...]:
    """The highest version of each shipped framework that applies everywhere, by id, without modules.

    What a contract is scored under is asked of the registry, which knows the regions' own frameworks too.
    """
    everywhere = {framework.id: framework for framework in shipped_frameworks() if not framework.offered}
    return tuple(everywhere.values())


def find_framework(framework_id: str, version: str | None = None) -> Framework:
    """A shipped framework by id, its highest version or a stated one; FrameworkNotFound."""
    for framework in reversed(shipped_frameworks()):
        if framework.id == framework_id and version in {None, framework.version}:
            return framework
    known = ", ".join(dict.fromkeys(framework.id for framework in shipped_frameworks()))
    raise FrameworkNotFound(f"There is no framework {framework_id}{f' {version}' if version else ''}. Known: {known}.")


def framework_by_hash(framework_hash: str) -> Framework:
    """The shipped version with that hash; FrameworkNotFound when this release does not carry it any more."""
    for framework in shipped_frameworks():
        if framework.hash == framework_hash:
            return framework
    raise FrameworkNotFound(f"This release carries no framework with the hash {framework_hash}.")


async def read_stamp(session: AsyncSession) -> UUID:
    """The stamp of what is in force: equal stamps, equal registries."""
    stamp: UUID = (await session.execute(_STAMP)).scalar_one()
    return stamp


_STAMP = text("SELECT stamp FROM framework_registry")


async def load_registry(session: AsyncSession) -> Registry:
    """The registry as the database has it now: shipped versions, and those that regions approved."""
    highest = {framework.id: framework for framework in shipped_frameworks()}
    shipped = [
        Applied(each.written, each.written_hash, "", not each.offered and highest[each.id] is each)
        for each in shipped_frameworks()
    ]
    rows = await session.execute(
        select(
            FrameworkVersion.document,
            FrameworkVersion.hash,
            FrameworkVersion.scope,
            FrameworkVersion.state,
            FrameworkVersion.replaced_by,
        )
        .where(FrameworkVersion.state.in_(("approved", "retired")))
        .order_by(FrameworkVersion.framework_id, FrameworkVersion.approved_at)
    )
    own = (
        Applied(row.document, row.hash, row.scope, row.state == "approved", row.state == "retired", row.replaced_by)
        for row in rows
    )
    return Registry.of([*shipped, *own])


def covers(principal: Principal, scope: str) -> bool:
    """Whether a caller's regions cover all of a framework's region: a province's officer acts on its cities' too."""
    return principal.unlimited or scope.startswith(tuple(normalise_scope(region) for region in principal.regions))


async def version_row(
    session: AsyncSession, framework_id: str, framework_version: str, *, lock: bool = False
) -> FrameworkVersion | None:
    """A version that a region registered, in any state; None when there is none."""
    statement = select(FrameworkVersion).where(
        FrameworkVersion.framework_id == framework_id, FrameworkVersion.framework_version == framework_version
    )
    return (await session.execute(statement.with_for_update() if lock else statement)).scalar_one_or_none()


async def version_rows(session: AsyncSession, *, framework_id: str | None = None) -> list[FrameworkVersion]:
    """The versions that regions registered, in any state, by id and time."""
    statement = select(FrameworkVersion).order_by(FrameworkVersion.framework_id, FrameworkVersion.created_at)
    if framework_id is not None:
        statement = statement.where(FrameworkVersion.framework_id == framework_id)
    return list((await session.execute(statement)).scalars())
