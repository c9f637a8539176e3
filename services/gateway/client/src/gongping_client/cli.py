"""The `gongping` command: import, export and demonstrate through the gateway only; verify a score offline."""

import typer

from gongping_client.cli_demo import demo
from gongping_client.cli_export import export
from gongping_client.cli_import import import_
from gongping_client.cli_verify import verify_score

__all__ = ["app", "main"]

app = typer.Typer(
    name="gongping",
    help="Talk to a Gongping gateway: import contracts, export them, run the demonstration; verify a score offline.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(import_, name="import")
app.add_typer(export, name="export")
app.add_typer(demo, name="demo")
app.command("verify-score")(verify_score)


def main() -> None:
    """Run the command; the exit status is 0, 1 (something was refused or failed) or 2 (asked wrongly)."""
    app()
