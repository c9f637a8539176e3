"""A questionnaire as variables: one per question or line of a matrix, as estimates and exports read it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from surveys.instruments.document import Instrument
from surveys.instruments.items import (
    NO,
    YES,
    DateItem,
    EffortItem,
    Item,
    MatrixItem,
    MultipleItem,
    NpsItem,
    NumberItem,
    RatingItem,
    SingleItem,
    TextItem,
    YesNoItem,
)
from surveys.instruments.parts import Scale

__all__ = ["Variable", "VariableKind", "variables_of"]

VariableKind = Literal["rating", "nps", "effort", "yes_no", "single", "multiple", "number", "date", "text"]
Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable of a questionnaire.

    `code` is the item's, for a line of a matrix `item.row`. `values` are the substantive answers in ascending or given
    order with their labels (integers for scales, codes for choices; empty for numbers, dates and texts), `missing` the
    answers that are no opinion. `indices` are what the values of a rating count for on 0-100, parallel to `values`.
    """

    code: str
    item: str
    row: str | None
    kind: VariableKind
    text: Texts
    values: Mapping[int | str, Texts]
    missing: Mapping[str, Texts]
    indices: tuple[float, ...] = ()
    headline: bool = False
    about_respondent: bool = False
    matrix_text: Texts | None = None

    @property
    def ordinal(self) -> bool:
        """Whether the answers are points of a scale (rating, line of a matrix, NPS, effort)."""
        return self.kind in ("rating", "nps", "effort")

    @property
    def lowest(self) -> int:
        """The lowest point of the scale.

        Raises:
            ValueError: the variable is no scale.
        """
        if not self.ordinal:
            raise ValueError(f"{self.code} is no scale")
        return min(int(value) for value in self.values)

    @property
    def points(self) -> int:
        """Number of points of the scale."""
        return len(self.values)

    def answer(self, answers: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
        """The variable's value in an `answers` object; None where it was not answered."""
        found = answers.get(self.item)
        return found if self.row is None or found is None else found.get(self.row)


def variables_of(instrument: Instrument) -> tuple[Variable, ...]:
    """Every variable in the order of the questionnaire."""
    return tuple(variable for item in instrument.items for variable in _variables(instrument, item))


def _variables(instrument: Instrument, item: Item) -> Iterator[Variable]:
    if isinstance(item, MatrixItem):
        scale = instrument.scale_of(item)
        for row in item.rows:
            yield Variable(
                code=f"{item.code}.{row.code}",
                item=item.code,
                row=row.code,
                kind="rating",
                text=row.text,
                matrix_text=item.text,
                about_respondent=item.about_respondent,
                **_scale(scale),
            )
        return
    kind: VariableKind = item.type
    fields: dict[str, Any] = {"values": {}, "missing": {each.code: each.label for each in _silent(item)}}
    match item:
        case RatingItem():
            fields = _scale(instrument.scale_of(item)) | {"headline": item.headline}
        case SingleItem() | MultipleItem():
            fields["values"] = {option.code: option.label for option in item.options}
        case YesNoItem():
            fields["values"] = {YES: item.yes, NO: item.no}
        case NpsItem() | EffortItem():
            ends = {item.values[0]: item.low, item.values[-1]: item.high}
            fields["values"] = {value: ends.get(value, {}) for value in item.values}
        case NumberItem() | DateItem() | TextItem():
            pass
    yield Variable(
        code=item.code,
        item=item.code,
        row=None,
        kind=kind,
        text=item.text,
        about_respondent=item.about_respondent,
        **fields,
    )


def _scale(scale: Scale) -> dict[str, Any]:
    points = sorted(scale.points, key=lambda point: point.value)
    return {
        "values": {point.value: point.label for point in points},
        "missing": {each.code: each.label for each in scale.no_opinion},
        "indices": scale.indices,
    }


def _silent(item: Item) -> tuple[Any, ...]:
    return tuple(getattr(item, "no_opinion", ()))
