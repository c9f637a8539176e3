"""The gateway's calls, grouped by noun."""
