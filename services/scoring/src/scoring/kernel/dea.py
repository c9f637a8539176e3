"""Data envelopment analysis: how little input could have bought the same output, judged by the peers' own practice.

Linear programmes in the envelopment form, solved by HiGHS. Efficiency is relative to the units at hand and never enters
a score by itself.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

__all__ = ["Efficiency", "Orientation", "Returns", "TooFewUnits", "check_size", "efficiency", "minimum_units"]

Floats = NDArray[np.float64]
Returns = Literal["crs", "vrs", "drs", "irs", "fdh"]
Orientation = Literal["in", "out"]

_PEER: Final = 1e-7


class TooFewUnits(ValueError):  # noqa: N818 - named after what is wrong
    """With so few units nearly all of them would be efficient, whatever they do."""


@dataclass(frozen=True, slots=True)
class Efficiency:
    """Efficiency of n units and whom they are compared with."""

    score: Floats
    """Input orientation: the share (0-1) of its inputs with which the unit could have done; output orientation: the
    factor (>= 1) by which it could have raised its outputs. NaN: no feasible comparison (super-efficiency only)."""
    weights: Floats
    """Row i: the weights of the units that make up i's peer."""
    slack: Floats
    """Sum of input surplus and output shortfall that remains at the efficient point, when asked for; else NaN."""

    def peers(self, unit: int) -> tuple[int, ...]:
        """The units that a unit is compared with, by place."""
        return tuple(int(each) for each in np.flatnonzero(self.weights[unit] > _PEER))


def minimum_units(inputs: int, outputs: int) -> int:
    """Smallest number of units: max(m s, 3 (m + s)). Source: Cooper, Seiford & Tone, DEA, 2nd ed. 2007, 9.2."""
    return max(inputs * outputs, 3 * (inputs + outputs))


def check_size(units: int, *, inputs: int, outputs: int) -> None:
    """Refuse a comparison of too few units (TooFewUnits)."""
    least = minimum_units(inputs, outputs)
    if units < least:
        raise TooFewUnits(f"{units} units; {least} are needed for {inputs} inputs and {outputs} outputs")


def efficiency(
    inputs: Floats,
    outputs: Floats,
    *,
    returns: Returns = "vrs",
    orientation: Orientation = "in",
    superior: bool = False,
    slacks: bool = False,
) -> Efficiency:
    """Efficiency of every unit.

    Arguments:
        inputs: n x m, > 0 somewhere in each row.
        outputs: n x s, likewise.
        returns: to scale: constant, variable (weights sum to 1), decreasing (<= 1), increasing (>= 1); fdh compares
            with single real units only (free disposal hull).
        orientation: inputs that could be saved, or outputs that could be gained.
        superior: leave the unit itself out of its peers, so that efficient units differ too (Andersen & Petersen 1993).
        slacks: maximise the sum of slacks at the efficient point in a second step.

    Source: Charnes, Cooper & Rhodes, EJOR 2 (1978) 429-444; Banker, Charnes & Cooper, Management Science 30 (1984).
    """
    n = len(inputs)
    score, slack = np.empty(n), np.full(n, np.nan)
    weights = np.zeros((n, n))
    for unit in range(n):
        known = np.delete(np.arange(n), unit) if superior else np.arange(n)
        x, y = inputs[known], outputs[known]
        if returns == "fdh":
            score[unit], best = _single(x, y, inputs[unit], outputs[unit], orientation=orientation)
            weights[unit, known[best]] = 1.0
            continue
        found = _radial(x, y, inputs[unit], outputs[unit], returns=returns, orientation=orientation)
        score[unit] = found[0]
        weights[unit, known] = found[1]
        if slacks and np.isfinite(score[unit]):
            reached = (inputs[unit] * score[unit], outputs[unit])
            if orientation == "out":
                reached = (inputs[unit], outputs[unit] * score[unit])
            slack[unit], weights[unit, known] = _slack(x, y, *reached, returns=returns)
    return Efficiency(score, weights, slack)


def _scale(n: int, before: int, returns: Returns) -> dict[str, Any]:
    """The constraint on the sum of the weights, after `before` variables of another kind and with none after them."""
    row = np.concatenate([np.zeros(before), np.ones(n)])
    return {
        "crs": {},
        "vrs": {"A_eq": [row], "b_eq": [1.0]},
        "drs": {"A_ub": [row], "b_ub": [1.0]},
        "irs": {"A_ub": [-row], "b_ub": [-1.0]},
    }[returns]


def _solve(cost: Floats, upper: Floats, limit: Floats, scale: dict[str, Any], **equal: Any) -> Any:  # noqa: ANN401 - scipy's result
    a_ub = np.vstack([upper, *scale.get("A_ub", [])])
    b_ub = np.concatenate([limit, scale.get("b_ub", [])])
    a_eq = [*equal.get("A_eq", []), *scale.get("A_eq", [])]
    b_eq = [*equal.get("b_eq", []), *scale.get("b_eq", [])]
    return linprog(
        cost,
        A_ub=a_ub if len(a_ub) else None,
        b_ub=b_ub if len(a_ub) else None,
        A_eq=np.array(a_eq) if a_eq else None,
        b_eq=np.array(b_eq) if a_eq else None,
        method="highs",
    )


def _radial(
    x: Floats, y: Floats, own_x: Floats, own_y: Floats, *, returns: Returns, orientation: Orientation
) -> tuple[float, Floats]:
    """Least theta with X'w <= theta x, Y'w >= y; or greatest phi with X'w <= x, Y'w >= phi y."""
    n = len(x)
    if orientation == "in":
        upper = np.block([[-own_x[:, None], x.T], [np.zeros((len(own_y), 1)), -y.T]])
        limit = np.concatenate([np.zeros(len(own_x)), -own_y])
        cost = np.concatenate([[1.0], np.zeros(n)])
    else:
        upper = np.block([[np.zeros((len(own_x), 1)), x.T], [own_y[:, None], -y.T]])
        limit = np.concatenate([own_x, np.zeros(len(own_y))])
        cost = np.concatenate([[-1.0], np.zeros(n)])
    found = _solve(cost, upper, limit, _scale(n, 1, returns))
    if found.status != 0:
        return float("nan"), np.zeros(n)
    return float(found.x[0]), np.asarray(found.x[1:])


def _slack(x: Floats, y: Floats, reached_x: Floats, reached_y: Floats, *, returns: Returns) -> tuple[float, Floats]:
    """The largest sum of slacks at the point (reached_x, reached_y); the point itself is always feasible."""
    n, m, s = len(x), len(reached_x), len(reached_y)
    scale = _scale(n, 0, returns)
    tail = np.zeros(m + s)
    scale = {
        key: [np.concatenate([row, tail]) for row in value] if key[0] == "A" else value for key, value in scale.items()
    }
    equal = np.block([[x.T, np.eye(m), np.zeros((m, s))], [y.T, np.zeros((s, m)), -np.eye(s)]])
    cost = np.concatenate([np.zeros(n), -np.ones(m + s)])
    goal = np.concatenate([reached_x, reached_y])
    found = _solve(cost, np.zeros((0, n + m + s)), np.zeros(0), scale, A_eq=list(equal), b_eq=list(goal))
    if found.status != 0:  # rounding put the point a hair outside the hull: it has no slack
        return 0.0, np.zeros(n)
    return float(-found.fun), np.asarray(found.x[:n])


def _single(x: Floats, y: Floats, own_x: Floats, own_y: Floats, *, orientation: Orientation) -> tuple[float, int]:
    """Free disposal hull: the best single unit that is at least as good in every other respect."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if orientation == "in":
            need = np.max(np.where(own_x > 0, x / own_x, np.where(x > 0, np.inf, 0.0)), axis=1)
            need[np.any(y < own_y, axis=1)] = np.inf
            best = int(np.argmin(need))
            return (float(need[best]) if np.isfinite(need[best]) else float("nan")), best
        gain = np.min(np.where(own_y > 0, y / own_y, np.inf), axis=1)
    gain[np.any(x > own_x, axis=1)] = -np.inf
    best = int(np.argmax(gain))
    return (float(gain[best]) if np.isfinite(gain[best]) else float("nan")), best
