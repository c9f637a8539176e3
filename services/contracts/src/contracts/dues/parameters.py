"""The payment rules as a contract's rule set has them."""

from dataclasses import dataclass
from decimal import Decimal

from contracts.rules.queries import RuleSet

__all__ = ["YEAR_DAYS", "DueParameters", "parameters_in"]

YEAR_DAYS = 365
"""Days of a year when a daily rate is compared with a yearly one: a convention, the regulation names none."""


@dataclass(frozen=True, slots=True)
class DueParameters:
    """Calendar days to pay where nothing is agreed, at most by agreement, late interest per day; None: no rule.

    `sizes`: the sizes of providers that the rule of payment protects.
    """

    rule: str
    days: int | None
    agreed_max_days: int | None
    per_day: Decimal | None
    lpr_floor: bool
    sizes: tuple[str, ...] = ()


def parameters_in(rules: RuleSet) -> DueParameters:
    """The rules of the kinds smePayment and lateInterest in a set."""
    of_kind = {rule.kind: rule for rule in rules.rules if rule.kind in ("smePayment", "lateInterest")}
    payment, interest = of_kind.get("smePayment"), of_kind.get("lateInterest")
    sources = [f"{rule.code}: {rule.source or 'convention'}" for rule in (payment, interest) if rule]
    return DueParameters(
        rule=f"{rules.name} {'; '.join(sources) or 'without a rule of payment'}",
        days=payment.parameters.days if payment else None,
        agreed_max_days=payment.parameters.agreed_max_days if payment else None,
        per_day=interest.parameters.per_day if interest else None,
        sizes=tuple(payment.parameters.sizes) if payment else (),
        lpr_floor=interest is not None and interest.parameters.floor == "lprOneYear",
    )
