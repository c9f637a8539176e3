"""A transaction as an import hands it over."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

__all__ = ["ImportedTransaction"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedTransaction:
    """Money that moved. `amount` is positive; money that came back is a refund.

    `external_id` is the transaction's id in the source (unique per contract); `booked_on` and `voucher` are null where
    the source has none. `currency` must be the contract's.
    """

    external_id: str
    amount: Decimal
    currency: str
    kind: Literal["payment", "refund"] = "payment"
    booked_on: date | None = None
    voucher: str | None = None
    milestone_code: str | None = None
    note: str | None = None
