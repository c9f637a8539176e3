"""Performance failures and their penalties, tied to the ledger."""
