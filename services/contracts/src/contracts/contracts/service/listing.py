"""Whether the catalogue in force lists what a contract buys: the province's own edition, where one is approved."""

from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.catalogue.queries import SHIPPED, edition_in_force, is_listed
from shared.events import ContractState

__all__ = ["missing_by_catalogue"]

_WHAT = "service_category"


async def missing_by_catalogue(
    session: AsyncSession, missing: list[dict[str, Any]], contract: ContractState, *, today: date
) -> list[dict[str, Any]]:
    """What a contract lacks, its catalogue item judged by the edition in force on the day of the signature.

    Where no edition was approved the shipped central one holds, by which the list has been made already.
    """
    code, day = contract.service_category, contract.signed_on or today
    if not code:
        return missing
    edition = await edition_in_force(session, region=contract.region, on=day)
    if edition.id == SHIPPED.id:
        return missing
    others = [item for item in missing if item["what"] != _WHAT]
    if await is_listed(session, code=code, edition_id=edition.id):
        return others
    return [
        *others,
        {
            "what": _WHAT,
            "rule": f"MOF-102 art. 11-14: {code} is not in the catalogue {edition.jurisdiction} {edition.edition}, "
            f"in force on {day}",
            "how": "POST .../return, then PATCH /v1/contracts/{id} with service_category, one of GET "
            f"/v1/catalogue/editions/{edition.id}",
        },
    ]
