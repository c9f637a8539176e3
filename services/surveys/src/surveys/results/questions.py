"""From a questionnaire to what is read of the answers and what is estimated from it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from surveys.instruments.document import Instrument
from surveys.instruments.variables import Variable, variables_of
from surveys.kernel.measures import Measure, effort_measures, index100, mapped, nps_measures, option, top2
from surveys.responses.columns import Choice, Coded, Columns, Number
from surveys.responses.columns import Variable as Read

__all__ = ["HEADLINE", "Question", "questions_of", "reads_of"]

HEADLINE = "overall"  # how the instrument's headline item is called in results and events, whatever its code
WIDE_SCALE = 4  # with fewer points the two best are not a satisfied minority but nearly everybody

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question, line of a matrix or option of a multiple choice, with the measures that are estimated.

    `name` is what results call it, `column` where its answers stand. `table` gives the value of each code, NaN for
    answers that are no opinion. `shares` are measures whose name is an option's code.
    """

    name: str
    column: str
    variable: Variable
    table: Floats
    measures: tuple[Measure, ...]
    shares: bool = False
    option: str | None = None

    def values(self, columns: Columns) -> Floats:
        """The answers as numbers, NaN where there is no opinion or no answer."""
        return self.table[columns.codes[self.column]]


def questions_of(instrument: Instrument) -> tuple[Question, ...]:
    """Everything that is estimated, in order; not numbers, dates and texts, which have no scale."""
    return tuple(question for variable in variables_of(instrument) for question in _questions(variable))


def reads_of(instrument: Instrument) -> tuple[Read, ...]:
    """What has to be read of the answers, free text excepted."""
    found: list[Read] = []
    for variable in variables_of(instrument):
        path = (variable.item,) if variable.row is None else (variable.item, variable.row)
        if variable.kind == "multiple":
            silent = tuple(variable.missing)
            found += [Choice(f"{variable.code}.{code}", variable.item, str(code), silent) for code in variable.values]
        elif variable.kind in ("number", "date"):
            found.append(Number(variable.code, variable.item, is_date=variable.kind == "date"))
        elif variable.kind != "text":
            found.append(Coded(variable.code, path, (*map(str, variable.values), *variable.missing)))
    return tuple(found)


def _questions(variable: Variable) -> list[Question]:
    if variable.kind == "multiple":
        chosen = np.array([np.nan, 0.0, 1.0])
        return [
            Question(
                name=variable.code,
                column=f"{variable.code}.{code}",
                variable=variable,
                table=chosen,
                measures=(Measure("share", 0.0, 1.0, _same),),
                option=str(code),
            )
            for code in variable.values
        ]
    measures, numbers, shares = _measures(variable)
    if not measures:
        return []
    table = np.array([np.nan, *numbers, *[np.nan] * len(variable.missing)])
    name = HEADLINE if variable.headline else variable.code
    return [Question(name=name, column=variable.code, variable=variable, table=table, measures=measures, shares=shares)]


def _measures(variable: Variable) -> tuple[tuple[Measure, ...], list[float], bool]:
    """The measures of a question, the number of each of its answers, and whether the measures are shares of options."""
    count = len(variable.values)
    steps = [float(step) for step in range(1, count + 1)]
    match variable.kind:
        case "rating":
            return _rating(variable, count), steps, False
        case "nps":
            return nps_measures(), [float(value) for value in variable.values], False
        case "effort":
            return effort_measures(count), [float(value) for value in variable.values], False
        case "yes_no":
            return (Measure("share", 0.0, 1.0, _same),), [1.0, 0.0], False
        case "single":
            shares = (
                Measure(str(code), 0.0, 1.0, partial(option, code=step))
                for code, step in zip(variable.values, steps, strict=True)
            )
            return tuple(shares), steps, True
        case _:
            return (), [], False


def _rating(variable: Variable, points: int) -> tuple[Measure, ...]:
    evenly = np.allclose(variable.indices, np.linspace(0.0, 100.0, points))
    index: Callable[[Floats], Floats] = partial(index100, points=points)
    if not evenly:
        index = partial(mapped, scores=dict(enumerate(variable.indices, start=1)))
    best = "top2" if points >= WIDE_SCALE else "top1"
    measures = [
        Measure(best, 0.0, 1.0, partial(top2, points=points if points >= WIDE_SCALE else points + 1)),
        Measure("index100", 0.0, 100.0, index),
    ]
    if points >= WIDE_SCALE:
        measures.append(Measure("bottom2", 0.0, 1.0, _bottom2))
    return tuple(measures)


def _bottom2(values: Floats) -> Floats:
    return np.where(np.isnan(values), np.nan, (values <= 2.0).astype(np.float64))


def _same(values: Floats) -> Floats:
    return values
