"""From what scoring told to one answer about a contract."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from contracts.results.models import ContractResult
from contracts.results.schemas import (
    AppealView,
    ContractResultsOut,
    DeterminationView,
    EffectsOut,
    NoticeView,
    RectificationView,
    ResultUseView,
)

__all__ = ["results_out"]

Data = dict[str, Any]
_HIDDEN = ("draft", "cancelled")
_RUNNING = ("active", "addressed")


def results_out(
    contract_id: UUID, rows: Sequence[ContractResult], *, has_provider: bool, public: bool = False
) -> ContractResultsOut:
    """Everything about a contract; drafts of rectifications are the authority's own.

    `public`: the rows are those that everybody sees, of which no sum can be made.

    A determination takes effect by its service on the provider, on the purchaser where there is none.
    """
    party = "provider" if has_provider else "purchaser"
    of = {
        noun: [row.data for row in rows if row.noun == noun]
        for noun in ("determination", "determination_act", "result_use", "rectification", "appeal", "notice")
    }
    determinations = [_determination(each, of, party=party) for each in of["determination"]]
    rectifications = [each for each in of["rectification"] if each["state"] not in _HIDDEN]
    return ContractResultsOut(
        contract_id=contract_id,
        effects=None if public else _effects(of["result_use"], rectifications, determinations),
        determinations=determinations,
        uses=[ResultUseView.model_validate(each) for each in of["result_use"]],
        rectifications=[RectificationView.model_validate(each) for each in rectifications],
        appeals=[AppealView.model_validate(each) for each in of["appeal"]],
        notices=[NoticeView.model_validate(each) for each in of["notice"]],
    )


def _determination(data: Data, of: dict[str, list[Data]], *, party: str) -> DeterminationView:
    mine = [act for act in of["determination_act"] if act["determination_id"] == data["determination_id"]]
    later = [each for each in of["determination"] if each["replaces"] == data["determination_id"]]
    served = [act["effective_at"] for act in mine if act["kind"] == "service" and act["party"] == party]
    published = [act["acted_at"] for act in mine if act["kind"] == "publication"]
    kinds = [act["kind"] for act in mine]
    return DeterminationView.model_validate(
        data
        | {
            "replaced_by": later[0]["determination_id"] if later else None,
            "effective_at": _first(served),
            "published_at": _first(published),
            "annulled": "annulment" in kinds,
            "suspended": kinds.count("suspension") > kinds.count("release"),
        }
    )


def _first(moments: Iterable[str]) -> datetime | None:
    return min((datetime.fromisoformat(each) for each in moments), default=None)


def _effects(uses: list[Data], rectifications: list[Data], determinations: list[DeterminationView]) -> EffectsOut:
    standing = {str(each.determination_id) for each in determinations if not each.annulled and each.replaced_by is None}
    applied = [each for each in uses if each["state"] == "applied" and each["determination_id"] in standing]

    def moved(*decisions: str, kinds: tuple[str, ...]) -> Decimal:
        found = (each for each in applied if each["kind"] in kinds and each["decision"] in decisions)
        return sum((Decimal(each["amount"] or "0") for each in found), Decimal("0.00"))

    def last(kind: str) -> Data:
        return next((each for each in reversed(applied) if each["kind"] == kind), {})

    budget = last("budget")
    return EffectsOut(
        deducted=moved("deducted", kinds=("payment",)),
        withheld=moved("withheld", kinds=("payment", "withhold")),
        cut=moved("cut", "cancelled", kinds=("cut",)),
        renewal=last("renewal").get("decision"),
        budget=budget.get("decision"),
        budget_amount=budget.get("amount"),
        open=sum(each["state"] == "open" for each in uses),
        rectifying=any(each["state"] in _RUNNING for each in rectifications),
    )
