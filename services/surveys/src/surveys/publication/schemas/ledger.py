"""Ledgers and proofs over HTTP."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from shared.web import Out
from surveys.kernel.receipts import receipt_of
from surveys.publication.ledger import Proof
from surveys.publication.queries import WaveLedger

__all__ = ["LedgerOut", "ProofOut", "ledger_out", "proof_out"]

ALGORITHM = (
    "leaf = SHA-256(0x00, salt, SHA-256 of the RFC 8785 form of the answer); node = SHA-256(0x01, left, right); leaves "
    "in ascending order (RFC 6962, 9162)"
)


class LedgerOut(Out):
    """The published ledger of a wave."""

    wave_id: UUID
    size: int = Field(description="Answers in the ledger.")
    root: str = Field(description="Root of the Merkle tree, hexadecimal.")
    algorithm: str = Field(description="How leaves and nodes are hashed.")
    made_at: datetime


class ProofOut(Out):
    """That an answer is counted, unchanged. It does not tell what the answer was, and cannot be made to."""

    wave_id: UUID
    receipt: str = Field(description="The receipt, as it is written.")
    leaf: str = Field(description="Salted hash of the answer, hexadecimal.")
    index: int = Field(description="Its place among the leaves, from 0.")
    size: int = Field(description="Leaves of the tree.")
    root: str = Field(description="Root of the tree, hexadecimal; the same as in the publication.")
    path: list[str] = Field(description="Hashes from the leaf's sibling to the root's child, hexadecimal (RFC 9162).")
    algorithm: str = Field(description="How leaves and nodes are hashed.")


def ledger_out(ledger: WaveLedger) -> LedgerOut:
    """A ledger as everybody sees it."""
    return LedgerOut(
        wave_id=ledger.wave_id, size=ledger.size, root=ledger.root.hex(), algorithm=ALGORITHM, made_at=ledger.made_at
    )


def proof_out(wave_id: UUID, proof: Proof) -> ProofOut:
    """A proof as everybody can check it."""
    return ProofOut(
        wave_id=wave_id,
        receipt=receipt_of(proof.leaf),
        leaf=proof.leaf.hex(),
        index=proof.index,
        size=proof.size,
        root=proof.root.hex(),
        path=[step.hex() for step in proof.path],
        algorithm=ALGORITHM,
    )
