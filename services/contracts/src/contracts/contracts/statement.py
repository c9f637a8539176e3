"""The one statement that reads a whole contract, and what its rows become."""

from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row

from contracts.contracts.facts import COLUMNS, JOINS, Facts
from contracts.contracts.parts import PARTS, parts_in
from contracts.contracts.records import (
    AmendmentRecord,
    ContractRecord,
    CorrectionRecord,
    ExternalIdRecord,
    PinnedRules,
    ReportedMilestone,
)
from contracts.disclosure.queries import MARKS
from contracts.organisations.queries import party_sql
from contracts.policies.queries import STAMP
from contracts.rules.queries import Clauses, Competition
from shared.auth import Principal
from shared.events import AgreedIndicator, ContractState, DisclosureLevel, NeedsBasis, PartyRef

__all__ = ["SELECT", "record_of"]

_INDICATORS = TypeAdapter(tuple[AgreedIndicator, ...])
_MILESTONES = TypeAdapter(tuple[ReportedMilestone, ...])
_AMENDMENTS = TypeAdapter(list[AmendmentRecord])
_EXTERNAL_IDS = TypeAdapter(list[ExternalIdRecord])
_CORRECTIONS = TypeAdapter(list[CorrectionRecord])
_PINNED = TypeAdapter(PinnedRules)
_MARKS = TypeAdapter(tuple[DisclosureLevel, ...])
_WARNINGS = TypeAdapter(list[dict[str, str]])

# The columns of the contract's own row that go into `ContractState` as they are.
_PLAIN = (
    "version",
    "region",
    "contract_number",
    "title",
    "state",
    "origin",
    "simulated",
    "service_category",
    "currency",
    "value",
    "budget",
    "signed_on",
    "starts_on",
    "ends_on",
    "ended_at",
    "end_reason",
    "procurement_method",
    "tenderers",
    "beneficiary_population",
    "not_evaluable",
    "kind",
    "framework_id",
    "ceiling",
)

# Decimals travel as text inside JSON: a JSON number would come back as a float. The JSON itself is fetched as text, for
# pydantic reads it faster than the driver's decoder. A scalar sub-select per part is cheaper than grouping the row.
SELECT = f"""
SELECT contract.id, {", ".join(f"contract.{name}" for name in _PLAIN)},
    contract.facts_version, contract.state_reason, contract.moved_at, contract.final_value, contract.gaps,
    contract.value_at_signing, contract.competition::text AS competition, contract.clauses::text AS clauses,
    CASE WHEN contract.rules_sha256 IS NOT NULL THEN json_build_object(
        'id', contract.rules_id, 'version', contract.rules_version, 'sha256', contract.rules_sha256,
        'pinned_at', contract.rules_pinned_at, 'at_signing', contract.rules_at_signing) END::text AS rules,
    contract.created_at, contract.updated_at,
    contract.needs_basis::text AS needs_basis, contract.warnings::text AS warnings,
    {party_sql("contract.purchaser_id")}::text AS purchaser,
    {party_sql("contract.provider_id")}::text AS provider,
    (SELECT json_agg(json_build_object(
        'indicator_id', id, 'code', code, 'name', name, 'level', level, 'aspect', aspect, 'unit', unit,
        'direction', direction, 'target', target::text, 'zero_at', zero_at::text, 'baseline', baseline::text,
        'standard', standard, 'weight', weight::text, 'accountable', accountable, 'missing', missing,
        'added_after_the_fact', added_after_the_fact)
        ORDER BY position)
     FROM contract_indicators WHERE contract_id = contract.id)::text AS indicators,
    (SELECT json_agg(json_build_object(
        'milestone_id', id, 'code', code, 'title', title, 'kind', kind, 'percentage', percentage::text,
        'due_on', due_on, 'status', status, 'met_on', met_on, 'note', note, 'reported_at', reported_at)
        ORDER BY position)
     FROM contract_milestones WHERE contract_id = contract.id)::text AS milestones,
    (SELECT json_agg(json_build_object(
        'number', number, 'external_id', external_id, 'amended_on', amended_on, 'rationale', rationale,
        'description', description, 'reason_code', reason_code, 'value_before', value_before::text,
        'value_after', value_after::text, 'starts_on_before', starts_on_before, 'starts_on_after', starts_on_after,
        'ends_on_before', ends_on_before, 'ends_on_after', ends_on_after, 'contract_version', contract_version,
        'agreed_at', agreed_at) ORDER BY number)
     FROM contract_amendments WHERE contract_id = contract.id)::text AS amendments,
    (SELECT json_agg(json_build_object('source', source, 'id', external_id) ORDER BY source, external_id)
     FROM contract_external_ids WHERE contract_id = contract.id)::text AS external_ids,
    (SELECT json_agg(json_build_object('id', id, 'field', field, 'version', version, 'corrected_at', decided_at)
        ORDER BY version)
     FROM contract_corrections WHERE contract_id = contract.id AND state = 'approved')::text AS corrections,
    {MARKS} AS disclosure,
    {STAMP} AS policies_stamp,
    {PARTS},
    {COLUMNS}
FROM contracts AS contract {JOINS}
"""  # noqa: S608 - constants only


def record_of(row: Row[Any], viewer: Principal) -> ContractRecord:
    """The record of a row as this caller reads it."""
    parts = parts_in(row.parts)
    return ContractRecord(
        state=ContractState(
            contract_id=row.id,
            **{name: getattr(row, name) for name in _PLAIN},
            purchaser=PartyRef.model_validate_json(row.purchaser),
            provider=PartyRef.model_validate_json(row.provider) if row.provider else None,
            needs_basis=NeedsBasis.model_validate_json(row.needs_basis) if row.needs_basis else None,
            indicators=_INDICATORS.validate_json(row.indicators) if row.indicators else (),
            milestones=_MILESTONES.validate_json(row.milestones) if row.milestones else (),
            lots=parts.lots,
            members=parts.members,
            regions=parts.regions,
            confirmations=parts.confirmations,
            disclosure=_MARKS.validate_json(row.disclosure) if row.disclosure else (),
        ),
        facts=Facts(
            row.committed,
            row.accepted,
            row.paid,
            row.deducted,
            row.refunded,
            row.payments,
            row.acceptances,
            row.opinions,
            tuple(row.unobserved),
        ),
        facts_version=row.facts_version,
        state_reason=row.state_reason,
        moved_at=row.moved_at,
        final_value=row.final_value,
        value_at_signing=row.value_at_signing,
        competition=Competition.model_validate_json(row.competition) if row.competition else None,
        clauses=Clauses.model_validate_json(row.clauses) if row.clauses else None,
        rules=_PINNED.validate_json(row.rules) if row.rules else None,
        gaps=row.gaps,
        warnings=_WARNINGS.validate_json(row.warnings),
        amendments=_AMENDMENTS.validate_json(row.amendments) if row.amendments else [],
        external_ids=_EXTERNAL_IDS.validate_json(row.external_ids) if row.external_ids else [],
        corrections=_CORRECTIONS.validate_json(row.corrections) if row.corrections else [],
        created_at=row.created_at,
        updated_at=row.updated_at,
        viewer=viewer,
    )
