"""A determination pins one score row for ever."""

import asyncio
import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.scoring.cases import (
    AT,
    CONTRACT,
    acceptance,
    agreed,
    closed_wave,
    complete_history,
    entry,
    ident,
    observation,
    state,
)
from tests.scoring.conftest import QUESTIONS, SELF, Scoring
from tests.scoring.following import DOCUMENT

from shared import clock
from shared.events import DeterminationIssued, EventData
from shared.ids import new_id
from shared.testing import events


async def issued(scoring: Scoring) -> list[dict[str, Any]]:
    return [each.data for each in await events(scoring.database) if each.type == DeterminationIssued.TYPE]


async def test_a_determination_pins_the_head(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    head = await scoring.head(CONTRACT)
    answer = await scoring.determine(CONTRACT)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert answer.headers["location"] == f"/v1/determinations/{made['id']}"
    assert answer.headers["gongping-region"] == "CN-230102"
    for field in ("score", "grade", "coverage", "stage", "content_hash", "chain_hash", "framework_hash", "simulated"):
        assert made[field] == head[field]
    assert made["score_version"] == head["version"]
    assert made["evidence_cutoff"] == head["recorded_at"]
    assert made["signed_by"] == "officer-7"
    assert made["document_number"] == "哈财绩〔2026〕17号"
    (event,) = await issued(scoring)
    assert event["determination_id"] == made["id"]
    assert (event["score"], event["grade"], event["content_hash"]) == (
        made["score"],
        made["grade"],
        made["content_hash"],
    )
    (audit,) = await scoring.rows("SELECT action, noun_id, subject FROM audit")
    assert (audit.action, audit.noun_id, audit.subject) == ("determination.issued", made["id"], "officer-7")
    assert await scoring.get(f"/v1/determinations/{made['id']}") == made


async def test_open_link_enters_a_live_score_and_no_determination(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    later = AT + timedelta(days=30)
    linked = closed_wave(77, kind="completion", index=92.0, status="caution", design="open_link", closed_at=later)
    await scoring.hear(linked)
    head = await scoring.head(CONTRACT)
    answer = await scoring.determine(CONTRACT)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/evidence-not-determinable")
    assert answer.json()["waves"] == [str(linked.wave_id)]
    assert head["held"] == []
    # Whatever else the surveys call not determinable is not determined upon either.
    said = closed_wave(79, kind="completion", index=91.0, determinable=False, closed_at=later + timedelta(hours=1))
    await scoring.hear(said)
    assert (await scoring.determine(CONTRACT)).json()["waves"] == [str(said.wave_id)]
    asked = closed_wave(78, kind="completion", index=88.0, closed_at=later + timedelta(days=1))
    await scoring.hear(asked)
    assert (await scoring.determine(CONTRACT)).status_code == 201


async def test_held_evidence_blocks_and_says_what_to_do(scoring: Scoring) -> None:
    active = state("active", version=2)
    await scoring.hear(active)
    answer = await scoring.determine(CONTRACT)
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["type"] == "/problems/evidence-held"
    how = {each["what"]: each["how"] for each in problem["missing"]}
    assert how == {
        "execution": f"post the contract's entries: POST /v1/contracts/{CONTRACT}/ledger",
        "output.O1": f"record an observation of the indicator: POST /v1/contracts/{CONTRACT}/observations",
        "benefit.B1": f"record an observation of the indicator: POST /v1/contracts/{CONTRACT}/observations",
        "satisfaction.S1": "close a midterm wave of the contract with enough answers: "
        f"GET /v1/waves?contract_id={CONTRACT}",
    }
    assert all(each["rule"] for each in problem["missing"])
    await scoring.hear(state("active", version=3, indicators=active.indicators[:1], needs_basis=None))
    problem = (await scoring.determine(CONTRACT, framework_id=QUESTIONS)).json()
    how = {each["what"]: each["how"] for each in problem["missing"]}
    assert how["demand.needs_basis"].startswith("complete the terms")
    assert how["demand.satisfaction"].startswith("close a midterm wave")
    assert await issued(scoring) == []
    problem = (await scoring.determine(CONTRACT)).json()
    assert {each["what"]: each["how"] for each in problem["missing"]}["benefit"].startswith("agree indicators")


async def test_later_events_change_nothing_but_what_it_would_be_now(scoring: Scoring) -> None:
    """Number, grade and hash stand after 1,000 further events."""
    await scoring.hear(*complete_history())
    made = (await scoring.determine(CONTRACT)).json()
    path = f"/v1/determinations/{made['id']}"
    generator = random.Random(20261122)
    output, benefit, _ = state("active", version=2).indicators
    later: list[EventData] = []
    for number in range(10, 510):
        indicator = generator.choice((output, benefit))
        later += [
            observation(number, indicator, value=generator.randint(0, 100)),
            entry(number, generator.choice(("payment", "deduction", "refund")), amount=generator.randint(1, 5_000)),
        ]
    assert len(later) == 1000
    for start in range(0, 1000, 200):
        await scoring.hear(*later[start : start + 200])
    head = await scoring.head(CONTRACT)
    assert head["content_hash"] != made["content_hash"]
    now = await scoring.get(path)
    difference = now.pop("would_now_be")
    assert now | {"would_now_be": None} == made
    assert (difference["version"], difference["score"], difference["grade"], difference["content_hash"]) == (
        head["version"],
        head["score"],
        head["grade"],
        head["content_hash"],
    )
    assert float(difference["difference"]) == pytest.approx(float(head["score"]) - float(made["score"]), abs=1e-9)
    assert difference["difference"][0] in "+-"


async def test_a_score_that_moved_on_is_refused_unless_the_row_is_named(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    read = await scoring.head(CONTRACT)
    await scoring.hear(entry(9, "deduction", amount=6_000))
    answer = await scoring.determine(CONTRACT, score_version=read["version"])
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/score-not-head"
    assert answer.json()["version"] == read["version"] + 1
    named = await scoring.determine(CONTRACT, score_version=read["version"], content_hash=read["content_hash"])
    assert named.status_code == 201
    assert named.json()["score_version"] == read["version"]
    unknown = await scoring.determine(CONTRACT, framework_id=QUESTIONS, content_hash="f" * 64)
    assert unknown.status_code == 404
    assert unknown.json()["type"] == "/problems/score-not-found"


async def test_a_second_determination_replaces_the_first_by_name_and_reason(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    first = (await scoring.determine(CONTRACT)).json()
    twice = await scoring.determine(CONTRACT)
    assert twice.status_code == 409
    assert twice.json()["type"] == "/problems/determination-exists"
    assert twice.json()["determination_id"] == first["id"]
    await scoring.hear(entry(9, "deduction", amount=6_000))
    second = await scoring.determine(CONTRACT, replaces=first["id"], reason="a deduction was booked late")
    assert second.status_code == 201, second.text
    assert second.json()["score"] == "94.000000"
    old = await scoring.get(f"/v1/determinations/{first['id']}")
    assert (old["score"], old["replaced_by"]) == (first["score"], second.json()["id"])
    again = await scoring.determine(CONTRACT, replaces=first["id"], reason="once more")
    assert again.status_code == 409
    assert again.json()["type"] == "/problems/determination-replaced"
    assert again.json()["determination_id"] == second.json()["id"]
    assert [event["replaces"] for event in await issued(scoring)] == [None, first["id"]]
    listed = await scoring.get("/v1/determinations", contract_id=str(CONTRACT))
    assert [(item["id"], item["replaced_by"]) for item in listed["items"]] == [
        (first["id"], second.json()["id"]),
        (second.json()["id"], None),
    ]


async def test_frameworks_and_stages_are_determined_apart(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    first = (await scoring.determine(CONTRACT)).json()
    other = await scoring.determine(CONTRACT, framework_id=QUESTIONS)
    assert other.status_code == 201, other.text
    wrong = await scoring.determine(CONTRACT, framework_id=QUESTIONS, replaces=first["id"], reason="mixed up")
    assert wrong.status_code == 409
    assert wrong.json()["type"] == "/problems/determination-replaces-another"
    await scoring.hear(closed_wave(2, kind="followUp", index=90))
    followed = await scoring.determine(CONTRACT)
    assert followed.status_code == 201, followed.text
    assert followed.json()["stage"] == "followUp"
    # The determination of the completion stands beside it.
    assert (await scoring.get(f"/v1/determinations/{first['id']}"))["replaced_by"] is None


async def test_two_signers_at_the_same_time(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    answers = await asyncio.gather(*(scoring.determine(CONTRACT) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert len(await issued(scoring)) == 1


BAD: list[tuple[dict[str, Any], int, str | None]] = [
    ({"document_number": ""}, 422, "/document_number"),
    ({"content_hash": "short"}, 422, "/content_hash"),
    ({"score_version": "1"}, 422, "/score_version"),
    ({"score_version": 0}, 422, "/score_version"),
    ({"replaces": str(UUID(int=7))}, 422, "/"),
    ({"reason": "without saying what it replaces"}, 422, "/"),
    ({"grade": "excellent"}, 422, "/grade"),
    ({"framework_id": "five-questions"}, 404, None),
    ({"contract_id": str(UUID(int=7))}, 404, None),
    ({"replaces": str(UUID(int=7)), "reason": "unknown"}, 404, None),
]


async def test_bad_input_is_refused(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    for body, status, pointer in BAD:
        answer = await scoring.determine(CONTRACT, **body)
        assert answer.status_code == status, answer.text
        if pointer is not None:
            assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert await issued(scoring) == []


async def test_the_database_refuses_to_change_a_determination(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    await scoring.determine(CONTRACT)
    for statement in ("DELETE FROM determinations", "UPDATE determinations SET grade = 'excellent'"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with scoring.database.transaction() as session:
                await session.execute(text(statement))


async def test_a_provider_sees_determinations_about_itself_only(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    made = (await scoring.determine(CONTRACT)).json()
    await scoring.hear(entry(9, "deduction", amount=6_000))
    mine = scoring.client.as_("provider", organisation=ident(4, 2))
    # A determination takes effect on service: until it is handed over, the provider knows nothing of it.
    for path in (f"/v1/determinations/{made['id']}", f"/v1/determinations/{made['id']}/acts"):
        assert (await mine.get(path)).status_code == 404
    assert (await mine.get("/v1/determinations")).json()["items"] == []
    served = {"method": "in_person", "served_at": clock.now().isoformat(), "proof": DOCUMENT}
    for party, status in (("purchaser", 404), ("provider", 200)):
        act = await scoring.client.as_("finance").post(
            f"/v1/determinations/{made['id']}/service", json=served | {"party": party}
        )
        assert act.status_code == 201, act.text
        assert (await mine.get(f"/v1/determinations/{made['id']}")).status_code == status
    answer = await mine.get(f"/v1/determinations/{made['id']}")
    assert answer.status_code == 200
    assert answer.json()["would_now_be"] is None  # the live score is the officers'
    assert [item["id"] for item in (await mine.get("/v1/determinations")).json()["items"]] == [made["id"]]
    for organisation in (ident(4, 1), new_id()):
        other = scoring.client.as_("provider", organisation=organisation)
        assert (await other.get(f"/v1/determinations/{made['id']}")).status_code == 404
        assert (await other.get("/v1/determinations")).json()["items"] == []
    nobody = scoring.client.as_("provider")
    assert (await nobody.get("/v1/determinations")).status_code == 403


async def test_determinations_are_paged(scoring: Scoring) -> None:
    await scoring.hear(*complete_history())
    ids = [(await scoring.determine(CONTRACT, framework_id=name)).json()["id"] for name in (SELF, QUESTIONS)]
    first = await scoring.get("/v1/determinations", limit="1")
    assert [item["id"] for item in first["items"]] == ids[:1]
    second = await scoring.get("/v1/determinations", limit="1", cursor=first["next"])
    assert ([item["id"] for item in second["items"]], second["next"]) == (ids[1:], None)
    bad = await scoring.client.as_("finance").get("/v1/determinations", params={"cursor": "WzFd"})
    assert bad.status_code == 422
    missing = await scoring.client.as_("finance").get(f"/v1/determinations/{UUID(int=7)}")
    assert missing.json()["type"] == "/problems/determination-not-found"


async def test_what_the_contract_reweights_is_justified_by_the_signer(scoring: Scoring) -> None:
    indicators = (
        agreed(1, "output", "O1", target="100"),
        agreed(2, "output", "O2", target="100", missing="reweight"),
        agreed(3, "benefit", "B1", target="80"),
        agreed(4, "satisfaction", "S1", target="90"),
    )
    await scoring.hear(
        state("active", version=2, indicators=indicators),
        observation(1, indicators[0], value=90),
        observation(2, indicators[2], value=80),
        entry(1, "payment", amount=114_000),
        acceptance(1, accepted_value=120_000),
        state("completed", version=3, indicators=indicators),
        closed_wave(1, kind="completion", index=81.0),
    )
    assert (await scoring.head(CONTRACT))["held"] == []
    silent = await scoring.determine(CONTRACT)
    assert (silent.status_code, silent.json()["errors"][0]["pointer"]) == (422, "/reweighted/output.O2")
    why = {"output.O2": "the register that counts them was abolished in May"}
    other = await scoring.determine(CONTRACT, reweighted=why | {"output.O1": "nobody came to count them"})
    assert [each["pointer"] for each in other.json()["errors"]] == ["/reweighted/output.O1"]
    made = await scoring.determine(CONTRACT, reweighted=why)
    assert (made.status_code, made.json()["reweighted"]) == (201, why)
    # With its evidence it is an indicator like any other.
    await scoring.hear(observation(3, indicators[1], value=100))
    late = await scoring.determine(CONTRACT, replaces=made.json()["id"], reason="it was counted after all")
    assert (late.status_code, late.json()["reweighted"]) == (201, None)
