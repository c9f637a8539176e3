"""Opening a round over evaluations whose rating is closed."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.calibrations import queries
from scoring.calibrations.errors import (
    EvaluationsDiffer,
    EvaluationsInRound,
    EvaluationsNotRated,
    RoundOpen,
)
from scoring.calibrations.models import CalibrationCase, CalibrationRound
from scoring.calibrations.schemas import RoundIn
from scoring.evaluations.queries import cases_of, find_evaluation
from scoring.evidence.queries import lock_contracts
from scoring.frameworks.service import registry
from shared import audit, clock
from shared.auth import require_region
from shared.db import principal_in
from shared.ids import new_id

__all__ = ["open_round"]

_CODE: Final = 6


async def open_round(session: AsyncSession, body: RoundIn) -> CalibrationRound:
    """Open a round over one or more rated evaluations of one form, framework and stage.

    The level at which marks enter is the framework's. While it is open it holds the determinations of its contracts.

    Raises:
        EvaluationNotFound, RoundNotFound: outside the caller's scope.
        EvaluationsNotRated, EvaluationsDiffer, EvaluationsInRound: as their names say, each evaluation named.
        RoundOpen: the round to be replaced, or the one that severities are carried from, is open.

    A round that replaces another takes in all of its evaluations.
    """
    evaluations = [await find_evaluation(session, each, lock=True) for each in sorted(body.evaluation_ids)]
    _check_alike(evaluations)
    region = _common_region([each.region for each in evaluations])
    require_region(principal_in(session), region)
    await _check_free(session, body, [each.id for each in evaluations])
    for named in (body.replaces, body.prior_round_id):
        if named is not None and (await queries.find_round(session, named)).state == "open":
            raise RoundOpen(f"Calibration round {named} is open: close it first, POST /v1/calibrations/{named}/close.")
    if body.replaces is not None:
        await _check_replaced(session, body.replaces, {str(each.id) for each in evaluations})
    first = evaluations[0]
    framework = (await registry(session)).find(first.framework_id, version=first.framework_version)
    made = CalibrationRound(
        id=new_id(),
        version=1,
        region=region,
        title=body.title,
        level=framework.marks,
        state="open",
        form_id=first.form_id,
        form_version=first.form_version,
        framework_hash=first.framework_hash,
        stage=first.stage,
        evaluation_ids=[str(each.id) for each in evaluations],
        prior_round_id=body.prior_round_id,
        replaces=body.replaces,
        opened_by=principal_in(session).subject,
        opened_at=clock.now(),
    )
    cases = {each.id: await cases_of(session, each.id) for each in evaluations}
    # A determination that is being issued is either finished before, or finds this round: it asks under the same lock.
    await lock_contracts(session, sorted({case.contract_id for each in cases.values() for case in each}))
    session.add(made)
    await session.flush()
    for evaluation in evaluations:
        for case in cases[evaluation.id]:
            if case.state != "cancelled":
                session.add(
                    CalibrationCase(
                        round_id=made.id,
                        case_id=case.id,
                        evaluation_id=evaluation.id,
                        contract_id=case.contract_id,
                        region=case.region,
                    )
                )
    await session.flush()
    audit.record(session, "calibration.opened", noun="calibration", noun_id=made.id, region=region)
    return made


def _check_alike(evaluations: Sequence[Any]) -> None:
    unrated = [str(each.id) for each in evaluations if each.state != "rated"]
    if unrated:
        raise EvaluationsNotRated(
            f"Rating is not closed in evaluation {', '.join(unrated)}: POST /v1/evaluations/{unrated[0]}/close.",
            evaluations=unrated,
        )
    kinds = {(each.form_sha256, each.framework_hash, each.stage): str(each.id) for each in evaluations}
    if len(kinds) > 1:
        raise EvaluationsDiffer(
            f"Evaluations {', '.join(sorted(kinds.values()))} differ in form, framework or stage; calibrate each kind "
            "in a round of its own.",
            evaluations=sorted(kinds.values()),
        )


async def _check_free(session: AsyncSession, body: RoundIn, evaluation_ids: list[UUID]) -> None:
    held = [each for each in await queries.rounds_with(session, evaluation_ids) if each.id != body.replaces]
    if held:
        raise EvaluationsInRound(
            f"Some evaluations are in calibration round {held[0].id} already; name it in `replaces` to calibrate them "
            "anew with further marks.",
            rounds=[str(each.id) for each in held],
        )


async def _check_replaced(session: AsyncSession, round_id: UUID, evaluation_ids: set[str]) -> None:
    """The new round takes in all of the old one: for what is left out, flags and want of agreement would vanish."""
    old = await queries.find_round(session, round_id, lock=True)
    left_out = sorted(set(old.evaluation_ids) - evaluation_ids)
    if left_out:
        raise EvaluationsDiffer(
            f"Calibration round {round_id} holds evaluation {', '.join(left_out)} too: a round that replaces it "
            "takes in all of its evaluations.",
            evaluations=left_out,
        )
    if (later := await queries.successor_of(session, round_id)) is not None:
        raise EvaluationsInRound(
            f"Calibration round {round_id} was replaced by {later} already; name that one.", rounds=[str(later)]
        )


def _common_region(regions: Sequence[str]) -> str:
    """The smallest region that holds all: county, city and province are two digits of the code each."""
    if len(set(regions)) == 1:
        return regions[0]
    country, _, first = regions[0].partition("-")
    for length in (4, 2):
        beginning = f"{country}-{first[:length]}"
        if len(first) == _CODE and all(len(each) == len(regions[0]) and each.startswith(beginning) for each in regions):
            return beginning + "0" * (_CODE - length)
    return country if all(each.partition("-")[0] == country for each in regions) else "*"
