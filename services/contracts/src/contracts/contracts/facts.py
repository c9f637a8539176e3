"""What is known about a contract beside its terms: sums of its ledger, what was accepted, what was observed.

The guards and the answers of this slice rest on these figures, and the slices that own the tables come later and
import this one. So their tables are named here, once, inside one statement, instead of three calls upwards.
"""

from dataclasses import dataclass
from decimal import Decimal

__all__ = ["COLUMNS", "JOINS", "NO_FACTS", "Facts"]


@dataclass(frozen=True, slots=True)
class Facts:
    """Figures in the contract's currency, entries that were taken back left out. A sum is never stored.

    Money of a call-off that runs through its framework agreement's ledger is the call-off's, and not the framework's.
    """

    committed: Decimal
    accepted: Decimal
    paid: Decimal
    deducted: Decimal
    refunded: Decimal
    payments: int
    acceptances: int
    opinions: int
    unobserved: tuple[str, ...]

    @property
    def executed(self) -> Decimal:
        """Budget executed: payments less refunds, and deductions, which a poor result caused and are no shortfall."""
        return self.paid - self.refunded + self.deducted

    @property
    def outstanding(self) -> Decimal:
        """What is accepted and not yet paid, deducted or (net) refunded: the balance of the account `payables`."""
        return self.accepted - self.executed


NO_FACTS = Facts(Decimal(0), Decimal(0), Decimal(0), Decimal(0), Decimal(0), 0, 0, 0, ())

COLUMNS = """
    money.committed, money.accepted, money.paid, money.deducted, money.refunded, money.payments,
    taken.acceptances, taken.opinions,
    ARRAY(
        SELECT indicator.code FROM contract_indicators AS indicator
        WHERE indicator.contract_id = contract.id AND indicator.level IN ('output', 'benefit')
          AND NOT EXISTS (SELECT FROM observations
                          WHERE observations.indicator_id = indicator.id
                            AND NOT EXISTS (SELECT FROM observation_withdrawals AS withdrawn
                                            WHERE withdrawn.observation_id = observations.id)
                            AND num_nonnulls(lot_id, call_off_id, member_id) = 0)
        ORDER BY indicator.position
    ) AS unobserved
"""

JOINS = """
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount) FILTER (WHERE kind = 'commitment'), 0) AS committed,
               coalesce(sum(amount) FILTER (WHERE kind = 'acceptance'), 0) AS accepted,
               coalesce(sum(amount) FILTER (WHERE kind = 'payment'), 0) AS paid,
               coalesce(sum(amount) FILTER (WHERE kind = 'deduction'), 0) AS deducted,
               coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0) AS refunded,
               count(*) FILTER (WHERE kind = 'payment') AS payments
        FROM ledger_entries AS entry
        WHERE entry.contract_id IN (contract.id, CASE WHEN contract.kind = 'callOff' THEN contract.framework_id END)
          AND (entry.call_off_id = contract.id OR (entry.contract_id = contract.id AND entry.call_off_id IS NULL))
          AND entry.kind <> 'reversal'
          AND NOT EXISTS (SELECT FROM ledger_entries AS taken_back WHERE taken_back.reverses = entry.id)
    ) AS money
    CROSS JOIN LATERAL (
        SELECT count(*) AS acceptances, count(opinion) AS opinions
        FROM acceptances
        WHERE acceptances.contract_id = contract.id AND acceptances.result IN ('accepted', 'partlyAccepted')
          AND NOT EXISTS (SELECT FROM ledger_entries AS taken_back WHERE taken_back.reverses = acceptances.entry_id)
    ) AS taken
"""
