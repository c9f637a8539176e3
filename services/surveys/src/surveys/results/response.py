"""Who answered: dispositions, outcome rates, how much the respondents resemble the frame, and how they answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from surveys.frames.queries import Cell
from surveys.kernel.estimates import Plan
from surveys.kernel.rates import Dispositions, OutcomeRates, outcome_rates
from surveys.kernel.representativity import partial_r, r_indicator
from surveys.responses.columns import DISPOSITIONS, MODES, Coded, Columns

__all__ = ["CASES", "DISPOSITION", "MODE", "Response", "response_of", "response_reads"]

DISPOSITION, MODE = "case:disposition", "case:mode"
CASES = ("complete", "partial", "refusal", "non_contact", "unknown_eligibility", "not_eligible")
LARGEST_VARIABLE = 50  # categories of a frame variable that the propensities take


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Counts of cases by AAPOR disposition, the rates, representativity (empty without a frame), answers by mode."""

    dispositions: dict[str, int]
    rates: OutcomeRates
    representativity: dict[str, Any]
    modes: dict[str, int]

    @property
    def r_indicator(self) -> float | None:
        """R, 1 where respondents look like the frame; null without a frame of fifty people or more."""
        found: float | None = self.representativity.get("r")
        return found


def response_reads() -> tuple[Coded, ...]:
    """What has to be read of every answer."""
    return (
        Coded(DISPOSITION, ("disposition",), DISPOSITIONS, "column"),
        Coded(MODE, ("mode",), MODES, "column"),
    )


def response_of(columns: Columns, plan: Plan, cells: Sequence[Cell]) -> Response:
    """Dispositions and rates of a wave.

    With a frame a token that was sent and not visited is a non-contact, one that was opened and not used a refusal
    (break-off), a bounced one of unknown eligibility; an answer that was withdrawn is a refusal. Without one everybody
    who was asked and did not answer is a non-contact, and where nobody knows how many were asked every rate is null.
    Source: AAPOR, Standard Definitions, 10th edition (2023).
    """
    cases = np.bincount(columns.codes[DISPOSITION], minlength=4)[1:4]
    complete, partial, broken_off = (int(count) for count in cases)
    modes = np.bincount(columns.codes[MODE], minlength=len(MODES) + 1)[1:]
    if cells:
        withdrawn = max(0, sum(cell.spent for cell in cells) - columns.n)
        counts = Dispositions(
            complete=complete,
            partial=partial,
            refusal=broken_off + withdrawn + sum(cell.opened for cell in cells),
            non_contact=sum(cell.open for cell in cells),
            unknown_other=sum(cell.bounced for cell in cells),
            not_eligible=sum(cell.not_eligible for cell in cells),
        )
    else:
        asked = None if plan.design == "open_link" else plan.asked
        silent = 0 if asked is None else max(0, asked - columns.n)
        counts = Dispositions(complete=complete, partial=partial, refusal=broken_off, non_contact=silent)
    known = bool(cells) or (plan.design != "open_link" and plan.asked is not None)
    shown = (
        counts.complete,
        counts.partial,
        counts.refusal,
        counts.non_contact,
        counts.unknown_other,
        counts.not_eligible,
    )
    return Response(
        dispositions=dict(zip(CASES, shown, strict=True)),
        rates=outcome_rates(counts if known else Dispositions()),
        representativity=_representativity(cells),
        modes={mode: int(count) for mode, count in zip(MODES, modes, strict=True)},
    )


def _representativity(cells: Sequence[Cell]) -> dict[str, Any]:
    """R-indicator on the main effects of the frame's variables, with the unconditional partial one of each."""
    eligible = [cell for cell in cells if cell.invited > cell.not_eligible]
    variables = _variables(eligible)
    if not variables:
        return {}
    columns = [np.ones(len(eligible))]
    codes = {}
    for name, categories in variables.items():
        place = {category: code for code, category in enumerate(categories)}
        codes[name] = np.array([place[_value(cell, name)] for cell in eligible], dtype=np.int64)
        columns += [(codes[name] == code).astype(np.float64) for code in range(1, len(categories))]
    invited = np.array([float(cell.invited - cell.not_eligible) for cell in eligible])
    found = r_indicator(np.column_stack(columns), np.array([float(cell.spent) for cell in eligible]), invited)
    if found is None:
        return {}
    partial = {}
    for name, categories in variables.items():
        whole, parts = partial_r(codes[name], found.propensities, invited)
        named = zip(categories, parts.tolist(), strict=True)
        partial[name] = {"r": whole, "categories": {str(category): part for category, part in named}}
    return {
        "r": found.indicator,
        "mean_propensity": found.mean,
        "sd_propensity": found.sd,
        "max_bias_per_sd": found.max_bias,
        "variables": list(variables),
        "partial": partial,
    }


def _variables(cells: Sequence[Cell]) -> Mapping[str, list[str | None]]:
    """The frame's variables that differ, with their categories in order; one of too many categories is left out."""
    names = sorted({name for cell in cells for name in cell.attributes})
    if len({cell.stratum for cell in cells}) > 1:
        names.insert(0, "stratum")
    found: dict[str, list[str | None]] = {}
    for name in names:
        categories = sorted({_value(cell, name) for cell in cells}, key=lambda each: (each is None, each or ""))
        if 1 < len(categories) <= LARGEST_VARIABLE:
            found[name] = categories
    return found


def _value(cell: Cell, name: str) -> str | None:
    return cell.stratum if name == "stratum" else cell.attributes.get(name)
