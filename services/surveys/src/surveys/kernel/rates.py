"""Dispositions of a wave and the outcome rates made from them.

Source of every formula: AAPOR, Standard Definitions, 10th edition (2023).
"""

from dataclasses import asdict, dataclass
from typing import Literal

__all__ = ["Dispositions", "OutcomeRates", "casro_eligibility", "disposition", "outcome_rates"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispositions:
    """Final outcome of every case of the sample, as counts of cases.

    `eligible_share` is e, the assumed share of eligible cases among those of unknown eligibility; 1 is the conservative
    default.
    """

    complete: int = 0
    partial: int = 0
    refusal: int = 0
    non_contact: int = 0
    other: int = 0
    unknown_household: int = 0
    unknown_other: int = 0
    not_eligible: int = 0
    eligible_share: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRates:
    """Response, cooperation, refusal and contact rates as shares 0-1; null where the denominator is zero."""

    rr1: float | None
    rr2: float | None
    rr3: float | None
    rr4: float | None
    rr5: float | None
    rr6: float | None
    coop1: float | None
    coop2: float | None
    coop3: float | None
    coop4: float | None
    ref1: float | None
    ref2: float | None
    ref3: float | None
    con1: float | None
    con2: float | None
    con3: float | None

    def as_dict(self) -> dict[str, float | None]:
        """The rates by name, for storage and output."""
        return asdict(self)


def disposition(*, answered: int, applicable: int) -> Literal["complete", "partial", "break_off"]:
    """Classify one questionnaire by the share of applicable items that were answered.

    At least 80 % is complete, at least 50 % partial, anything less a break-off, which counts as a refusal. Source: the
    example cut-offs of the AAPOR Standard Definitions. A questionnaire without applicable items is complete.
    """
    if answered * 10 >= applicable * 8:
        return "complete"
    if answered * 2 >= applicable:
        return "partial"
    return "break_off"


def casro_eligibility(counts: Dispositions) -> float | None:
    """Estimate e, the eligible share of the unknowns, from the resolved cases (CASRO); null without any.

    e = (I + P + R + NC + O) / (I + P + R + NC + O + NE).
    """
    eligible = counts.complete + counts.partial + counts.refusal + counts.non_contact + counts.other
    return _share(eligible, eligible + counts.not_eligible)


def outcome_rates(counts: Dispositions) -> OutcomeRates:
    """Compute the AAPOR rates RR1-RR6, COOP1-COOP4, REF1-REF3 and CON1-CON3."""
    interviews = counts.complete + counts.partial
    with_contact = interviews + counts.refusal + counts.other
    known = with_contact + counts.non_contact
    unknown = counts.unknown_household + counts.unknown_other
    everyone = known + unknown
    estimated = known + counts.eligible_share * unknown
    return OutcomeRates(
        rr1=_share(counts.complete, everyone),
        rr2=_share(interviews, everyone),
        rr3=_share(counts.complete, estimated),
        rr4=_share(interviews, estimated),
        rr5=_share(counts.complete, known),
        rr6=_share(interviews, known),
        coop1=_share(counts.complete, with_contact),
        coop2=_share(interviews, with_contact),
        coop3=_share(counts.complete, interviews + counts.refusal),
        coop4=_share(interviews, interviews + counts.refusal),
        ref1=_share(counts.refusal, everyone),
        ref2=_share(counts.refusal, estimated),
        ref3=_share(counts.refusal, known),
        con1=_share(with_contact, everyone),
        con2=_share(with_contact, estimated),
        con3=_share(with_contact, known),
    )


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
