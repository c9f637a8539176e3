"""The self-evaluation table of a score row, from the evidence that the row names."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.determinations.queries import Found
from scoring.evidence.queries import contract_of
from scoring.frameworks.service import registry
from scoring.reports.errors import NothingToReport
from scoring.reports.selfevaluation import Header, table_nodes, write_workbook
from scoring.reports.words import words_of
from scoring.scores.facts import read_facts
from scoring.scores.queries import items_of, row_of

__all__ = ["self_evaluation"]


async def self_evaluation(
    session: AsyncSession, *, contract_id: UUID, framework_id: str, found: Found | None
) -> tuple[bytes, str]:
    """The workbook and the contract's region: of a determination, or without one of the live score.

    Raises ScoreNotFound, and TableNotAdditive for a framework whose points do not add up.
    """
    determination = found[0] if found else None
    content_hash = determination.content_hash if determination else None
    row = await row_of(session, contract_id=contract_id, framework_id=framework_id, content_hash=content_hash)
    framework = (await registry(session)).by_hash(row.framework_hash)
    content: Mapping[str, Any] = row.content
    result = content["result"]
    evidence = await items_of(session, content)
    facts = read_facts(str(contract_id), evidence, stage=result["stage"])
    if facts is None:
        raise NothingToReport(f"The terms of contract {contract_id} are not among the row's evidence.")
    contract = await contract_of(session, contract_id)
    terms = facts.terms
    value = float(terms["value"]) if terms.get("value") else None
    executed = None
    if facts.execution is not None and value is not None:
        executed = round(float(facts.execution.value) * value, 2)
    header = Header(
        title=contract.title if contract and contract.title else str(contract_id),
        contract_id=str(contract_id),
        purchaser=(contract.purchaser_name or str(contract.purchaser_id or "")) if contract else "",
        provider=(contract.provider_name or str(contract.provider_id or "")) if contract else "",
        stage=words_of("zh").code("stage", result["stage"]),
        framework=f"{framework.title['zh']} {framework.version}",
        currency=terms.get("currency") or "",
        budget=float(terms["budget"]) if terms.get("budget") else None,
        value=value,
        executed=executed,
        score=result.get("ungated", result["score"]),
        grades=[(grade.title["zh"], grade.minimum) for grade in framework.grades],
        content_hash=row.content_hash,
        simulated=row.simulated,
        determined=determination.document_number if determination else None,
    )
    nodes = table_nodes(facts, framework, content)
    return await asyncio.to_thread(write_workbook, header, nodes), row.region
