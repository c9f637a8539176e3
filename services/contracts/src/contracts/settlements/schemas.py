"""Bodies and answers about settlements."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from contracts.structure.schemas import AgreementOut
from shared.web import Model, Money, Out

__all__ = ["ConfirmIn", "LineIn", "OrderIn", "SettlementIn", "SettlementOut", "SettlementsOut", "WithdrawIn"]

_OWES = {"penalty": "provider", "deduction": "provider", "compensation": "purchaser", "interest": "purchaser"}
_GROUNDS = "mutualAgreement | providerDefault | purchaserDefault | publicInterest (GPL art. 50) | forceMajeure | other."
Amount = Annotated[Money, Field(ge=0, lt=10**16)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class LineIn(Model):
    """A further claim of one side, beside the damages."""

    kind: Literal["penalty", "deduction", "compensation", "interest"] = Field(
        description="Owed by the provider: penalty | deduction (from what is owed to it). Owed by the purchaser: "
        "compensation | interest."
    )
    amount: Annotated[Money, Field(gt=0, lt=10**16)] = Field(description="Over 0, two decimals, a JSON string.")
    cause: Literal["result", "saving", "damages"] | None = Field(
        None, description="penalty and deduction: result (the default) | saving | damages."
    )
    note: str = Field(min_length=1, max_length=2000, description="What it is for.")

    @model_validator(mode="after")
    def _caused(self) -> Self:
        if self.cause is not None and self.kind not in ("penalty", "deduction"):
            raise ValueError("only a penalty or a deduction has a cause")
        return self

    @property
    def side(self) -> str:
        """Who owes it."""
        return _OWES[self.kind]


class SettlementIn(Model):
    """How a terminated contract's money shall end."""

    ground: Literal[
        "mutualAgreement", "providerDefault", "purchaserDefault", "publicInterest", "forceMajeure", "other"
    ] = Field(description=_GROUNDS)
    fault: Literal["none", "purchaser", "provider", "both"] = Field(
        description="Whose fault the end is: none | purchaser | provider | both."
    )
    reason: str = Field(min_length=1, max_length=4000, description="What happened, and why the money ends like this.")
    damages_to_purchaser: Amount = Field(
        Decimal(0), description="Damages that the provider owes, two decimals, a JSON string."
    )
    damages_to_provider: Amount = Field(
        Decimal(0), description="Damages that the purchaser owes, two decimals, a JSON string."
    )
    lines: list[LineIn] = Field([], max_length=100, description="Further claims of either side.")
    document_sha256: Hash | None = Field(None, description="SHA-256 of the settlement agreement.")


class ConfirmIn(Model):
    """For whom the settlement is confirmed."""

    side: Literal["purchaser", "provider"] | None = Field(
        None, description="purchaser | provider; needed when the token names no organisation of a party."
    )
    organisation_id: UUID | None = Field(
        None, description="Party; needed where its side has several members and the token names none of them."
    )


class OrderIn(Model):
    """A one-sided order, where the other side does not confirm."""

    reason: str = Field(min_length=1, max_length=4000, description="Why without the other side, and on what ground.")
    document_sha256: Hash = Field(description="SHA-256 of the order, served on the other side.")


class WithdrawIn(Model):
    """Why the settlement is withdrawn."""

    reason: str = Field(min_length=1, max_length=2000, description="The reason.")


class LineOut(Out):
    """A claim of one side."""

    side: str = Field(description="Who owes it: purchaser | provider.")
    kind: str = Field(description="penalty | deduction | compensation | interest.")
    amount: Money = Field(description="Amount.")
    cause: str | None = Field(description="result | saving | damages; penalties and deductions only.")
    note: str | None = Field(description="What it is for.")
    entry_id: UUID | None = Field(description="Ledger entry, once it is agreed or ordered.")


class SettlementOut(Out):
    """A settlement."""

    id: UUID = Field(description="Id of the settlement.")
    contract_id: UUID = Field(description="Contract.")
    version: int = Field(description="Counts its changes.")
    state: str = Field(description="proposed | agreed | ordered | settled | withdrawn.")
    ground: str = Field(description=_GROUNDS)
    fault: str = Field(description="none | purchaser | provider | both.")
    reason: str = Field(description="What happened, and why the money ends like this.")
    currency: str = Field(description="ISO 4217 code.")
    damages_to_purchaser: Money = Field(description="Damages that the provider owes.")
    damages_to_provider: Money = Field(description="Damages that the purchaser owes.")
    lines: list[LineOut] = Field(description="Every claim, the damages first.")
    final_value: Money | None = Field(description="Paid net of refunds, once nothing is owed any more.")
    document_sha256: str | None = Field(description="SHA-256 of the settlement agreement.")
    proposed_by: str = Field(description="Who proposed it.")
    proposed_at: datetime = Field(description="When.")
    purchaser_by: str | None = Field(description="Who confirmed for the purchaser.")
    purchaser_at: datetime | None = Field(description="When.")
    provider_by: str | None = Field(description="Who confirmed for the provider.")
    provider_at: datetime | None = Field(description="When.")
    agreement: AgreementOut = Field(description="Confirmations party by party, and who has not given one yet.")
    ordered_by: str | None = Field(description="Who gave the one-sided order.")
    ordered_at: datetime | None = Field(description="When.")
    order_reason: str | None = Field(description="Why without the other side.")
    order_document_sha256: str | None = Field(description="SHA-256 of the order.")
    settled_by: str | None = Field(description="Who noted that nothing is owed any more.")
    settled_at: datetime | None = Field(description="When.")
    withdrawn_at: datetime | None = Field(description="When it was withdrawn.")
    withdrawal_reason: str | None = Field(description="Why.")


class SettlementsOut(Out):
    """The settlements of a contract; one at most was not withdrawn."""

    items: list[SettlementOut] = Field(description="In the order of their proposal.")
