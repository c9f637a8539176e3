"""What contracts are searched by."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

__all__ = ["Filters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Conditions that a contract has to meet, all of those that are given.

    `shared_region`: a contract with a share of its money in the region meets the region too, wherever it lies itself.
    """

    state: str | None = None
    origin: str | None = None
    region: str | None = None
    shared_region: bool = False
    purchaser_id: UUID | None = None
    provider_id: UUID | None = None
    service_category: str | None = None
    category: str | None = None
    method: str | None = None
    year: int | None = None
    signed_from: date | None = None
    signed_to: date | None = None
    in_force_from: date | None = None
    in_force_to: date | None = None
    value_from: Decimal | None = None
    value_to: Decimal | None = None
    currency: str | None = None
    contract_number: str | None = None
    source: str | None = None
    external_id: str | None = None
    flag: str | None = None
    text: str | None = None
    simulated: bool | None = None
