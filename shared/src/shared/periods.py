"""The accelerator of clocks: every period divided by N, for demonstrations and tests only.

Source: the sandboxes of the procurement system of Ukraine, where all legal periods are divided by a number.
"""

from functools import cache
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["ClockSettings", "clocks", "shortened"]


class ClockSettings(BaseSettings):
    """Read from the environment as GONGPING_<NAME>; the service refuses to start with a divisor in earnest use."""

    model_config = SettingsConfigDict(env_prefix="GONGPING_", extra="ignore", populate_by_name=True)

    demonstration: bool = Field(
        False, description="Marks a deployment that shows simulated matters only; a clock divisor needs it."
    )
    clock_divisor: int = Field(
        1,
        ge=1,
        le=36_500,
        description="Divides every period (working days, calendar days; rounded up to a day); 1: the periods of law.",
    )

    @model_validator(mode="after")
    def _only_in_demonstrations(self) -> Self:
        if self.clock_divisor > 1 and not self.demonstration:
            raise ValueError(
                "GONGPING_CLOCK_DIVISOR shortens the periods of law: it needs GONGPING_DEMONSTRATION=true, and is 1 "
                "wherever contracts are real"
            )
        return self


@cache
def clocks() -> ClockSettings:
    """The process's settings, read from the environment once."""
    return ClockSettings()


def shortened(days: int) -> int:
    """A period in days by the process's divisor, rounded up: what was a day at least stays one."""
    return -(-days // clocks().clock_divisor)
