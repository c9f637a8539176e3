"""Calls about organisations and contracts."""

from collections.abc import AsyncIterator, Iterable
from typing import Any
from uuid import UUID

from gongping_client.models import (
    Acceptance,
    AcceptanceIn,
    BulkResult,
    Contract,
    ContractIn,
    LedgerEntry,
    LedgerIn,
    MilestoneReport,
    Observation,
    ObservationIn,
    Organisation,
    OrganisationIn,
)
from gongping_client.session import Session

__all__ = ["Contracts", "Organisations", "pages"]

_PAGE = 200


async def pages(session: Session, path: str, **params: object) -> AsyncIterator[dict[str, Any]]:
    """Every item of a list, page by page."""
    cursor: str | None = None
    while True:
        page = await session.get(path, limit=_PAGE, cursor=cursor, **params)
        for item in page["items"]:
            yield item
        cursor = page.get("next")
        if cursor is None:
            return


def _bulk(answer: dict[str, Any]) -> list[BulkResult]:
    return [BulkResult.model_validate(item) for item in answer["items"]]


class Organisations:
    """`/v1/organisations`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def create(self, organisation: OrganisationIn) -> Organisation:
        """Record an organisation; 409 when its credit code or external id is known."""
        answer = await self._session.post("/v1/organisations", organisation.document())
        return Organisation.model_validate(answer)

    async def upsert(self, organisations: Iterable[OrganisationIn]) -> list[BulkResult]:
        """Record or bring up to date, by external id; a result per item, in their order."""
        items = [organisation.document() for organisation in organisations]
        return _bulk(await self._session.post("/v1/organisations:bulk", {"items": items}))

    async def get(self, organisation_id: UUID) -> Organisation:
        """One organisation; 404 when there is none."""
        return Organisation.model_validate(await self._session.get(f"/v1/organisations/{organisation_id}"))

    async def list(self, **filters: object) -> AsyncIterator[Organisation]:
        """Every organisation; filters as in the API (uscc, role, source, external_id)."""
        async for item in pages(self._session, "/v1/organisations", **filters):
            yield Organisation.model_validate(item)


class Contracts:
    """`/v1/contracts` and what lies below it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def create(self, contract: ContractIn) -> Contract:
        """Draft a contract."""
        return Contract.model_validate(await self._session.post("/v1/contracts", contract.document()))

    async def upsert(self, contracts: Iterable[ContractIn]) -> list[BulkResult]:
        """Draft contracts or bring drafts up to date, by external id; a result per item, in their order."""
        items = [contract.document() for contract in contracts]
        return _bulk(await self._session.post("/v1/contracts:bulk", {"items": items}))

    async def get(self, contract_id: UUID) -> Contract:
        """One contract; 404 when there is none in the caller's regions."""
        return Contract.model_validate(await self._session.get(f"/v1/contracts/{contract_id}"))

    async def list(self, **filters: object) -> AsyncIterator[Contract]:
        """Every contract of the caller's regions; filters as in the API (state, origin, region, ...)."""
        async for item in pages(self._session, "/v1/contracts", **filters):
            yield Contract.model_validate(item)

    async def documents(self, **filters: object) -> AsyncIterator[dict[str, Any]]:
        """The same as the JSON documents that the API answers, for an export that leaves nothing out."""
        async for item in pages(self._session, "/v1/contracts", **filters):
            yield item

    async def update(self, contract_id: UUID, changes: dict[str, Any], *, version: int) -> Contract:
        """Change a draft that was read at this version; 412 when somebody else was faster."""
        response = await self._session.request(
            "PATCH", f"/v1/contracts/{contract_id}", json=changes, if_match=f'"{version}"'
        )
        return Contract.model_validate(response.json())

    async def _act(self, contract_id: UUID, action: str, body: dict[str, Any] | None = None) -> Contract:
        answer = await self._session.post(f"/v1/contracts/{contract_id}/{action}", body or {})
        return Contract.model_validate(answer)

    async def submit(self, contract_id: UUID) -> Contract:
        """Submit a draft for signature."""
        return await self._act(contract_id, "submit")

    async def return_(self, contract_id: UUID, *, reason: str) -> Contract:
        """Give a pending contract back to be drafted."""
        return await self._act(contract_id, "return", {"reason": reason})

    async def activate(self, contract_id: UUID, **known_at_signature: str) -> Contract:
        """Bring a pending contract into force; `signed_on`, `contract_number` if the draft does not have them.

        409 `contract-not-activatable` lists in `missing` what it lacks.
        """
        return await self._act(contract_id, "activate", dict(known_at_signature))

    async def suspend(self, contract_id: UUID, *, reason: str) -> Contract:
        """Suspend a contract in force."""
        return await self._act(contract_id, "suspend", {"reason": reason})

    async def resume(self, contract_id: UUID) -> Contract:
        """Bring a suspended contract back into force."""
        return await self._act(contract_id, "resume")

    async def complete(self, contract_id: UUID) -> Contract:
        """Complete a contract; 409 `contract-not-completable` lists in `missing` what it lacks."""
        return await self._act(contract_id, "complete")

    async def terminate(self, contract_id: UUID, *, reason: str, end_reason: str = "incomplete") -> Contract:
        """End a contract before its completion."""
        return await self._act(contract_id, "terminate", {"reason": reason, "end_reason": end_reason})

    async def cancel(self, contract_id: UUID, *, reason: str) -> Contract:
        """Give a contract up before it comes into force."""
        return await self._act(contract_id, "cancel", {"reason": reason})

    async def observe(self, contract_id: UUID, observation: ObservationIn) -> Observation:
        """Record an actual value of an agreed indicator."""
        path = f"/v1/contracts/{contract_id}/observations"
        return Observation.model_validate(await self._session.post(path, observation.document()))

    async def observations(self, contract_id: UUID) -> AsyncIterator[Observation]:
        """Every recorded value of a contract."""
        async for item in pages(self._session, f"/v1/contracts/{contract_id}/observations"):
            yield Observation.model_validate(item)

    async def post_entry(self, contract_id: UUID, entry: LedgerIn) -> LedgerEntry:
        """Post an entry to the ledger."""
        path = f"/v1/contracts/{contract_id}/ledger"
        return LedgerEntry.model_validate(await self._session.post(path, entry.document()))

    async def ledger(self, contract_id: UUID) -> AsyncIterator[LedgerEntry]:
        """Every entry of a contract's ledger."""
        async for item in pages(self._session, f"/v1/contracts/{contract_id}/ledger"):
            yield LedgerEntry.model_validate(item)

    async def accept(self, contract_id: UUID, acceptance: AcceptanceIn) -> Acceptance:
        """Record a result of acceptance; it books its own ledger entry."""
        path = f"/v1/contracts/{contract_id}/acceptances"
        return Acceptance.model_validate(await self._session.post(path, acceptance.document()))

    async def report(self, contract_id: UUID, milestone_id: UUID, report: MilestoneReport) -> Contract:
        """Report what became of a milestone."""
        path = f"/v1/contracts/{contract_id}/milestones/{milestone_id}/report"
        return Contract.model_validate(await self._session.post(path, report.document()))

    async def history(self, contract_id: UUID) -> AsyncIterator[dict[str, Any]]:
        """Every act on a contract, in order."""
        async for item in pages(self._session, f"/v1/contracts/{contract_id}/history"):
            yield item

    async def dossier(self, contract_id: UUID) -> dict[str, Any]:
        """Contract, feedback and score in one answer; each part says whether it is there."""
        answer: dict[str, Any] = await self._session.get(f"/v1/contracts/{contract_id}/dossier")
        return answer
