"""python -m scoring serve | migrate | replay | dead | audit | rescore | verify-score."""

import sys

if __name__ == "__main__":
    command, arguments = sys.argv[1:2], sys.argv[2:]
    if command == ["verify-score"]:
        # Imported alone: a recomputation starts without the web application.
        from scoring.provenance.command import verify_score

        sys.exit(verify_score(arguments))
    from scoring.app import service
    from scoring.cli import rescore
    from shared.cli import main

    sys.exit(rescore(arguments) if command == ["rescore"] else main(service))
