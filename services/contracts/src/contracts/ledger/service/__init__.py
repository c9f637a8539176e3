"""What is posted to the ledger, one module per use case. Entries are only ever added, under the contract's lock."""

from contracts.ledger.service.imported import record_imported_transactions
from contracts.ledger.service.many import Booked, ImportedEntry, record_imported_entries, retract_entry
from contracts.ledger.service.post import PAID_OUT, post_acceptance, post_entry
from contracts.ledger.service.write import entry_event

__all__ = [
    "PAID_OUT",
    "Booked",
    "ImportedEntry",
    "entry_event",
    "post_acceptance",
    "post_entry",
    "record_imported_entries",
    "record_imported_transactions",
    "retract_entry",
]
