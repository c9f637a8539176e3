"""Which contracts a version of a framework would re-grade, asked before it is approved."""

import copy
from typing import Any
from uuid import UUID

from tests.scoring.cases import closed_wave, complete_history, renamed
from tests.scoring.conftest import Scoring, contract_of
from tests.scoring.frameworks.framework_drafts import OWN, act, bring_into_force, officer, register

from scoring.frameworks.queries import find_framework
from scoring.scores.framework_changes import FRAMEWORK_JOB
from scoring.scores.impacts.service import IMPACT_JOB
from scoring.scores.rescore import RESCORE_JOB
from shared.events import Estimate, EventData
from shared.ids import new_id
from shared.jobs import Worker

HEADS = "SELECT contract_id, framework_id, content_hash FROM score_heads ORDER BY contract_id, framework_id"


def version(number: str, **changes: Any) -> dict[str, Any]:
    """A framework of the province that grades as the self-evaluation does."""
    written = copy.deepcopy(dict(find_framework("cn-self-evaluation").written))
    return written | {"id": OWN, "version": number} | changes


def heard(index: float) -> list[EventData]:
    """A complete contract whose recipients' satisfaction is uncertain."""
    *events, _ = complete_history()
    answer = Estimate(item="overall", measure="index100", estimate=index, se=20.0, df=60.0, status="ok")
    return renamed([*events, closed_wave(1, kind="completion", index=index, estimates=(answer,))], new_id())


async def run(scoring: Scoring) -> None:
    worker = Worker(scoring.database, [FRAMEWORK_JOB, RESCORE_JOB, IMPACT_JOB])
    while await worker.run_one():
        pass


async def test_the_impact_names_the_contracts_and_writes_no_score(scoring: Scoring) -> None:
    histories = [heard(index) for index in (40.0, 90.0)]
    await scoring.hear(*[event for history in histories for event in history])
    low, high = (contract_of(history[0]) for history in histories)
    author = officer(scoring, "officer-1")
    address = f"/v1/frameworks/{OWN}/versions/{{}}/impact"

    # The first version is compared with nothing.
    await register(author, version("1.0.0"))
    asked = await author.post(address.format("1.0.0"))
    assert (asked.status_code, asked.json()["state"]) == (202, "running")
    assert (await author.post(address.format("1.0.0"))).json()["id"] == asked.json()["id"]
    assert (await author.get(address.format("1.0.0"))).json()["contracts"] == 0
    await run(scoring)
    first = (await author.get(address.format("1.0.0"))).json()
    assert (first["state"], first["against"], first["contracts"], first["changed"]) == ("done", None, 2, 2)
    assert first["transitions"] == {"none": {"excellent": 1, "good": 1}}

    await register(author, version("1.0.0") | {"version": "1.0.1"})
    await author.post(f"/v1/frameworks/{OWN}/versions/1.0.0/submit")
    approved = await act(officer(scoring, "officer-2"), "approve", "1.0.0", reason="simulated")
    assert approved.status_code == 200
    await run(scoring)
    before = await scoring.rows(HEADS)

    # The same rules under a new number: uncertain as the grades are, none changes under the same draws.
    await author.post(address.format("1.0.1"))
    await run(scoring)
    same = (await author.get(address.format("1.0.1"))).json()
    assert (same["against"], same["contracts"], same["changed"]) == (f"{OWN}@1.0.0", 2, 0)
    assert (same["expected"], same["changes"]) == ("0.000000", [])

    grades = copy.deepcopy(version("1.1.0")["grades"])
    grades[0]["minimum"] = 95
    await register(author, version("1.1.0", grades=grades))
    await author.post(address.format("1.1.0"))
    await run(scoring)
    stricter = (await author.get(address.format("1.1.0"))).json()
    assert stricter["transitions"] == {"excellent": {"good": 1}, "good": {"good": 1}}
    (changed,) = [each for each in stricter["changes"] if each["grade_before"] != each["grade_after"]]
    assert (UUID(changed["contract_id"]), changed["grade_before"], changed["grade_after"]) == (
        high,
        "excellent",
        "good",
    )
    assert changed["score_before"] == changed["score_after"] == "94.500000"
    assert 0.9 < float(changed["probability"]) < 1  # below 49.5 points of satisfaction it was good before
    assert str(low) not in {each["contract_id"] for each in stricter["changes"]}
    assert float(changed["probability"]) < float(stricter["expected"]) < 2
    assert await scoring.rows(HEADS) == before

    # A page at a time, and nothing of a foreign region.
    page = (await author.get(address.format("1.0.0"), params={"limit": 1})).json()
    rest = (await author.get(address.format("1.0.0"), params={"limit": 1, "cursor": page["next"]})).json()
    assert [each["contract_id"] for each in (*page["changes"], *rest["changes"])] == sorted(map(str, (low, high)))
    assert rest["next"] is None
    foreign = officer(scoring, "officer-9", "CN-31")
    assert (await foreign.get(address.format("1.1.0"))).status_code == 404
    assert (await foreign.post(address.format("1.1.0"))).status_code == 404

    # A draft that changes while it is computed.
    await author.post(address.format("1.1.0"))
    grades[0]["minimum"] = 96
    body = {"reason": "stricter", "document": version("1.1.0", grades=grades)}
    assert (await author.put(f"/v1/frameworks/{OWN}/versions/1.1.0", json=body)).status_code == 200
    await run(scoring)
    assert (await author.get(address.format("1.1.0"))).json()["state"] == "stale"


async def test_an_heir_is_compared_with_what_it_follows(scoring: Scoring) -> None:
    await scoring.hear(*heard(90.0))
    parent = find_framework("common-core")
    document = copy.deepcopy(dict(parent.written)) | {
        "id": OWN,
        "inherits": {"id": parent.id, "version": parent.version, "hash": parent.written_hash},
    }
    del document["offered"]
    await bring_into_force(scoring, document)
    author = officer(scoring, "officer-1")
    await author.post(f"/v1/frameworks/{OWN}/versions/1.0.0/impact")
    await run(scoring)
    found = (await author.get(f"/v1/frameworks/{OWN}/versions/1.0.0/impact")).json()
    assert (found["against"], found["changed"]) == ("common-core@1.0.0", 0)
    assert found["expected"] == "0.000000"
    assert sum(sum(to.values()) for to in found["transitions"].values()) == found["contracts"] == 1
