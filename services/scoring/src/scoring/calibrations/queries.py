from collections.abc import Collection
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from scoring.calibrations.errors import FlagNotFound, RoundNotFound
from scoring.calibrations.models import (
    CalibratedValue,
    CalibrationCase,
    CalibrationCorrection,
    CalibrationDecision,
    CalibrationFlag,
    CalibrationRound,
)

__all__ = [
    "blocks_determination",
    "cases_of",
    "corrections_of",
    "decisions_of",
    "find_flag",
    "find_round",
    "flags_of",
    "list_rounds",
    "rounds_with",
    "successor_of",
    "values_of",
]

# Both are asked by contract, after the caller has found the contract in its scope: a round is a province's, and it
# holds the determination of a county that may not read it.
_ROUNDS = text(
    """
    SELECT DISTINCT r.id, r.title, r.state, r.offered,
        EXISTS (SELECT FROM calibrated_values v
                WHERE v.round_id = r.id AND v.contract_id = c.contract_id AND v.ratings < 2) AS rated_once,
        EXISTS (SELECT FROM calibrated_values v
                WHERE v.round_id = r.id AND v.contract_id = c.contract_id AND v.evidence_id IS NULL) AS under_way
    FROM calibration_cases c JOIN calibration_rounds r ON r.id = c.round_id
    WHERE c.contract_id = :contract_id
        AND NOT EXISTS (SELECT FROM calibration_rounds later WHERE later.replaces = r.id AND later.state <> 'open')
    ORDER BY r.id
    """
)
_FLAG = text(
    """
    SELECT f.id, f.kind, f.round_id, d.outcome
    FROM calibration_flags f LEFT JOIN calibration_decisions d ON d.flag_id = f.id
        AND NOT EXISTS (SELECT FROM calibration_decisions after WHERE after.replaces = d.id)
    WHERE f.contracts @> ARRAY[CAST(:contract_id AS uuid)] AND f.holds
        AND (d.id IS NULL OR d.outcome IN ('second_evaluation', 'annulled'))
        AND NOT EXISTS (
            SELECT FROM calibration_rounds later WHERE later.replaces = f.round_id AND later.state <> 'open')
    ORDER BY f.id LIMIT 1
    """
)


async def blocks_determination(session: AsyncSession, contract_id: UUID) -> str | None:
    """Why no determination may be issued for a contract yet, as far as its evaluators' marks go; None: nothing stands.

    A round closes before its determinations; a round whose evaluators agree too little needs a panel's decision; an
    flag holds the contracts that it names until it is decided, or until the further evaluation that was decided upon is
    calibrated; uncalibrated marks need a second evaluator.
    """
    for found in await session.execute(_ROUNDS, {"contract_id": contract_id}):
        if (reason := _of_round(found)) is not None:
            return reason
    flag = (await session.execute(_FLAG, {"contract_id": contract_id})).one_or_none()
    if flag is None:
        return None
    if flag.outcome == "second_evaluation":
        return (
            f"Further evaluators are to rate this contract (flag {flag.id}, {flag.kind}): close a calibration round "
            f"that replaces {flag.round_id} when they have."
        )
    return (
        f"Flag {flag.id} ({flag.kind}) of calibration round {flag.round_id} is undecided: record the decision, "
        f"POST /v1/calibrations/{flag.round_id}/flags/{flag.id}/decision."
    )


def _of_round(found: Row[Any]) -> str | None:
    where = f"/v1/calibrations/{found.id}"
    if found.state == "open":
        return f"Calibration round {found.id} ({found.title}) is still open: close it first, POST {where}/close."
    if found.state == "needs_adjudication":
        return (
            f"The evaluators of calibration round {found.id} ({found.title}) agree too little: record a panel's "
            f"decision, POST {where}/adjudication, or have further evaluators rate and close a round that "
            "replaces it."
        )
    if found.under_way:
        return f"The values of calibration round {found.id} ({found.title}) are being entered: ask again shortly."
    if not found.offered and found.rated_once:
        return (
            f"Calibration round {found.id} ({found.title}) could not be calibrated, and one evaluator alone rated "
            "this contract: add a second evaluator and close a round that replaces it."
        )
    return None


async def find_round(session: AsyncSession, round_id: UUID, *, lock: bool = False) -> CalibrationRound:
    """One round, locked for the rest of the transaction with `lock`; RoundNotFound."""
    statement = select(CalibrationRound).where(CalibrationRound.id == round_id)
    found = (await session.execute(statement.with_for_update() if lock else statement)).scalar_one_or_none()
    if found is None:
        raise RoundNotFound(f"There is no calibration round {round_id}, or it lies outside your scope.")
    return found


async def successor_of(session: AsyncSession, round_id: UUID) -> UUID | None:
    """The round that replaces this one, open or closed."""
    statement = select(CalibrationRound.id).where(CalibrationRound.replaces == round_id)
    return (await session.execute(statement)).scalar_one_or_none()


async def list_rounds(
    session: AsyncSession, *, state: str | None, after: UUID | None, limit: int
) -> list[CalibrationRound]:
    """Rounds in the order in which they were opened."""
    statement = select(CalibrationRound)
    if state is not None:
        statement = statement.where(CalibrationRound.state == state)
    if after is not None:
        statement = statement.where(CalibrationRound.id > after)
    return list((await session.execute(statement.order_by(CalibrationRound.id).limit(limit))).scalars())


async def rounds_with(session: AsyncSession, evaluation_ids: list[UUID]) -> list[CalibrationRound]:
    """The rounds that hold some of these evaluations and that no other round replaced."""
    later = select(CalibrationRound.replaces).where(CalibrationRound.replaces.is_not(None))
    held = select(CalibrationCase.round_id).where(CalibrationCase.evaluation_id.in_(evaluation_ids))
    statement = select(CalibrationRound).where(CalibrationRound.id.in_(held), CalibrationRound.id.not_in(later))
    return list((await session.execute(statement.order_by(CalibrationRound.id))).scalars())


async def cases_of(session: AsyncSession, round_id: UUID) -> list[CalibrationCase]:
    """The cases of a round by id."""
    statement = select(CalibrationCase).where(CalibrationCase.round_id == round_id)
    return list((await session.execute(statement.order_by(CalibrationCase.case_id))).scalars())


async def values_of(
    session: AsyncSession,
    *,
    round_id: UUID | None = None,
    contract_id: UUID | None = None,
    after: tuple[UUID, str] | None = None,
    limit: int | None = None,
) -> list[CalibratedValue]:
    """Values of a round, or of a contract in every round, by contract and criterion."""
    statement = select(CalibratedValue)
    if round_id is not None:
        statement = statement.where(CalibratedValue.round_id == round_id)
    if contract_id is not None:
        statement = statement.where(CalibratedValue.contract_id == contract_id)
    key = (CalibratedValue.contract_id, CalibratedValue.criterion)
    if after is not None:
        statement = statement.where((key[0] > after[0]) | ((key[0] == after[0]) & (key[1] > after[1])))
    statement = statement.order_by(*key, CalibratedValue.round_id)
    return list((await session.execute(statement if limit is None else statement.limit(limit))).scalars())


async def flags_of(session: AsyncSession, round_id: UUID) -> list[tuple[CalibrationFlag, CalibrationDecision | None]]:
    """The flags of a round with the decision on each that stands: of several the one that nothing replaces."""
    after = aliased(CalibrationDecision)
    statement = (
        select(CalibrationFlag, CalibrationDecision)
        .outerjoin(
            CalibrationDecision,
            and_(
                CalibrationDecision.flag_id == CalibrationFlag.id,
                ~select(after.id).where(after.replaces == CalibrationDecision.id).exists(),
            ),
        )
        .where(CalibrationFlag.round_id == round_id)
        .order_by(CalibrationFlag.id)
    )
    rows: Any = await session.execute(statement)
    return [(row[0], row[1]) for row in rows]


async def find_flag(session: AsyncSession, round_id: UUID, flag_id: UUID) -> CalibrationFlag:
    """One flag of a round; FlagNotFound."""
    statement = select(CalibrationFlag).where(CalibrationFlag.round_id == round_id, CalibrationFlag.id == flag_id)
    found = (await session.execute(statement)).scalar_one_or_none()
    if found is None:
        raise FlagNotFound(f"There is no flag {flag_id} in calibration round {round_id}.")
    return found


async def corrections_of(
    session: AsyncSession, contract_ids: Collection[UUID], *, evaluation_ids: Collection[str]
) -> dict[tuple[UUID, UUID, str], Decimal]:
    """Marks that appeals corrected, by contract, evaluator and criterion, in rounds over some of these evaluations."""
    statement = (
        select(CalibrationCorrection, CalibrationRound.evaluation_ids)
        .join(CalibrationRound, CalibrationRound.id == CalibrationCorrection.round_id)
        .where(CalibrationCorrection.contract_id.in_(contract_ids))
        .order_by(CalibrationCorrection.id)
    )
    wanted = set(evaluation_ids)
    return {
        (row[0].contract_id, row[0].evaluator_id, row[0].criterion): row[0].mark
        for row in await session.execute(statement)
        if wanted.intersection(row[1])
    }


async def decisions_of(session: AsyncSession, round_id: UUID) -> list[CalibrationDecision]:
    """What was decided on a round and its flags, in order."""
    statement = select(CalibrationDecision).where(CalibrationDecision.round_id == round_id)
    return list((await session.execute(statement.order_by(CalibrationDecision.id))).scalars())
