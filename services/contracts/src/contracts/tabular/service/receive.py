"""Receiving a file in parts, and starting what is done with it. The work itself is a job that survives a restart."""

import hashlib
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.tabular.errors import ImportNotReady, ImportPartDiffers, ImportTooLarge, UnitsSuspicious
from contracts.tabular.models import ImportPart, TableImport
from contracts.tabular.queries import get_mapping, get_table_import
from contracts.tabular.schemas import MappingIn, RunIn, TableImportIn
from contracts.tabular.service.mappings import require_sound_mapping
from contracts.tabular.service.run import JOB_KIND
from shared import audit, clock
from shared.auth import Principal, require_region
from shared.concurrency import check_version
from shared.db import principal_in
from shared.ids import new_id
from shared.jobs import enqueue
from shared.problems import Unprocessable

__all__ = ["put_part", "run_import", "start_import", "undo_import"]

_COUNTS = ("done", "created", "updated", "unchanged", "rejected", "undone", "kept")


async def start_import(session: AsyncSession, body: TableImportIn) -> TableImport:
    """Announce a file; its parts come next. 403 for a region outside the scope, 422 for an unsound mapping."""
    principal = principal_in(session)
    require_region(principal, body.region)
    mapping, at = body.mapping or MappingIn(), "/mapping"
    if body.mapping_name is not None:
        if body.mapping is not None:
            raise Unprocessable(
                "Send a mapping or the name of a kept one, not both.",
                errors=[{"pointer": "/mapping_name", "detail": "there is a mapping too"}],
            )
        kept = await get_mapping(session, name=body.mapping_name)
        if kept.noun != body.noun:
            raise Unprocessable(
                f"{body.mapping_name} is a mapping of {kept.noun}.",
                errors=[{"pointer": "/mapping_name", "detail": f"is of {kept.noun}, not of {body.noun}"}],
            )
        mapping, at = MappingIn.model_validate(kept.mapping), "/mapping_name"
    require_sound_mapping(body.noun, mapping, at=at)
    moment = clock.now()
    batch = TableImport(
        id=new_id(),
        version=1,
        noun=body.noun,
        source=body.source,
        filename=body.filename,
        region=body.region,
        state="receiving",
        simulated=body.simulated,
        mapping=mapping.model_dump(mode="json"),
        principal=_who(principal),
        size=0,
        columns=[],
        warnings=[],
        units_confirmed=False,
        rows=0,
        **dict.fromkeys(_COUNTS, 0),
        created_at=moment,
        updated_at=moment,
    )
    session.add(batch)
    await session.flush()
    _note(session, batch, "table-import.started")
    return batch


def _who(principal: Principal) -> dict[str, Any]:
    return {
        "subject": principal.subject,
        "organisation": str(principal.organisation) if principal.organisation else None,
        "unit": principal.unit,
        "roles": sorted(principal.roles),
        "regions": list(principal.regions),
    }


def _note(session: AsyncSession, batch: TableImport, action: str) -> None:
    noted = {"noun": batch.noun, "source": batch.source}
    audit.record(session, action, noun="table_import", noun_id=batch.id, region=batch.region, fields=noted)


async def put_part(
    session: AsyncSession, *, import_id: UUID, number: int, content: bytes, limit: int
) -> tuple[int, str]:
    """Keep a part; the same part again changes nothing. Answers the bytes so far and the part's hash.

    ImportNotReady once the file is being read, ImportPartDiffers for another content of the same part, ImportTooLarge
    over `limit` bytes.
    """
    batch = await get_table_import(session, import_id=import_id, lock=True)
    if batch.state != "receiving":
        raise ImportNotReady(f"The import is {batch.state}; start another one for another file.", state=batch.state)
    if not content:
        raise Unprocessable("The part is empty.", errors=[{"pointer": "/", "detail": "no bytes"}])
    digest = hashlib.sha256(content).hexdigest()
    row = {"import_id": import_id, "number": number, "sha256": digest, "content": content}
    made = await session.execute(insert(ImportPart).values(row).on_conflict_do_nothing().returning(ImportPart.number))
    if made.first() is None:
        statement = select(ImportPart.sha256).where(ImportPart.import_id == import_id, ImportPart.number == number)
        if (await session.execute(statement)).scalar_one() != digest:
            raise ImportPartDiffers(f"Part {number} was received with another content; start another import.")
        return batch.size, digest
    batch.size += len(content)
    batch.updated_at = clock.now()
    if batch.size > limit:
        raise ImportTooLarge(f"The file would have {batch.size} bytes; at most {limit} are taken.", limit=limit)
    return batch.size, digest


async def run_import(
    session: AsyncSession, body: RunIn, *, import_id: UUID, if_match: int | None, max_unpacked: int, max_rows: int
) -> TableImport:
    """Read the file and check or apply its rows; after a check, apply them.

    ImportNotReady from another state or with a part missing, UnitsSuspicious while nobody has confirmed the units.
    """
    batch = await get_table_import(session, import_id=import_id, lock=True)
    check_version(if_match, batch.version)
    goal = "checking" if body.dry_run else "applying"
    if batch.state == "receiving":
        await _require_parts(session, batch)
        batch.state = "reading"
    elif batch.state == "checked":
        batch.state = goal
        batch.units_confirmed = batch.units_confirmed or body.confirm_units
        suspicious = [one["detail"] for one in batch.warnings if one["code"] == "units-suspicious"]
        if goal == "applying" and suspicious and not batch.units_confirmed:
            raise UnitsSuspicious(
                f"{' '.join(suspicious)} Start again with the right unit of the column, or send confirm_units.",
                warnings=suspicious,
            )
    else:
        raise ImportNotReady(
            f"The import is {batch.state}; it is run once its parts are here, and again after a check.",
            state=batch.state,
        )
    batch.units_confirmed = batch.units_confirmed or body.confirm_units
    await _begin(session, batch, {"goal": goal, "max_unpacked": max_unpacked, "max_rows": max_rows})
    _note(session, batch, f"table-import.{goal}")
    return batch


async def undo_import(session: AsyncSession, *, import_id: UUID, if_match: int | None) -> TableImport:
    """Take back what an applied import recorded, row by row from the last to the first.

    A row stays, with the reason, where something later depends on it. ImportNotReady for an import that is not applied.
    """
    batch = await get_table_import(session, import_id=import_id, lock=True)
    check_version(if_match, batch.version)
    if batch.state not in ("applied", "undone"):
        raise ImportNotReady(f"The import is {batch.state}; only an applied one is undone.", state=batch.state)
    await session.execute(
        text("UPDATE table_import_rows SET outcome = before ->> 'was' WHERE import_id = :id AND outcome = 'kept'"),
        {"id": import_id},
    )
    batch.state = "undoing"
    batch.kept = 0
    await _begin(session, batch, {})
    _note(session, batch, "table-import.undoing")
    return batch


async def _begin(session: AsyncSession, batch: TableImport, more: dict[str, Any]) -> None:
    batch.done = 0
    batch.version += 1
    batch.updated_at = clock.now()
    if batch.state in ("reading", "checking", "applying"):
        for name in _COUNTS:
            setattr(batch, name, 0)
    payload = {"principal": _who(principal_in(session)), **more}
    await enqueue(session, JOB_KIND, key=str(batch.id), payload=payload)


async def _require_parts(session: AsyncSession, batch: TableImport) -> None:
    statement = select(func.count(), func.max(ImportPart.number)).where(ImportPart.import_id == batch.id)
    number, last = (await session.execute(statement)).one()
    if number == 0 or number != last:
        raise ImportNotReady(
            f"{number} parts are here, the last of them is number {last or 0}: "
            "send PUT .../parts/{number} from 1 without a gap, then run.",
            parts=number,
        )
