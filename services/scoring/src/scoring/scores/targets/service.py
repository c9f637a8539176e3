"""A contract's targets compared with earlier contracts of the same service."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.evidence.queries import contract_of
from scoring.evidence.visibility import may_know
from scoring.scores.errors import ScoreNotFound
from scoring.scores.targets.comparison import Agreed, Compared, compare
from scoring.scores.targets.queries import agreed_terms, own_targets, past_targets
from shared.db import principal_in

__all__ = ["compared_targets"]


async def compared_targets(
    session: AsyncSession, contract_id: UUID, *, terms: Mapping[str, Any] | None = None
) -> tuple[str, str | None, list[Compared]]:
    """Region and service category of a contract, and its agreed targets compared.

    A draft is compared as well: it is looked at before it is approved. `terms` are those that a score row names, by
    default the newest. ScoreNotFound where the contract is unknown in the caller's scope.
    """
    contract = await contract_of(session, contract_id)
    if contract is None or not may_know(principal_in(session), contract):
        raise ScoreNotFound(f"Contract {contract_id} is unknown here, or of another region.")
    terms = terms or await agreed_terms(session, contract_id, version=contract.version)
    agreed = [
        Agreed(
            indicator_id=each["indicator_id"],
            code=each["code"],
            name=each["name"],
            level=each["level"],
            unit=each["unit"],
            higher=each["direction"] != "lower",
            target=float(each["target"]),
            counts=float(each["weight"]) > 0.0 and not each.get("added_after_the_fact"),
        )
        for each in sorted(terms["indicators"], key=lambda each: (each["level"], each["code"], each["indicator_id"]))
    ]
    past = []
    if agreed and contract.service_category is not None:
        past = await past_targets(
            session,
            contract_id=contract_id,
            category=contract.service_category,
            simulated=contract.simulated,
            begun=terms.get("signed_on") or terms.get("starts_on"),
            codes=sorted({each.code for each in agreed}),
            region=contract.region,
            purchaser_id=contract.purchaser_id,
        )
    before = await own_targets(session, contract_id) if agreed else {}
    return contract.region, contract.service_category, compare(agreed, past, before=before)
