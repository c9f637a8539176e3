"""The steps of an evaluation as the tests repeat them; everything in it is simulated."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from tests.scoring.cases import ident, state
from tests.scoring.conftest import Scoring

from shared import clock
from shared.events import EventData, PartyRef

PURCHASER, PROVIDER = ident(4, 1), ident(4, 2)
FRAMEWORK = "cn-self-evaluation"
JSON = dict[str, Any]


def text(en: str) -> JSON:
    return {"en": en, "zh": en}


def tiered(code: str, **rest: Any) -> JSON:
    """A criterion with the ministry's three tiers."""
    return {
        "code": code,
        "title": text(code),
        "anchors": [
            {"value": 0, "description": text("nothing of it is there")},
            {"value": 60, "description": text("the main points are there")},
            {"value": 80, "description": text("all points but details")},
            {"value": 100, "description": text("all points, with proof")},
        ],
        "tiers": [
            {"code": "not_achieved", "title": text("not achieved"), "minimum": 0, "maximum": 60},
            {"code": "partly_achieved", "title": text("partly achieved"), "minimum": 60, "maximum": 80},
            {"code": "achieved", "title": text("achieved"), "minimum": 80, "maximum": 100},
        ],
        "narrative_minimum": 10,
    } | rest


def form(**rest: Any) -> JSON:
    plain = tiered("openness", tiers=[], weight=40)
    return {
        "id": "simulated-form",
        "version": "1.0.0",
        "title": text("A simulated form"),
        "source": "simulated",
        "criteria": [tiered("management", weight=60), plain],
    } | rest


def contract_id(number: int) -> UUID:
    return ident(1, 100 + number)


def contracts(count: int, *, start: int = 0, provider: UUID | None = None, **terms: Any) -> list[EventData]:
    """Contracts from number `start` on, of a provider each (number 0 of PROVIDER) or all of one."""
    return [
        state(
            "active",
            version=2,
            contract_id=contract_id(number),
            provider=PartyRef(
                organisation_id=provider or (PROVIDER if number == 0 else ident(4, 50 + number)), name="simulated"
            ),
            **terms,
        )
        for number in range(start, start + count)
    ]


class Steps:
    """An evaluation under test."""

    def __init__(self, scoring: Scoring) -> None:
        self.scoring = scoring
        self.evaluators: list[JSON] = []
        self.id = ""

    async def post(
        self,
        path: str,
        body: Any = None,
        *,
        role: str = "finance",
        subject: str = "planner",
        expect: int = 201,
        **who: Any,
    ) -> Any:
        answer = await self.scoring.client.as_(role, subject=subject, **who).post(f"/v1{path}", json=body)
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def get(self, path: str, *, role: str = "finance", expect: int = 200, **who: Any) -> Any:
        answer = await self.scoring.client.as_(role, **who).get(f"/v1{path}")
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def register(self, count: int, *, organisation: UUID | None = None, region: str = "CN-230000") -> list[JSON]:
        """An organisation with evaluators, and the form."""
        await self.post("/evaluations/forms", form())
        name = f"simulated evaluators {len(self.evaluators)}"
        made = await self.post(
            "/evaluators/organisations",
            {"region": region, "name": name, "organisation_id": str(organisation) if organisation else None},
        )
        for number in range(len(self.evaluators), len(self.evaluators) + count):
            self.evaluators.append(
                await self.post(
                    "/evaluators",
                    {
                        "organisation_id": made["id"],
                        "code": f"E-{number:04}",
                        "subject": f"evaluator-{number}",
                        "home_region": "CN-230100",
                    },
                )
            )
        return self.evaluators

    def plan(self, cases: int, *, start: int = 0, **rest: Any) -> JSON:
        return {
            "title": "A simulated evaluation",
            "region": "CN-230000",
            "framework_id": FRAMEWORK,
            "form_id": "simulated-form",
            "stage": "completion",
            "contract_ids": [str(contract_id(number)) for number in range(start, start + cases)],
            "evaluator_ids": [each["id"] for each in self.evaluators[:-1]],
            "lead_id": self.evaluators[-1]["id"],
            "per_case": 2,
            "rating_until": (clock.now() + timedelta(days=30)).isoformat(),
        } | rest

    async def planned(self, cases: int, **rest: Any) -> JSON:
        made: JSON = await self.post("/evaluations", self.plan(cases, **rest))
        self.id = made["id"]
        return made

    async def drawn(self) -> JSON:
        draw: JSON = await self.post(f"/evaluations/{self.id}/draw", expect=200)
        return draw

    def as_evaluator(self, number: int) -> httpx.AsyncClient:
        return self.scoring.client.as_("evaluator", subject=f"evaluator-{number}")

    async def tasks(self, number: int) -> list[JSON]:
        answer = await self.as_evaluator(number).get("/v1/evaluations/assignments", params={"limit": 200})
        assert answer.status_code == 200, answer.text
        items: list[JSON] = answer.json()["items"]
        return [item for item in items if item["evaluation_id"] == self.id]

    async def rate(self, number: int, task: JSON, *, management: str = "85", openness: str = "70") -> JSON:
        """Declare, mark and submit one case."""
        client = self.as_evaluator(number)
        path = f"/v1/evaluations/assignments/{task['id']}"
        answer = await client.post(f"{path}/declaration", json={"conflict": False})
        assert answer.status_code == 200, answer.text
        answer = await client.post(f"{path}/ratings", json={"marks": marks(management, openness)})
        assert answer.status_code == 201, answer.text
        answer = await client.post(f"{path}/submit")
        assert answer.status_code == 200, answer.text
        submitted: JSON = answer.json()
        return submitted

    async def rate_all(self) -> None:
        await self.rate_all_but()

    async def rate_all_but(self, *absent: int) -> None:
        for number in sorted(set(range(len(self.evaluators))) - set(absent)):
            for task in await self.tasks(number):
                if task["state"] in {"assigned", "declared"}:
                    await self.rate(number, task, management=str(81 + number), openness=str(50 + number))

    async def cases(self) -> Sequence[JSON]:
        found: Sequence[JSON] = (await self.get(f"/evaluations/cases?evaluation_id={self.id}&limit=200"))["items"]
        return found


def tier_of(mark: float) -> str:
    return "achieved" if mark >= 80 else "partly_achieved" if mark >= 60 else "not_achieved"


def marks(management: str, openness: str) -> list[JSON]:
    return [
        {
            "criterion": "management",
            "tier": tier_of(float(management)),
            "mark": management,
            "tier_reason": "the records were shown",
            "narrative": "the ledger of complaints was complete",
        },
        {"criterion": "openness", "mark": openness, "narrative": "the tariff hung at the door"},
    ]
