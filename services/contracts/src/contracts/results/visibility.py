"""Who sees which of the things that scoring told about a contract; the same as scoring itself answers."""

from collections.abc import Sequence
from uuid import UUID

from contracts.results.models import ContractResult

__all__ = ["for_everybody", "for_provider"]


def for_provider(rows: Sequence[ContractResult]) -> list[ContractResult]:
    """What the provider concerned sees: determinations that were handed over or published, what follows, its own steps.

    Nothing says before the service what was signed: consequences, the purchaser's appeals and clocks of a determination
    appear with it.
    """
    known = {
        act.about_id
        for act in _acts(rows)
        if act.data["kind"] == "publication" or (act.data["kind"], act.data["party"]) == ("service", "provider")
    }
    told = [row for row in rows if row.noun != "notice" and _told(row, known)]
    shown = {row.id for row in told}
    own = [row for row in rows if row.noun == "notice" and (row.data["owner"] == "provider" or row.about_id in shown)]
    return sorted([*told, *own], key=lambda row: row.id)


def _told(row: ContractResult, known: set[UUID | None]) -> bool:
    match row.noun:
        case "determination":
            return row.id in known
        case "determination_act" | "result_use":
            return row.about_id in known
        case "rectification":
            # Those that a finding, the media or the public opened rest on no determination.
            return row.data["cause"] != "determination" or row.about_id in known
        case "appeal":
            return row.data["side"] == "provider" or row.about_id in known
        case _:
            return False


def for_everybody(rows: Sequence[ContractResult]) -> list[ContractResult]:
    """What the public sees: determinations that were published, that no appeal suspends and none annulled."""
    acts = _acts(rows)
    kinds: dict[UUID | None, list[str]] = {}
    for act in acts:
        kinds.setdefault(act.about_id, []).append(act.data["kind"])
    return [row for row in rows if row.noun == "determination" and _open(kinds.get(row.id, []))] + [
        act for act in acts if act.data["kind"] == "publication"
    ]


def _open(kinds: list[str]) -> bool:
    return "publication" in kinds and "annulment" not in kinds and kinds.count("suspension") <= kinds.count("release")


def _acts(rows: Sequence[ContractResult]) -> list[ContractResult]:
    return [row for row in rows if row.noun == "determination_act"]
