"""The accelerator of clocks, as all services have it (`shared.periods`)."""

from shared.periods import ClockSettings, clocks, shortened

__all__ = ["ClockSettings", "clocks", "shortened"]
