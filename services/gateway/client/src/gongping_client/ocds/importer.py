"""From a file to the gateway: batches in flight, results in order, one report."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from gongping_client.client import Client
from gongping_client.errors import ProblemError, UnreachableError
from gongping_client.models import ImportAnswer
from gongping_client.ocds.reader import Item, read_items
from gongping_client.ocds.regions import Regions
from gongping_client.ocds.report import Report
from gongping_client.ocds.scan import scan
from gongping_client.ocds.wire import encode

__all__ = ["import_ocds"]

BATCH_ITEMS = 50  # the API takes 200; a batch is one transaction, and short ones let others in between
BATCH_BYTES = 1_000_000
LARGEST_ITEM = 3_500_000  # the gateway refuses bodies over 4 MiB

Progress = Callable[[int, int], None]
_Prepared = tuple[Item, bytes]


async def import_ocds(
    client: Client,
    path: Path,
    *,
    regions: Regions | None = None,
    concurrency: int = 4,
    progress: Progress | None = None,
) -> Report:
    """Import a package, a record package, a single release or record, or newline-delimited ones.

    A process that comes in several releases is compiled first, so that each process is sent once: batches may then be
    in flight together without one overtaking another's news. What stands before a broken place is imported.

    Args:
        client: of the gateway.
        path: the file; read twice, never held in memory.
        regions: what is known about the regions of buyers.
        concurrency: batches in flight.
        progress: is told how many of how many entries are done.

    Returns:
        The report; a refusal or an outage in the middle is in it (`stopped`), with all that was imported before.
    """
    found = await asyncio.to_thread(scan, path)
    report = Report(file=path.name, kind=found.kind, entries=found.entries, broken=found.broken)
    if not found.kind and found.broken is None:
        report.stopped = "no OCDS release package or record package: there are neither releases nor records in it"
    done = 0
    flight: deque[tuple[int, asyncio.Task[ImportAnswer]]] = deque()
    batches = _batches(path, report, regions or Regions(), read_items(path, found))

    async def land() -> None:
        nonlocal done
        entries, task = flight.popleft()
        report.add(await task)
        done += entries
        if progress:
            progress(done, report.entries)

    try:
        while (batch := await asyncio.to_thread(next, batches, None)) is not None:
            if len(flight) >= concurrency:
                await land()
            entries = sum(item.entries for item, _ in batch)
            flight.append((entries, asyncio.create_task(client.imports.ocds([body for _, body in batch]))))
        while flight:
            await land()
    except (ProblemError, UnreachableError) as error:
        report.stopped = str(error)
    finally:
        for _, task in flight:
            task.cancel()
        await asyncio.gather(*(task for _, task in flight), return_exceptions=True)
    if progress and report.stopped is None:
        progress(report.entries, report.entries)  # what could not be read was not sent, but it is done with
    report.finished_at = datetime.now(UTC)
    return report


def _batches(path: Path, report: Report, regions: Regions, items: Iterator[Item]) -> Iterator[list[_Prepared]]:
    """Batches below the limits of items and bytes; what cannot be read or sent is noted as refused."""
    batch: list[_Prepared] = []
    size = 0
    for item in items:
        if item.release is None:
            report.reject(place=item.place, reason=item.reason or f"cannot be read from {path.name}", ocid=item.ocid)
            continue
        body = encode({"place": item.place, "release": item.release, "region": regions.of(item.release)})
        if len(body) > LARGEST_ITEM:
            report.reject(
                place=item.place, reason=f"has {len(body)} bytes; the largest is {LARGEST_ITEM}", ocid=item.ocid
            )
            continue
        if batch and (len(batch) == BATCH_ITEMS or size + len(body) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((item, body))
        size += len(body)
    if batch:
        yield batch
