"""What the evidence in force says about one contract: the input of every framework's rules.

Pure functions over plain values. The same facts come from any order and any repetition of the events behind them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from scoring.evidence.statements import STATED, Stated, standing
from scoring.scores.measured import Agreed, Measured, Ref, Spread
from scoring.scores.sampling import sampling_error

__all__ = ["Agreed", "Facts", "Measured", "Ref", "Spread", "read_facts", "stage_of"]

SCORED_STATES: Final = {
    "active": "interim",
    "suspended": "interim",
    "completed": "completion",
    "terminated": "completion",
}
"""States in which a contract is evaluated, with the stage; a draft, pending or cancelled contract has no score."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the rules of a framework may ask about one contract."""

    contract_id: str
    stage: str
    simulated: frozenset[Ref]
    """Items that are simulated: the contract's terms, waves."""
    terms: Mapping[str, Any]
    terms_ref: Ref
    agreed: Mapping[str, tuple[Agreed, ...]]
    execution: Measured | None
    """(paid - refunded + deducted) / contract value; None without a value or without such an entry."""
    accepted: Measured | None
    """Value accepted by the ledger / contract value; None before the first acceptance."""
    acceptances: Sequence[tuple[Mapping[str, Any], Ref]]
    waves: Sequence[tuple[Mapping[str, Any], Ref]]
    statements: Mapping[tuple[str, str], tuple[Stated, ...]]
    """Manual evidence, statistics and ratings that stand, newest first, by ("manual" | "rating", measure)."""

    def recipients_heard(self) -> Measured | None:
        """Whether an acceptance recorded the recipients' opinion; public services (category A) need it.

        Source: 政府采购法实施条例 art. 45(2).
        """
        if not self.acceptances:
            return None
        recorded = tuple(ref for body, ref in self.acceptances if body.get("opinion"))
        if recorded:
            return Measured("recorded", recorded)
        category = self.terms.get("service_category") or "A"
        refs = tuple(ref for _, ref in self.acceptances)
        return Measured("absent" if category.startswith("A") else "not-required", refs)

    def needs_basis(self) -> Measured | None:
        """Tier code of the basis of the need: wave, document or none."""
        basis = self.terms.get("needs_basis")
        return Measured(basis["kind"], ()) if basis else None

    def tenderers(self) -> Measured | None:
        """Number of valid tenderers."""
        count = self.terms.get("tenderers")
        return None if count is None else Measured(float(count), ())

    def days_late(self, maximum_days: float) -> Measured | None:
        """Mean days late of the reported delivery milestones that have a due date, weighted by their percentage.

        Each milestone counts from 0 to `maximum_days`; one that was not met, or has no date, counts the maximum.
        """
        late = total = 0.0
        for milestone in sorted(
            self.terms["milestones"], key=lambda each: (each["due_on"] or "", each["code"], each["milestone_id"])
        ):
            if milestone["kind"] != "delivery" or milestone["status"] not in _REPORTED or not milestone["due_on"]:
                continue
            days = maximum_days
            if milestone["status"] != "notMet" and milestone["met_on"]:
                days = float((date.fromisoformat(milestone["met_on"]) - date.fromisoformat(milestone["due_on"])).days)
            share = float(milestone["percentage"])
            late += share * min(max(days, 0.0), maximum_days)
            total += share
        return Measured(late / total, ()) if total > 0 else None

    def wave(self, rule: Mapping[str, Any]) -> Measured | None:
        """Estimate of the latest closed wave of the stage's kind whose status may be used."""
        kind = rule["waves"][self.stage]
        for body, ref in self.waves:
            if body["kind"] != kind:
                continue
            for estimate in body["estimates"]:
                if estimate["item"] == rule["item"] and estimate["measure"] == rule["measure"]:
                    if estimate["status"] in rule["status"] and estimate["estimate"] is not None:
                        return Measured(float(estimate["estimate"]), (ref,), sampling_error(estimate))
                    break
        return None

    def statement(self, kind: str, measure: str, stages: Sequence[str] | None) -> Measured | None:
        """The newest statement about a measure: of any of `stages`, by default of the stage that is scored.

        A statement that names no stage holds at every one.
        """
        wanted = {self.stage} if stages is None else set(stages)
        for stated in self.statements.get((kind, measure), ()):
            if stated.stage is not None and stated.stage not in wanted:
                continue
            refs = ((stated.id, stated.sha256),)
            spread = None
            if stated.se > 0.0 and stated.dist not in {"exact", "tier"}:
                spread = Spread(
                    "rater" if kind == "rating" else "sampling", stated.dist, stated.se, stated.df, stated.n
                )
            if stated.tier is not None:
                return Measured(stated.tier, refs, spread, stated.value)
            if stated.value is not None:
                return Measured(stated.value, refs, spread)
        return None


_REPORTED: Final = {"met", "partlyMet", "notMet"}


def stage_of(state: str, waves: Iterable[Mapping[str, Any]]) -> str | None:
    """Stage of the evaluation: after the end, a closed follow-up wave opens the stage followUp."""
    stage = SCORED_STATES.get(state)
    if stage == "completion" and any(body["kind"] == "followUp" for body in waves):
        return "followUp"
    return stage


def read_facts(contract_id: str, evidence: Iterable[Sequence[Any]], *, stage: str | None = None) -> Facts | None:
    """Facts from rows (id, kind, version, sha256, body); None while the contract is unknown or has no stage.

    None too for a contract of the past that was closed as not evaluable: a gap is no score of 0.

    `stage` is given where the rows are those that a score row names: which wave opened the stage is not among them.
    """
    contract: Sequence[Any] | None = None
    observations, ledger, acceptances, stated = [], [], [], []
    waves: dict[str, Sequence[Any]] = {}
    for row in evidence:
        kind = row[1]
        if kind == "observation":
            observations.append(row)
        elif kind == "ledger":
            ledger.append(row)
        elif kind == "wave":
            if row[0] not in waves or row[2] > waves[row[0]][2]:
                waves[row[0]] = row
        elif kind == "acceptance":
            acceptances.append(row)
        elif kind in STATED:
            stated.append(row)
        elif contract is None or row[2] > contract[2]:
            contract = row
    if contract is None:
        return None
    terms = contract[4]
    if stage is None and terms.get("not_evaluable"):
        return None
    money = _standing(ledger)
    acceptances.sort(key=lambda row: row[0])
    closed = sorted(waves.values(), key=lambda row: (datetime.fromisoformat(row[4]["closed_at"]), row[0]), reverse=True)
    stage = stage or stage_of(terms["state"], (row[4] for row in closed))
    if stage is None:
        return None
    return Facts(
        contract_id=contract_id,
        stage=stage,
        simulated=frozenset((row[0], row[3]) for row in (contract, *closed, *stated) if row[4]["simulated"]),
        terms=terms,
        terms_ref=(contract[0], contract[3]),
        agreed=_agreed(terms["indicators"], _latest(observations)),
        execution=_share(terms, money, {"payment": 1, "deduction": 1, "refund": -1}),
        accepted=_share(terms, money, {"acceptance": 1}, heard=acceptances),
        acceptances=[(row[4], (row[0], row[3])) for row in acceptances],
        waves=[(row[4], (row[0], row[3])) for row in closed],
        statements=standing(stated) if stated else {},
    )


def _latest(observations: Sequence[Sequence[Any]]) -> dict[str, Sequence[Any]]:
    """The latest observation per indicator that no other supersedes, by (observed_on, recorded_at, id)."""
    superseded = {row[4]["supersedes"] for row in observations}
    latest: dict[str, Sequence[Any]] = {}
    for row in observations:
        if row[0] in superseded or "withdrawn" in row[4]:
            continue
        indicator = row[4]["indicator_id"]
        if indicator not in latest or _moment(row) > _moment(latest[indicator]):
            latest[indicator] = row
    return latest


def _moment(row: Sequence[Any]) -> tuple[str, datetime, str]:
    return row[4]["observed_on"], datetime.fromisoformat(row[4]["recorded_at"]), row[0]


def _agreed(
    indicators: Sequence[Mapping[str, Any]], latest: Mapping[str, Sequence[Any]]
) -> dict[str, tuple[Agreed, ...]]:
    levels: dict[str, list[Agreed]] = {}
    uses = Counter((each["level"], each["code"]) for each in indicators)
    for each in sorted(indicators, key=lambda each: (each["code"], each["indicator_id"])):
        weight = float(each["weight"])
        # One that was added after the fact has no weight: it can neither lift a grade nor lower it.
        if weight <= 0 or each.get("added_after_the_fact"):
            continue
        code, level = each["code"], each["level"]
        row = latest.get(each["indicator_id"])
        indicator = Agreed(
            indicator_id=each["indicator_id"],
            node=code if uses[level, code] == 1 else f"{code}.{each['indicator_id']}",
            name=each["name"],
            higher=each["direction"] != "lower",
            target=float(each["target"]),
            zero_at=_optional(each["zero_at"]),
            baseline=_optional(each["baseline"]),
            weight=weight,
            accountable=each["accountable"],
            missing=each["missing"],
            observed=None if row is None else Measured(float(row[4]["value"]), ((row[0], row[3]),)),
        )
        # A framework asks for all of a level, or for one aspect of it ("output/quantity").
        for key in (level, f"{level}/{each['aspect']}"):
            levels.setdefault(key, []).append(indicator)
    return {level: tuple(each) for level, each in levels.items()}


def _optional(number: str | None) -> float:
    return float("nan") if number is None else float(number)


def _cents(amount: str) -> int:
    """Money in evidence always has two decimals."""
    return int(amount.replace(".", "", 1))


def _standing(ledger: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """Entries that were not taken back by a reversal."""
    reversed_ids = {row[4]["reverses"] for row in ledger}
    return sorted((row for row in ledger if row[0] not in reversed_ids), key=lambda row: row[0])


def _share(
    terms: Mapping[str, Any],
    money: Sequence[Sequence[Any]],
    sign: Mapping[str, int],
    *,
    heard: Sequence[Sequence[Any]] = (),
) -> Measured | None:
    """Sum of the ledger's entries of some kinds as a share of the contract's value, both in whole cents.

    Without an entry there is no evidence, unless `heard` has an act (an acceptance that refused all) that says 0.
    """
    value = _cents(terms["value"] or "0")
    if value <= 0:
        return None
    counted = [row for row in money if row[4]["kind"] in sign and row[4]["currency"] == terms["currency"]]
    if not counted and not heard:
        return None
    total = sum(sign[row[4]["kind"]] * _cents(row[4]["amount"]) for row in counted)
    return Measured(total / value, tuple((row[0], row[3]) for row in (*counted, *heard)))
