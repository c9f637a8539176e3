"""What a contract bought at what cost, read from its evidence; a reason where that cannot be said."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from scoring.comparisons.results import in_level
from scoring.kernel.unit_cost import Purchase

__all__ = ["Bought", "index_of", "measure_of", "read_bought", "regions_above"]

_NET: Final = {"payment": 1, "refund": -1}


@dataclass(frozen=True, slots=True)
class Bought:
    """A contract as a purchase, or why it is none that can be compared."""

    contract_id: UUID
    provider_id: UUID | None
    starts_on: str
    """ISO date of the beginning (of the signature where none is stated); empty: not known."""
    purchase: Purchase | None
    reason: str | None


def measure_of(indicator: Mapping[str, Any]) -> str:
    """What a unit is: code, name and unit of the quantity indicator. Another name is another unit."""
    return f"{indicator['code']} {indicator['name']} [{indicator['unit']}]"


def read_bought(rows: Iterable[Any], contracts: Iterable[Any], *, indicator: str | None = None) -> list[Bought]:
    """Purchases from rows (contract_id, id, kind, body), in the order of `contracts`.

    `indicator` is the code of the quantity indicator that counts, needed where a contract agreed several.
    """
    evidence: dict[UUID, dict[str, list[tuple[str, Mapping[str, Any]]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        evidence[row.contract_id][row.kind].append((str(row.id), row.body))
    return [_bought(contract, evidence[contract.contract_id], indicator=indicator) for contract in contracts]


def _bought(
    contract: Any,  # noqa: ANN401 - a database row
    evidence: Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]],
    *,
    indicator: str | None,
) -> Bought:
    terms = evidence["contract"][0][1] if evidence.get("contract") else {}
    starts_on = terms.get("starts_on") or terms.get("signed_on") or ""
    priced_on = terms.get("signed_on") or terms.get("starts_on") or ""
    outcome = _units(terms, evidence, indicator=indicator)
    if not priced_on:
        outcome = "neither its signature nor its beginning is dated, so that the year of its prices is not known"
    if isinstance(outcome, str):
        return Bought(contract.contract_id, contract.provider_id, starts_on, None, outcome)
    purchase = Purchase(
        cost=_net(terms["currency"], evidence.get("ledger", ())),
        units=outcome[1],
        measure=outcome[0],
        service_category=contract.service_category,
        currency=terms["currency"],
        region=contract.region,
        year=int(priced_on[:4]),
    )
    return Bought(contract.contract_id, contract.provider_id, starts_on, purchase, None)


def _units(
    terms: Mapping[str, Any],
    evidence: Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]],
    *,
    indicator: str | None,
) -> tuple[str, Decimal] | str:
    """Measure and accepted units, or why they are not known."""
    agreed = [
        each
        for each in terms.get("indicators", ())
        if each["level"] == "output" and each["aspect"] == "quantity" and indicator in {None, each["code"]}
    ]
    if len(agreed) != 1:
        named = ", ".join(sorted(each["code"] for each in agreed)) or "none"
        return f"it needs one quantity indicator to count units by; agreed: {named}"
    results = {body["result"] for _, body in evidence.get("acceptance", ())}
    if "accepted" not in results and "partlyAccepted" not in results:
        return "nothing was accepted"
    if results & {"partlyAccepted", "rejected"}:
        return "it was accepted in part only, and how many units is not stated"
    count = _latest(agreed[0]["indicator_id"], evidence.get("observation", ()))
    if count is None or count <= 0:
        return f"no units were observed of {agreed[0]['code']}"
    return measure_of(agreed[0]), count


def _latest(indicator_id: str, observations: Sequence[tuple[str, Mapping[str, Any]]]) -> Decimal | None:
    """The latest observation that none supersedes, by (observed_on, recorded_at, id): the rule of the scores."""
    superseded = {body["supersedes"] for _, body in observations}
    standing = [
        (body["observed_on"], datetime.fromisoformat(body["recorded_at"]), item, body["value"])
        for item, body in observations
        if body["indicator_id"] == indicator_id and item not in superseded and "withdrawn" not in body
    ]
    return Decimal(str(max(standing)[3])) if standing else None


def _net(currency: str, ledger: Sequence[tuple[str, Mapping[str, Any]]]) -> Decimal:
    """Paid less refunded, entries that were taken back left out."""
    reversed_ids = {body["reverses"] for _, body in ledger}
    return sum(
        (
            _NET[body["kind"]] * Decimal(str(body["amount"]))
            for item, body in ledger
            if body["kind"] in _NET and body["currency"] == currency and item not in reversed_ids
        ),
        Decimal(0),
    )


def regions_above(region: str) -> list[str]:
    """A region and those that it lies in, the nearest first: county, city, province, country."""
    chain = [region, *(in_level(region, level) for level in ("city", "province", "country"))]
    return list(dict.fromkeys(chain))


def index_of(figures: Iterable[Any], region: str, years: set[int]) -> dict[int, Decimal]:
    """The price index of the nearest region that has all the years in one series (one base year); empty: none has."""
    series: dict[tuple[str, int], dict[int, Decimal]] = defaultdict(dict)
    for figure in figures:
        if figure.kind == "price_index":
            series[figure.region, figure.base_year][figure.year] = figure.value
    for place in regions_above(region):
        fitting = [base for (where, base), known in series.items() if where == place and years <= set(known)]
        if fitting:
            return series[place, max(fitting)]
    return {}
