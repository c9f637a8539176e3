"""Corrections (更正) of recorded terms: old, new, reason, proof and a second person; after the end too."""
