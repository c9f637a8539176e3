"""Instruments: versioned, hashed questionnaires as data."""
