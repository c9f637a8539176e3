"""Two releases of the same table must not differ by a handful of persons: their difference would tell who they are.

A release of a closed wave is the answers of its ledger without those that were left out. Since nothing is added after
the freeze, two releases differ by exactly the answers that one of them leaves out and the other does not.

Rule: refuse a release whose set of respondents differs from that of an earlier release of the same table by one person
up to the threshold of the publication policy, exclusively (with the usual ten: by 1 to 9 persons). The same set is no
danger, and so is a difference that is itself large enough to be published.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import NamedTuple

__all__ = ["Conflict", "differencing_conflict"]


class Conflict(NamedTuple):
    """The earlier release (its place in the given order) that a new one must not stand beside, and the difference."""

    position: int
    persons: int


def differencing_conflict(
    left_out: AbstractSet[bytes], earlier: Iterable[AbstractSet[bytes]], *, threshold: int = 10
) -> Conflict | None:
    """The first earlier release that differs from the new one by 1 to threshold - 1 respondents, None if there is none.

    Arguments:
        left_out: ledger leaves of the answers that the new release does not count.
        earlier: the same of each earlier release of the table.
        threshold: the smallest number of persons that a published figure may rest on.
    """
    for position, other in enumerate(earlier):
        persons = len(left_out ^ other)
        if 0 < persons < threshold:
            return Conflict(position, persons)
    return None
