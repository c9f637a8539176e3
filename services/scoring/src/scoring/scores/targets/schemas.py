from collections.abc import Iterable
from uuid import UUID

from pydantic import Field

from scoring.scores.targets.comparison import ENOUGH, Compared
from shared.web import Out

__all__ = ["TargetGroupOut", "TargetOut", "TargetsOut", "targets_out"]

_FEW = f"null with fewer than {ENOUGH}."


class TargetGroupOut(Out):
    """Earlier contracts of the same service that agreed the same indicator (code, unit, direction)."""

    name: str = Field(description="history: of the same purchaser; region: of the same region; sector: all regions.")
    targets: int = Field(description="Number of targets.")
    target_quartiles: tuple[float, float, float] | None = Field(
        description=f"Lower quartile, median, upper quartile of the targets, in the unit; {_FEW}"
    )
    percentile: float | None = Field(
        description=f"Share of these targets that asked for less, ties half, 0-1: 1 asks for more than all; {_FEW}"
    )
    results: int = Field(description="Number of results: the latest observation of the indicator per contract.")
    result_quartiles: tuple[float, float, float] | None = Field(description=f"The same of the results; {_FEW}")
    reached: float | None = Field(description=f"Share of these results that would have met the target, 0-1; {_FEW}")
    attainment: float | None = Field(
        description=f"The median result as a share of the target (less is better: the inverse); {_FEW}"
    )


class TargetOut(Out):
    """An agreed target beside history and sector."""

    indicator_id: UUID = Field(description="The agreed indicator.")
    code: str = Field(description="Its code.")
    name: str = Field(description="Its name.")
    level: str = Field(description="output | benefit | satisfaction.")
    unit: str = Field(description="Its unit.")
    direction: str = Field(description="higher | lower: what is better.")
    target: float = Field(description="The agreed target, in its unit.")
    groups: list[TargetGroupOut] = Field(description="History, region, sector.")
    compared_with: str | None = Field(
        description=f"The narrowest of region and sector with at least {ENOUGH} values, which the flags rest on; null: "
        "too few everywhere, nothing can be said."
    )
    flags: list[str] = Field(
        description="too_easy: three quarters of past results met it, or the median result is over 130 % of it; "
        "out_of_range: outside the quartiles of past targets by more than 1.5 times their distance."
    )
    reasons: list[str] = Field(description="The figures behind each flag.")
    softened: str | None = Field(
        description="agreed: the contract itself had a harder target in force, or one in another unit; history | "
        "region | sector: the narrowest group with enough values, where the target asks for less than its median "
        "target and its median result. A determination needs a reason for it where the framework says so. null: "
        "neither, or too few values, or it counts in no score."
    )


class TargetsOut(Out):
    """A contract's targets compared, for those who approve it."""

    contract_id: UUID = Field(description="The contract; a draft too.")
    service_category: str | None = Field(description="Kind of service that is compared; null: nothing can be.")
    items: list[TargetOut] = Field(description="By level and code.")


def targets_out(compared: Iterable[Compared]) -> list[TargetOut]:
    """The comparison as it is answered."""
    return [
        TargetOut(
            indicator_id=UUID(each.agreed.indicator_id),
            code=each.agreed.code,
            name=each.agreed.name,
            level=each.agreed.level,
            unit=each.agreed.unit,
            direction="higher" if each.agreed.higher else "lower",
            target=each.agreed.target,
            groups=[TargetGroupOut.model_validate(group, from_attributes=True) for group in each.groups],
            compared_with=each.compared_with,
            flags=list(each.flags),
            reasons=list(each.reasons),
            softened=None if each.softened is None else each.softened.name,
        )
        for each in compared
    ]
