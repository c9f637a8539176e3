"""`python -m tests.shared.toy_process relay|consume DATABASE_URL NATS_URL PREFIX`: a part that a test may kill."""

import asyncio
import sys

from tests.shared.toys import Listener, Part, Source


async def main(what: str, database_url: str, nats_url: str, prefix: str) -> None:
    """Work until killed."""
    part: Part
    if what == "relay":
        source = Source("contracts", database_url, nats_url, prefix)
        await source.bus.connect(deadline=10)
        source.start()
        part = source
    else:
        listener = Listener("scoring", database_url, nats_url, prefix)
        await listener.bus.connect(deadline=10)
        listener.start()
        part = listener
    await asyncio.gather(*part.tasks)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
