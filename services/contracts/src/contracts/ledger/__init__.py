"""The contract's money: an append-only double-entry ledger."""
