"""A score row made again from nothing but what its content names: its evidence and its framework. Pure, offline."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scoring.frameworks.document import Framework
from scoring.scores.evaluation import Evaluated, Outcome, evaluate_with
from scoring.scores.facts import Facts, read_facts

__all__ = ["facts_in", "recompute", "recompute_with"]


def facts_in(content: Mapping[str, Any], items: Iterable[Sequence[Any]]) -> Facts | None:
    """Facts from the items (id, kind, version, sha256, body) that a score row's content names; others are left out.

    None when the terms of the contract are not among them.
    """
    named = {(item, digest) for item, digest in content["evidence"]}
    rows = [row for row in items if (str(row[0]), row[3]) in named]
    return read_facts(content["contract"], rows, stage=content["result"]["stage"])


def recompute(content: Mapping[str, Any], items: Iterable[Sequence[Any]], framework: Framework) -> Outcome | None:
    """The outcome again; it is the same score if and only if its `content_hash` is. None without any indicator."""
    found = recompute_with(content, items, framework)
    return None if found is None else found.outcomes[0]


def recompute_with(
    content: Mapping[str, Any], items: Iterable[Sequence[Any]], framework: Framework
) -> Evaluated | None:
    """The same with the numbers behind it."""
    facts = facts_in(content, items)
    return None if facts is None else evaluate_with([facts], framework)
