"""A version's way: draft, submitted, approved by a second person, retired."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from scoring.canonical import canonical, sha256
from scoring.frameworks.errors import (
    FrameworkActNotPossible,
    FrameworkExists,
    FrameworkIdTaken,
    FrameworkNotFound,
    FrameworkSelfApproval,
    InvalidFramework,
    TargetsTooEasy,
)
from scoring.frameworks.models import FrameworkRegistry, FrameworkVersion
from scoring.frameworks.queries import covers, shipped_frameworks, version_row, version_rows
from scoring.frameworks.service.checks import check_document, check_higher
from scoring.frameworks.service.standing import registry
from scoring.frameworks.targets import easy_targets
from scoring.frameworks.versions import parse_reference
from shared import audit, clock
from shared.auth import Principal, normalise_scope
from shared.concurrency import check_version
from shared.ids import new_id
from shared.jobs import enqueue
from shared.problems import Forbidden, Unprocessable

__all__ = [
    "FRAMEWORK_CHANGED",
    "approve_framework",
    "register_framework",
    "replace_draft",
    "retire_framework",
    "return_framework",
    "submit_framework",
]

FRAMEWORK_CHANGED: Final = "scores.framework-changed"
"""Kind of the job that re-scores under a framework that came into force or was retired; the payload has framework_id,
framework_version, scope, and the chunk and lanes of the re-scoring."""

_POSSIBLE: Final = {
    "draft": "replace or submit it",
    "submitted": "approve or return it",
    "approved": "it can only be retired",
    "retired": "register a new version",
}


async def register_framework(
    session: AsyncSession, document: Mapping[str, Any], *, region: str, reason: str, principal: Principal
) -> FrameworkVersion:
    """Keep a version as a draft of a region; its id belongs to the region that used it first.

    Raises Forbidden, InvalidFramework, FrameworkIdTaken, FrameworkExists, VersionNotHigher.
    """
    scope = _governed(principal, region)
    await check_document(session, document, scope=scope)
    framework_id, version = document["id"], document["version"]
    # Two who register at once go one after the other.
    await session.execute(select(FrameworkRegistry.stamp).with_for_update())
    if any(each.id == framework_id for each in shipped_frameworks()):
        raise FrameworkIdTaken(f"{framework_id} is a shipped framework: inherit it under an id of your own.")
    earlier = await version_rows(session, framework_id=framework_id)
    if any(row.scope != scope for row in earlier):
        raise FrameworkIdTaken(f"{framework_id} belongs to another region: take another id.")
    for row in earlier:
        if row.framework_version == version:
            raise FrameworkExists(f"{framework_id} {version} is registered ({row.state}): raise the version.")
    check_higher(earlier, framework_id, version)
    row = FrameworkVersion(
        framework_id=framework_id,
        framework_version=version,
        version=1,
        scope=scope,
        state="draft",
        hash=sha256(canonical(document)),
        document=dict(document),
        reason=reason,
        created_by=principal.subject,
        created_at=clock.now(),
    )
    session.add(row)
    await session.flush()
    _record(session, "framework.registered", row)
    return row


async def replace_draft(
    session: AsyncSession,
    framework_id: str,
    framework_version: str,
    *,
    document: Mapping[str, Any],
    reason: str,
    if_match: int | None,
    principal: Principal,
) -> FrameworkVersion:
    """Write a draft anew; who does so counts as its author."""
    row = await _act(session, framework_id, framework_version, "draft", if_match=if_match, principal=principal)
    if (document.get("id"), document.get("version")) != (framework_id, framework_version):
        raise InvalidFramework(
            "The document is about another framework or version.",
            errors=[{"node": "document", "detail": f"id and version must be {framework_id} {framework_version}"}],
        )
    await check_document(session, document, scope=row.scope)
    row.hash, row.document, row.reason = sha256(canonical(document)), dict(document), reason
    row.created_by, row.created_at = principal.subject, clock.now()
    return await _done(session, row, "framework.replaced")


async def submit_framework(
    session: AsyncSession, framework_id: str, framework_version: str, *, if_match: int | None, principal: Principal
) -> FrameworkVersion:
    """Hand a draft to a second person; from now on it does not change."""
    row = await _act(session, framework_id, framework_version, "draft", if_match=if_match, principal=principal)
    await check_document(session, row.document, scope=row.scope)
    row.state, row.submitted_by, row.submitted_at = "submitted", principal.subject, clock.now()
    return await _done(session, row, "framework.submitted")


async def return_framework(
    session: AsyncSession,
    framework_id: str,
    framework_version: str,
    *,
    reason: str,
    if_match: int | None,
    principal: Principal,
) -> FrameworkVersion:
    """Give a submitted version back to its author with a reason."""
    row = await _act(session, framework_id, framework_version, "submitted", if_match=if_match, principal=principal)
    row.state, row.submitted_by, row.submitted_at, row.returned_reason = "draft", None, None, reason
    return await _done(session, row, "framework.returned")


async def approve_framework(
    session: AsyncSession,
    framework_id: str,
    framework_version: str,
    *,
    reason: str,
    targets_reason: str | None,
    if_match: int | None,
    principal: Principal,
    rescoring: Mapping[str, int],
) -> FrameworkVersion:
    """Bring a submitted version into force in its region, by a second person, and ask for the re-scoring.

    Targets below what history or the sector reached need a reason of their own. Raises FrameworkSelfApproval,
    TargetsTooEasy, FrameworkActNotPossible, VersionNotHigher.
    """
    row = await _act(session, framework_id, framework_version, "submitted", if_match=if_match, principal=principal)
    if principal.subject in {row.created_by, row.submitted_by}:
        raise FrameworkSelfApproval("You wrote or submitted this version: somebody else has to approve it.")
    await check_document(session, row.document, scope=row.scope)
    check_higher(await version_rows(session, framework_id=framework_id), framework_id, framework_version)
    easy = easy_targets(row.document)
    if easy and targets_reason is None:
        raise TargetsTooEasy(
            "These targets ask for less than was reached before: raise them, or state targets_reason.",
            targets=[each._asdict() for each in easy],
        )
    row.state, row.approved_by, row.approved_at = "approved", principal.subject, clock.now()
    row.approval_reason, row.targets_reason = reason, targets_reason if easy else None
    return await _done(session, row, "framework.approved", rescoring=rescoring)


async def retire_framework(
    session: AsyncSession,
    framework_id: str,
    framework_version: str,
    *,
    reason: str,
    replaced_by: str | None = None,
    if_match: int | None,
    principal: Principal,
    rescoring: Mapping[str, int],
) -> FrameworkVersion:
    """Take an approved version out of force; what was determined under it stays, and its rows stay explained by it.

    `replaced_by` (`id` or `id@version`) says what takes its place, by default another version of it that is in force in
    the region, or what it was inherited from. Live scores under it are retired. Unprocessable where it is not in force.
    """
    row = await _act(session, framework_id, framework_version, "approved", if_match=if_match, principal=principal)
    row.replaced_by = await _replacement(session, row, replaced_by)
    row.state, row.retired_by, row.retired_at, row.retirement_reason = "retired", principal.subject, clock.now(), reason
    return await _done(session, row, "framework.retired", rescoring=rescoring)


async def _replacement(session: AsyncSession, row: FrameworkVersion, stated: str | None) -> str | None:
    known = await registry(session)
    if stated is None:
        inherits = row.document.get("inherits") or {}
        return known.successor(row.framework_id, row.framework_version, scope=row.scope, inherits=inherits.get("id"))
    framework_id, version = parse_reference(stated)
    for each in known.versions:
        named = each.document["id"] == framework_id and version in {None, each.document["version"]}
        if named and each.in_force and row.scope.startswith(each.region) and each.hash != row.hash:
            return f"{framework_id}@{each.document['version']}"
    raise Unprocessable(
        f"{stated} is not in force in all of {row.scope or 'the country'}: it cannot take the place of this version.",
        errors=[{"pointer": "/replaced_by", "detail": "not in force in the region"}],
    )


def _governed(principal: Principal, region: str) -> str:
    """The region as a prefix; Forbidden unless the caller's scope covers all of it."""
    scope = normalise_scope(region)
    if not covers(principal, scope):
        raise Forbidden(
            f"Region {region} is not wholly in your scope ({', '.join(principal.regions) or 'none'}).", region=region
        )
    return scope


async def _act(
    session: AsyncSession,
    framework_id: str,
    framework_version: str,
    state: str,
    *,
    if_match: int | None,
    principal: Principal,
) -> FrameworkVersion:
    """The version, locked, for an act that needs a state."""
    row = await version_row(session, framework_id, framework_version, lock=True)
    if row is None or not covers(principal, row.scope):
        raise FrameworkNotFound(f"There is no framework {framework_id} {framework_version} in your scope.")
    check_version(if_match, row.version)
    if row.state != state:
        raise FrameworkActNotPossible(
            f"{framework_id} {framework_version} is {row.state}: {_POSSIBLE[row.state]}.", state=row.state
        )
    return row


async def _done(
    session: AsyncSession, row: FrameworkVersion, action: str, *, rescoring: Mapping[str, int] | None = None
) -> FrameworkVersion:
    """Finish an act; where what is in force changed, all processes read it again and the region is re-scored."""
    row.version += 1
    await session.flush()
    _record(session, action, row)
    if rescoring is not None:
        await session.execute(update(FrameworkRegistry).values(stamp=new_id()))
        payload = {
            "framework_id": row.framework_id,
            "framework_version": row.framework_version,
            "scope": row.scope,
            **rescoring,
        }
        await enqueue(session, FRAMEWORK_CHANGED, key=f"{row.framework_id} {row.framework_version}", payload=payload)
    return row


def _record(session: AsyncSession, action: str, row: FrameworkVersion) -> None:
    audit.record(
        session,
        action,
        noun="framework",
        noun_id=f"{row.framework_id} {row.framework_version}",
        region=row.scope,
        fields={"hash": row.hash, "state": row.state},
    )
