"""Acceptance of the service against the contract's standards, with the recipients' opinion."""
