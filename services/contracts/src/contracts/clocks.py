"""The accelerator of clocks, as all services have it (`shared.periods`), and the day of an instant in a statement."""

from shared.clock import ZONE
from shared.periods import ClockSettings, clocks, shortened

__all__ = ["ClockSettings", "clocks", "day_sql", "shortened"]


def day_sql(column: str) -> str:
    """`clock.day_of` in a statement: the day of an instant in the offices, whatever zone the database is in."""
    return f"({column} AT TIME ZONE '{ZONE.key}')::date"
