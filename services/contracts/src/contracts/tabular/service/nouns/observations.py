"""Rows of observations. A changed value under a known reference is a correction: a new fact that names the old one."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.contracts.queries import observables_by_code
from contracts.observations.imported import ImportedObservation, record_imported_observations, withdraw_observation
from contracts.observations.plausibility import doubts_about, impossible
from contracts.rows import insert_rows
from contracts.tabular.queries import RowRecord, references_of, standing_observations
from contracts.tabular.rows import Row
from contracts.tabular.service.context import Context, contracts_of, digest
from shared import clock
from shared.copying import copy_in

__all__ = ["apply_observations", "undo_observation"]

_OF_THE_DAY = ("beforeTerm", "afterTerm")
_CORRECTED = "corrected in the source of the import"
_REMEMBER = (
    "ON CONFLICT (source, noun, reference) DO UPDATE "
    "SET target_id = excluded.target_id, content_hash = excluded.content_hash"
)
_FORGET = text("DELETE FROM table_import_references WHERE source = :source AND noun = :noun AND target_id = :id")


async def apply_observations(session: AsyncSession, context: Context, rows: Sequence[Row]) -> None:
    """Known by the reference, else by contract, indicator and day."""
    ready = await _sound(session, context, rows)
    known_references = await references_of(
        session, source=context.source, noun="observations", references=[reference for _, _, reference, _ in ready]
    )
    standing = (
        await standing_observations(session, ids=[target for target, _ in known_references.values()])
        if known_references
        else set()
    )
    fresh: list[tuple[Row, ImportedObservation, str, str, str]] = []
    for row, fact, reference, told_hash in ready:
        target, last = known_references.get(reference, (None, None))
        if target is not None and last == told_hash and target in standing:
            row.done("unchanged", target)
        elif target is not None and target in standing:
            corrected = _correction(fact, target)
            fresh.append((row, corrected, reference, told_hash, "updated"))
        elif target is not None and last == told_hash:
            row.done("unchanged", target)
            row.warn("value", "was corrected here since; the later value stays")
        else:
            fresh.append((row, fact, reference, told_hash, "created"))
    ids = await record_imported_observations(session, [fact for _, fact, _, _, _ in fresh], import_id=context.import_id)
    remembered: dict[str, dict[str, Any]] = {}
    added: dict[str, tuple[Any, ...]] = {}
    for (row, fact, reference, told_hash, outcome), target_id in zip(fresh, ids, strict=True):
        row.done(outcome, target_id, {"supersedes": str(fact.supersedes)} if fact.supersedes else None)
        if reference not in known_references:
            added[reference] = (context.source, "observations", reference, target_id, told_hash)
            continue
        remembered[reference] = {
            "source": context.source,
            "noun": "observations",
            "reference": reference,
            "target_id": target_id,
            "content_hash": told_hash,
        }
    if added:
        columns = ("source", "noun", "reference", "target_id", "content_hash")
        # Where another import adds one at the same moment, the chunk is refused and its rows are decided anew.
        await copy_in(session, "table_import_references", columns=columns, records=list(added.values()))
    await insert_rows(session, "table_import_references", list(remembered.values()), tail=_REMEMBER)


async def _sound(
    session: AsyncSession, context: Context, rows: Sequence[Row]
) -> list[tuple[Row, ImportedObservation, str, str]]:
    """(row, fact, reference, hash) of the rows that can be observations; doubtful ones say why and go on."""
    today = clock.today()
    pairs = await contracts_of(session, context, rows, sides=("purchaser", "provider"))
    agreed = await observables_by_code(
        session, keys=[(known.head.contract_id, row.values["indicator"]) for row, known in pairs]
    )
    ready: list[tuple[Row, ImportedObservation, str, str]] = []
    for row, known in pairs:
        values, head = row.values, known.head
        indicator_id, indicator = agreed.get((head.contract_id, values["indicator"]), (None, None))
        if indicator_id is None or indicator is None:
            row.reject("indicator", "is none of the contract's indicators; GET /v1/contracts/{id} lists them")
            continue
        if values["observed_on"] > today:
            row.reject("observed_on", "is in the future; record what has happened")
            continue
        reason = impossible(indicator, values["value"])
        if reason is not None:
            row.reject("value", reason)
            continue
        for doubt in doubts_about(indicator, values["value"], values["observed_on"]):
            row.warn("observed_on" if doubt["code"] in _OF_THE_DAY else "value", doubt["detail"])
        reference = values["reference"] or f"{head.contract_id}|{values['indicator']}|{values['observed_on']}"
        fact = ImportedObservation(
            contract_id=head.contract_id,
            region=head.region,
            indicator_id=indicator_id,
            indicator_code=values["indicator"],
            value=values["value"],
            observed_on=values["observed_on"],
            document_sha256=values["document_sha256"],
            note=values["note"],
        )
        told = [indicator_id, values["value"], values["observed_on"], values["document_sha256"], values["note"]]
        ready.append((row, fact, reference, digest(told)))
    return ready


def _correction(fact: ImportedObservation, target: Any) -> ImportedObservation:  # noqa: ANN401 - an id
    return ImportedObservation(
        contract_id=fact.contract_id,
        region=fact.region,
        indicator_id=fact.indicator_id,
        indicator_code=fact.indicator_code,
        value=fact.value,
        observed_on=fact.observed_on,
        document_sha256=fact.document_sha256,
        note=fact.note or _CORRECTED,
        supersedes=target,
    )


async def undo_observation(session: AsyncSession, context: Context, row: RowRecord) -> str | None:
    """Withdraw it: nothing counts it any more, and the fact that it was recorded stays."""
    assert row.target_id is not None  # noqa: S101 - written by apply_observations
    if row.outcome == "updated":
        return "it corrects an earlier value, which a score may have used since; record the right value instead"
    refusal = await withdraw_observation(session, observation_id=row.target_id)
    if refusal is None:
        await session.execute(_FORGET, {"source": context.source, "noun": "observations", "id": row.target_id})
    return refusal
