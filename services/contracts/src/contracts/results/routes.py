"""What a contract's results led to, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from contracts.contracts.errors import ContractNotFound
from contracts.contracts.queries import get_contract
from contracts.contracts.service import organisations_of
from contracts.results import queries
from contracts.results.schemas import ContractResultsOut
from contracts.results.views import results_out
from contracts.results.visibility import for_everybody, for_provider
from shared.auth import Principal, allow
from shared.db import ReadSession
from shared.web import router, set_region

__all__ = ["routes"]

routes = router(tags=["results"])

OFFICERS = {"finance", "purchaser", "auditor", "operator"}
# Not the evaluators: what was determined must not colour what they still have to rate.
Reader = Annotated[Principal, allow("finance", "purchaser", "provider", "auditor", "operator")]


@routes.get("/contracts/{contract_id}/results", summary="What the contract's results led to")
async def get_contract_results(
    contract_id: UUID, session: ReadSession, principal: Reader, response: Response
) -> ContractResultsOut:
    """Determinations, consequences, rectifications and appeals, as scoring told them, with their effect in sum.

    A provider reads its own contracts': the determinations that were handed over or published, with what follows from
    them, and its own appeals and clocks. A provider's token without an organisation reads what everybody may:
    published determinations that no appeal suspends or annulled.
    """
    record = await get_contract(session, contract_id=contract_id)
    provider = record.state.provider.organisation_id if record.state.provider else None
    officer, organisation = bool(principal.roles & OFFICERS), principal.organisation
    if not officer and organisation not in {None, *organisations_of(record.state, "provider")}:
        raise ContractNotFound(f"There is no contract {contract_id} in your regions.")
    set_region(response, record.state.region)
    rows = await queries.results_of(session, contract_id=contract_id)
    public = not officer and organisation is None
    if not officer:
        rows = for_everybody(rows) if public else for_provider(rows)
    return results_out(contract_id, rows, has_provider=provider is not None, public=public)
