"""Actual values of the indicators agreed in a contract."""
