"""The register's jobs: make it anew where contracts changed, tell what is due."""

import contextlib
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.errors import ContractNotFound
from contracts.obligations.service import refresh_contract, sweep_changes, tell_due
from contracts.register_jobs import REGISTER_OF
from shared.jobs import ClaimedJob, Continue, Job

__all__ = ["notices_job", "register_job", "register_of_job"]


async def sweep(session: AsyncSession, _: ClaimedJob) -> None:
    """One chunk of the contracts that changed."""
    await sweep_changes(session)


async def make(session: AsyncSession, job: ClaimedJob) -> None:
    """The register of one contract; none where a result is told about a contract that is not known here."""
    with contextlib.suppress(ContractNotFound):
        await refresh_contract(session, contract_id=UUID(job.payload["contract_id"]))


async def tell(session: AsyncSession, _: ClaimedJob) -> Continue | None:
    """One chunk of what is due."""
    return Continue(None) if await tell_due(session) else None


register_job = Job("contracts.obligations", sweep, every=timedelta(seconds=10))
register_of_job = Job(REGISTER_OF, make)
notices_job = Job("contracts.obligation_notices", tell, every=timedelta(minutes=15))
