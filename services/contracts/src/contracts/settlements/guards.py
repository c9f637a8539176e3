"""What a settlement must keep: who compensates whom, and what is missing until nothing is owed any more. Pure.

GPL art. 50: where going on would harm state or public interest the parties change, suspend or end the contract, and the
one at fault compensates; where both are, both do. Reference of the field: a contract ends with its final paid amount
reconciled with the ledger and, for public services, with the recipients' opinion in the acceptance.
"""

from decimal import Decimal

from contracts.catalogue.queries import is_public_service
from contracts.contracts.facts import Facts
from contracts.contracts.guards import Missing
from contracts.ledger.accounts import Totals
from contracts.settlements.errors import SettlementFaultMisfit

__all__ = ["missing_to_settle", "require_fault"]


def require_fault(*, ground: str, fault: str, to_purchaser: Decimal, to_provider: Decimal) -> None:
    """Refuse damages from a party that is not at fault; for the public interest the provider may be compensated."""
    rule = "GPL art. 50: the party at fault compensates; where both are, both do"
    if to_purchaser and fault not in ("provider", "both"):
        raise SettlementFaultMisfit(
            f"{to_purchaser:.2f} are claimed from the provider, and the fault is {fault}; say provider or both, or "
            "leave damages_to_purchaser out.",
            rule=rule,
        )
    if to_provider and fault not in ("purchaser", "both") and ground != "publicInterest":
        raise SettlementFaultMisfit(
            f"{to_provider:.2f} are claimed from the purchaser, and the fault is {fault}; say purchaser or both, name "
            "the ground publicInterest, or leave damages_to_provider out.",
            rule=rule,
        )


def missing_to_settle(facts: Facts, totals: Totals, *, service_category: str | None) -> list[Missing]:
    """What is still owed or missing before the final value stands."""
    missing = []
    if facts.outstanding:
        more = facts.outstanding > 0
        missing.append(
            Missing(
                "reconciliation",
                f"final paid amount not reconciled: paid {facts.paid:.2f} + deducted {facts.deducted:.2f} - refunded "
                f"{facts.refunded:.2f} {'is short of' if more else 'exceeds'} the accepted {facts.accepted:.2f} by "
                f"{abs(facts.outstanding):.2f}",
                "POST /v1/contracts/{id}/ledger with kind "
                + ("payment or deduction" if more else "refund, or POST .../acceptances for what was performed"),
            )
        )
    owed = (
        ("penalties", totals.penalty - totals.penalty_receipt, "penaltyReceipt", "penalties and damages are received"),
        (
            "compensation",
            totals.compensation - totals.compensation_payment,
            "compensationPayment",
            "damages to the provider are paid",
        ),
        ("interest", totals.interest - totals.interest_payment, "interestPayment", "late interest is paid (SME 17)"),
    )
    for what, amount, kind, rule in owed:
        if amount:
            how = f"POST /v1/contracts/{{id}}/ledger with kind {kind}, or take the claim back (kind reversal)"
            missing.append(Missing(what, f"{rule}; {amount:.2f} are open", how))
    if facts.accepted and is_public_service(service_category) and facts.opinions == 0:
        missing.append(
            Missing(
                "acceptance.opinion",
                "Reg art. 45(2): recipients of a public service are invited and their opinion is recorded",
                "POST /v1/contracts/{id}/acceptances with opinion (onSite, or a wave that is closed)",
            )
        )
    return missing
