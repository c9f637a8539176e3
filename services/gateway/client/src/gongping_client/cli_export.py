"""`gongping export`: what the gateway holds, as newline-delimited JSON."""

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from gongping_client.cli_options import ClientId, ClientSecret, Gateway, err, refuse, with_client
from gongping_client.client import Client

__all__ = ["export"]

export = typer.Typer(help="Export what the gateway holds.", no_args_is_help=True)


@export.callback()
def _group() -> None:
    """Export what the gateway holds."""


@export.command("contracts")
def contracts(
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write [standard output].", dir_okay=False)
    ] = None,
    state: Annotated[str | None, typer.Option(help="Only contracts in this state.")] = None,
    origin: Annotated[str | None, typer.Option(help="native | import.")] = None,
    region: Annotated[str | None, typer.Option(help="Only this region and those below it.")] = None,
    gateway: Gateway = None,
    client_id: ClientId = None,
    client_secret: ClientSecret = None,
) -> None:
    """Every contract of your regions, a JSON document a line, as the API answers it.

    The field `simulated` says which of them are made up.
    """

    async def work(client: Client) -> int:
        count = 0
        with output.open("w", encoding="utf-8") if output else nullcontext(sys.stdout) as file:
            async for document in client.contracts.documents(state=state, origin=origin, region=region):
                file.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")
                count += 1
        return count

    try:
        count = with_client(work, url=gateway, client_id=client_id, client_secret=client_secret)
    except OSError as error:
        refuse(f"cannot write: {error}")
    err.print(f"{count} contracts")
