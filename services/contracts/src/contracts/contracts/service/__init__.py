"""What changes a contract, one module per use case. Each write is one commit with its event and its audit row."""

from contracts.contracts.service.activate import activate_contract
from contracts.contracts.service.amend import (
    AmendedMilestone,
    AmendedTerms,
    amend_terms,
    follow_final_value,
    set_final_value,
)
from contracts.contracts.service.complete import complete_contract
from contracts.contracts.service.correct import (
    CorrectedTerm,
    correct_contract,
    require_correctable,
    require_purchaser,
)
from contracts.contracts.service.create import create_contract
from contracts.contracts.service.evaluable import close_as_not_evaluable, reopen_for_evaluation
from contracts.contracts.service.facts import ContractHead, open_for_fact, require_party
from contracts.contracts.service.framework import Framework, called_off, framework_for, missing_by_framework
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
from contracts.contracts.service.parts_many import (
    PartTable,
    WrittenPart,
    record_imported_parts,
    retract_imported_part,
)
from contracts.contracts.service.record_imported import record_imported_contract
from contracts.contracts.service.record_many import Written, record_imported_contracts, retract_imported_contract
from contracts.contracts.service.retell import raise_version, tell_again
from contracts.contracts.service.rules import facts_for_rules, missing_by_rules, rules_for
from contracts.contracts.service.sides import Side, organisations_of, side_of
from contracts.contracts.service.store import announce, lock_contract, move
from contracts.contracts.service.touch import touch_contract
from contracts.contracts.service.update import require_editable, update_contract
from contracts.contracts.service.upsert import upsert_contract
from contracts.contracts.terms import Party, parties_of, terms_of, terms_sha256, unconfirmed

__all__ = [
    "AmendedMilestone",
    "AmendedTerms",
    "ContractHead",
    "CorrectedTerm",
    "Framework",
    "OpenContract",
    "PartTable",
    "Party",
    "PartyMove",
    "Side",
    "Written",
    "WrittenPart",
    "activate_contract",
    "amend_terms",
    "announce",
    "called_off",
    "cancel_contract",
    "close_as_not_evaluable",
    "complete_contract",
    "correct_contract",
    "create_contract",
    "facts_for_rules",
    "follow_final_value",
    "framework_for",
    "lock_contract",
    "missing_by_framework",
    "missing_by_rules",
    "move",
    "open_contracts_of",
    "open_for_fact",
    "organisations_of",
    "parties_of",
    "raise_version",
    "record_imported_contract",
    "record_imported_contracts",
    "record_imported_parts",
    "reopen_for_evaluation",
    "report_milestone",
    "require_correctable",
    "require_editable",
    "require_party",
    "require_purchaser",
    "resume_contract",
    "retract_imported_contract",
    "retract_imported_part",
    "return_contract",
    "rules_for",
    "set_final_value",
    "side_of",
    "submit_contract",
    "succeed_parties",
    "suspend_contract",
    "tell_again",
    "terminate_contract",
    "terms_of",
    "terms_sha256",
    "touch_contract",
    "unconfirmed",
    "update_contract",
    "upsert_contract",
]
