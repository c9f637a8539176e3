"""Rename, merger, split, dissolution and change of code of organisations, as dated succession."""
