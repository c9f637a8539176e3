"""Keeping mappings of columns, and refusing those that name what there is not."""

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.tabular.errors import ImportMappingStale
from contracts.tabular.fields import fields_of
from contracts.tabular.models import ImportMapping
from contracts.tabular.schemas import KeptMappingIn, MappingIn
from contracts.tabular.values import CellFault, Reading, read_cell
from shared import audit, clock
from shared.db import principal_in
from shared.problems import Unprocessable

__all__ = ["keep_mapping", "require_sound_mapping"]


def require_sound_mapping(noun: str, mapping: MappingIn, *, at: str) -> None:
    """Refuse (422) fields that the noun does not have, and constants that cannot be read."""
    fields = fields_of(noun)
    errors = [
        {"pointer": f"{at}/columns/{head}/field", "detail": f"{noun} have no field {column.field}"}
        for head, column in mapping.columns.items()
        if column.field is not None and column.field not in fields
    ]
    for name, value in mapping.constants.items():
        if name not in fields:
            errors.append({"pointer": f"{at}/constants/{name}", "detail": f"{noun} have no field {name}"})
            continue
        try:
            read_cell(value, Reading(fields[name]))
        except CellFault as fault:
            errors.append({"pointer": f"{at}/constants/{name}", "detail": str(fault)})
    if errors:
        raise Unprocessable(
            f"The mapping names what {noun} do not have; GET /v1/imports/nouns/{noun} lists the fields.", errors=errors
        )


async def keep_mapping(
    session: AsyncSession, body: KeptMappingIn, *, name: str, if_match: int | None
) -> tuple[ImportMapping, bool]:
    """Keep a mapping under a name, or change it; answers it and whether it is new.

    ImportMappingStale when somebody else has kept another version under the name, or when it is kept and no version is
    named.
    """
    require_sound_mapping(body.noun, body.mapping, at="/mapping")
    kept = await session.get(ImportMapping, name, with_for_update=True)
    if (kept.version if kept else None) != if_match:
        raise ImportMappingStale(
            f"{name} is kept as version {kept.version}; send If-Match with it." if kept else f"{name} is not kept yet.",
            version=kept.version if kept else None,
        )
    new = kept is None
    if kept is None:
        kept = ImportMapping(name=name, version=0)
        session.add(kept)
    kept.version += 1
    kept.noun = body.noun
    kept.mapping = body.mapping.model_dump(mode="json")
    kept.recorded_by = principal_in(session).subject
    kept.updated_at = clock.now()
    await session.flush()
    audit.record(session, "import-mapping.kept", noun="import_mapping", noun_id=name, fields={"version": kept.version})
    return kept, new
