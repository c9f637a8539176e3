"""The job that deletes the files of erased documents."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.documents.erasing import ERASE_FILES, erase_files
from contracts.documents.storing import files_of
from contracts.settings import ContractsSettings
from shared.jobs import ClaimedJob, Job

__all__ = ["file_jobs"]


def file_jobs(settings: ContractsSettings) -> Sequence[Job]:
    """The job with the configured store; without one it fails, is tried again, and is shown as failed."""

    async def run(session: AsyncSession, job: ClaimedJob) -> None:
        await erase_files(session, files_of(settings), kept=job.payload["files"], awaited=job.payload["awaited"])

    return (Job(ERASE_FILES, run),)
