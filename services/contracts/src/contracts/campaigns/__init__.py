"""Campaigns: the year's returns of the units, with deadlines, completeness and the roll-up to departments."""
