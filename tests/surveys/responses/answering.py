"""What the tests of answering share: an invited wave, and handing in with a token."""

from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import text
from tests.surveys.conftest import Json, Surveys, answers, contract_fields

from shared.events import ContractActivated
from shared.jobs import ClaimedJob
from surveys.responses.handlers import mix_job

COLUMNS = "SELECT * FROM responses_staged UNION ALL SELECT * FROM responses"


async def open_wave(surveys: Surveys, **fields: Json) -> str:
    """A wave opened by hand, a census unless told otherwise."""
    contract = ContractActivated.model_validate(contract_fields(beneficiary_population=40))
    await surveys.hear(contract)
    body = {"contract_id": str(contract.contract_id), "kind": "midterm", "design": "census"} | fields
    answer = await surveys.client.as_("operator").post("/v1/waves", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def invite(surveys: Surveys, people: int, **fields: Json) -> tuple[str, list[dict[str, Any]]]:
    """An open wave with a list of people, and their invitations."""
    wave_id = await open_wave(surveys)
    officer = surveys.client.as_("purchaser")
    rows = [
        {"reference": f"P-{number:05d}", "attributes": {"sex": "fm"[number % 2]}} | fields for number in range(people)
    ]
    held = {"held_by": "purchaser", "source": "登记册"}
    loaded = await officer.post(f"/v1/waves/{wave_id}/frame", params=held, json={"rows": rows})
    assert loaded.status_code == 200, loaded.text
    drawn = await officer.post(f"/v1/waves/{wave_id}/frame/draw", json={})
    assert drawn.status_code == 200, drawn.text
    issued = await officer.post(f"/v1/waves/{wave_id}/invitations", json={"limit": 5000})
    assert issued.status_code == 201, issued.text
    items: list[dict[str, Any]] = issued.json()["items"]
    return wave_id, items


async def send(
    surveys: Surveys,
    wave_id: str,
    token: str | None,
    body: Json = None,
    *,
    submission_id: UUID | None = None,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    """Answer as one of the public."""
    sent = ({"Survey-Token": token} if token else {}) | (headers or {})
    path = f"/v1/waves/{wave_id}/responses/{submission_id or uuid4()}"
    return await surveys.client.anonymous.put(path, json=answers() if body is None else body, headers=sent)


async def select(surveys: Surveys, sql: str, **values: Json) -> list[Any]:
    """Rows of the database."""
    async with surveys.database.reading() as session:
        return list(await session.execute(text(sql), values))


async def run_mover(surveys: Surveys) -> int:
    """Run the mover's job to its end, a transaction for each turn; returns the turns that moved something."""
    cursor: Json = None
    turns = 0
    while True:
        async with surveys.database.transaction() as session:
            outcome = await mix_job.run(session, ClaimedJob(UUID(int=0), mix_job.kind, "recurring", {}, cursor, 0))
        if outcome is None:
            return turns
        turns, cursor = turns + 1, outcome.cursor
