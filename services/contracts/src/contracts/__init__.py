"""The contract's life: organisations, contracts, indicators, ledger, milestones, acceptance, import."""
