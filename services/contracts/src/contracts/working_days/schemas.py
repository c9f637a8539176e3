"""Bodies and answers about working days."""

from datetime import date, datetime

from pydantic import Field, StrictBool

from shared.web import Model, Out

__all__ = ["WorkingDayIn", "WorkingDayOut"]


class WorkingDayIn(Model):
    """What a day is, against its weekday."""

    working: StrictBool = Field(description="true: a weekend that is worked; false: a public holiday.")
    note: str = Field(min_length=1, max_length=200, description="Name of the holiday, and the notice that sets it.")


class WorkingDayOut(Out):
    """A day that is not what its weekday says."""

    day: date = Field(description="The day.")
    working: bool = Field(description="Whether it is worked.")
    note: str = Field(description="Name of the holiday, and the notice that sets it.")
    recorded_by: str = Field(description="Who recorded it.")
    recorded_at: datetime = Field(description="When it was recorded.")
