"""The publication over HTTP."""

from surveys.publication.schemas.figures import PublicationOut, publication_out
from surveys.publication.schemas.ledger import LedgerOut, ProofOut, ledger_out, proof_out
from surveys.publication.schemas.reports import (
    CommentsOut,
    KeyphrasesOut,
    QualityOut,
    comments_out,
    keyphrases_out,
    quality_out,
)
from surveys.publication.schemas.tables import TablesOut, tables_out

__all__ = [
    "CommentsOut",
    "KeyphrasesOut",
    "LedgerOut",
    "ProofOut",
    "PublicationOut",
    "QualityOut",
    "TablesOut",
    "comments_out",
    "keyphrases_out",
    "ledger_out",
    "proof_out",
    "publication_out",
    "quality_out",
    "tables_out",
]
