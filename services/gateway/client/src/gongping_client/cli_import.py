"""`gongping import`: contracts of other systems."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from gongping_client.cli_options import ClientId, ClientSecret, Gateway, err, out, refuse, with_client
from gongping_client.client import Client
from gongping_client.ocds.importer import import_ocds
from gongping_client.ocds.regions import BadRegionError, Regions, read_map, region_code
from gongping_client.ocds.report import Report

__all__ = ["import_"]

import_ = typer.Typer(help="Import contracts of other systems.", no_args_is_help=True)
_SHOWN = 10


@import_.callback()
def _group() -> None:
    """Import contracts of other systems."""


@import_.command("ocds")
def ocds(
    *,
    file: Annotated[
        Path,
        typer.Argument(
            help="Release package, record package, or newline-delimited releases.",
            exists=True,
            dir_okay=False,
            readable=True,
        ),
    ],
    region: Annotated[
        str | None, typer.Option(help="Region where the buyer's seat does not tell it: XK, or CN-230102.")
    ] = None,
    map_: Annotated[
        Path | None,
        typer.Option(
            "--map", help="CSV of two columns: a buyer's id or name, its region.", exists=True, dir_okay=False
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Where the report goes [<FILE>.report.json in the present folder].", dir_okay=False),
    ] = None,
    gateway: Gateway = None,
    client_id: ClientId = None,
    client_secret: ClientSecret = None,
) -> None:
    """Import an OCDS 1.1 file of any size; importing it again changes nothing.

    Exit status 0: all was loaded (warnings do not count). 1: something was refused, or the file or the gateway broke
    off; the report says where and why.
    """
    try:
        regions = Regions(read_map(map_) if map_ else {}, region_code(region) if region else None)
    except BadRegionError as error:
        refuse(error, status=2)
    target = report or Path(f"{file.name}.report.json")

    async def work(client: Client) -> Report:
        with _progress() as bar:
            task = bar.add_task(f"importing {file.name}", total=None)
            return await import_ocds(
                client,
                file,
                regions=regions,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )

    result = with_client(work, url=gateway, client_id=client_id, client_secret=client_secret)
    try:
        result.save(target)
    except OSError as error:
        refuse(f"the report cannot be written: {error}")
    _show(result, target)
    raise typer.Exit(result.exit_status)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=err, transient=True)


def _show(report: Report, target: Path) -> None:
    """Tables for people; the report has the same for programs."""
    table = Table("", "", title=f"{report.file}: {report.entries} {report.kind or 'entries'}", show_header=False)
    loaded = ", ".join(f"{report.outcomes[name]} {name}" for name in ("created", "updated", "unchanged"))
    rows: list[tuple[str, object]] = [
        ("contracts", f"{report.contracts} loaded ({loaded})"),
        ("rejected", report.outcomes["rejected"]),
        ("without a contract", report.outcomes["skipped"]),
        ("parties", len(report.organisations)),
        ("amendments", report.amendments),
        ("transactions", report.transactions),
        ("milestones", report.milestones),
        *((f"value in {currency}", f"{total:,.2f}") for currency, total in sorted(report.values.items())),
        ("states", ", ".join(f"{count} {state}" for state, count in report.states.most_common())),
        ("gaps", ", ".join(f"{name} {count}" for name, count in report.gaps.most_common())),
        ("warnings", len(report.warnings)),
    ]
    for name, value in rows:
        table.add_row(name, str(value))
    out.print(table)
    if report.unmapped:
        left = Table("field without a home", "values", title="left behind")
        for path, count in sorted(report.unmapped.items(), key=lambda pair: (-pair[1], pair[0])):
            left.add_row(path, str(count))
        out.print(left)
    for warning in report.warnings[:_SHOWN]:
        out.print(f"warning   {warning['code']}: {warning['detail']}", markup=False)
    for refused in report.rejected[:_SHOWN]:
        out.print(f"rejected  {refused['place']}: {refused['reason']}", markup=False)
    more = max(0, len(report.warnings) - _SHOWN) + max(0, len(report.rejected) - _SHOWN)
    if more:
        out.print(f"and {more} more, in the report")
    if report.contracts and report.contracts == report.outcomes["unchanged"]:
        out.print(f"{report.contracts} unchanged: nothing was written")
    if report.broken:
        where = f"line {report.broken.line}, column {report.broken.column} (byte {report.broken.offset})"
        err.print(f"invalid JSON at {where}: {report.broken.reason}; what stands before it was imported", markup=False)
    if report.stopped:
        err.print(f"stopped: {report.stopped}", markup=False)
    out.print(f"report: {target}", markup=False)
