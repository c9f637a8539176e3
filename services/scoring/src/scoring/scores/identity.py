"""What names a score row: its canonical content, and its place in the chain of its contract and framework.

The content is written in RFC 8785 form directly, key by key in canonical order: in bulk the general encoder would cost
more than all the arithmetic. `tests/scoring` holds every content against the general form.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from json.encoder import encode_basestring as quoted
from typing import Any
from uuid import UUID

from scoring.canonical import canonical_text, sha256
from scoring.scores.facts import Ref

__all__ = ["SCHEMA", "chain_hash", "content_text", "leaf", "missing_leaf"]

SCHEMA = "gongping-score/1"


def leaf(
    node: str,
    points: str,
    lost: str,
    *,
    indicator: str | None,
    raw: str,
    normalised: str,
    evidence: str,
    over_attained: bool,
    notes: Sequence[str] = (),
) -> str:
    """One leaf of the result that has evidence; `evidence` holds positions in the content's list, joined by commas.

    `notes` (algorithm 2 only) say what stood in for something that was not there, in alphabetical order.
    """
    named = "" if indicator is None else f'"indicator":"{indicator}",'
    over = '"over_attained":true,' if over_attained else ""
    said = f'"notes":[{",".join(map(quoted, notes))}],' if notes else ""
    return (
        f'{{"evidence":[{evidence}],{named}"lost":"{lost}","node":{quoted(node)},"normalised":"{normalised}",{said}{over}'
        f'"points":"{points}","raw":{quoted(raw)},"state":"evidence"}}'
    )


def missing_leaf(node: str, state: str, points: str, lost: str, *, indicator: str | None) -> str:
    """One leaf of the result without evidence; `state` is what that means."""
    named = "" if indicator is None else f'"indicator":"{indicator}",'
    return f'{{{named}"lost":"{lost}","node":{quoted(node)},"points":"{points}","state":"{state}"}}'


def content_text(
    *,
    algorithm: Mapping[str, str],
    contract: str,
    evidence: Sequence[Ref],
    framework: str,
    result: Mapping[str, Any],
    leaves: Sequence[str],
) -> str:
    """The canonical content: contract, framework hash, evidence, calibration, algorithm and the deterministic result.

    No clock, no predecessor, no version of the program: the same inputs give the same text and the same hash.
    """
    items = ",".join([f'["{item}","{digest}"]' for item, digest in evidence])
    held = ",".join(map(quoted, result["held"]))
    gates = thin = ungated = ""
    if "ungated" in result:
        gates = f'"gates":{canonical_text(result["gates"])},'
        thin = f'"thin":{canonical_text(result["thin"])},'
        ungated = f'"ungated":"{result["ungated"]}",'
    return (
        f'{{"algorithm":"{algorithm["id"]}/{algorithm["version"]}","calibration":null,"contract":"{contract}",'
        f'"evidence":[{items}],"framework":"{framework}","result":{{"coverage":"{result["coverage"]}",{gates}'
        f'"grade":"{result["grade"]}","grade_lower":"{result["grade_lower"]}","grade_upper":"{result["grade_upper"]}",'
        f'"held":[{held}],"leaves":[{",".join(leaves)}],"lower":"{result["lower"]}","score":"{result["score"]}",'
        f'"stage":"{result["stage"]}",{thin}{ungated}"upper":"{result["upper"]}"}},"schema":"{SCHEMA}"}}'
    )


def chain_hash(previous: str | None, content_hash: str, *, recorded_at: datetime, causes: Collection[UUID]) -> str:
    """SHA-256 of the canonical form of [previous chain hash, content hash, recorded_at, sorted causing event ids]."""
    before = "null" if previous is None else f'"{previous}"'
    events = ",".join([f'"{event}"' for event in sorted(map(str, causes))])
    return sha256(f'[{before},"{content_hash}","{recorded_at.isoformat()}",[{events}]]')
