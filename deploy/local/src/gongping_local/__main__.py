"""Command line of the local deployment: `python -m gongping_local up`."""

import argparse
import asyncio
import sys
from pathlib import Path

from gongping_local.errors import LocalError
from gongping_local.services import Ports
from gongping_local.state import default_folder
from gongping_local.supervisor import Options, up


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the return value is the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return asyncio.run(
            up(
                Options(
                    folder=Path(options.state).absolute() if options.state else default_folder(),
                    ports=Ports(gateway=options.port, postgres=options.postgres_port, nats=options.nats_port),
                    once=options.once,
                    fresh=options.fresh,
                ),
                echo=say,
            )
        )
    except LocalError as error:
        print(f"gongping: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before anything was started
        return 130


def say(line: str) -> None:
    """Print at once: the reader watches, and may be a pipe."""
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gongping_local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("up", help="start everything on this machine and keep it running")
    start.add_argument(
        "--port", type=int, default=Ports.gateway, help="the gateway's; the services take the next three"
    )
    start.add_argument("--postgres-port", type=int, default=Ports.postgres)
    start.add_argument("--nats-port", type=int, default=Ports.nats)
    start.add_argument("--state", help="folder for all data (GONGPING_STATE, else .gongping)")
    start.add_argument("--once", action="store_true", help="do the main job with a new simulated contract, then stop")
    start.add_argument("--fresh", action="store_true", help="remove the data of earlier runs first")
    return parser


if __name__ == "__main__":
    sys.exit(main())
