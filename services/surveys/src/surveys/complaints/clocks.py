"""When a complaint must be answered, when the citizen is asked, when contact data go: the settings."""

from datetime import datetime, timedelta
from functools import cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["Clocks", "clocks"]


class Clocks(BaseSettings):
    """Read from the environment as GONGPING_COMPLAINT_<NAME>; all in calendar days."""

    model_config = SettingsConfigDict(env_prefix="GONGPING_COMPLAINT_", extra="ignore")

    days_low: int = Field(30, ge=1, description="Days until a case of low severity must be answered.")
    days_normal: int = Field(15, ge=1, description="The same for normal severity.")
    days_high: int = Field(7, ge=1, description="The same for high severity.")
    days_urgent: int = Field(2, ge=1, description="The same for urgent cases.")
    first_question_days: int = Field(14, ge=1, description="Days after closing: is the matter settled?")
    second_question_days: int = Field(28, ge=2, description="Days after closing: asked once more without an answer.")
    unconfirmed_days: int = Field(42, ge=3, description="Days after closing: the case ends as unconfirmed.")
    contact_days: int = Field(30, ge=0, description="Days after the end of a case: contact data are deleted.")

    def expected_at(self, severity: str, *, since: datetime) -> datetime:
        """When a case of a severity must be answered."""
        days: int = getattr(self, f"days_{severity}")
        return since + timedelta(days=days)

    def moved(self, expected_at: datetime | None, *, before: str, after: str) -> datetime | None:
        """The same clock under another severity; it began when it began."""
        if expected_at is None:
            return None
        return self.expected_at(after, since=expected_at - (self.expected_at(before, since=expected_at) - expected_at))

    def ask_at(self, closed_at: datetime, *, asked: int) -> datetime:
        """When the next step after a closing is due: the first question, the second, the end as unconfirmed."""
        days = (self.first_question_days, self.second_question_days, self.unconfirmed_days)[asked]
        return closed_at + timedelta(days=days)

    def contact_until(self, ended_at: datetime) -> datetime:
        """When contact data of a case that has ended are deleted."""
        return ended_at + timedelta(days=self.contact_days)


@cache
def clocks() -> Clocks:
    """The process's clocks, read from the environment once."""
    return Clocks()
