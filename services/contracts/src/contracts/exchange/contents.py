"""Reading what releases are made of: the contracts behind a page of changes, the facts, the imported releases.

Whoever calls this has found the changes among those that the caller may see (`contracts.exchange.queries`), so these
statements go by id.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.queries import PARTS
from contracts.disclosure.queries import MARKS
from contracts.exchange.disclosed import withheld
from contracts.exchange.identity import Identity, identity_of, source_of
from contracts.exchange.process import Process
from contracts.organisations.queries import party_sql
from shared.events import DisclosureLevel

__all__ = ["Base", "bases_of", "contracts_of_ocids", "facts_of", "identities_of", "paid_at", "processes_of"]

Json = dict[str, Any]
_MARKS = TypeAdapter(tuple[DisclosureLevel, ...])


def _marks_of(contract_id: str) -> str:
    """Marks of another contract that a row names: a framework agreement, or a call-off whose money it is."""
    return (
        "(SELECT json_agg(json_build_object("  # noqa: S608 - constants
        "'subject', subject, 'target', target, 'level', level, 'until', until)) "
        f"FROM disclosure_marks AS mark WHERE mark.contract_id = {contract_id} AND mark.ended_at IS NULL)"
    )


# Decimals travel as text inside JSON: a JSON number would come back as a float.
_CONTRACTS = text(
    f"""
    SELECT contract.id, contract.region, contract.origin, contract.extras -> 'ocds' AS told, contract.needs_basis,
        {party_sql("contract.purchaser_id")}::text AS purchaser, {party_sql("contract.provider_id")}::text AS provider,
        EXISTS (SELECT FROM imported_release_contracts AS base WHERE base.contract_id = contract.id) AS has_base,
        (SELECT json_agg(json_build_object('code', code, 'name', name, 'unit', unit, 'level', level, 'aspect', aspect,
            'direction', direction, 'standard', standard, 'target', target::text, 'zero_at', zero_at::text,
            'baseline', baseline::text, 'weight', weight::text, 'accountable', accountable) ORDER BY position)
         FROM contract_indicators WHERE contract_id = contract.id)::text AS indicators,
        (SELECT json_agg(json_build_object('code', code, 'title', title, 'kind', kind, 'due_on', due_on,
            'status', status, 'met_on', met_on, 'reported_at', reported_at) ORDER BY position)
         FROM contract_milestones WHERE contract_id = contract.id)::text AS milestones,
        (SELECT json_agg(json_build_object('number', number, 'external_id', external_id, 'amended_on', amended_on,
            'rationale', rationale, 'description', description, 'reason_code', reason_code,
            'contract_version', contract_version) ORDER BY number)
         FROM contract_amendments WHERE contract_id = contract.id)::text AS amendments,
        {MARKS} AS disclosure, {PARTS},
        (SELECT json_build_object('id', framework.id, 'told', framework.extras -> 'ocds',
            'disclosure', {_marks_of("framework.id")})::text
         FROM contracts AS framework WHERE framework.id = contract.framework_id) AS framework
    FROM contracts AS contract WHERE contract.id = ANY(:ids)
    """  # noqa: S608 - constants only
)
_TOLD = text("SELECT contract.id, contract.extras -> 'ocds' AS told FROM contracts AS contract WHERE id = ANY(:ids)")
_PARTY_IDS = text(
    "SELECT organisation_id, source, min(external_id) AS external_id FROM organisation_external_ids "
    "WHERE organisation_id = ANY(:ids) AND source = ANY(:sources) GROUP BY organisation_id, source"
)
_FACTS = {
    "ledger": text(
        f"SELECT entry.*, {_marks_of('entry.call_off_id')}::text AS disclosure, "  # noqa: S608 - constants
        "undone.kind AS reversed_kind, coalesce(entry.cause, undone.cause) AS cause, "
        "(SELECT failure_id FROM failure_entries WHERE entry_id IN (entry.id, entry.reverses) LIMIT 1) AS failure_id, "
        "undone.external_id AS reversed_external_id, milestone.code AS milestone_code, "
        "milestone.title AS milestone_title FROM ledger_entries AS entry "
        "LEFT JOIN ledger_entries AS undone ON undone.id = entry.reverses "
        "LEFT JOIN contract_milestones AS milestone ON milestone.id = entry.milestone_id WHERE entry.id = ANY(:ids)"
    ),
    "observation": text(
        """
        WITH RECURSIVE chain AS (
            SELECT id AS asked, id, supersedes FROM observations WHERE id = ANY(:ids)
            UNION ALL
            SELECT chain.asked, earlier.id, earlier.supersedes FROM chain
            JOIN observations AS earlier ON earlier.id = chain.supersedes)
        SELECT observation.*, chain.id AS root, indicator.code, indicator.name, indicator.unit
        FROM chain JOIN observations AS observation ON observation.id = chain.asked
        JOIN contract_indicators AS indicator ON indicator.id = observation.indicator_id
        WHERE chain.supersedes IS NULL
        """
    ),
    "failure": text(
        """
        SELECT failure.*, booked.imposed, booked.paid FROM performance_failures AS failure CROSS JOIN LATERAL (
            SELECT coalesce(sum(entry.amount) FILTER (WHERE entry.kind IN ('penalty', 'deduction')), 0) AS imposed,
                   coalesce(sum(entry.amount) FILTER (WHERE entry.kind IN ('deduction', 'penaltyReceipt')), 0) AS paid
            FROM failure_entries AS tie JOIN ledger_entries AS entry ON entry.id = tie.entry_id
            WHERE tie.failure_id = failure.id
              AND NOT EXISTS (SELECT FROM ledger_entries AS undone WHERE undone.reverses = entry.id)
        ) AS booked WHERE failure.id = ANY(:ids)
        """
    ),
    "document": text("SELECT document.* FROM documents AS document WHERE document.id = ANY(:ids)"),
    "evaluation": text(
        """
        SELECT told.id, told.data AS determination, coalesce((
            SELECT json_agg(act.data ORDER BY act.recorded_at, act.id) FROM contract_results AS act
            WHERE act.contract_id = told.contract_id AND act.noun = 'determination_act' AND act.about_id = told.id
            ), '[]') AS acts,
            EXISTS (SELECT FROM contract_results AS later WHERE later.contract_id = told.contract_id
                AND later.noun = 'determination' AND later.about_id = told.id) AS replaced
        FROM contract_results AS told WHERE told.noun = 'determination' AND told.id = ANY(:ids)
        """
    ),
    "inspection": text("SELECT inspection.* FROM inspections AS inspection WHERE inspection.id = ANY(:ids)"),
    "finding": text(
        """
        SELECT finding.*, contract.currency, coalesce((
            SELECT json_agg(json_build_object('id', effect.id, 'kind', effect.kind, 'decision', effect.decision,
                'amount', effect.amount::text, 'recorded_at', effect.recorded_at) ORDER BY effect.id)
            FROM finding_effects AS effect WHERE effect.finding_id = finding.id), '[]') AS effects
        FROM findings AS finding JOIN contracts AS contract ON contract.id = finding.contract_id
        WHERE finding.id = ANY(:ids)
        """
    ),
    "settlement": text("SELECT settlement.* FROM settlements AS settlement WHERE settlement.id = ANY(:ids)"),
    "acceptance": text("SELECT acceptance.* FROM acceptances AS acceptance WHERE acceptance.id = ANY(:ids)"),
    "milestone": text(
        "SELECT report.id, report.status, report.met_on, report.reported_at, milestone.code, milestone.title, "
        "milestone.kind, milestone.due_on FROM contract_milestone_reports AS report "
        "JOIN contract_milestones AS milestone ON milestone.id = report.milestone_id WHERE report.id = ANY(:ids)"
    ),
}
_BASES = text(
    "SELECT base.id, base.ocid, base.published_id, base.release, part.contract_id, part.contract_ref, contract.state, "
    "contract.region, EXISTS (SELECT FROM disclosure_marks AS mark WHERE mark.contract_id = part.contract_id "
    "AND mark.ended_at IS NULL) AS marked FROM imported_releases AS base "
    "JOIN imported_release_contracts AS part ON part.release_id = base.id "
    "JOIN contracts AS contract ON contract.id = part.contract_id WHERE base.id = ANY(:ids) "
    "ORDER BY base.id, part.position"
)
_PAID = text(
    """
    SELECT asked.contract_id, asked.at, coalesce((
        SELECT sum(CASE entry.kind WHEN 'payment' THEN amount ELSE -amount END) FROM ledger_entries AS entry
        WHERE (entry.call_off_id = asked.contract_id
               OR (entry.contract_id = asked.contract_id AND entry.call_off_id IS NULL))
          AND entry.kind IN ('payment', 'refund') AND entry.recorded_at <= asked.at
          AND NOT EXISTS (SELECT FROM ledger_entries AS undone
                          WHERE undone.reverses = entry.id AND undone.recorded_at <= asked.at)), 0) AS paid
    FROM unnest(CAST(:ids AS uuid[]), CAST(:times AS timestamptz[])) AS asked(contract_id, at)
    """
)
_SIBLINGS = text(
    "SELECT known.contract_id, asked.ocid FROM unnest(CAST(:sources AS text[]), CAST(:ocids AS text[])) "
    "AS asked(source, ocid) JOIN contract_external_ids AS known ON known.source = asked.source "
    "AND known.external_id > asked.ocid || '/' AND known.external_id < asked.ocid || '0' "
    "ORDER BY known.contract_id"
)


@dataclass(frozen=True, slots=True)
class Base:
    """An imported release, and the contracts of ours that it became: (id, its id there, state, region), in order.

    `marked`: one of them has a disclosure mark, so that the release is not told again.
    """

    release: Json
    parts: list[tuple[UUID, str, str, str]]
    marked: set[UUID]


async def processes_of(
    session: AsyncSession, contract_ids: Iterable[UUID], *, prefix: str, language: str
) -> dict[UUID, Process]:
    """What the releases of these contracts share."""
    rows = (await session.execute(_CONTRACTS, {"ids": list(set(contract_ids))})).all()
    identities = {row.id: identity_of(row.id, row.told, prefix=prefix) for row in rows}
    parties = {row.id: [_json(row.purchaser), _json(row.provider)] for row in rows}
    sources = {identity.source for identity in identities.values() if identity.source}
    organisations = {UUID(one["organisation_id"]) for pair in parties.values() for one in pair if one}
    known: dict[tuple[str, str], str] = {}
    if sources:
        found = await session.execute(_PARTY_IDS, {"ids": list(organisations), "sources": list(sources)})
        known = {(str(row.organisation_id), row.source): row.external_id for row in found}
    processes = {}
    for row in rows:
        identity = identities[row.id]
        for party in parties[row.id]:
            told = known.get((party["organisation_id"], identity.source or "")) if party else None
            if party and told and not told.startswith("name:"):
                party["published_id"] = told
        purchaser, provider = parties[row.id]
        assert purchaser is not None  # noqa: S101 - the column is not null
        processes[row.id] = Process(
            contract_id=row.id,
            region=row.region,
            identity=identity,
            native=row.origin == "native",
            has_base=row.has_base,
            purchaser=purchaser,
            provider=provider,
            indicators=_json(row.indicators) or [],
            milestones=_json(row.milestones) or [],
            amendments=_json(row.amendments) or [],
            needs_basis=row.needs_basis,
            language=language,
            disclosure=_MARKS.validate_json(row.disclosure) if row.disclosure else (),
            framework=_ocid(row.framework, prefix=prefix),
            **_parts(row.parts),
        )
    return processes


def _parts(column: str | None) -> dict[str, list[Json]]:
    parts: Json = _json(column) or {}
    return {name: parts.get(name, []) for name in ("lots", "members", "regions")}


def _ocid(framework: str | None, *, prefix: str) -> str | None:
    found: Json | None = _json(framework)
    if found is None or withheld(_MARKS.validate_python(found["disclosure"] or ())) is None:
        return None
    return identity_of(UUID(found["id"]), found["told"], prefix=prefix).ocid


def _json(text_of_it: str | None) -> Any:  # noqa: ANN401 - any JSON
    return json.loads(text_of_it) if text_of_it else None


async def identities_of(session: AsyncSession, contract_ids: Iterable[UUID], *, prefix: str) -> dict[UUID, Identity]:
    """The ids under which contracts are published."""
    rows = await session.execute(_TOLD, {"ids": list(set(contract_ids))})
    return {row.id: identity_of(row.id, row.told, prefix=prefix) for row in rows}


async def facts_of(session: AsyncSession, named: Iterable[tuple[str, UUID]]) -> dict[UUID, Json]:
    """The rows that changes name, by id; `named` is (noun, id)."""
    ids: dict[str, list[UUID]] = {}
    for noun, noun_id in named:
        ids.setdefault(noun, []).append(noun_id)
    facts: dict[UUID, Json] = {}
    for noun, statement in _FACTS.items():
        if noun in ids:
            rows = await session.execute(statement, {"ids": ids[noun]})
            facts |= {row.id: dict(row._mapping) for row in rows}  # noqa: SLF001 - SQLAlchemy's public name
    for fact in facts.values():
        if "disclosure" in fact:
            fact["disclosure"] = _MARKS.validate_json(fact["disclosure"] or "[]")
    return facts


async def bases_of(session: AsyncSession, release_ids: Iterable[UUID]) -> dict[UUID, Base]:
    """Imported releases by id, with the id under which they are published."""
    bases: dict[UUID, Base] = {}
    for row in await session.execute(_BASES, {"ids": list(set(release_ids))}):
        if row.id not in bases:
            bases[row.id] = Base(json.loads(row.release) | {"id": row.published_id}, [], set())
        bases[row.id].parts.append((row.contract_id, row.contract_ref, row.state, row.region))
        if row.marked:
            bases[row.id].marked.add(row.contract_id)
    return bases


async def paid_at(session: AsyncSession, asked: Sequence[tuple[UUID, datetime]]) -> dict[UUID, Decimal]:
    """Payments less refunds of contracts, as they stood at an instant each."""
    columns = {"ids": [one for one, _ in asked], "times": [at for _, at in asked]}
    return {row.contract_id: row.paid for row in await session.execute(_PAID, columns)}


async def contracts_of_ocids(session: AsyncSession, ocids: Sequence[str]) -> dict[str, list[UUID]]:
    """Contracts that were imported as parts of these processes, in the order of their ids."""
    columns = {"ocids": list(ocids), "sources": [source_of(ocid) for ocid in ocids]}
    found: dict[str, list[UUID]] = {}
    for row in await session.execute(_SIBLINGS, columns):
        found.setdefault(row.ocid, []).append(row.contract_id)
    return found
