"""Dual monitoring: budget execution against the month, and against the progress of the goals."""
