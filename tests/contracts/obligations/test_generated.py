"""What the register makes of a determination's demands, and of late interest that was paid. Pure."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from contracts.obligations.facts import Demand, Fact, Known
from contracts.obligations.generate import duties_of
from contracts.obligations.own import own_duties
from contracts.obligations.situation import Situation
from contracts.rules.queries import supplied
from contracts.rules.shipped import shipped

ONE, TWO = UUID(int=1), UUID(int=2)


class Bare:
    """As much of a contract, and of its dues, as these duties read."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


def situation(known: Known) -> Situation:
    state = Bare(state="active", milestones=(), currency="CNY", contract_id=ONE)
    dues: Any = Bare(dues=[], interest=Decimal("150.00"), currency="CNY", days=30)
    record: Any = Bare(state=state)
    return Situation(
        record=record,
        rules=supplied(shipped()["cn-2020@1.1.0"]),
        known=known,
        dues=dues,
        acceptance_days=None,
        calendar={},
    )


def test_interest_is_owed_until_all_of_it_is_paid() -> None:
    paid = Fact(id=TWO, kind="interestPayment", on=date(2025, 9, 1))
    part = Known(interest_paid=paid, interest_total=Decimal("100.00"))
    assert [(duty.nature, duty.proof) for duty in own_duties(situation(part))] == [("duty", None), ("right", None)]
    whole = own_duties(replace(situation(part), known=Known(interest_paid=paid, interest_total=Decimal("150.00"))))
    assert [duty.proof.id if duty.proof else None for duty in whole] == [TWO, TWO]


def test_demands_of_a_result_are_duties_of_their_owner_and_not_published() -> None:
    told = Demand(
        id=ONE,
        noun="result_use",
        kind="payment",
        side="purchaser",
        state="open",
        due_on=date(2025, 9, 1),
        started=date(2025, 8, 1),
        done=None,
    )
    report = told.model_copy(update={"id": TWO, "noun": "rectification", "side": "provider", "state": "addressed"})
    stranger = told.model_copy(update={"side": "unknown"})
    found = [
        duty
        for duty in own_duties(situation(Known(demands=(told, report, stranger))))
        if not duty.code.startswith("late-interest")
    ]
    assert [(duty.side, duty.code.partition(":")[0], duty.internal) for duty in found] == [
        ("purchaser", "result_use", True),
        ("provider", "rectification", True),
    ]
    void = own_duties(situation(Known(demands=(told.model_copy(update={"state": "void"}),))))
    assert [duty.lapsed for duty in void if duty.internal] == [True]


def test_what_ended_before_an_import_is_not_claimed_to_be_overdue() -> None:
    days = {"signed_on": date(2025, 1, 6), "starts_on": date(2025, 1, 10), "ends_on": None, "ended_at": None}

    def codes(origin: str, state: str = "active") -> set[str]:
        contract = Bare(state=state, origin=origin, contract_id=ONE, milestones=(), currency="CNY", **days)
        record: Any = Bare(state=contract, competition=None, created_at=datetime(2025, 1, 13, 9, tzinfo=UTC))
        bare = replace(situation(Known()), record=record, dues=None)
        return {duty.code for duty in duties_of(bare)}

    assert {"publish-contract-within", "file-copy-within"} <= codes("native")
    assert "publish-contract-within" not in codes("import")
    assert "file-copy-within" in codes("import")
    assert codes("native", "pending") == set()
    assert codes("native", "cancelled") == set()
