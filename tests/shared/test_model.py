"""A seeded simulation of outbox, relay, broker and inbox without any I/O, with loss, duplication, reordering and rollback.

The model says what the design promises: whatever the broker loses or repeats, after healing every listener has applied
every committed event exactly once. The mutants show that the model can fail: without the inbox effects are doubled,
without the repair they are missing.
"""

import random
from dataclasses import dataclass, field

import pytest

from shared.gaps import ranges_of

AGGREGATES, STEPS, SEEDS = 8, 300, 600


@dataclass
class Producer:
    """A database with an outbox; `seq` is given by the relay and never by the writer."""

    versions: dict[int, int] = field(default_factory=dict)
    outbox: list[tuple[int, int]] = field(default_factory=list)  # (aggregate, version), in order of commit
    seqs: dict[int, int] = field(default_factory=dict)  # seq -> index in the outbox
    sent: set[int] = field(default_factory=set)

    def write(self, aggregate: int, *, rolled_back: bool) -> None:
        if rolled_back:
            return  # neither the change nor its event exists; an identity column would have left a hole here
        self.versions[aggregate] = self.versions.get(aggregate, 0) + 1
        self.outbox.append((aggregate, self.versions[aggregate]))

    def number(self) -> None:
        for index in range(len(self.seqs), len(self.outbox)):
            self.seqs[len(self.seqs) + 1] = index


@dataclass
class Broker:
    """A stream with a table of known ids; a crash takes the tail of both."""

    stream: list[int] = field(default_factory=list)  # seqs, as stored
    known: set[int] = field(default_factory=set)
    up: bool = True

    def publish(self, seq: int, *, again: bool = False) -> None:
        if again or seq not in self.known:
            self.stream.append(seq)
            self.known.add(seq)

    def lose_tail(self, count: int) -> None:
        lost = self.stream[len(self.stream) - count :]
        del self.stream[len(self.stream) - count :]
        self.known -= set(lost)


@dataclass
class Listener:
    """An inbox, a projection guarded by version, and a counter of every effect."""

    inbox: set[int] = field(default_factory=set)
    projection: dict[int, int] = field(default_factory=dict)
    effects: dict[int, int] = field(default_factory=dict)
    has_inbox: bool = True

    def take(self, seq: int, aggregate: int, version: int) -> None:
        if self.has_inbox and seq in self.inbox:
            return
        self.inbox.add(seq)
        self.effects[seq] = self.effects.get(seq, 0) + 1
        if version > self.projection.get(aggregate, 0):
            self.projection[aggregate] = version

    def missing(self, watermark: int) -> list[tuple[int, int]]:
        return ranges_of([seq for seq in range(1, watermark + 1) if seq not in self.inbox])


@dataclass
class World:
    """One run with one seed."""

    random: random.Random
    inbox: bool = True
    repair: bool = True
    producer: Producer = field(default_factory=Producer)
    broker: Broker = field(default_factory=Broker)
    listener: Listener = field(default_factory=Listener)
    waiting: list[int] = field(default_factory=list)  # deliveries under way, in any order

    def relay(self) -> None:
        self.producer.number()
        for seq in sorted(set(self.producer.seqs) - self.producer.sent):
            if not self.broker.up:
                return
            self.broker.publish(seq)
            self.waiting.append(seq)
            if self.random.random() < 0.9:  # else the acknowledgement is lost: it will be sent again
                self.producer.sent.add(seq)

    def deliver(self, *, all_of_it: bool = False) -> None:
        self.random.shuffle(self.waiting)
        for _ in range(len(self.waiting) if all_of_it else min(3, len(self.waiting))):
            seq = self.waiting.pop()
            aggregate, version = self.producer.outbox[self.producer.seqs[seq]]
            self.listener.take(seq, aggregate, version)
            if self.random.random() < 0.15:  # the listener's acknowledgement is lost: redelivery
                self.waiting.append(seq)

    def mend(self) -> None:
        """The watermark shows what is missing, holes and tail; the relay answers from the outbox."""
        if not self.repair:
            return
        for low, high in self.listener.missing(len(self.producer.seqs)):
            for seq in range(low, high + 1):
                self.broker.publish(seq, again=True)
                self.waiting.append(seq)

    def step(self) -> None:
        what = self.random.random()
        if what < 0.45:
            self.producer.write(self.random.randrange(AGGREGATES), rolled_back=self.random.random() < 0.2)
        elif what < 0.65:
            self.relay()
        elif what < 0.9:
            self.deliver()
        elif what < 0.94:
            self.broker.up = not self.broker.up
        elif what < 0.97:
            # A power loss or a restored backup: the tail is gone although it was acknowledged, and with it what was
            # on its way to the listener.
            lost = self.random.randint(0, min(10, len(self.broker.stream)))
            gone = set(self.broker.stream[len(self.broker.stream) - lost :]) if lost else set()
            self.broker.lose_tail(lost)
            self.waiting = [seq for seq in self.waiting if seq not in gone]
        else:
            self.mend()

    def heal(self) -> None:
        """Stop producing first, then drain: an oracle that runs while something is produced proves nothing."""
        self.broker.up = True
        for _ in range(60):
            self.relay()
            while self.waiting:
                self.deliver(all_of_it=True)
            self.mend()
            if len(self.producer.sent) == len(self.producer.outbox) and not self.waiting:
                break

    def right(self) -> bool:
        once = self.listener.effects == dict.fromkeys(range(1, len(self.producer.outbox) + 1), 1)
        return once and self.listener.projection == self.producer.versions


def run(seed: int, *, inbox: bool = True, repair: bool = True) -> bool:
    world = World(random.Random(seed), inbox=inbox, repair=repair)
    world.listener.has_inbox = inbox
    for _ in range(STEPS):
        world.step()
    world.heal()
    return world.right()


def test_every_event_is_applied_exactly_once() -> None:
    failing = [seed for seed in range(SEEDS) if not run(seed)]
    assert not failing, f"failing seeds: {failing[:10]}"


@pytest.mark.parametrize(("inbox", "repair", "least"), [(False, True, 0.9), (True, False, 0.1)])
def test_the_mutants_fail(inbox: bool, repair: bool, least: float) -> None:
    failing = sum(not run(seed, inbox=inbox, repair=repair) for seed in range(200))
    assert failing >= least * 200, f"only {failing} of 200 seeds notice the mutant"
