"""Agreed indicators of a simulated contract and the values that are later observed, from how good the provider is."""

import random
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

from gongping_client.demo.dataset import DemoObservation
from gongping_client.demo.services import Service
from gongping_client.models import AgreedIndicator

__all__ = ["agree_indicators", "observe"]


_DAY = Decimal(24)  # hours
_JOINT = frozenset({"cost", "sustained", "satisfaction"})


class _Line(NamedTuple):
    """An indicator as it is agreed; `zero_at` makes smaller values better."""

    code: str
    name: str
    level: Literal["output", "benefit", "satisfaction"]
    aspect: str
    unit: str
    target: Decimal
    weight: int
    baseline: Decimal | None = None
    zero_at: Decimal | None = None
    standard: Literal["plan", "sector"] = "plan"


def _one(value: float) -> Decimal:
    return Decimal(str(round(value, 1)))


def agree_indicators(
    random_: random.Random, service: Service, *, units: int, unit_cost: Decimal
) -> tuple[AgreedIndicator, ...]:
    """Three levels, as 财预〔2020〕10号 has them: output (four aspects), benefit, satisfaction of the recipients."""
    quality, response = _one(random_.uniform(93, 97)), _one(random_.uniform(26, 40))
    solved, lasting = _one(random_.uniform(80, 90)), _one(random_.uniform(70, 85))
    satisfied = Decimal(random_.choice((80, 85, 90)))
    count, per = f"{service.name}数量", f"元/{service.unit}"
    lines = (
        _Line("output-quantity-01", count, "output", "quantity", service.unit, Decimal(units), 20),
        _Line(
            "output-quality-01", "服务质量达标率", "output", "quality", "%", quality, 15, quality - 5, None, "sector"
        ),
        _Line("output-timeliness-01", "平均响应时间", "output", "timeliness", "小时", _DAY, 10, response, 3 * _DAY),
        _Line("output-cost-01", "单位服务成本", "output", "cost", per, unit_cost, 5, None, 2 * unit_cost),
        _Line("benefit-social-01", service.solved, "benefit", "social", "%", solved, 20, solved - 12),
        _Line("benefit-sustained-01", service.lasting, "benefit", "sustained", "%", lasting, 10, lasting - 9),
        _Line("satisfaction-01", "服务对象满意度", "satisfaction", "satisfaction", "分", satisfied, 10),
    )
    return tuple(
        AgreedIndicator(
            code=line.code,
            name=line.name,
            level=line.level,
            aspect=line.aspect,
            unit=line.unit,
            direction="higher" if line.zero_at is None else "lower",
            target=line.target,
            zero_at=line.zero_at,
            baseline=line.baseline,
            standard=line.standard,
            weight=Decimal(line.weight),
            accountable="joint" if line.aspect in _JOINT else "provider",
        )
        for line in lines
    )


def observe(
    random_: random.Random,
    indicators: Sequence[AgreedIndicator],
    *,
    quality: float,
    progress: float,
    observed_on: date,
) -> tuple[DemoObservation, ...]:
    """An actual value for each output and benefit indicator (satisfaction comes from the wave).

    `quality` is the provider's, 0-1; at 0.75 the targets are just met. `progress` is the share of the term that has
    passed, 0-1: quantities grow with it, rates do not.
    """
    found = []
    for indicator in indicators:
        if indicator.level == "satisfaction":
            continue
        factor = 1 + (quality - 0.75) * 0.4 + random_.gauss(0, 0.03)
        if indicator.zero_at is not None:
            value = indicator.target * Decimal(str(round(1 / max(factor, 0.55), 4)))
        else:
            value = indicator.target * Decimal(str(round(max(factor, 0.3), 4)))
        if indicator.aspect == "quantity":
            value = (value * Decimal(str(round(progress, 4)))).quantize(Decimal(1))
        if indicator.unit == "%":
            value = min(value, Decimal(100))
        found.append(
            DemoObservation(
                indicator_code=indicator.code, value=value.quantize(Decimal("0.1")), observed_on=observed_on
            )
        )
    return tuple(found)
