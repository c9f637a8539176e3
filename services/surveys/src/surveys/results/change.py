"""What changed since the last wave that may be compared: same questionnaire, same population, same mode."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.events import Estimate, WaveChange
from surveys.kernel.change import Basis, Point, between_waves, holm
from surveys.waves.queries import Wave

__all__ = ["basis_of", "changes_between"]

COMPARED = ("ok", "caution")
MODE_SHARE = 0.05  # of the answers; a mode with less does not make another mix of modes


def basis_of(wave: Wave, modes: Mapping[str, int]) -> Basis:
    """What a wave shares with those that it may be compared with.

    A mode counts from one in twenty answers on; the population is the one that the wave declares in words, with its
    design.
    """
    answers = sum(modes.values())
    used = frozenset(mode for mode, count in modes.items() if count and count >= MODE_SHARE * answers)
    return Basis(
        instrument_sha256=wave.instrument_sha256,
        population=f"{wave.design}:{wave.target_population or ''}",
        modes=used,
    )


def changes_between(
    previous: Sequence[Mapping[str, Any]], current: Sequence[Estimate], *, level: float
) -> tuple[WaveChange, ...]:
    """Each measure that both waves may show, with its error and p values held to the number of measures (Holm).

    The waves are taken as independent. People who answered both make the true error smaller, not larger.
    """
    before = {(each["item"], each["measure"], each.get("option")): each for each in previous}
    pairs = []
    for now in current:
        then = before.get((now.item, now.measure, now.option))
        if then is None or now.status not in COMPARED or then["status"] not in COMPARED or now.option is not None:
            continue
        last, this = _point(then["estimate"], then["se"], then["df"]), _point(now.estimate, now.se, now.df)
        if last is not None and this is not None:
            pairs.append((now, last, between_waves(last, this, level=level)))
    adjusted = holm([1.0 if each.p is None else each.p for _, _, each in pairs])
    return tuple(
        WaveChange(
            item=now.item,
            measure=now.measure,
            previous=last.estimate,
            change=each.change,
            se=each.se,
            ci_low=each.interval.low,
            ci_high=each.interval.high,
            p=1.0 if each.p is None else each.p,
            p_holm=p_holm,
        )
        for (now, last, each), p_holm in zip(pairs, adjusted, strict=True)
    )


def _point(estimate: float | None, se: float | None, df: float | None) -> Point | None:
    return None if estimate is None or se is None or df is None else Point(estimate, se, df)
