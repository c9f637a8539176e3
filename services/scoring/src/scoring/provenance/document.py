"""The snapshot of a score row: everything that a recomputation needs, in one JSON document."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

from scoring.canonical import canonical, sha256

__all__ = ["SCHEMA", "evidence_hash", "seal", "seal_of", "software"]

SCHEMA: Final = "gongping-snapshot/1"


def evidence_hash(item: Mapping[str, Any]) -> str:
    """The hash that names an item: SHA-256 of the RFC 8785 form of {"body", "id", "kind"}."""
    return sha256(canonical({"body": item["body"], "id": item["id"], "kind": item["kind"]}))


def seal(body: Mapping[str, Any]) -> dict[str, Any]:
    """The document with its own hash, `sha256`, over the RFC 8785 form of everything else."""
    return {**body, "sha256": seal_of(body)}


def seal_of(document: Mapping[str, Any]) -> str:
    """What the document's own hash must be."""
    return sha256(canonical({name: value for name, value in document.items() if name != "sha256"}))


def software() -> dict[str, str]:
    """The packages that computed, with their versions; no part of any hash of a score."""
    return {name: version(name) for name in ("gongping-scoring", "numpy", "scipy", "rfc8785")}
