"""Waves: when, whom and how a contract's recipients are asked."""
