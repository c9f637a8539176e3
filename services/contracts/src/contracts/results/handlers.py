"""What scoring tells about determinations and what follows from them."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.results.service import Told, keep
from shared.events import (
    AppealChanged,
    AppealDecided,
    AppealFiled,
    AppealState,
    ClockDue,
    ClockNotice,
    ClockOverdue,
    DeterminationActed,
    DeterminationIssued,
    RectificationChanged,
    RectificationOpened,
    RectificationReported,
    RectificationResolved,
    RectificationState,
    ResultUseChanged,
    ResultUseClosed,
    ResultUseOpened,
    ResultUseState,
)
from shared.inbox import Received, Subscription

__all__ = ["scoring_subscription"]


async def on_determination_issued(session: AsyncSession, event: Received[DeterminationIssued]) -> None:
    """A score was determined."""
    data = event.data
    await _keep(session, event, noun="determination", thing=data.determination_id, about=data.replaces)


async def on_determination_acted(session: AsyncSession, event: Received[DeterminationActed]) -> None:
    """It was served, published, suspended, released or annulled."""
    data = event.data
    await _keep(session, event, noun="determination_act", thing=data.act_id, about=data.determination_id)


async def on_result_use(session: AsyncSession, event: Received[ResultUseState]) -> None:
    """A consequence at one version."""
    data = event.data
    await _keep(
        session, event, noun="result_use", thing=data.result_use_id, about=data.determination_id, version=data.version
    )


async def on_rectification(session: AsyncSession, event: Received[RectificationState]) -> None:
    """A rectification at one version."""
    data = event.data
    about = data.determination_id or data.finding_id
    await _keep(session, event, noun="rectification", thing=data.rectification_id, about=about, version=data.version)


async def on_appeal(session: AsyncSession, event: Received[AppealState]) -> None:
    """An appeal at one version."""
    data = event.data
    await _keep(session, event, noun="appeal", thing=data.appeal_id, about=data.against_id, version=data.version)


async def on_clock(session: AsyncSession, event: Received[ClockNotice]) -> None:
    """A time limit is about to run out, or has."""
    await _keep(session, event, noun="notice", thing=event.data.notice_id, about=event.data.noun_id)


async def _keep(
    session: AsyncSession,
    event: Received[Any],
    *,
    noun: str,
    thing: Any,  # noqa: ANN401 - a field of the event
    about: Any,  # noqa: ANN401 - the same
    version: int = 1,
) -> None:
    data = event.data
    told = Told(
        id=thing,
        noun=noun,
        contract_id=data.contract_id,
        region=data.region,
        version=version,
        about_id=about,
        recorded_at=event.time,
        data=data,
    )
    await keep(session, told)


# Nobody waits for it here: what is told shares a transaction.
scoring_subscription = Subscription(
    source="scoring",
    handlers={
        DeterminationIssued.TYPE: on_determination_issued,
        DeterminationActed.TYPE: on_determination_acted,
        ResultUseOpened.TYPE: on_result_use,
        ResultUseChanged.TYPE: on_result_use,
        ResultUseClosed.TYPE: on_result_use,
        RectificationOpened.TYPE: on_rectification,
        RectificationChanged.TYPE: on_rectification,
        RectificationReported.TYPE: on_rectification,
        RectificationResolved.TYPE: on_rectification,
        AppealFiled.TYPE: on_appeal,
        AppealChanged.TYPE: on_appeal,
        AppealDecided.TYPE: on_appeal,
        ClockDue.TYPE: on_clock,
        ClockOverdue.TYPE: on_clock,
    },
    gather_seconds=0.2,
)
