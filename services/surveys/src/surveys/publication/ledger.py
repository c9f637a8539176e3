"""The ledger of a wave's answers, cut into chunks, and the proofs taken from it."""

from collections.abc import Sequence
from dataclasses import dataclass

from surveys.kernel.merkle import Tree, root_of

__all__ = ["CHUNK", "Chunk", "Ledger", "Proof", "cut", "prove"]

CHUNK = 1024  # leaves; a power of two, so that a chunk is a subtree of the tree of RFC 6962
HASH = 32


@dataclass(frozen=True, slots=True)
class Chunk:
    """Leaves in ascending order, and the root of the subtree over them."""

    leaves: bytes
    root: bytes

    @property
    def first(self) -> bytes:
        """The first leaf."""
        return self.leaves[:HASH]


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger as it is stored."""

    size: int
    root: bytes
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That a leaf stands at an index of a tree of `size` leaves with a root; the path goes from leaf to root."""

    leaf: bytes
    index: int
    size: int
    root: bytes
    path: tuple[bytes, ...]


def cut(leaves: Sequence[bytes]) -> Ledger:
    """The ledger over leaf hashes in any order."""
    ordered = sorted(leaves)
    parts = [ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK)]
    chunks = tuple(Chunk(b"".join(part), root_of(part)) for part in parts)
    top = Tree.above([chunk.root for chunk in chunks])
    return Ledger(size=len(ordered), root=top.root, chunks=chunks)


def prove(leaf: bytes, *, number: int, leaves: bytes, chunk_roots: bytes, size: int) -> Proof | None:
    """The proof of a leaf of the chunk `number`, None when it is not among the chunk's leaves."""
    part = _hashes(leaves)
    if leaf not in part:
        return None
    place = part.index(leaf)
    top = Tree.above(_hashes(chunk_roots))
    path = [*Tree.above(part).proof(place), *top.proof(number)]
    return Proof(leaf=leaf, index=number * CHUNK + place, size=size, root=top.root, path=tuple(path))


def _hashes(joined: bytes) -> list[bytes]:
    return [joined[start : start + HASH] for start in range(0, len(joined), HASH)]
