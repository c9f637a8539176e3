"""What changes a contract, one module per use case. Each write is one commit with its event and its audit row."""

from contracts.contracts.service.activate import activate_contract
from contracts.contracts.service.complete import complete_contract
from contracts.contracts.service.create import create_contract
from contracts.contracts.service.facts import ContractHead, open_for_fact, require_party
from contracts.contracts.service.milestones import report_milestone
from contracts.contracts.service.moves import (
    cancel_contract,
    resume_contract,
    return_contract,
    submit_contract,
    suspend_contract,
    terminate_contract,
)
from contracts.contracts.service.parties import OpenContract, PartyMove, open_contracts_of, succeed_parties
from contracts.contracts.service.record_imported import record_imported_contract
from contracts.contracts.service.rules import facts_for_rules, rules_for
from contracts.contracts.service.update import update_contract
from contracts.contracts.service.upsert import upsert_contract

__all__ = [
    "ContractHead",
    "OpenContract",
    "PartyMove",
    "activate_contract",
    "cancel_contract",
    "complete_contract",
    "create_contract",
    "facts_for_rules",
    "open_contracts_of",
    "open_for_fact",
    "record_imported_contract",
    "report_milestone",
    "require_party",
    "resume_contract",
    "return_contract",
    "rules_for",
    "submit_contract",
    "succeed_parties",
    "suspend_contract",
    "terminate_contract",
    "update_contract",
    "upsert_contract",
]
