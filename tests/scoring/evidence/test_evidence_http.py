"""Evidence that is stated over HTTP: shown, scored, corrected by what supersedes it, and known as of a day."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.scoring.cases import CONTRACT, complete_history, entry, ident
from tests.scoring.conftest import Scoring
from tests.scoring.evidence.test_statements import MANUAL, STATISTIC

from scoring.canonical import canonical, sha256
from scoring.evidence.queries import evidence_as_of
from scoring.evidence.service import SCORE_CONTRACT
from scoring.evidence.statements import standing
from shared import clock


async def state(scoring: Scoring, body: dict[str, Any], *, status: int = 201) -> dict[str, Any]:
    answer = await scoring.client.as_("purchaser", subject="officer-3").post("/v1/evidence", json=body)
    assert answer.status_code == status, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def listed(scoring: Scoring, **params: str) -> list[str]:
    found = await scoring.get("/v1/evidence", contract_id=str(CONTRACT), **params)
    return [item["id"] for item in found["items"]]


async def test_statements_are_stored_hashed_and_scored_again(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    made = await state(scoring, MANUAL)
    assert (made["quality"], made["recorded_by"], made["event_id"]) == ("verified", "officer-3", None)
    assert made["sha256"] == sha256(canonical({"body": made["body"], "id": made["id"], "kind": "manual"}))
    assert await scoring.get(f"/v1/evidence/{made['id']}") == made
    jobs = await scoring.rows("SELECT key FROM job WHERE kind = :kind AND state = 'open'", kind=SCORE_CONTRACT)
    assert [job.key for job in jobs] == [str(CONTRACT)]
    (audited,) = await scoring.rows("SELECT subject, noun_id FROM audit WHERE action = 'evidence.added'")
    assert (audited.subject, audited.noun_id) == ("officer-3", made["id"])

    unsure = await state(scoring, STATISTIC | {"design": None, "n": None, "dist": "normal"})
    assert unsure["quality"] == "unverified"
    assert unsure["body"]["lacks"] == ["n", "design"]
    sure = await state(scoring, STATISTIC | {"supersedes": unsure["id"]})
    assert (sure["quality"], sure["supersedes"]) == ("verified", unsure["id"])
    twice = await state(scoring, STATISTIC | {"supersedes": unsure["id"]}, status=409)
    assert (twice["type"], twice["evidence_id"]) == ("/problems/evidence-superseded", sure["id"])
    other = await state(scoring, STATISTIC | {"supersedes": made["id"]}, status=409)
    assert other["type"] == "/problems/evidence-supersedes-another"
    unknown = await state(scoring, STATISTIC | {"supersedes": str(ident(9, 9))}, status=404)
    assert unknown["type"] == "/problems/evidence-not-found"
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    early = await state(scoring, MANUAL | {"valid_on": tomorrow}, status=422)
    assert [error["pointer"] for error in early["errors"]] == ["/valid_on"]
    with pytest.raises(DBAPIError, match="append-only"):
        async with scoring.database.transaction() as session:
            await session.execute(text("UPDATE evidence SET quality = 'verified'"))


async def test_an_exact_count_reconciles_with_the_ledger_or_a_register(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    paid = MANUAL | {"measure": "paid-out", "dist": "exact", "tier": None, "value": "114000"}
    entries = {"source": "ledger", "entries": [str(ident(6, 1))]}
    made = await state(scoring, paid | {"reconciles": entries})
    assert (made["body"]["se"], made["body"]["value"]) == ("0.000000", "114000.000000")
    refused = await state(scoring, paid | {"value": "114001", "reconciles": entries}, status=409)
    assert refused["type"] == "/problems/evidence-not-reconciled"
    assert (refused["stated"], refused["found"]) == ("114001", "114000.00")
    unknown = {"source": "ledger", "entries": [str(ident(6, 1)), str(ident(6, 8))]}
    missing = await state(scoring, paid | {"reconciles": unknown}, status=409)
    assert missing["missing"] == [str(ident(6, 8))]
    # A payment that was taken back was never made, and two currencies have no sum.
    back = entry(5, "reversal", amount=114_000, reverses=ident(6, 1))
    await scoring.hear(back, entry(6, "payment", amount=1, currency="EUR"))
    gone = await state(scoring, paid | {"reconciles": entries}, status=409)
    assert gone["missing"] == [str(back.entry_id)]
    both = {"source": "ledger", "entries": [str(ident(6, 1)), str(back.entry_id)]}
    assert (await state(scoring, paid | {"value": "0", "reconciles": both}))["body"]["value"] == "0.000000"
    mixed = {"source": "ledger", "entries": [*both["entries"], str(ident(6, 6))]}
    assert "CNY and EUR" in (await state(scoring, paid | {"value": "1", "reconciles": mixed}, status=409))["detail"]
    register = {"source": "register", "register_name": "civil affairs register", "reference": "2026-06", "count": "31"}
    beds = MANUAL | {"measure": "beds", "dist": "exact", "tier": None, "value": "31", "reconciles": register}
    assert (await state(scoring, beds))["body"]["details"]["reconciles"]["reference"] == "2026-06"
    assert (await state(scoring, beds | {"value": "32"}, status=409))["found"] == "31"


async def test_what_was_known_on_a_day_about_another(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=5)
    may = STATISTIC | {"valid_on": "2026-05-20", "valid_until": "2026-07-01"}
    with clock.frozen(start):
        first = (await state(scoring, may))["id"]
    with clock.frozen(start + timedelta(days=30)):
        late = (await state(scoring, may | {"value": "6.5", "supersedes": first}))["id"]
        june = (await state(scoring, STATISTIC | {"valid_on": "2026-06-20"}))["id"]
    before, after = (start + timedelta(days=10)).isoformat(), (start + timedelta(days=40)).isoformat()
    kind = {"kind": "statistic"}
    assert await listed(scoring, known_at=before, **kind) == [first]
    assert await listed(scoring, known_at=after, **kind) == [first, late, june]
    assert await listed(scoring, known_at=before, in_force="true", **kind) == [first]
    assert await listed(scoring, known_at=after, in_force="true", **kind) == [late, june]
    assert await listed(scoring, known_at=after, valid_at="2026-05-30", in_force="true", **kind) == [late]
    assert await listed(scoring, known_at=after, valid_at="2026-07-01", in_force="true", **kind) == [june]
    assert await listed(scoring, valid_at="2026-05-19", **kind) == []
    contract = await scoring.get("/v1/evidence", contract_id=str(CONTRACT), kind="contract", in_force="true")
    assert [item["version"] for item in contract["items"]] == [3]
    async with scoring.database.reading() as session:
        rows = [
            await evidence_as_of(session, CONTRACT, known_at=datetime.fromisoformat(moment))
            for moment in (before, after)
        ]
    values = [[each.value for each in standing(known)["manual", "waiting-days"]] for known in rows]
    assert values == [[4.25], [4.25, 6.5]]
    assert [[item[2] for item in known if item[1] == "contract"] for known in rows] == [[3], [3]]
