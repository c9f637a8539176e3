"""Findings about a contract, and what is done about them until the matter is put right or has its effect."""
