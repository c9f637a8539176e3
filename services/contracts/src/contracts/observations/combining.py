"""From observations of parts to one of the whole contract, by a rule that somebody names and answers for.

A part's value cannot stand for the whole, and what the parts' values make together depends on the indicator: visits
are summed, a rate is weighted. No term of the contract says which, so that nothing is combined by itself. What is
combined is an ordinary observation of the whole, with the observations and weights that it was made from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.queries import Observable, get_contract
from contracts.observations.errors import PartsNotObserved
from contracts.observations.models import Observation
from contracts.observations.queries import standing_of_parts
from contracts.observations.schemas import CombinedIn, ObservationIn
from contracts.observations.service import record_observation
from contracts.structure.errors import PartNotInContract
from contracts.structure.queries import call_off_values
from shared.events import ContractState
from shared.problems import Unprocessable

__all__ = ["Part", "combine_observations", "combined_value"]

_FIGURE = Decimal("0.00000001")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a contract with its weight: per cent of its side, or its money. `value` null: not observed."""

    id: UUID
    name: str
    weight: Decimal
    observation_id: UUID | None = None
    value: Decimal | None = None


def combined_value(parts: Sequence[Part], *, rule: str) -> Decimal:
    """The value of the whole from all of its parts, rounded half to even at the eighth decimal.

    `sum`: what the parts delivered together. `shareMean`: the mean weighted by shares of the money.
    """
    values = [(part.weight, part.value) for part in parts if part.value is not None]
    if rule == "sum":
        return sum((value for _, value in values), Decimal(0))
    total = sum((weight for weight, _ in values), Decimal(0))
    weighted = sum((weight * value for weight, value in values), Decimal(0))
    return (weighted / total).quantize(_FIGURE, rounding=ROUND_HALF_EVEN)


async def combine_observations(
    session: AsyncSession, body: CombinedIn, *, contract_id: UUID
) -> tuple[Observation, Observable]:
    """Record the value of the whole contract from the values of its parts; answers it with its indicator.

    Of each part the latest observation up to `observed_on` counts that was neither corrected nor taken back.

    Raises:
        PartsNotObserved: a part has no observation; `missing` names each, `coverage` is the share of the money seen.
        PartNotInContract: the contract has not several of such parts.
        Unprocessable: no money weights the parts of a mean, or a rate would be summed.
        What `record_observation` refuses.
    """
    state = (await get_contract(session, contract_id=contract_id)).state
    indicator = next((each for each in state.indicators if each.indicator_id == body.indicator_id), None)
    if indicator is not None and body.rule == "sum" and "%" in indicator.unit:
        raise _unfit("/rule", f"{indicator.code} is a rate ({indicator.unit}): rates are weighted, not summed")
    parts = await _parts(session, state, body)
    if len(parts) < 2:
        raise PartNotInContract(f"The contract has no several {body.of} whose values could be combined.")
    if body.rule == "shareMean" and not sum(part.weight for part in parts):
        raise _unfit("/rule", f"the {body.of} have no money, so that no share weights them")
    missing = [part for part in parts if part.value is None]
    if missing:
        raise _not_observed(parts, missing, observed_on=body.observed_on)
    whole = ObservationIn(
        value=combined_value(parts, rule=body.rule),
        **body.model_dump(include={"indicator_id", "observed_on", "document_sha256", "note", "supersedes"}),
    )
    told = [
        {"part_id": str(part.id), "observation_id": str(part.observation_id), "weight": f"{part.weight.normalize():f}"}
        for part in parts
    ]
    combined: dict[str, Any] = {"of": body.of, "rule": body.rule, "parts": told}
    return await record_observation(session, whole, contract_id=contract_id, combined=combined)


async def _parts(session: AsyncSession, state: ContractState, body: CombinedIn) -> list[Part]:
    if body.of == "lots":
        parts = [Part(lot.lot_id, lot.code, lot.value) for lot in state.lots]
    elif body.of == "callOffs":
        values = await call_off_values(session, framework_id=state.contract_id)
        parts = [Part(one, str(one), value or Decimal(0)) for one, value in values]
    else:
        side = body.of.removesuffix("s")
        parts = [Part(each.member_id, each.name, each.share) for each in state.members if each.side == side]
    found = await standing_of_parts(
        session,
        contract_id=state.contract_id,
        indicator_id=body.indicator_id,
        until=body.observed_on,
        column={"lots": "lot_id", "callOffs": "call_off_id"}.get(body.of, "member_id"),
    )
    return [Part(part.id, part.name, part.weight, *found.get(part.id, (None, None))) for part in parts]


def _unfit(pointer: str, detail: str) -> Unprocessable:
    return Unprocessable(f"{detail}.", errors=[{"pointer": pointer, "detail": detail}])


def _not_observed(parts: Sequence[Part], missing: Sequence[Part], *, observed_on: date) -> PartsNotObserved:
    total = sum((part.weight for part in parts), Decimal(0))
    seen = sum((part.weight for part in parts if part.value is not None), Decimal(0))
    share = (seen / total * 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN) if total else Decimal(0)
    return PartsNotObserved(
        f"{len(missing)} of {len(parts)} parts have no observation up to {observed_on}; those that have one carry "
        f"{share} % of the money. Of a part nothing is concluded about the whole.",
        coverage=f"{share}",
        missing=[
            {
                "what": part.name,
                "rule": "the whole is known when each of its parts is",
                "how": f"POST .../observations for the part {part.id}",
            }
            for part in missing
        ],
    )
