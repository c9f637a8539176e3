"""Answers about contracts."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from contracts.contracts.queries import AuditRow, ContractRecord
from contracts.contracts.transitions import allowed_actions
from contracts.disclosure.queries import FIELDS, withheld_fields, withheld_levels
from contracts.disclosure.service import redact
from contracts.organisations.schemas import ExternalIdOut, WarningOut
from contracts.rules.queries import Clauses, Competition
from shared import clock
from shared.web import Figure, Money, Out

__all__ = [
    "AmendmentOut",
    "ContractOut",
    "HistoryOut",
    "IndicatorOut",
    "LedgerTotals",
    "LotOut",
    "MemberOut",
    "MilestoneOut",
    "PartyOut",
    "PinnedRulesOut",
    "RegionShareOut",
    "StandingConfirmationOut",
    "VerdictAtSigning",
    "contract_out",
    "history_out",
]


class PartyOut(Out):
    """A party of the contract."""

    organisation_id: UUID = Field(description="Id of the organisation.")
    name: str = Field(description="Its name.")
    uscc: str | None = Field(description="Unified social credit code; null when unknown.")


class IndicatorOut(Out):
    """An agreed level-3 indicator."""

    indicator_id: UUID = Field(description="Id of the indicator.")
    code: str = Field(description="Code, unique in the contract.")
    name: str = Field(description="Name.")
    level: str = Field(description="output | benefit | satisfaction (产出 | 效益 | 满意度).")
    aspect: str = Field(
        description="quantity, quality, timeliness, cost | economic, social, ecological, sustained | satisfaction."
    )
    unit: str = Field(description="Unit of target and observations.")
    direction: str = Field(description="higher (more is better) | lower (less is better).")
    target: Figure = Field(description="Agreed value, in the unit.")
    zero_at: Figure | None = Field(description="direction lower only: the value that scores 0.")
    baseline: Figure | None = Field(description="Value before this contract, in the unit.")
    standard: str = Field(description="plan | sector | history (计划 | 行业 | 历史标准).")
    weight: Figure = Field(description="Points inside the level; relative.")
    accountable: str = Field(description="purchaser | provider | joint | outside.")
    missing: str = Field(description="hold | zero | reweight.")
    added_after_the_fact: bool = Field(
        description="Recorded later and not agreed in the contract: shown, and given no weight in a score."
    )


class MilestoneOut(Out):
    """A milestone with its last report."""

    milestone_id: UUID = Field(description="Id of the milestone.")
    code: str = Field(description="Code, unique in the contract.")
    title: str = Field(description="What is due.")
    kind: str = Field(description="delivery | financing.")
    percentage: Figure = Field(description="Share of its kind in per cent.")
    due_on: date | None = Field(description="When it is due.")
    status: str = Field(description="scheduled | met | partlyMet | notMet.")
    met_on: date | None = Field(description="When it was met.")
    note: str | None = Field(description="Remark of the last report.")
    reported_at: datetime | None = Field(description="When it was reported last.")


class NeedsBasisOut(Out):
    """Why the service is bought."""

    kind: str = Field(description="wave | document | none.")
    reference: str | None = Field(description="Wave id, or number or hash of the document.")
    reason: str | None = Field(description="Why there is none.")


class AmendmentOut(Out):
    """An amendment (补充协议)."""

    number: int = Field(description="Counts the contract's amendments from 1.")
    external_id: str | None = Field(description="Its id in the source.")
    amended_on: date | None = Field(description="Its date.")
    rationale: str | None = Field(description="Why.")
    description: str | None = Field(description="What changed.")
    reason_code: str | None = Field(description="Code of its reason (GET /v1/amendments/reasons); null for imports.")
    value_before: Money | None = Field(description="Contract value before it; null for imports.")
    value_after: Money | None = Field(description="Contract value from it on.")
    starts_on_before: date | None = Field(description="First day of the term before it.")
    starts_on_after: date | None = Field(description="First day of the term from it on.")
    ends_on_before: date | None = Field(description="Last day of the term before it.")
    ends_on_after: date | None = Field(description="Last day of the term from it on.")
    contract_version: int | None = Field(description="Version of the contract from which on it is in force.")
    agreed_at: datetime | None = Field(description="When the second party confirmed it; null for imports.")


class CorrectedOut(Out):
    """A correction (更正) that was made; GET .../corrections tells its values, reason and proof."""

    id: UUID = Field(description="Id of the correction.")
    field: str = Field(description="What was corrected.")
    version: int = Field(description="Version of the contract that holds the new value.")
    corrected_at: datetime = Field(description="When the second person approved it.")


class LotOut(Out):
    """A lot (分包)."""

    lot_id: UUID = Field(description="Id of the lot.")
    code: str = Field(description="Code, unique in the contract.")
    title: str = Field(description="What the lot is.")
    description: str | None = Field(description="More about it.")
    value: Money = Field(description="Its part of the contract value.")


class MemberOut(Out):
    """One of several purchasers, or of several joint providers (联合体成员)."""

    member_id: UUID = Field(description="Id of the member.")
    side: str = Field(description="purchaser | provider.")
    organisation_id: UUID = Field(description="Id of the organisation.")
    name: str = Field(description="Its name.")
    uscc: str | None = Field(description="Unified social credit code; null when unknown.")
    share: Figure = Field(description="Share of the money in per cent; a side sums to exactly 100.")
    lead: bool = Field(description="Leads its side, and stands as the contract's purchaser or provider.")


class RegionShareOut(Out):
    """A region with a share of the contract's money."""

    region: str = Field(description="Region.")
    share: Figure = Field(description="Share of the money in per cent; the regions sum to exactly 100.")


class StandingConfirmationOut(Out):
    """A party's confirmation of the terms that stands."""

    side: str = Field(description="purchaser | provider.")
    organisation_id: UUID = Field(description="Party.")
    terms_sha256: str = Field(description="SHA-256 of the terms that it confirmed.")
    confirmed_at: datetime = Field(description="When.")


class LedgerTotals(Out):
    """Sums of the contract's ledger in its currency, entries that were taken back left out."""

    committed: Money = Field(description="Commitments.")
    accepted: Money = Field(description="Value of what was accepted.")
    paid: Money = Field(description="Payments.")
    deducted: Money = Field(description="Deductions.")
    refunded: Money = Field(description="Refunds.")
    executed: Money = Field(description="Budget executed: paid - refunded + deducted.")
    outstanding: Money = Field(description="accepted - executed; 0 when the money is reconciled.")


class VerdictAtSigning(Out):
    """What a rule said when the contract came into force."""

    rule: str = Field(description="Code of the rule.")
    rule_sha256: str = Field(description="Hash of the rule's text and figures.")
    outcome: str = Field(description="broken | unknown.")
    effect: str = Field(description="inform | warn | overridden.")


class PinnedRulesOut(Out):
    """The rule set that the contract keeps."""

    id: str = Field(description="Code of the rule set.", examples=["cn-2020"])
    version: str = Field(description="Version.")
    sha256: str = Field(description="Hash of the set.")
    pinned_at: datetime = Field(description="When it was pinned: when the contract came into force.")
    at_signing: list[VerdictAtSigning] = Field(
        description="Verdicts of the conclusion's rules then, those that were not kept; GET .../rules says today's."
    )


class DisclosureOut(Out):
    """A level above public."""

    subject: str = Field(description="contract | field | document.")
    target: str = Field(description="* for the contract, the field's code, or the SHA-256 of the document.")
    level: str = Field(description="internal | commercialSecret | personal.")
    until: date | None = Field(description="Last day on which it counts; null without end.")


class ContractOut(Out):
    """A contract: its terms, its state, its parts, and the sums of its ledger."""

    contract_id: UUID = Field(description="Id of the contract: the join key of everything.")
    version: int = Field(description="Counts the changes of the contract; its ETag.")
    region: str = Field(description="Region that owns it.")
    contract_number: str | None = Field(description="Number on the contract.")
    title: str = Field(description="Title.")
    state: str = Field(description="draft | pending | active | suspended | completed | terminated | cancelled.")
    state_reason: str | None = Field(description="Why it is in this state, where a reason was given.")
    actions: list[str] = Field(
        description="Moves that its state permits; their guards are checked when they are asked for."
    )
    origin: str = Field(description="native | import.")
    simulated: bool = Field(description="Made up for a demonstration or a test.")
    service_category: str | None = Field(description="Item of the guiding catalogue.")
    purchaser: PartyOut = Field(description="Who purchases.")
    provider: PartyOut | None = Field(description="Who provides; null when not known.")
    currency: str = Field(description="ISO 4217 code.")
    value: Money | None = Field(description="Contract value in force, amendments included.")
    budget: Money | None = Field(description="Budget line of the contract.")
    final_value: Money | None = Field(
        description="What it cost in all: paid net of refunds, from its completion or its settlement on; for imports "
        "what the source says."
    )
    signed_on: date | None = Field(description="Date of signature.")
    starts_on: date | None = Field(description="First day of the term.")
    ends_on: date | None = Field(description="Last day of the term.")
    ended_at: datetime | None = Field(description="When it was completed, terminated or cancelled.")
    end_reason: str | None = Field(description="complete | incomplete | cancelled | unsuccessful.")
    procurement_method: str | None = Field(description="open | selective | limited | direct.")
    tenderers: int | None = Field(description="Number of tenderers.")
    beneficiary_population: int | None = Field(description="Number of people whom the service is for.")
    needs_basis: NeedsBasisOut | None = Field(description="Why the service is bought.")
    competition: Competition | None = Field(description="How the provider was found: notice, bids, award.")
    clauses: Clauses | None = Field(description="What the contract's text provides, for its rules.")
    value_at_signing: Money | None = Field(description="Value when it came into force; null before, and for imports.")
    rules: PinnedRulesOut | None = Field(description="Rule set pinned at its activation; null before, and for imports.")
    indicators: list[IndicatorOut] = Field(description="Agreed indicators.")
    milestones: list[MilestoneOut] = Field(description="Milestones.")
    not_evaluable: str | None = Field(
        description="Why a contract of the past cannot be evaluated: counted as a gap, never scored 0; else null."
    )
    kind: str = Field(description="single | framework | callOff.")
    framework_id: UUID | None = Field(description="kind callOff: the framework agreement.")
    ceiling: Money | None = Field(
        description="kind framework: most that its call-offs may sum to; its value where null."
    )
    lots: list[LotOut] = Field(description="Lots; they sum to the value.")
    members: list[MemberOut] = Field(description="Members of a side with several; none for a side with one.")
    regions: list[RegionShareOut] = Field(description="Shares of regions; empty: all is the own region's.")
    confirmations: list[StandingConfirmationOut] = Field(description="Parties' confirmations that stand.")
    amendments: list[AmendmentOut] = Field(description="Amendments.")
    corrections: list[CorrectedOut] = Field(description="Corrections that were made, in their order.")
    ledger: LedgerTotals | None = Field(description="Sums of the ledger; null where money is withheld from you.")
    gaps: list[str] = Field(description="What the source of an import did not have.")
    warnings: list[WarningOut] = Field(description="What is doubtful and was kept as given.")
    external_ids: list[ExternalIdOut] = Field(description="Its ids in source systems.")
    disclosure: list[DisclosureOut] = Field(description="What of it is not public.")
    withheld: list[str] = Field(description="Fields that are left out of this answer, for you may not see them.")
    created_at: datetime = Field(description="When it was recorded.")
    updated_at: datetime = Field(description="When it was changed last.")


class HistoryOut(Out):
    """One act on a contract, from the audit rows."""

    id: UUID = Field(description="Id of the audit row.")
    at: datetime = Field(description="When.")
    subject: str = Field(description="Who: the token's subject.")
    organisation: UUID | None = Field(description="The organisation that the token names.")
    action: str = Field(description="What was done.", examples=["contract.completed"])
    fields: Any = Field(description="Names of the fields that changed, or what the act was about; never personal data.")


_OF_STATE = [
    name
    for name in ContractOut.model_fields
    if name
    not in {
        "actions",
        "ledger",
        "state_reason",
        "final_value",
        "competition",
        "clauses",
        "value_at_signing",
        "rules",
        "gaps",
        "warnings",
        "amendments",
        "corrections",
        "external_ids",
        "withheld",
        "created_at",
        "updated_at",
    }
]


def contract_out(record: ContractRecord) -> ContractOut:
    """The answer for a contract."""
    state, facts = record.state, record.facts
    content: dict[str, Any] = {
        **{name: getattr(state, name) for name in _OF_STATE},
        "state_reason": record.state_reason,
        "actions": allowed_actions(state.state),
        "final_value": record.final_value,
        "competition": record.competition,
        "clauses": record.clauses,
        "value_at_signing": record.value_at_signing,
        "rules": record.rules,
        "amendments": record.amendments,
        "corrections": record.corrections,
        "ledger": facts,
        "gaps": record.gaps,
        "warnings": record.warnings,
        "external_ids": record.external_ids,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
    }
    return ContractOut.model_validate(_disclosed(record, content))


def _disclosed(record: ContractRecord, content: dict[str, Any]) -> dict[str, Any]:
    state, viewer = record.state, record.viewer
    if not state.disclosure:
        return content | {"withheld": []}
    parties = {state.purchaser.organisation_id, *(one.organisation_id for one in state.members)}
    parties |= {state.provider.organisation_id} if state.provider else set()
    levels = withheld_levels(viewer, party=viewer.organisation in parties)
    hidden = withheld_fields(state.disclosure, levels=levels, today=clock.today())
    fields = sorted(FIELDS if hidden is None else hidden)
    return redact(content, fields) | {"withheld": fields}


def history_out(row: AuditRow) -> HistoryOut:
    """The answer for an act."""
    return HistoryOut.model_validate(row)
