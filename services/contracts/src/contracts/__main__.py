"""python -m contracts serve | migrate | replay | dead | audit."""

import sys

from contracts.app import service
from shared.cli import main

if __name__ == "__main__":
    sys.exit(main(service))
