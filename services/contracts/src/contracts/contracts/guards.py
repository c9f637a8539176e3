"""What a contract must have before it comes into force or is completed. Pure: facts in, a list of missing things out.

Each missing thing says what is missing, by which rule, and how to mend it. MOF-102 is the Ministry of Finance's Order
102 (政府购买服务管理办法, 2020); GPL the Government Procurement Law; Reg the State Council's Order 658, which
implements it; CY2020-10 the measures for evaluating project expenditure (财预〔2020〕10号).
"""

from datetime import date
from decimal import Decimal

from contracts.catalogue.queries import is_public_service, item_of
from contracts.contracts.facts import Facts
from contracts.contracts.missing import Missing
from contracts.contracts.part_guards import missing_parts
from shared.events import ContractState

__all__ = ["Missing", "missing_for_activation", "missing_for_completion"]


_TERMS = "PATCH /v1/contracts/{id} while it is a draft (a pending one: POST .../return first)"
_LEVELS = {"output": "产出", "benefit": "效益", "satisfaction": "满意度"}


def missing_for_activation(contract: ContractState, *, today: date) -> list[Missing]:
    """What a pending contract lacks to come into force."""
    missing = []
    if contract.provider is None:
        missing.append(
            Missing("provider", "MOF-102 art. 6, 23: a contract has two parties", f"{_TERMS} with provider_id")
        )
    if not contract.contract_number:
        missing.append(
            Missing(
                "contract_number",
                "GPL art. 47: the contract is filed under its number",
                "give contract_number to .../activate",
            )
        )
    if contract.value is None or contract.value <= 0:
        missing.append(
            Missing("value", "MOF-102 art. 23: the price is one of the eight terms", f"{_TERMS} with value over 0")
        )
    if contract.starts_on is None or contract.ends_on is None:
        missing.append(
            Missing("period", "MOF-102 art. 23, 24: the term is agreed", f"{_TERMS} with starts_on and ends_on")
        )
    if contract.signed_on is None:
        missing.append(Missing("signed_on", "GPL art. 46: the contract is signed", "give signed_on to .../activate"))
    elif contract.signed_on > today:
        missing.append(
            Missing(
                "signed_on",
                f"the date of signature {contract.signed_on} is in the future",
                "activate once it is signed",
            )
        )
    if item_of(contract.service_category) is None:
        missing.append(
            Missing(
                "service_category",
                "MOF-102 art. 11-14: only an item of the guiding catalogue may be bought",
                f"{_TERMS} with service_category, one of GET /v1/catalogue",
            )
        )
    return missing + _missing_indicators(contract) + _missing_percentages(contract) + missing_parts(contract)


def _missing_indicators(contract: ContractState) -> list[Missing]:
    agreed = {indicator.level for indicator in contract.indicators}
    return [
        Missing(
            f"indicators.{level}",
            f"CY2020-10: at least one indicator of the level {level} ({name}) is agreed",
            f"{_TERMS} with indicators",
        )
        for level, name in _LEVELS.items()
        if level not in agreed
    ]


def _missing_percentages(contract: ContractState) -> list[Missing]:
    shares: dict[str, Decimal] = {}
    for milestone in contract.milestones:
        shares[milestone.kind] = shares.get(milestone.kind, Decimal(0)) + milestone.percentage
    return [
        Missing(
            f"milestones.{kind}",
            f"the percentages of a kind sum to exactly 100; those of {kind} sum to {total.normalize():f}",
            f"{_TERMS} with milestones",
        )
        for kind, total in sorted(shares.items())
        if total != 100
    ]


def missing_for_completion(contract: ContractState, facts: Facts) -> list[Missing]:
    """What a contract in force lacks to be completed. The completion survey is never among it."""
    missing = [
        Missing(
            f"milestones.{milestone.code}",
            "every milestone is reported before the end (met, partly met or not met)",
            f"POST /v1/contracts/{{id}}/milestones/{milestone.milestone_id}/report",
        )
        for milestone in contract.milestones
        if milestone.status == "scheduled"
    ]
    missing += [
        Missing(
            f"observations.{code}",
            "CY2020-10: every agreed output and benefit indicator has an actual value",
            "POST /v1/contracts/{id}/observations for this indicator",
        )
        for code in facts.unobserved
    ]
    if contract.kind == "framework" and not facts.acceptances and not facts.payments:
        return missing  # what it is for was accepted and paid in its call-offs
    return missing + _missing_acceptance(contract, facts) + _missing_money(facts)


def _missing_acceptance(contract: ContractState, facts: Facts) -> list[Missing]:
    if facts.acceptances == 0:
        return [
            Missing(
                "acceptance",
                "Reg art. 45: the purchaser accepts against each standard; the result is accepted or partlyAccepted",
                "POST /v1/contracts/{id}/acceptances",
            )
        ]
    if is_public_service(contract.service_category) and facts.opinions == 0:
        return [
            Missing(
                "acceptance.opinion",
                "Reg art. 45(2): recipients of a public service are invited and their opinion is recorded",
                "POST /v1/contracts/{id}/acceptances with opinion (onSite, or the wave that is closed)",
            )
        ]
    return []


def _missing_money(facts: Facts) -> list[Missing]:
    missing = []
    if facts.payments == 0:
        missing.append(
            Missing(
                "payment",
                "MOF-102 art. 25: the contract is paid as agreed; what was paid is the ledger's sum",
                "POST /v1/contracts/{id}/ledger with kind payment",
            )
        )
    if facts.outstanding:
        relation = "is short of" if facts.outstanding > 0 else "exceeds"
        how = (
            "POST /v1/contracts/{id}/ledger with kind payment or deduction"
            if facts.outstanding > 0
            else "POST /v1/contracts/{id}/ledger with kind refund, or an acceptance of what is not accepted yet"
        )
        missing.append(
            Missing(
                "reconciliation",
                f"final paid amount not reconciled: paid {facts.paid:.2f} + deducted {facts.deducted:.2f} - refunded "
                f"{facts.refunded:.2f} {relation} the accepted {facts.accepted:.2f} by {abs(facts.outstanding):.2f}",
                how,
            )
        )
    return missing
