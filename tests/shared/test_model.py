"""A model without I/O of outbox, relay, broker, inbox and repair under faults; a failing seed is printed.

Faults: producers roll back, the broker goes away, acknowledgements of publishes get lost (10 %), the broker loses its
tail together with its table of duplicates, deliveries come in random order, and come again when their acknowledgement
got lost (15 %). After 300 steps nothing is produced any more (an oracle that runs while something is produced proves
nothing) and everything drains. Then every committed event was applied once, and every aggregate has its last version.
"""

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest

from shared.gaps import ranges_of

AGGREGATES, STEPS, SEEDS = 8, 300, 600
LOST_PUBLISH_ACK, LOST_DELIVERY_ACK, ROLLED_BACK = 0.10, 0.15, 0.2


@dataclass
class Row:
    """A committed row of the outbox."""

    aggregate: int
    version: int
    seq: int | None = None
    sent: bool = False


@dataclass
class Broker:
    """A stream with its table of duplicates and one consumer."""

    stored: list[Row] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    acknowledged: set[int] = field(default_factory=set)
    up: bool = True

    def publish(self, row: Row, *, suffix: str = "") -> bool:
        """Store a message; True when it was known already."""
        message_id = f"{row.seq}{suffix}"
        if message_id in self.ids[-200:]:  # the duplicate window
            return True
        self.stored.append(row)
        self.ids.append(message_id)
        return False

    def lose_tail(self, count: int) -> None:
        """As after a power loss or a restored backup: the consumer's position falls back with the stream."""
        keep = len(self.stored) - count
        del self.stored[keep:], self.ids[keep:]
        self.acknowledged = {position for position in self.acknowledged if position < keep}

    def waiting(self) -> list[int]:
        """Positions that the consumer has not acknowledged."""
        return [position for position in range(len(self.stored)) if position not in self.acknowledged]


@dataclass
class World:
    """Everything together; `without` takes protections out."""

    seed: int
    without: frozenset[str] = frozenset()
    outbox: list[Row] = field(default_factory=list)
    committed: Counter[int] = field(default_factory=Counter)
    broker: Broker = field(default_factory=Broker)
    last_seq: int = 0
    inbox: set[int] = field(default_factory=set)
    applied: Counter[int] = field(default_factory=Counter)
    copies: dict[int, int] = field(default_factory=dict)
    happened: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Chance has one source."""
        self.random = random.Random(self.seed)

    def chance(self, what: str, probability: float) -> bool:
        """Whether a fault happens now."""
        happens = self.random.random() < probability
        self.happened[what] += happens
        return happens

    def produce(self) -> None:
        """One transaction with one to three events, which may roll back."""
        rows: list[Row] = []
        for _ in range(self.random.randint(1, 3)):
            aggregate = self.random.randrange(AGGREGATES)
            before = sum(row.aggregate == aggregate for row in rows)
            rows.append(Row(aggregate, self.committed[aggregate] + before + 1))
        if not self.chance("rolled back", ROLLED_BACK):
            self.outbox += rows
            self.committed.update(row.aggregate for row in rows)

    def relay(self) -> None:
        """Number what is new, publish what is not marked, mark what was acknowledged."""
        for row in self.outbox:
            if row.seq is None:
                self.last_seq += 1
                row.seq = self.last_seq
        for row in self.outbox:
            if row.sent:
                continue
            if "acknowledgement first" in self.without:
                row.sent = True
                if self.chance("killed between mark and publish", LOST_PUBLISH_ACK):
                    return
            if not self.broker.up:
                return
            self.broker.publish(row)
            if not row.sent and self.chance("acknowledgement of a publish lost", LOST_PUBLISH_ACK):
                return
            row.sent = True

    def consume(self) -> None:
        """A batch in random order: effect and inbox row together, then the acknowledgement."""
        waiting = self.broker.waiting() if self.broker.up else []
        for position in self.random.sample(waiting, min(len(waiting), 10)):
            row = self.broker.stored[position]
            assert row.seq is not None
            if row.seq not in self.inbox or "inbox" in self.without:
                self.inbox.add(row.seq)
                self.applied[row.seq] += 1
                if row.version > self.copies.get(row.aggregate, 0) or "guard" in self.without:
                    self.copies[row.aggregate] = row.version
            if not self.chance("acknowledgement of a delivery lost", LOST_DELIVERY_ACK):
                self.broker.acknowledged.add(position)

    def repair(self) -> None:
        """Compare the watermark with the inbox; the relay publishes again what is asked for."""
        if "repair" in self.without or not self.broker.up:
            return
        watermark = max((row.seq or 0 for row in self.outbox if row.sent), default=0)
        by_seq = {row.seq: row for row in self.outbox}
        for low, high in ranges_of([seq for seq in range(1, watermark + 1) if seq not in self.inbox]):
            for seq in range(low, high + 1):
                self.happened["repaired"] += 1
                if self.broker.publish(by_seq[seq]):
                    self.broker.publish(by_seq[seq], suffix=f":r{self.happened['repaired']}")

    def step(self) -> None:
        """Somebody does something, or a fault strikes."""
        [act] = self.random.choices(
            ("lose", "switch", "produce", "relay", "consume", "repair"), (0.02, 0.03, 0.3, 0.25, 0.35, 0.05)
        )
        if act == "lose":
            lost = self.random.randint(0, min(10, len(self.broker.stored)))
            self.happened["tail lost"] += lost
            self.broker.lose_tail(lost)
        elif act == "switch":
            self.broker.up = not self.broker.up
        else:
            getattr(self, act)()

    def run(self) -> None:
        """300 steps with faults, then draining without new events and losses of the broker."""
        for _ in range(STEPS):
            self.step()
        self.broker.up = True
        for _ in range(1000):
            self.relay()
            self.consume()
            if self.broker.waiting() or any(not row.sent for row in self.outbox):
                continue
            known = len(self.broker.stored)
            self.repair()
            if len(self.broker.stored) == known:
                return
        raise AssertionError(f"seed {self.seed}: it never comes to rest")

    def right(self) -> bool:
        """The oracle."""
        numbers = range(1, self.last_seq + 1)
        return (
            {row.seq for row in self.outbox} == set(numbers)
            and len(self.outbox) == len(numbers)
            and self.applied == Counter(numbers)
            and self.copies == dict(self.committed)
        )


def failing(seeds: int, *without: str) -> list[int]:
    """The seeds under which something is lost, doubled or stale."""
    wrong = []
    for seed in range(seeds):
        world = World(seed, frozenset(without))
        world.run()
        if not world.right():
            wrong.append(seed)
    return wrong


def test_every_event_is_applied_once_under_every_seed() -> None:
    wrong = failing(SEEDS)
    assert wrong == [], f"failing seeds: {wrong[:10]}"


def test_every_kind_of_fault_happens() -> None:
    world = World(1)
    world.run()
    faults = ("rolled back", "acknowledgement of a publish lost", "acknowledgement of a delivery lost", "tail lost")
    assert all(world.happened[fault] > 3 for fault in faults), world.happened
    assert world.happened["repaired"] > 0
    assert len(world.outbox) > 50


@pytest.mark.parametrize(
    ("without", "share"),
    [
        (("inbox",), 0.99),
        (("guard",), 0.5),
        (("repair",), 0.2),
        (("repair", "acknowledgement first"), 0.9),
    ],
    ids=["no inbox", "no version guard", "no repair", "marked before the acknowledgement"],
)
def test_mutant_fails(without: tuple[str, ...], share: float) -> None:
    """A model that stays right when a protection is taken out tests nothing."""
    assert len(failing(200, *without)) >= 200 * share
