"""Contracts of the past from other systems: OCDS 1.1 releases become ours at their true state."""
