"""Whether an exported snapshot says what its evidence says: every hash and every figure is made again, offline."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from scoring.canonical import canonical, canonical_text, sha256
from scoring.frameworks.document import Framework
from scoring.frameworks.reading import plain_framework
from scoring.provenance.determined import stated_and_found
from scoring.provenance.document import SCHEMA, evidence_hash, seal_of
from scoring.scores.identity import chain_hash
from scoring.scores.part_simulation import PART_SCHEMA, simulate_parts
from scoring.scores.recompute import recompute_with
from scoring.scores.simulation import SCHEMA as UNCERTAINTY_SCHEMA
from scoring.scores.simulation import Simulated, simulate

__all__ = ["Difference", "NotASnapshotError", "verify"]


class NotASnapshotError(ValueError):
    """The document is no snapshot that this release can read; the message says why."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it is stated. `what` is a path in the snapshot."""

    what: str
    stated: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.what}: stated {_short(self.stated)}, found {_short(self.found)}"


def verify(snapshot: object) -> list[Difference]:
    """Recompute a snapshot; no difference: the score is what its evidence and its framework make it.

    Checked are the seal, the hash of each item of evidence, that the items which the content names are there, the
    framework's hash, the content's hash, the link of the chain, the whole content made again from the evidence, the
    uncertainty record drawn again from its seeds, and what each determination of the row says of it.
    Raises NotASnapshotError for anything that is no snapshot.
    """
    if not isinstance(snapshot, dict) or snapshot.get("schema") != SCHEMA:
        raise NotASnapshotError(f"This is no snapshot of schema {SCHEMA}.")
    try:
        return list(_differences(snapshot))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise NotASnapshotError(f"The snapshot is incomplete or damaged: {type(error).__name__}: {error}") from error


def _differences(snapshot: Mapping[str, Any]) -> Iterator[Difference]:
    score, content = snapshot["score"], snapshot["score"]["content"]
    yield from _compare("sha256", snapshot["sha256"], seal_of(snapshot))
    for place, item in enumerate(snapshot["evidence"]):
        yield from _compare(f"evidence[{place}].sha256", item["sha256"], evidence_hash(item))
    there = {(item["id"], item["sha256"]) for item in snapshot["evidence"]}
    for item, digest in content["evidence"]:
        if (item, digest) not in there:
            yield Difference("score.content.evidence", [item, digest], None)
    framework = plain_framework(snapshot["framework"]["document"])
    yield from _compare("framework.hash", snapshot["framework"]["hash"], framework.hash)
    yield from _compare("score.content.framework", content["framework"], framework.hash)
    yield from _compare("score.content_hash", score["content_hash"], sha256(canonical(content)))
    link = chain_hash(
        score["previous_hash"],
        score["content_hash"],
        recorded_at=datetime.fromisoformat(score["recorded_at"]),
        causes=[UUID(cause) for cause in score["causes"]],
    )
    yield from _compare("score.chain_hash", score["chain_hash"], link)
    for where, name, value in (
        ("contract", "id", content["contract"]),
        ("framework", "id", framework.id),
        ("framework", "version", framework.version),
        ("score", "framework_id", framework.id),
    ):
        yield from _compare(f"{where}.{name}", snapshot[where][name], value)
    yield from _recomputed(snapshot, framework, content)


def _recomputed(snapshot: Mapping[str, Any], framework: Framework, content: Mapping[str, Any]) -> Iterator[Difference]:
    rows = [[item["id"], item["kind"], 1, item["sha256"], item["body"]] for item in snapshot["evidence"]]
    again = recompute_with(content, rows, framework)
    outcome = None if again is None else again.outcomes[0]
    if again is None or outcome is None:
        yield Difference("score.content", content["result"], None)
        return
    yield from _walk("score.content", content, json.loads(outcome.content))
    terms = outcome.facts.terms
    contract = {"service_category": terms.get("service_category"), "simulated": outcome.simulated}
    yield from _walk("contract", {name: snapshot["contract"][name] for name in contract}, contract)
    for place, made in enumerate(snapshot["determinations"]):
        for name, said, found in stated_and_found(
            made,
            score=snapshot["score"],
            framework=framework,
            uncertainty=snapshot["uncertainty"],
            parts=outcome.parts,
        ):
            yield from _compare(f"determinations[{place}].{name}", said, found)
    if (stated := snapshot["uncertainty"]) is not None:
        yield from _drawn(stated, simulate(again, 0, draws=stated["draws"]))
    # A snapshot of an earlier release has none of the sub-scores.
    if (told := snapshot.get("part_uncertainty")) is not None:
        drawn = simulate_parts(again, 0, draws=told["draws"])
        yield from _walk("part_uncertainty.parts", told["parts"], drawn.parts)
        named = {"schema": PART_SCHEMA, "content_hash": outcome.content_hash, "draws": told["draws"]}
        made = sha256(canonical_text(named | {"parts": told["parts"]}))
        yield from _compare("part_uncertainty.record_hash", told["record_hash"], made)


def _drawn(stated: Mapping[str, Any], found: Simulated) -> Iterator[Difference]:
    """The record drawn again; another version of numpy may give other last digits, and then the figures decide."""
    for name, value in stated.items():
        if name not in {"method", "record_hash"}:
            yield from _walk(f"uncertainty.{name}", value, getattr(found, name))
    # What produced the numbers may be another version; what else the record says of itself follows from the score.
    for name, value in found.method.items():
        if name != "numpy":
            yield from _compare(f"uncertainty.method.{name}", stated["method"].get(name), value)
    named = {"schema": UNCERTAINTY_SCHEMA, "content_hash": found.outcome.content_hash}
    record = {name: value for name, value in stated.items() if name != "record_hash"}
    yield from _compare("uncertainty.record_hash", stated["record_hash"], sha256(canonical_text(named | record)))


def _compare(what: str, stated: object, found: object) -> Iterator[Difference]:
    if stated != found:
        yield Difference(what, stated, found)


def _walk(path: str, stated: Any, found: Any) -> Iterator[Difference]:  # noqa: ANN401 - JSON
    """The innermost places at which two JSON values differ; the leaves of a result are named by their node."""
    if isinstance(stated, dict) and isinstance(found, dict):
        for key in sorted(stated.keys() | found.keys()):
            yield from _walk(f"{path}.{key}", stated.get(key), found.get(key))
    elif path.endswith(".leaves") and isinstance(stated, list) and isinstance(found, list):
        before, after = ({leaf["node"]: leaf for leaf in leaves} for leaves in (stated, found))
        for node in sorted(before.keys() | after.keys()):
            yield from _walk(f"{path}[{node}]", before.get(node), after.get(node))
    else:
        yield from _compare(path, stated, found)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"


_LONG = 120
