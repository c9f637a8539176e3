"""The parts that only some contracts have: lots, members, region shares, confirmations.

Their tables belong to the later slice `structure`, but they are parts of this aggregate and travel with it in answers
and events. So they are named here, once, inside the one statement that reads a contract; `has_parts` keeps the many
contracts without any from asking.
"""

from dataclasses import dataclass

from pydantic import TypeAdapter

from contracts.organisations.queries import party_sql
from shared.events import ConfirmationState, LotState, MemberState, RegionShareState

__all__ = ["NO_PARTS", "PARTS", "Parts", "parts_in"]


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one contract, in their order."""

    lots: tuple[LotState, ...] = ()
    members: tuple[MemberState, ...] = ()
    regions: tuple[RegionShareState, ...] = ()
    confirmations: tuple[ConfirmationState, ...] = ()


NO_PARTS = Parts()
_PARTS = TypeAdapter(Parts)

PARTS = f"""
    CASE WHEN contract.has_parts THEN json_build_object(
        'lots', (SELECT coalesce(json_agg(json_build_object(
                'lot_id', id, 'code', code, 'title', title, 'description', description, 'value', value::text)
                ORDER BY position), '[]') FROM contract_lots WHERE contract_id = contract.id),
        'members', (SELECT coalesce(json_agg(
                {party_sql("member.organisation_id")}::jsonb || jsonb_build_object(
                    'member_id', member.id, 'side', side, 'share', share::text, 'lead', lead)
                ORDER BY side DESC, position), '[]')
            FROM contract_members AS member WHERE member.contract_id = contract.id),
        'regions', (SELECT coalesce(json_agg(json_build_object('region', region_code, 'share', share::text)
                ORDER BY position), '[]') FROM contract_regions WHERE contract_id = contract.id),
        'confirmations', (SELECT coalesce(json_agg(json_build_object(
                'side', side, 'organisation_id', organisation_id, 'terms_sha256', terms_sha256,
                'confirmed_at', confirmed_at) ORDER BY id), '[]')
            FROM contract_confirmations
            WHERE contract_id = contract.id AND about_id IS NULL AND ended_at IS NULL)
    ) END::text AS parts
"""  # noqa: S608 - constants only


def parts_in(column: str | None) -> Parts:
    """The parts that a row of the statement carries."""
    return _PARTS.validate_json(column) if column else NO_PARTS
