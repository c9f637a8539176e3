"""Writing one use of a result: announce it, leave the audit row, move it to another state."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.results.models import ResultUse
from shared import audit, clock
from shared.events import ResultUseState
from shared.outbox import emit

__all__ = ["announce", "change_state", "use_event"]


def use_event(use: ResultUse, event: type[ResultUseState]) -> ResultUseState:
    """The whole aggregate as its event carries it."""
    columns = {name: getattr(use, name, None) for name in ResultUseState.model_fields}
    return event(**columns | {"result_use_id": use.id, "recorded_at": use.updated_at})


def announce(session: AsyncSession, use: ResultUse, event: type[ResultUseState], *, action: str) -> None:
    """Emit it as it is now, and leave the audit row."""
    use.updated_at = clock.now()
    emit(session, use_event(use, event), subject=use.contract_id, region=use.region)
    noted = {"rule": use.rule, "state": use.state, "contract_id": str(use.contract_id)}
    audit.record(session, f"result_use.{action}", noun="result_use", noun_id=use.id, region=use.region, fields=noted)


def change_state(
    use: ResultUse,
    state: str,
    *,
    reason: str | None,
    due_on: date | None,
    suspended_on: date | None = None,
    appeal_id: UUID | None = None,
) -> None:
    """Move it; the version rises."""
    use.state, use.reason, use.due_on = state, reason, due_on
    use.suspended_on, use.appeal_id = suspended_on, appeal_id
    use.version += 1
