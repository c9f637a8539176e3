"""Bodies and answers about a contract's structure and its confirmation."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StrictBool, model_validator

from contracts.places import RegionText
from shared.web import Figure, Model, Money, Out

__all__ = [
    "AgreementOut",
    "CallOffOut",
    "CallOffsOut",
    "ConfirmIn",
    "ConfirmOut",
    "ConfirmationsOut",
    "GivenConfirmationOut",
    "LotIn",
    "MemberIn",
    "PartyConfirmationOut",
    "RegionShareIn",
    "StructureIn",
    "WaitingOut",
    "WithdrawIn",
]

Share = Annotated[Figure, Field(ge=0, le=100)]
Amount = Annotated[Money, Field(ge=0, lt=10**16)]
Side = Literal["purchaser", "provider"]


class LotIn(Model):
    """A lot to agree."""

    code: str = Field(min_length=1, max_length=64, pattern=r"^\S+$", description="Code, unique here.", examples=["L1"])
    title: str = Field(min_length=1, max_length=200, description="What the lot is.")
    description: str | None = Field(None, min_length=1, max_length=200, description="More about it.")
    value: Amount = Field(description="Its part of the contract value, two decimals, a JSON string.")


class MemberIn(Model):
    """A member of a side with several."""

    side: Side = Field(description="purchaser | provider.")
    organisation_id: UUID = Field(description="Organisation, recorded in the role of the side.")
    share: Share = Field(description="Share of the money in per cent; a side sums to exactly 100.", examples=["60"])
    lead: StrictBool = Field(
        False, description="Leads its side and stands as the contract's purchaser or provider; one of each side."
    )


class RegionShareIn(Model):
    """A region with a share of the money."""

    region: RegionText = Field(max_length=16, description="Region.", examples=["CN-230102"])
    share: Share = Field(description="Share of the money in per cent; all sum to exactly 100.", examples=["40"])


class StructureIn(Model):
    """The whole structure of a draft; what is left out is none: one party on each side, its own region, no lots."""

    kind: Literal["single", "framework", "callOff"] = Field("single", description="single | framework | callOff.")
    framework_id: UUID | None = Field(None, description="kind callOff: the framework agreement, in force.")
    ceiling: Amount | None = Field(
        None,
        description="kind framework: most that its call-offs may sum to, two decimals, a JSON string; the contract's "
        "value when left out.",
    )
    lots: list[LotIn] = Field([], max_length=100, description="Lots; their values sum to the contract's.")
    members: list[MemberIn] = Field([], max_length=200, description="Members of sides with several.")
    regions: list[RegionShareIn] = Field(
        [], max_length=200, description="Regions that share the money; none: all is the contract's own region's."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.kind == "callOff") != (self.framework_id is not None):
            raise ValueError("a callOff names its framework_id, and no other kind does")
        if self.ceiling is not None and self.kind != "framework":
            raise ValueError("only a framework has a ceiling")
        _require_distinct("codes of the lots", [lot.code for lot in self.lots])
        _require_distinct("regions", [place.region for place in self.regions])
        _require_whole("the regions", [place.share for place in self.regions])
        for side in ("purchaser", "provider"):
            members = [member for member in self.members if member.side == side]
            _require_distinct(f"organisations of the side {side}", [member.organisation_id for member in members])
            _require_whole(f"the members of the side {side}", [member.share for member in members])
            if members and sum(member.lead for member in members) != 1:
                raise ValueError(f"exactly one member leads the side {side}")
        return self


def _require_distinct(what: str, named: Sequence[object]) -> None:
    twice = sorted({str(one) for one in named if named.count(one) > 1})
    if twice:
        raise ValueError(f"the {what} are unique; twice: {', '.join(twice)}")


def _require_whole(what: str, shares: Sequence[Decimal]) -> None:
    total = sum(shares, Decimal(0))
    if shares and total != 100:
        raise ValueError(f"the shares of {what} sum to exactly 100; they sum to {total.normalize():f}")


class _PartyIn(Model):
    organisation_id: UUID | None = Field(
        None,
        description="Party for which it is done; needed when your token names no organisation of the contract.",
    )
    side: Side | None = Field(None, description="Needed only for an organisation that stands on both sides.")


class ConfirmIn(_PartyIn):
    """A party's confirmation of the terms."""

    terms_sha256: str = Field(
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 of the terms that you have read (GET .../confirmations); others are refused.",
    )
    signed_on: date | None = Field(
        None,
        description="Date of signature, where the draft has none: it is used when this confirmation is the last one; "
        "the day of the last confirmation when left out.",
    )
    contract_number: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Number, where the draft has none; used when this confirmation is the last one.",
    )


class WithdrawIn(_PartyIn):
    """Taking a confirmation back."""

    reason: str = Field(min_length=1, max_length=2000, description="The reason.")


class WaitingOut(Out):
    """A party whose confirmation is missing."""

    side: str = Field(description="purchaser | provider.")
    organisation_id: UUID = Field(description="Party.")


class ConfirmOut(Out):
    """What a confirmation led to."""

    contract_id: UUID = Field(description="Contract.")
    version: int = Field(description="Version of the contract; its ETag.")
    state: str = Field(description="pending while something is missing; active once it came into force.")
    terms_sha256: str = Field(description="Hash of the terms that were confirmed.")
    waiting: list[WaitingOut] = Field(description="Parties that have not confirmed.")
    missing: list[dict[str, Any]] = Field(
        description="All have confirmed, and this still keeps the contract from coming into force: what, rule, how. "
        "The confirmations stand; mend it and confirm once more."
    )


class PartyConfirmationOut(Out):
    """A party, and its confirmation of the present terms."""

    side: str = Field(description="purchaser | provider.")
    organisation_id: UUID = Field(description="Party.")
    name: str = Field(description="Its name.")
    lead: bool = Field(description="Leads its side.")
    confirmed_at: datetime | None = Field(description="When it confirmed the present terms; null: not yet.")


class GivenConfirmationOut(Out):
    """A confirmation that was given, standing or not."""

    side: str = Field(description="purchaser | provider.")
    organisation_id: UUID = Field(description="Party.")
    terms_sha256: str = Field(description="Terms that it confirmed.")
    confirmed_at: datetime = Field(description="When.")
    ended_at: datetime | None = Field(description="Since when it stands no more.")
    ended_as: str | None = Field(
        description="withdrawn (by the party) | lapsed (another withdrew, a party was succeeded, the matter is off)."
    )
    reason: str | None = Field(description="Why it was withdrawn.")


class AgreementOut(Out):
    """How far the parties have agreed to a matter: an amendment, a settlement."""

    given: list[GivenConfirmationOut] = Field(description="Every confirmation in the order in which it was given.")
    waiting: list[WaitingOut] = Field(description="Parties whose confirmation is missing; each member confirms.")


class ConfirmationsOut(Out):
    """The terms to confirm, and who has confirmed them."""

    contract_id: UUID = Field(description="Contract.")
    version: int = Field(description="Version of the contract.")
    state: str = Field(description="State; parties confirm while it is pending.")
    terms_sha256: str = Field(description="SHA-256 of the present terms in RFC 8785 form.")
    terms: dict[str, Any] | None = Field(
        description="The terms, as they are hashed; null where a part of them is withheld from you."
    )
    required: bool = Field(description="Whether the region's settings want every confirmation.")
    parties: list[PartyConfirmationOut] = Field(description="Everybody who confirms; the leads first.")
    advice: list[dict[str, Any]] = Field(
        description="What a well-prepared contract has and this one does not: what, rule, how. It refuses nothing."
    )
    given: list[GivenConfirmationOut] = Field(description="Every confirmation in the order in which it was given.")


class CallOffOut(Out):
    """A call-off of a framework agreement that is or was in force."""

    contract_id: UUID = Field(description="The call-off's own contract.")
    region: str = Field(description="Region that owns it.")
    title: str = Field(description="Title.")
    state: str = Field(description="active | suspended | completed | terminated.")
    taken: Money = Field(description="What it takes of the ceiling: its value, or its final value once it has ended.")


class CallOffsOut(Out):
    """A framework agreement's ceiling and what was called off."""

    contract_id: UUID = Field(description="The framework agreement.")
    currency: str = Field(description="ISO 4217 code.")
    ceiling: Money | None = Field(description="Most that call-offs may sum to; null while it has no value either.")
    called_off: Money | None = Field(
        description="What call-offs in all regions take of it; null where it would tell one that is withheld from you."
    )
    left: Money | None = Field(description="Ceiling less what is called off.")
    items: list[CallOffOut] = Field(description="Call-offs of your regions in the order of their ids.")
    next: str | None = Field(description="Cursor of the next page; null at the end.")
