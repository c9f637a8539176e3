"""What shows that a duty was done: the recorded facts of one contract, read in one statement.

The tables are other slices', some of them later ones; as in `contracts.contracts.facts` they are named here, once,
instead of a call to each.
"""

from datetime import date
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.clocks import day_sql
from contracts.ledger.queries import OWN_MONEY
from shared import clock

__all__ = ["Acceptance", "Act", "Alert", "Demand", "Fact", "Finding", "Known", "Visit", "known_of"]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True)


class Fact(_Row):
    """Something that happened on a day, by its id."""

    id: UUID
    kind: str
    on: date


class Acceptance(Fact):
    """An acceptance that stands; `kind` is its result."""

    opinion: bool


class Alert(_Row):
    """An alert of dual monitoring."""

    id: UUID
    kind: str
    month: date
    decide_by: date
    decided: date | None


class Finding(_Row):
    """A finding with its clocks."""

    id: UUID
    responsible: str
    state: str
    opened: date
    conclude_by: date | None
    concluded: date | None
    report_by: date | None
    reported: date | None


class Visit(_Row):
    """An announced inspection, by its id, in which an organisation takes part as purchaser or evaluator."""

    id: UUID
    number: int
    organisation_id: UUID
    side: str
    title: str
    planned_on: date
    planned: date
    visited: date | None


class Demand(_Row):
    """What scoring told: a consequence that a determination demands, or a rectification to report about."""

    id: UUID
    noun: str
    kind: str
    side: str
    state: str
    due_on: date
    started: date
    done: date | None


class Act(_Row):
    """What people said about a right or duty: a proof, or an approved waiver."""

    id: UUID
    obligation_id: UUID
    kind: str
    on: date | None


class Known(_Row):
    """Everything that proves or waives something, each list in the order of recording."""

    publications: tuple[Fact, ...] = ()
    acceptances: tuple[Acceptance, ...] = ()
    settlements: tuple[Fact, ...] = ()
    determined: tuple[Fact, ...] = ()
    alerts: tuple[Alert, ...] = ()
    findings: tuple[Finding, ...] = ()
    demands: tuple[Demand, ...] = ()
    visits: tuple[Visit, ...] = ()
    interest_paid: Fact | None = None
    interest_total: Decimal = Decimal(0)
    acts: tuple[Act, ...] = ()
    set_aside: dict[str, UUID] = {}


_KNOWN = TypeAdapter(Known)

_REPORTED = day_sql("(data ->> 'reported_at')::timestamptz")
# By a contract's id, once it was found in the caller's scope.
_FACTS = text(
    f"""
    SELECT json_build_object(
        'publications', (
            SELECT coalesce(json_agg(json_build_object('id', id, 'kind', kind, 'on', published_on) ORDER BY id), '[]')
            FROM contract_publications WHERE contract_id = :contract_id),
        'acceptances', (
            SELECT coalesce(json_agg(json_build_object(
                'id', id, 'kind', result, 'on', accepted_on, 'opinion', opinion IS NOT NULL) ORDER BY id), '[]')
            FROM acceptances AS accepted WHERE contract_id = :contract_id AND result <> 'rejected'
              AND NOT EXISTS (SELECT FROM ledger_entries AS back WHERE back.reverses = accepted.entry_id)),
        'settlements', (
            SELECT coalesce(json_agg(json_build_object(
                'id', id, 'kind', kind, 'on', coalesce(booked_on, {day_sql("recorded_at")})) ORDER BY id), '[]')
            FROM ledger_entries AS entry WHERE {OWN_MONEY} AND kind IN ('payment', 'deduction')
              AND NOT EXISTS (SELECT FROM ledger_entries AS back WHERE back.reverses = entry.id)),
        'determined', (
            SELECT coalesce(json_agg(json_build_object(
                'id', id, 'kind', noun, 'on', {day_sql("recorded_at")}) ORDER BY id), '[]')
            FROM contract_results WHERE contract_id = :contract_id AND noun = 'determination'),
        'alerts', (
            SELECT coalesce(json_agg(json_build_object(
                'id', id, 'kind', kind, 'month', month, 'decide_by', decide_by,
                'decided', (decided_at AT TIME ZONE :zone)::date) ORDER BY id), '[]')
            FROM monitoring_alerts WHERE contract_id = :contract_id),
        'findings', (
            SELECT coalesce(json_agg(json_build_object(
                'id', id, 'responsible', responsible, 'state', state,
                'opened', (opened_at AT TIME ZONE :zone)::date, 'conclude_by', conclude_by,
                'concluded', (concluded_at AT TIME ZONE :zone)::date, 'report_by', report_by,
                'reported', (reported_at AT TIME ZONE :zone)::date) ORDER BY id), '[]')
            FROM findings WHERE contract_id = :contract_id AND state NOT IN ('draft', 'cancelled')),
        'visits', (
            SELECT coalesce(json_agg(json_build_object(
                'id', inspection.id, 'number', inspector.number, 'organisation_id', organisation.id,
                'side', CASE WHEN organisation.id = contract.purchaser_id OR joined.buys THEN 'purchaser'
                             ELSE 'evaluator' END,
                'title', inspection.title, 'planned_on', inspection.planned_on,
                'planned', (inspection.recorded_at AT TIME ZONE :zone)::date, 'visited', inspection.visited_on)
                ORDER BY inspection.id, inspector.number), '[]')
            FROM inspections AS inspection JOIN contracts AS contract ON contract.id = inspection.contract_id
            CROSS JOIN LATERAL jsonb_array_elements(inspection.inspectors) WITH ORDINALITY AS inspector(told, number)
            JOIN organisations AS organisation ON organisation.id = (inspector.told ->> 'organisation_id')::uuid
            CROSS JOIN LATERAL (SELECT EXISTS (
                SELECT FROM contract_members AS member WHERE member.contract_id = contract.id
                  AND member.organisation_id = organisation.id AND member.side = 'purchaser') AS buys) AS joined
            WHERE inspection.contract_id = :contract_id AND inspection.announced AND inspection.state <> 'cancelled'
              AND (organisation.id = contract.purchaser_id OR joined.buys OR 'evaluator' = ANY(organisation.roles))),
        'demands', (
            SELECT coalesce(json_agg(json_build_object(
                'id', id, 'noun', noun, 'kind', coalesce(data ->> 'kind', data ->> 'cause'),
                'side', coalesce(data ->> 'owner', data ->> 'responsible'), 'state', data ->> 'state',
                'due_on', coalesce(data ->> 'due_on', data ->> 'report_due_on'), 'started', {day_sql("recorded_at")},
                'done', CASE WHEN noun = 'result_use' AND data ->> 'state' = 'applied' THEN {day_sql("recorded_at")}
                             ELSE {_REPORTED} END) ORDER BY id), '[]')
            FROM contract_results WHERE contract_id = :contract_id AND noun IN ('result_use', 'rectification')
              AND coalesce(data ->> 'due_on', data ->> 'report_due_on') IS NOT NULL),
        'interest_paid', (
            SELECT json_build_object('id', id, 'kind', kind, 'on', coalesce(booked_on, {day_sql("recorded_at")}))
            FROM ledger_entries AS entry WHERE {OWN_MONEY} AND kind = 'interestPayment'
              AND NOT EXISTS (SELECT FROM ledger_entries AS back WHERE back.reverses = entry.id)
            ORDER BY id DESC LIMIT 1),
        'interest_total', (
            SELECT coalesce(sum(amount), 0)::text
            FROM ledger_entries AS entry WHERE {OWN_MONEY} AND kind = 'interestPayment'
              AND NOT EXISTS (SELECT FROM ledger_entries AS back WHERE back.reverses = entry.id)),
        'acts', (
            SELECT coalesce(json_agg(json_build_object(
                'id', id, 'obligation_id', obligation_id, 'kind', kind, 'on', done_on) ORDER BY id), '[]')
            FROM obligation_acts
            WHERE contract_id = :contract_id AND (kind = 'proof' OR approved_by IS NOT NULL)),
        'set_aside', (
            SELECT coalesce(json_object_agg(rule, id), '{{}}')
            FROM rule_overrides WHERE contract_id = :contract_id AND approved_by IS NOT NULL)
    )::text
    """  # noqa: S608 - constants
)


async def known_of(session: AsyncSession, *, contract_id: UUID) -> Known:
    """The facts of a contract that the caller has found in its scope."""
    found: str = (await session.execute(_FACTS, {"contract_id": contract_id, "zone": clock.ZONE.key})).scalar_one()
    return _KNOWN.validate_json(found)
