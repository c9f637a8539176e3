"""What the ledger tells beside the money does not change the evidence of before, nor a score."""

from decimal import Decimal
from typing import Any

from tests.scoring.cases import CONTRACT, complete_history, entry, ident, received, rows_of

from scoring.evidence.items import ledger_item
from scoring.scores.facts import read_facts

LATER = {"budget_project_id": None, "budget_year": None, "cause": None, "payable": None}


def test_entries_told_before_the_new_fields_keep_their_hash() -> None:
    before = entry(1, "deduction", amount=10)
    item: Any = ledger_item(received(before))  # type: ignore[arg-type]
    assert all(f'"{name}"' not in item.body for name in LATER)
    again = ledger_item(received(before.model_copy(update=LATER)))  # type: ignore[arg-type]
    assert again.sha256 == item.sha256
    told = ledger_item(received(entry(1, "deduction", amount=10, cause="saving")))  # type: ignore[arg-type]
    assert told.sha256 != item.sha256


def test_kinds_without_part_in_the_execution_change_no_fact() -> None:
    history = list(complete_history())
    beside = [
        entry(90 + number, kind, amount=Decimal(7))
        for number, kind in enumerate(("budget", "interest", "interestPayment", "penalty", "penaltyReceipt"))
    ]
    facts = [read_facts(str(CONTRACT), rows_of(events)) for events in (history, [*history, *beside])]
    assert facts[0] is not None
    assert facts[1] is not None
    assert facts[0].execution == facts[1].execution
    assert facts[0].accepted == facts[1].accepted


def test_money_of_a_call_off_is_evidence_of_the_call_off() -> None:
    called = ident(1, 77)
    paid: Any = ledger_item(received(entry(1, "payment", amount=10, call_off_id=called)))  # type: ignore[arg-type]
    own: Any = ledger_item(received(entry(1, "payment", amount=10)))  # type: ignore[arg-type]
    assert (paid.contract_id, own.contract_id) == (called, CONTRACT)
