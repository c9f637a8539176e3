"""`python -m surveys serve | migrate | replay | dead | audit`."""

import sys

from shared.cli import main
from surveys.app import service

if __name__ == "__main__":
    sys.exit(main(service))
