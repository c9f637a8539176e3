"""The statistics kernel: pure functions over numbers, without I/O and without a framework.

Each formula's docstring names its source. Shares and proportions are 0-1, `index100` and NPS are on their own scales.
"""
