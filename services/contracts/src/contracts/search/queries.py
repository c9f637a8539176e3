"""Finding contracts: which ids meet the filters, in the order of recording, at the same cost at any depth.

Two statements answer a list: this one finds the ids of a page over the narrow search rows, the other reads the
contracts of that page. Nothing is counted. A filter that the planner has to weigh (a state, a region, an amount) stands
in the statement as a literal, so that rare values are gathered by their index and frequent ones are met on the way.

Years, provinces and states come in runs: where one of them is asked for, the list is walked in the order of `place`,
which only indexes that begin with them have. Left to `contract_id`, the planner walks the whole list to the run.

A full text is first looked for on a stretch of the list itself: frequent words fill the page there. Only when the
stretch does not, the inverted index gathers what follows; then the words are rare enough to be gathered. The planner
could not choose: pairs of characters come together far more often than their frequencies say.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Date, Integer, Numeric, String, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.disclosure.queries import sight_sql
from contracts.search.filters import Filters
from shared.auth import Principal
from shared.db import principal_in

__all__ = ["find_contracts", "searchable"]

STRETCH = 3000
"""Rows of the list in which a text is looked for before the inverted index is asked."""

# A filter finds no contract of which its field is withheld from the caller; a text looks into three.
_FIELDS = {
    "contract_number": ("contractNumber",),
    "provider_id": ("provider",),
    "value_from": ("money",),
    "value_to": ("money",),
    "source": ("externalIds",),
    "external_id": ("externalIds",),
    "flag": ("money", "provider", "competition"),
    "text": ("title", "contractNumber", "provider"),
}
_EQUAL = {
    "state": "state",
    "origin": "origin",
    "service_category": "category",
    "method": "method",
    "currency": "currency",
}
_RANGES = {
    "signed_from": "signed_on >=",
    "signed_to": "signed_on <=",
    "in_force_from": "ends_on >=",
    "in_force_to": "starts_on <=",
    "value_from": "value >=",
    "value_to": "value <=",
}
_RUNS = ("year", "state", "purchaser_id", "provider_id")
_SELECT = "SELECT search.contract_id FROM contract_search AS search WHERE"


@dataclass(slots=True)
class _Conditions:
    """Conditions with their parameters. `literal` puts a value into the statement, quoted by SQLAlchemy.

    `prefix` keeps the names of two sets of conditions in one statement apart.
    """

    prefix: str = "literal"
    parts: list[str] = field(default_factory=list)
    literals: list[BindParameter[Any]] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def literal(self, condition: str, value: object, kind: Any) -> None:  # noqa: ANN401 - a type of SQLAlchemy
        name = f"{self.prefix}_{len(self.literals)}"
        self.parts.append(condition.format(f":{name}"))
        self.literals.append(bindparam(name, value, kind, literal_execute=True))

    def value(self, condition: str, **values: object) -> None:
        self.parts.append(condition)
        self.values |= values

    @property
    def where(self) -> str:
        return " AND ".join(self.parts) or "true"


def searchable(words: str) -> bool:
    """Whether a text has a letter, a digit or a character to search for."""
    return any(character.isalnum() for character in words)


def _scopes(principal: Principal, region: str | None) -> Sequence[str]:
    """The region asked for, cut down to the caller's scope; an empty prefix is everything."""
    scopes: Sequence[str] = ("",) if principal.unlimited else principal.prefixes
    if region is None:
        return scopes
    # A scope inside the region stays; one that holds the region gives way to it.
    return [region] if principal.may_see(region) else [each for each in scopes if each.startswith(region)]


def _in_runs(principal: Principal, filters: Filters) -> bool:
    """Whether an index begins with something that is asked for."""
    scopes = _scopes(principal, filters.region)
    inside = len(scopes) == 1 and scopes[0].startswith("CN-") and len(scopes[0]) >= len("CN-23")
    return inside or any(getattr(filters, name) is not None for name in _RUNS)


def _add_places(conditions: _Conditions, principal: Principal, region: str | None) -> None:
    scopes = _scopes(principal, region)
    if "" in scopes:
        return
    if not scopes:
        conditions.parts.append("false")
        return
    first = len(conditions.parts)
    for scope in scopes:
        column = {len("CN-23"): "province", len("CN-2301"): "city"}.get(len(scope)) if scope[:3] == "CN-" else None
        if column is not None:
            conditions.literal(f"search.{column} = {{}}", scope, String())
        else:
            conditions.literal("starts_with(search.region, {})", scope, String())
    alternatives = conditions.parts[first:]
    conditions.parts[first:] = [f"({' OR '.join(alternatives)})"]


def _conditions(principal: Principal, filters: Filters, prefix: str = "literal") -> _Conditions:
    """Everything but the text and the shares."""
    found = _Conditions(prefix)
    _add_places(found, principal, filters.region)
    for name, column in _EQUAL.items():
        if (value := getattr(filters, name)) is not None:
            found.literal(f"search.{column} = {{}}", value, String())
    for name, comparison in _RANGES.items():
        if (value := getattr(filters, name)) is not None:
            found.literal(f"search.{comparison} {{}}", value, Numeric(18, 2) if name.startswith("value") else Date())
    if filters.year is not None:
        found.literal("search.year = {}", filters.year, Integer())
    if filters.category is not None:
        found.literal("starts_with(search.category, {})", filters.category, String())
    if filters.simulated is not None:
        found.parts.append("search.simulated" if filters.simulated else "NOT search.simulated")
    for name in ("purchaser_id", "provider_id", "contract_number"):
        if (value := getattr(filters, name)) is not None:
            found.value(f"search.{name} = :{name}", **{name: value})
    known = {name: value for name in ("source", "external_id") if (value := getattr(filters, name)) is not None}
    if known:
        same = " AND ".join(f"known.{name} = :{name}" for name in known)
        found.value(
            f"search.contract_id IN (SELECT contract_id FROM contract_external_ids AS known WHERE {same})",  # noqa: S608
            **known,
        )
    if filters.flag is not None:
        found.literal("search.flags @> ARRAY[{}]::text[] AND search.flags <> '{{}}'", filters.flag, String())
    asked = [each for name, fields in _FIELDS.items() if getattr(filters, name) is not None for each in fields]
    sight, marked = sight_sql(principal, *asked, contract="search", contract_id="search.contract_id")
    found.value(sight, **marked)
    return found


async def find_contracts(
    session: AsyncSession, *, filters: Filters, limit: int, after: UUID | None = None, newest_first: bool = False
) -> list[UUID]:
    """Ids of the contracts of the caller's regions that meet the filters, in the order of recording or its reverse.

    One more than `limit` when there are more; `after` is the last id of the page before.
    """
    principal = principal_in(session)
    conditions = _conditions(principal, filters)
    order, beyond = ("DESC", "<") if newest_first else ("ASC", ">")
    place = "place" if _in_runs(principal, filters) else "contract_id"
    if after is not None:
        conditions.value(f"search.{place} {beyond} :after", after=after)
    conditions.values["limit"] = limit + 1
    if filters.text is None:
        statement = f"{_SELECT} {conditions.where} ORDER BY search.{place} {order} LIMIT :limit"
    else:
        words = "".join(each if each.isprintable() else " " for each in filters.text)
        # A literal too: with a parameter, a connection that has run the statement for a while gets one plan for any
        # words; at a million contracts it took four times as long for rare ones.
        conditions.literals.append(bindparam("words", words, String(), literal_execute=True))
        conditions.values["stretch"] = STRETCH
        statement = _text_statement(conditions.where, place=place, order=order, beyond=beyond)
    literals = conditions.literals
    if filters.shared_region and filters.region is not None:
        # The same conditions for contracts that lie anywhere in the caller's regions.
        anywhere = _conditions(principal, replace(filters, region=None), "shared_literal")
        if after is not None:
            anywhere.value(f"search.contract_id {beyond} :after", after=after)
        if filters.text is not None:
            anywhere.parts.append("search.words @@ search_query(:words)")
        statement = _with_shares(statement, anywhere, filters.region, order=order)
        literals = [*literals, *anywhere.literals]
        conditions.values |= anywhere.values
    bound = text(statement).bindparams(*literals)
    return list((await session.execute(bound, conditions.values)).scalars())


def _with_shares(own: str, anywhere: _Conditions, region: str, *, order: str) -> str:
    """The page of the region's own contracts, joined by those of which it has a share; both in the list's order.

    Few contracts are shared: theirs are gathered by the index of shares and looked up one by one, so that the walk over
    the list stays as it is.
    """
    anywhere.literals.append(bindparam("shared_region", region, String(), literal_execute=True))
    return f"""
        WITH shared AS MATERIALIZED (
            SELECT DISTINCT contract_id FROM contract_regions
            WHERE starts_with(region_code, :shared_region) AND share > 0
        ), own AS ({own}), theirs AS (
            SELECT met.contract_id FROM shared CROSS JOIN LATERAL (
                SELECT search.contract_id FROM contract_search AS search
                WHERE search.contract_id = shared.contract_id AND {anywhere.where} OFFSET 0) AS met
            ORDER BY met.contract_id {order} LIMIT :limit
        )
        SELECT contract_id FROM (SELECT contract_id FROM own UNION SELECT contract_id FROM theirs) AS found
        ORDER BY contract_id {order} LIMIT :limit
    """  # noqa: S608 - conditions and keywords of ours


def _text_statement(where: str, *, place: str, order: str, beyond: str) -> str:
    """The stretch, what was found on it, and, when that does not fill the page, the rest by the inverted index."""
    turned = "ASC" if order == "DESC" else "DESC"
    return f"""
        WITH stretch AS MATERIALIZED (
            SELECT search.contract_id, search.words @@ search_query(:words) AS hit
            FROM contract_search AS search WHERE {where} ORDER BY search.{place} {order} LIMIT :stretch
        ), near AS MATERIALIZED (
            SELECT contract_id FROM stretch WHERE hit ORDER BY contract_id {order} LIMIT :limit
        ), far AS (
            SELECT search.contract_id FROM contract_search AS search
            WHERE {where} AND search.words @@ search_query(:words)
              AND search.contract_id {beyond} (
                  SELECT contract_id FROM stretch ORDER BY contract_id {turned} LIMIT 1)
              AND (SELECT count(*) FROM near) < :limit AND (SELECT count(*) FROM stretch) = :stretch
            OFFSET 0
        )
        SELECT contract_id FROM (SELECT contract_id FROM near UNION ALL SELECT contract_id FROM far) AS found
        ORDER BY contract_id {order} LIMIT :limit
    """  # noqa: S608 - conditions and keywords of ours
