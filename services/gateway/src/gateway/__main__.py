"""`python -m gateway serve | migrate | replay | dead | audit | client | keys`."""

import sys
from collections.abc import Sequence

from gateway.app import SERVICE
from gateway.cli import OWN_COMMANDS, run
from shared.cli import main as shared_main

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the return value is the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] in OWN_COMMANDS:
        return run(given)
    return shared_main(SERVICE, given)


if __name__ == "__main__":
    sys.exit(main())
