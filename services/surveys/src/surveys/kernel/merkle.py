"""The Merkle tree of a closed wave's answers: root, inclusion proofs and their verification.

Source: RFC 6962, section 2.1, and RFC 9162, section 2.1.3.2 (verification). The leaves are leaf hashes already (see
`receipts`) and stand in the order of their bytes, so that nothing of the order of arrival is left in the tree.
"""

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

__all__ = ["EMPTY_ROOT", "Tree", "included", "root_of"]

_NODE = b"\x01"
EMPTY_ROOT = hashlib.sha256(b"").digest()


class Tree(NamedTuple):
    """The levels of a tree, leaves first; a node without a sibling stands on the next level unchanged."""

    levels: tuple[tuple[bytes, ...], ...]

    @classmethod
    def over(cls, leaves: Iterable[bytes]) -> "Tree":
        """The tree over leaf hashes, which are sorted here.

        Raises:
            ValueError: a leaf is there twice; salted hashes cannot be equal.
        """
        level = tuple(sorted(leaves))
        if any(left == right for left, right in itertools.pairwise(level)):
            raise ValueError("a leaf is there twice")
        return cls.above(level)

    @classmethod
    def above(cls, nodes: Iterable[bytes]) -> "Tree":
        """The tree over hashes in the order in which they are given, such as the roots of whole subtrees."""
        levels = [tuple(nodes)]
        while len(levels[-1]) > 1:
            levels.append(_parents(levels[-1]))
        return cls(tuple(levels))

    @property
    def leaves(self) -> tuple[bytes, ...]:
        """The leaf hashes in ascending order."""
        return self.levels[0]

    @property
    def root(self) -> bytes:
        """The root; of an empty tree SHA-256 of nothing (RFC 6962)."""
        return self.levels[-1][0] if self.leaves else EMPTY_ROOT

    def proof(self, index: int) -> list[bytes]:
        """The audit path of the leaf at an index, from the leaf's sibling to the root's child.

        Raises:
            IndexError: there is no such leaf.
        """
        if not 0 <= index < len(self.leaves):
            raise IndexError(f"leaf {index} of {len(self.leaves)}")
        path = []
        for level in self.levels[:-1]:
            sibling = index ^ 1
            if sibling < len(level):
                path.append(level[sibling])
            index >>= 1
        return path


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes in ascending order, without keeping the tree."""
    level: Sequence[bytes] = sorted(leaves)
    while len(level) > 1:
        level = _parents(level)
    return level[0] if level else EMPTY_ROOT


def included(leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof shows that a leaf stands at an index of the tree of that size with that root.

    Source: RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = _node(step, found)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            found = _node(found, step)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def _parents(level: Sequence[bytes]) -> tuple[bytes, ...]:
    pairs = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    if len(level) % 2:
        pairs.append(level[-1])
    return tuple(pairs)


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()
