"""What is in force, kept in the process's memory until something changes."""

from collections import OrderedDict
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.frameworks.errors import FrameworkNotFound
from scoring.frameworks.queries import covers, load_registry, read_stamp, version_row
from scoring.frameworks.registry import Applied, Registry
from shared.db import principal_in

__all__ = ["registry", "registry_if_approved"]

_registries: OrderedDict[UUID, Registry] = OrderedDict()
_KEPT = 8


async def registry(session: AsyncSession, *, stamp: UUID | None = None) -> Registry:
    """What is in force now: one small read, the rest comes from the process's memory unless something changed.

    `stamp` is given where a statement of the hot path has read it along.
    """
    stamp = stamp or await read_stamp(session)
    found = _registries.get(stamp)
    if found is None:
        found = _registries[stamp] = await load_registry(session)
        while len(_registries) > _KEPT:
            _registries.popitem(last=False)
    return found


async def registry_if_approved(session: AsyncSession, framework_id: str, framework_version: str) -> Registry:
    """What would be in force if a registered version were approved now: for its impact, before somebody decides.

    Compare `applicable` of both registries. Raises FrameworkNotFound, also outside of the caller's scope.
    """
    row = await version_row(session, framework_id, framework_version)
    if row is None or not covers(principal_in(session), row.scope):
        raise FrameworkNotFound(f"There is no framework {framework_id} {framework_version} in your scope.")
    candidate = Applied(row.document, row.hash, row.scope, in_force=not row.document.get("offered", False))
    others = [each for each in (await registry(session)).versions if each.hash != row.hash]
    return Registry.of([*others, candidate])
