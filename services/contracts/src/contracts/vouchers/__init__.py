"""Treasury vouchers: imported, matched with the ledger, reconciled month by month."""
