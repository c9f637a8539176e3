"""`gongping verify-score`: recompute an exported score offline, with the scoring package's own program.

The client imports no service. It starts the program of the scoring distribution where that is installed beside it, and
hands its answer and exit status through.
"""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from gongping_client.cli_options import refuse

__all__ = ["verify_score"]


def verify_score(
    file: Annotated[Path, typer.Argument(help="Snapshot, as GET /v1/scores/{contract_id}/snapshot answers it.")],
) -> None:
    """Recompute a snapshot offline and say that the score is equal, or what differs.

    Exit status 0: equal. 1: different. 2: the file is no snapshot, or the scoring package is not installed.
    """
    if find_spec("scoring") is None:
        refuse("recomputing needs the distribution gongping-scoring in this environment: install it beside.", status=2)
    command = [sys.executable, "-m", "scoring", "verify-score", str(file)]
    raise typer.Exit(subprocess.run(command, check=False).returncode)
