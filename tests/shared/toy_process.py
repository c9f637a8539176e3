"""`python -m tests.shared.toy_process relay|consume|work DATABASE_URL NATS_URL PREFIX`: a part that a test may kill."""

import asyncio
import sys

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from tests.shared.toys import Listener, Part, Source

from shared.ids import new_id
from shared.jobs import ClaimedJob, Job, Worker


async def hang(session: AsyncSession, _: ClaimedJob) -> None:
    """A job that has an effect and never ends."""
    await session.execute(text("INSERT INTO thing VALUES (:id, 'CN', 'of the killed one', 1)"), {"id": new_id()})
    await asyncio.Event().wait()


async def main(what: str, database_url: str, nats_url: str, prefix: str) -> None:
    """Work until killed."""
    part: Part
    if what == "relay":
        source = Source("contracts", database_url, nats_url, prefix)
        await source.bus.connect(deadline=10)
        source.start()
        part = source
    elif what == "work":
        part = Part("contracts", database_url, nats_url, prefix)
        part.run(Worker(part.database, [Job("hang", hang)]).run())
    else:
        listener = Listener("scoring", database_url, nats_url, prefix)
        await listener.bus.connect(deadline=10)
        listener.start()
        part = listener
    await asyncio.gather(*part.tasks)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
