"""No answer of any GET endpoint tells somebody what that one may not know yet: planted values are looked for in all."""

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
from fastapi.routing import APIRoute
from tests.scoring.calibrations.calibration_steps import closed, entered, opened
from tests.scoring.conftest import SELF, Scoring
from tests.scoring.evaluations.evaluation_steps import PROVIDER, Steps, contract_id
from tests.scoring.following import DOCUMENT, history

from scoring.app import service
from scoring.scores.uncertainty import UNCERTAINTY_JOB
from shared import clock
from shared.jobs import Worker

CONTRACT_ID = contract_id(0)
MARKS = {"management": "83.17", "openness": "66.43"}
SAID = "a narrative that only its author knows"


def reads() -> Iterator[tuple[str, list[str]]]:
    """Path and required query parameters of every GET endpoint."""
    for routes in service.routers:
        for route in routes.routes:
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
                yield route.path, [each.name for each in route.dependant.query_params if each.field_info.is_required()]


class Eyes:
    """Somebody who reads everything that there is to read, under every id that the tests know."""

    def __init__(self, ids: Mapping[str, list[str]]) -> None:
        self.ids = {"framework_id": [SELF], "kind": ["xlsx"], "country": ["CN"], "form_id": ["simulated-form"]} | dict(
            ids
        )
        self.asked = {
            "contract_id": str(CONTRACT_ID),
            "framework_id": SELF,
            "year": str(clock.today().year),
            "region": "CN-23",
            "unit": str(PROVIDER),
            "before": f"{SELF}@1.0.0",
            "after": f"{SELF}@1.1.0",
        }

    async def see(self, client: httpx.AsyncClient, *secrets: str) -> set[str]:
        """Which of these words stand anywhere, headers included."""
        found: set[str] = set()
        for path, required in reads():
            names = re.findall(r"{(\w+)}", path)
            for values in itertools.product(*(self.ids.get(name, ["1.0.0"]) for name in names)):
                params = {name: self.asked[name] for name in required}
                answer = await client.get(path.format(**dict(zip(names, values, strict=True))), params=params)
                told = f"{dict(answer.headers)} {answer.text}"
                found |= {secret for secret in secrets if secret in told}
        return found


async def rate(steps: Steps, number: int) -> None:
    """Submit the marks that nobody else may know, and their narrative."""
    for task in await steps.tasks(number):
        path = f"/v1/evaluations/assignments/{task['id']}"
        client = steps.as_evaluator(number)
        assert (await client.post(f"{path}/declaration", json={"conflict": False})).status_code == 200
        marks: list[dict[str, Any]] = [
            {"criterion": code, "mark": mark, "narrative": SAID} for code, mark in MARKS.items()
        ]
        marks[0] |= {"tier": "achieved", "tier_reason": SAID}
        answer = await client.post(f"{path}/ratings", json={"marks": marks})
        assert answer.status_code == 201, answer.text
        assert (await client.post(f"{path}/submit")).status_code == 200


async def test_what_nobody_may_know_yet_stands_in_no_answer(scoring: Scoring) -> None:
    steps = Steps(scoring)
    for number in range(3):
        await scoring.hear(*history(contract=contract_id(number), output=73 + number, benefit=61, index=77.7))
    await steps.register(5)
    await steps.planned(3, per_case=3, evaluator_ids=[each["id"] for each in steps.evaluators[:3]])
    await steps.drawn()
    await rate(steps, 0)
    eyes = Eyes(await ids_of(steps))
    live = (await scoring.head(CONTRACT_ID))["score"]
    points, marks = live[:5], (*MARKS.values(), SAID)  # a report cuts after two decimals
    officer, mine = scoring.client.as_("finance", regions=["CN-23"]), steps.as_evaluator(0)
    outsiders = {
        "provider": scoring.client.as_("provider", organisation=PROVIDER),
        "idle evaluator": steps.as_evaluator(3),
        "public": scoring.client.as_("public"),
        "foreign": scoring.client.as_("auditor", regions=["CN-31"]),
    }
    # The live score is the officers' alone, and found where it stands; marks are nobody's before the rating is closed.
    assert await eyes.see(officer, *marks, live, points) == {live, points}
    for who, client in (outsiders | {"evaluator who still rates": steps.as_evaluator(1)}).items():
        assert not await eyes.see(client, *marks, live, points), who
    assert await eyes.see(mine, *marks, live, points) == set(marks)  # one's own

    # Rated, closed and calibrated, not yet shown to the parties.
    for number in (1, 2):
        await rate(steps, number)
    await steps.post(f"/evaluations/{steps.id}/close", {}, expect=200)
    made = await opened(steps, steps.id)
    await closed(steps, made["id"])
    await entered(steps)
    worker = Worker(scoring.database, [UNCERTAINTY_JOB])
    while await worker.run_one():
        pass
    eyes = Eyes(await ids_of(steps))
    live = (await scoring.head(CONTRACT_ID))["score"]
    del outsiders["idle evaluator"]
    for who, client in outsiders.items():
        assert not await eyes.see(client, *marks, live, live[:5]), who

    # Signed: the officers'. Handed over: the provider's. Published: everybody's, without the signer.
    issued = await scoring.determine(CONTRACT_ID, document_number="a number of the act")
    assert issued.status_code == 201, issued.text
    act = issued.json()
    report = await officer.post("/v1/reports", json={"determination_id": act["id"]})
    assert report.status_code == 201, report.text
    eyes = Eyes(await ids_of(steps))
    secrets = (act["document_number"], act["score"], act["score"][:5], act["content_hash"])
    for who, client in outsiders.items():
        assert not await eyes.see(client, *secrets), who
    served = {"party": "provider", "method": "in_person", "served_at": clock.now().isoformat(), "proof": DOCUMENT}
    answer = await officer.post(f"/v1/determinations/{act['id']}/service", json=served)
    assert answer.status_code == 201, answer.text
    for who, client in outsiders.items():
        assert bool(await eyes.see(client, *secrets)) == (who == "provider"), who
    answer = await officer.post(f"/v1/determinations/{act['id']}/publication", json={})
    assert answer.status_code == 201, answer.text
    told = await eyes.see(outsiders["public"], act["document_number"], "officer-7", *marks)
    assert told == {act["document_number"]}


async def ids_of(steps: Steps) -> dict[str, list[str]]:
    """Every id that a path may ask for, as it stands in the database."""
    contract = str(CONTRACT_ID)
    rows = {
        "assignment_id": "SELECT id FROM evaluation_assignments WHERE case_id IN (SELECT id FROM evaluation_cases "
        "WHERE contract_id = :contract)",
        "case_id": "SELECT id FROM evaluation_cases WHERE contract_id = :contract",
        "round_id": "SELECT round_id AS id FROM calibration_cases WHERE contract_id = :contract",
        "determination_id": "SELECT id FROM determinations WHERE contract_id = :contract",
        "report_id": "SELECT id FROM reports WHERE contract_id = :contract",
        "evidence_id": "SELECT id FROM evidence WHERE contract_id = :contract AND kind IN ('rating', 'wave')",
    }
    found = {name: await steps.scoring.rows(sql, contract=contract) for name, sql in rows.items()}
    nothing_yet = ("appeal_id", "rectification_id", "use_id")
    return {
        **{name: [str(row.id) for row in items] or [contract] for name, items in found.items()},
        **{name: [contract] for name in nothing_yet},
        "contract_id": [contract],
        "evaluation_id": [steps.id],
        "evaluator_id": [steps.evaluators[0]["id"]],
    }
