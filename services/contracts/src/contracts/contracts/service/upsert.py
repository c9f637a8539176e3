"""One item of the bulk upsert: a contract that a source system sends under its own id."""

import hashlib
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractAlreadyRecorded
from contracts.contracts.queries import find_contract_id, require_visible
from contracts.contracts.schemas import ContractBulkItem, ContractPatch
from contracts.contracts.service.create import insert_draft
from contracts.contracts.service.update import replace_terms
from shared.auth import require_region
from shared.db import principal_in
from shared.problems import PreconditionFailed

__all__ = ["upsert_contract"]

_REMEMBER = text(
    "UPDATE contract_external_ids SET content_hash = :hash WHERE source = :source AND external_id = :external_id"
)


async def upsert_contract(session: AsyncSession, item: ContractBulkItem) -> tuple[UUID, str]:
    """Draft the contract, or bring its draft up to date; answers its id and created|updated|unchanged.

    The same content again changes nothing, whatever became of the contract since; other content for a contract that is
    no draft any more is refused (ContractNotEditable), and a draft that was changed since the item's version
    (PreconditionFailed).
    """
    require_region(principal_in(session), item.region)
    # Fields that came later are left out where they are not used, so that what was sent before keeps its hash.
    unused = {name for name in ("competition", "clauses") if getattr(item, name) is None} | {"version"}
    content_hash = hashlib.sha256(item.model_dump_json(exclude=unused).encode()).hexdigest()
    source, external_id = item.external_id.source, item.external_id.id
    known = await find_contract_id(session, source=source, external_id=external_id)
    if known is None:
        if item.version is not None:
            raise PreconditionFailed(
                f"You read version {item.version}, and {external_id} of {source} is not recorded; leave version out."
            )
        record = await insert_draft(session, item, content_hash=content_hash)
        return record.state.contract_id, "created"
    contract_id, last_hash = known
    region = await require_visible(session, contract_id=contract_id)
    if last_hash == content_hash:
        return contract_id, "unchanged"
    if region != item.region:
        raise ContractAlreadyRecorded(
            f"{external_id} of {source} is recorded in {region}; a contract keeps its region. Record the other "
            "contract under an external id of its own.",
            contract_id=str(contract_id),
        )
    named = {name: getattr(item, name) for name in ContractPatch.model_fields}
    await replace_terms(session, named, contract_id=contract_id, if_match=item.version)
    await session.execute(_REMEMBER, {"hash": content_hash, "source": source, "external_id": external_id})
    return contract_id, "updated"
