"""How form and framework fit: each criterion is asked for by an indicator, and each such indicator is rated."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from scoring.evaluations.errors import FormRefused, RatingOutOfScale
from scoring.evaluations.models import RatingForm
from scoring.evaluations.schemas import MarkIn
from scoring.frameworks.document import Framework
from scoring.frameworks.registry import Registry

__all__ = ["Checked", "check_form", "check_marks", "criteria_for", "every_rating_node", "rating_nodes"]

TOTAL = {"total"}

Checked = tuple[str, str | None, Decimal, bool, str | None, str]
"""Criterion, tier, mark, whether it is the tier's middle, reason for the value in the tier, narrative."""


def rating_nodes(framework: Framework) -> dict[str, str]:
    """The criteria that a framework's `rating` indicators ask for, each with the path of its node."""
    found: dict[str, str] = {}
    for node in framework.walk():
        for rule in (node.rule, node.unagreed):
            if rule is not None and rule.evidence.get("from") == "rating":
                found.setdefault(rule.evidence["criterion"], node.path)
    return found


def every_rating_node(known: Registry, framework: Framework) -> dict[str, str]:
    """The same over all modules of a framework: what a contract of any service category may be rated on."""
    modules = framework.written.get("modules", ())
    categories = [None, *(module["categories"][0] for module in modules)]
    found: dict[str, str] = {}
    for category in categories:
        found |= rating_nodes(known.find(framework.id, version=framework.version, category=category))
    return found


def criteria_for(form: Mapping[str, Any], nodes: Mapping[str, str]) -> list[dict[str, Any]]:
    """The criteria of a form that a case is rated on: those that its framework, with its module, asks for."""
    criteria: list[dict[str, Any]] = form["criteria"]
    if not nodes or set(nodes) == TOTAL:
        return criteria
    return [criterion for criterion in criteria if criterion["code"] in nodes]


def check_form(form: RatingForm, nodes: Mapping[str, str], *, known: Mapping[str, str]) -> None:
    """Refuse a form that does not ask what the framework asks.

    `nodes` are the criteria that the cases' frameworks ask for, `known` those of all modules: a form may serve several
    service categories. A framework without `rating` indicators takes any form: the evaluation stands beside the score.

    Raises:
        FormRefused: a criterion enters no node, or a node's criterion is not on the form; each is named.
    """
    if not known:
        return
    codes = [criterion["code"] for criterion in form.document["criteria"]]
    if set(known) == TOTAL and all(criterion["weight"] for criterion in form.document["criteria"]):
        return
    faults = [
        {"pointer": "/form_id", "detail": f"criterion {code} of the form enters no node of the framework"}
        for code in codes
        if code not in known
    ]
    faults += [
        {"pointer": "/form_id", "detail": f"node {path}: its criterion {code} is not on the form"}
        for code, path in sorted(nodes.items())
        if code not in codes
    ]
    if faults:
        raise FormRefused(
            f"Form {form.id} {form.version} does not fit the framework: "
            f"{'; '.join(fault['detail'] for fault in faults[:5])}.",
            errors=faults,
        )


def check_marks(form: Mapping[str, Any], nodes: Mapping[str, str], marks: Sequence[MarkIn]) -> list[Checked]:
    """The marks as they are stored.

    Raises:
        RatingOutOfScale: a mark outside of its scale or tier, an unknown criterion or tier, a missing reason or a
            narrative that is too short; each fault names criterion and node.
    """
    criteria = {criterion["code"]: criterion for criterion in criteria_for(form, nodes)}
    faults: list[dict[str, str]] = []
    checked: list[Checked] = []
    for place, mark in enumerate(marks):
        where = f"criterion {mark.criterion}"
        if mark.criterion in nodes:
            where += f" (node {nodes[mark.criterion]})"
        found = [f"{where}: {fault}" for fault in _faults(criteria.get(mark.criterion), mark)]
        if [each.criterion for each in marks].index(mark.criterion) < place:
            found.append(f"{where}: marked twice")
        faults += [{"pointer": f"/marks/{place}", "detail": detail} for detail in found]
        if not found:
            checked.append(_stored(criteria[mark.criterion], mark))
    if faults:
        raise RatingOutOfScale("; ".join(fault["detail"] for fault in faults[:5]), errors=faults)
    return checked


def _faults(criterion: Mapping[str, Any] | None, mark: MarkIn) -> list[str]:
    if criterion is None:
        return ["the form does not ask for it in a case of this service category"]
    faults = []
    low, high = criterion["scale"]["minimum"], criterion["scale"]["maximum"]
    if mark.mark is not None and not low <= mark.mark <= high:
        faults.append(f"{mark.mark} lies outside of the scale {low}-{high}")
    if mark.mark is not None and mark.mark != round(mark.mark, 2):
        faults.append(f"{mark.mark} has more than two decimals")
    if len(mark.narrative) < criterion["narrative_minimum"]:
        faults.append(f"the narrative has fewer than {criterion['narrative_minimum']} characters")
    return faults + _tier_faults(criterion, mark)


def _tier_faults(criterion: Mapping[str, Any], mark: MarkIn) -> list[str]:
    tiers = {tier["code"]: tier for tier in criterion["tiers"]}
    if not tiers:
        faults = ["the criterion has no tiers"] if mark.tier is not None else []
        return faults + (["a mark is needed"] if mark.mark is None else [])
    if mark.tier not in tiers:
        return [f"pick one of the tiers {', '.join(tiers)}"]
    if mark.mark is None:
        return []
    tier, last = tiers[mark.tier], criterion["tiers"][-1]["code"]
    low, high = tier["minimum"], tier["maximum"]
    faults = []
    if not (low <= mark.mark < high or (mark.tier == last and mark.mark == high)):
        end = "]" if mark.tier == last else ")"
        faults.append(f"{mark.mark} lies outside of the tier {mark.tier} [{low}, {high}{end}")
    if mark.tier_reason is None:
        faults.append("state why this value inside the tier (tier_reason), or leave the mark out")
    return faults


def _stored(criterion: Mapping[str, Any], mark: MarkIn) -> Checked:
    if mark.mark is not None:
        return mark.criterion, mark.tier, mark.mark, False, mark.tier_reason, mark.narrative
    tier = next(tier for tier in criterion["tiers"] if tier["code"] == mark.tier)
    middle = Decimal(tier["minimum"] + tier["maximum"]) / 2
    return mark.criterion, mark.tier, middle, True, None, mark.narrative
