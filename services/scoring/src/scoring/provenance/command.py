"""`python -m scoring verify-score FILE`: recompute an exported snapshot offline. Needs no database and no network."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from scoring.provenance.verification import NotASnapshotError, verify

__all__ = ["verify_score"]


def verify_score(arguments: Sequence[str]) -> int:
    """Say whether the score is equal, or what differs; 0 equal, 1 different, 2 unreadable."""
    parser = argparse.ArgumentParser(prog="python -m scoring verify-score", description=__doc__)
    parser.add_argument("file", type=Path, help="snapshot.json, as GET /v1/scores/{contract_id}/snapshot gives it")
    options = parser.parse_args(arguments)
    try:
        snapshot = json.loads(options.file.read_bytes())
        differences = verify(snapshot)
    except OSError as error:
        return _refuse(f"{options.file}: {error.strerror}")
    except (json.JSONDecodeError, UnicodeDecodeError):
        return _refuse(f"{options.file} is not JSON.")
    except NotASnapshotError as error:
        return _refuse(str(error))
    score = snapshot["score"]
    named = f"contract {snapshot['contract']['id']}, {score['framework_id']}, row {score['version']}"
    if not differences:
        result = score["content"]["result"]
        sys.stdout.write(
            f"equal: {named}: {result['score']} points, grade {result['grade']}, content {score['content_hash']}\n"
        )
        return 0
    sys.stdout.write(f"different: {named}\n")
    for difference in differences:
        sys.stdout.write(f"  {difference}\n")
    return 1


def _refuse(reason: str) -> int:
    sys.stderr.write(f"{reason}\n")
    return 2
