"""Which recorded terms may be corrected, how their values are read, and what is done about the others instead.

A correction (更正) puts right what was recorded wrongly; what the parties agree anew is an amendment. That is why money
terms and dates can be corrected and parties, regions and the shares of milestones cannot.
"""

from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python

from contracts.contracts.queries import ContractRecord
from contracts.contracts.schemas import ContractPatch, IndicatorIn, MilestoneIn
from contracts.contracts.service import CorrectedTerm
from contracts.corrections.errors import CorrectionWithoutChange, FieldNotCorrectable, OldValueDiffers
from shared.events import AgreedIndicator, MilestoneState
from shared.problems import Unprocessable

__all__ = ["CORRECTABLE", "NOT_CORRECTABLE", "plain", "term_of"]

CORRECTABLE = {
    "title": "A clerical error in the title.",
    "contract_number": "The number on the paper is another one.",
    "service_category": "The item of the guiding catalogue was chosen wrongly.",
    "value": "A wrong figure was typed in; a change of the price is an amendment.",
    "budget": "A wrong figure was typed in; a change of the budget is an adjustment of the budget project.",
    "signed_on": "The day on the paper is another one.",
    "starts_on": "The day in the contract is another one; a shift of the term is an amendment.",
    "ends_on": "The day in the contract is another one; a longer term is an amendment.",
    "procurement_method": "The method was recorded wrongly.",
    "tenderers": "The award record names another number.",
    "beneficiary_population": "The needs basis names another number.",
    "indicators.<code>.name": "A clerical error in the name.",
    "indicators.<code>.unit": "The unit was recorded wrongly.",
    "indicators.<code>.target": "The contract names another figure; a new target is an amendment.",
    "indicators.<code>.zero_at": "The contract names another figure.",
    "indicators.<code>.baseline": "The value before the contract was recorded wrongly.",
    "indicators.<code>.weight": "The contract names another weight.",
    "indicators.<code>.accountable": "The contract names somebody else.",
    "milestones.<code>.title": "A clerical error in the title.",
    "milestones.<code>.due_on": "The contract names another day; a shift is an amendment.",
}
NOT_CORRECTABLE = {
    "region": "It decides who may see the contract and never changes; record the contract anew in its region.",
    "purchaser_id": "Parties change by succession (POST /v1/organisations/{id}/successions) or by a new contract.",
    "provider_id": "Parties change by succession (POST /v1/organisations/{id}/successions) or by a new contract.",
    "currency": "The ledger is kept in it.",
    "state": "States change by acts (submit, activate, complete, ...), each with its own guard.",
    "origin": "It says how the contract came in.",
    "milestones.<code>.percentage": "The shares of a kind sum to 100: amend the contract.",
    "milestones.<code>.status": "Report the milestone again with a note (POST .../milestones/{id}/report).",
    "ledger": "Take the entry back (kind reversal) and post it anew.",
    "observations": "Record a new observation that supersedes the wrong one.",
}
_PART_MODELS: dict[str, type[BaseModel]] = {"indicators": IndicatorIn, "milestones": MilestoneIn}
# Null would be a gap, and a contract in force has none of these.
_NEEDED = {"title", "contract_number", "service_category", "value", "signed_on", "starts_on", "ends_on"}


def plain(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """A term's value as JSON: money and figures as text, days as ISO 8601."""
    return to_jsonable_python(value)


def term_of(record: ContractRecord, *, field: str, old: object, new: object) -> CorrectedTerm:
    """Where the corrected value goes; `old` must be what is stored.

    Raises:
        FieldNotCorrectable: the field is none of `CORRECTABLE`, or the contract has no such part.
        OldValueDiffers: the stored value is another one.
        CorrectionWithoutChange: it is the new one already.
        Unprocessable: a value is none of this field.
    """
    pattern, part, code, column = _place(field)
    if pattern not in CORRECTABLE:
        why = NOT_CORRECTABLE.get(pattern) or NOT_CORRECTABLE.get(field)
        raise FieldNotCorrectable(
            f"{field} is not corrected. {why or 'GET /v1/corrections/fields lists what can be.'}", field=field
        )
    if part is None:
        stored = getattr(record.state, column)
        if new is None and column in _NEEDED:
            raise _unreadable("new", "a contract in force has one")
        read_old, read_new = (_read(ContractPatch, column, value, name) for name, value in (("old", old), ("new", new)))
        term = CorrectedTerm(field, column, read_new)
    else:
        found = _part(record, part, code)
        stored = getattr(found, column)
        whole = {name: getattr(found, name) for name in _PART_MODELS[part].model_fields}
        read_old = _read(_PART_MODELS[part], column, old, "old", whole, checked=False)
        read_new = _read(_PART_MODELS[part], column, new, "new", whole)
        part_id = found.indicator_id if isinstance(found, AgreedIndicator) else found.milestone_id
        term = CorrectedTerm(field, column, read_new, part, part_id)
    if read_old != stored:
        raise OldValueDiffers(
            f"{field} is {plain(stored)!r} and not {plain(read_old)!r}; read the contract again.",
            field=field,
            stored=plain(stored),
        )
    if read_new == stored:
        raise CorrectionWithoutChange(f"{field} is {plain(stored)!r} already.", field=field)
    return term


def _place(field: str) -> tuple[str, str | None, str, str]:
    """(pattern, part, code, column) of a field; a code may hold dots itself."""
    part, dot, rest = field.partition(".")
    if not dot or part not in _PART_MODELS:
        return field, None, "", field
    code, _, column = rest.rpartition(".")
    return f"{part}.<code>.{column}", part, code, column


def _part(record: ContractRecord, part: str, code: str) -> AgreedIndicator | MilestoneState:
    parts: tuple[AgreedIndicator | MilestoneState, ...] = getattr(record.state, part)
    found = next((each for each in parts if each.code == code), None)
    if found is None:
        raise FieldNotCorrectable(f"The contract has no {part.removesuffix('s')} {code!r}.", code=code)
    return found


def _read(
    model: type[BaseModel],
    column: str,
    value: object,
    name: str,
    whole: dict[str, Any] | None = None,
    *,
    checked: bool = True,
) -> Any:  # noqa: ANN401 - the field's own type
    """The value as the field's type; 422 when it is none. With `whole` the rules among the part's fields hold too."""
    try:
        read = model.model_validate(({} if whole is None else whole) | {column: value})
    except ValidationError as error:
        wrong = [each for each in error.errors(include_url=False) if each["loc"][:1] == (column,)]
        if not wrong and not checked:
            # Only the value itself is asked for; what the other fields say about it does not matter here.
            return value
        raise _unreadable(name, (wrong or error.errors(include_url=False))[0]["msg"]) from error
    return getattr(read, column)


def _unreadable(name: str, detail: str) -> Unprocessable:
    return Unprocessable(f"{name}: {detail}", errors=[{"pointer": f"/{name}", "detail": detail}])
