"""python -m scoring serve | migrate | replay | dead | audit | rescore."""

import sys

from scoring.app import service
from scoring.cli import rescore
from shared.cli import main

if __name__ == "__main__":
    sys.exit(rescore(sys.argv[2:]) if sys.argv[1:2] == ["rescore"] else main(service))
