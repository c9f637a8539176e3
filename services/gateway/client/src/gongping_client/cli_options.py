"""Options that every command has, and how errors end one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console

from gongping_client.client import Client
from gongping_client.credentials import CredentialsMissingError, find_credentials
from gongping_client.demo.steps import DemoError
from gongping_client.errors import ProblemError, UnreachableError

__all__ = ["ClientId", "ClientSecret", "Gateway", "err", "out", "refuse", "with_client"]

Result = TypeVar("Result")

Gateway = Annotated[
    str | None,
    typer.Option("--gateway", help="Address of the gateway [GONGPING_URL, else that of `make run`].", metavar="URL"),
]
ClientId = Annotated[str | None, typer.Option("--client-id", help="Machine client [GONGPING_CLIENT_ID].")]
ClientSecret = Annotated[str | None, typer.Option("--client-secret", help="Its secret [GONGPING_CLIENT_SECRET].")]

_PATIENCE_SECONDS = 120.0  # a command is in no hurry; what it sends can be sent again

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def refuse(reason: object, *, status: int = 1) -> NoReturn:
    """End the command with a reason."""
    err.print(f"gongping: {reason}", style="red", markup=False)
    raise typer.Exit(status)


def with_client(
    work: Callable[[Client], Awaitable[Result]], *, url: str | None, client_id: str | None, client_secret: str | None
) -> Result:
    """Run work with a client; what the gateway refuses ends the command with status 1, unknown credentials with 2."""
    try:
        credentials = find_credentials(url=url, client_id=client_id, client_secret=client_secret)
    except CredentialsMissingError as error:
        refuse(error, status=2)

    async def run() -> Result:
        async with Client.of(credentials, timeout=_PATIENCE_SECONDS) as client:
            return await work(client)

    try:
        return asyncio.run(run())
    except* (ProblemError, UnreachableError, DemoError, ValidationError) as group:
        reason: BaseException = group
        while isinstance(reason, BaseExceptionGroup):
            reason = reason.exceptions[0]
        failure = str(reason)
    refuse(failure)
