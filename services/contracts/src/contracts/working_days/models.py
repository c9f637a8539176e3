"""Table of the days that are not what their weekday says: public holidays, and weekends that are worked."""

from datetime import date, datetime

from sqlalchemy import Date, DateTime, Text
from sqlalchemy.orm import Mapped, mapped_column

from contracts.base import Base

__all__ = ["WorkingDayException"]


class WorkingDayException(Base):
    """One day of the State Council's yearly table; national reference data, without a region scope."""

    __tablename__ = "working_day_exceptions"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    working: Mapped[bool]
    note: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
