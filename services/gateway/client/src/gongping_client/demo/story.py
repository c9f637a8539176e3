"""The main job, told line by line while it happens: a contract is completed through the gateway and its score changes.

Everything goes through the gateway, as a provincial system would do it. Nothing waits blindly: each step asks the API
for its effect and fails when that does not come in time.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from gongping_client.client import Client
from gongping_client.demo.dataset import LABEL, Dataset, DemoContract
from gongping_client.demo.generate import generate_contract
from gongping_client.demo.steps import (
    DemoError,
    Recorded,
    activate,
    answer,
    deliver,
    draft,
    open_wave_of,
    record_organisations,
    settle,
    until,
)
from gongping_client.errors import ProblemError, UnreachableError
from gongping_client.models import Score, ScoreChange

__all__ = ["FRAMEWORK", "STORY_SEED", "StoryFailedError", "StoryResult", "run_story"]

FRAMEWORK = "cn-self-evaluation"
# A provider of middling quality: a deduction, points lost, and a grade that the citizens' voice changes.
STORY_SEED = 20_216
_GRADES = {"excellent": "优 excellent", "good": "良 good", "fair": "中 fair", "poor": "差 poor"}
_NONE_YET = UUID(int=0)
_TOLD = Decimal("0.005")  # what would be shown as 0.00 is not told
Echo = Callable[[str], None]


class StoryFailedError(Exception):
    """A step of the story did not happen; the text names the step and what was seen instead."""


@dataclass(slots=True)
class StoryResult:
    """What happened. Scores are those under `cn-self-evaluation`, 0-100 as strings of six decimals.

    `milliseconds` is from the completion's answer to the new score being readable through the gateway,
    `event_milliseconds` from the same moment to the event's arrival in the live stream.
    """

    contract_id: UUID = _NONE_YET
    score_before: str = ""
    score_after: str = ""
    grade: str = ""
    milliseconds: float = 0.0
    event_milliseconds: float = 0.0
    wave_id: UUID | None = None
    answers: int = 0
    score_with_voice: str = ""
    grade_with_voice: str = ""
    lines: list[str] = field(default_factory=list)


class _Listener:
    """Keeps the stream of score changes open and remembers what came, and when."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._seen: list[tuple[float, ScoreChange]] = []
        self._news = asyncio.Condition()
        self._opened = asyncio.Event()

    async def run(self) -> None:
        async for change in self._client.score_changes():
            if change is None:
                self._opened.set()
                continue
            async with self._news:
                self._seen.append((time.perf_counter(), change))
                self._news.notify_all()

    async def open(self, *, seconds: float) -> None:
        """Wait until nothing that happens from now on can be missed."""
        try:
            await asyncio.wait_for(self._opened.wait(), seconds)
        except TimeoutError as error:
            raise DemoError(f"the live stream did not open within {seconds:.0f} s") from error

    async def change(self, contract_id: UUID, *, version: int, seconds: float) -> tuple[float, ScoreChange]:
        """The first change to this version or a later one, with the moment at which it came."""

        def found() -> tuple[float, ScoreChange] | None:
            return next((seen for seen in self._seen if _is(seen[1], contract_id, version)), None)

        async def wait() -> tuple[float, ScoreChange]:
            async with self._news:
                while (seen := found()) is None:
                    await self._news.wait()
                return seen

        try:
            return await asyncio.wait_for(wait(), seconds)
        except TimeoutError as error:
            raise DemoError(f"the change was not seen in the live stream within {seconds:.0f} s") from error


def _is(change: ScoreChange, contract_id: UUID, version: int) -> bool:
    return change.contract_id == contract_id and change.framework_id == FRAMEWORK and change.version >= version


@dataclass(frozen=True, slots=True)
class _Scene:
    """What every step needs."""

    client: Client
    listener: _Listener
    say: Echo
    seconds: float
    result: StoryResult


async def run_story(
    client: Client, *, echo: Echo, seed: int = STORY_SEED, on: date | None = None, seconds: float = 30.0
) -> StoryResult:
    """Do the main job once, with a simulated contract of its own, and tell it.

    Args:
        client: whose roles may draft, pay, accept, close waves and read scores (finance and purchaser).
        echo: is given each line as it happens.
        seed: of the generator; the contract's key is new each time, so that the story can be told again.
        on: the day on which it is told; today by default.
        seconds: how long a step may take to show its effect.

    Raises:
        StoryFailedError: a step was refused or did not happen in time.
    """
    listener = _Listener(client)
    key = f"STORY-{uuid4().hex[:10]}"
    dataset = generate_contract(seed=seed, key=key, as_of=on or datetime.now(UTC).date())
    lines: list[str] = []

    def say(line: str) -> None:
        lines.append(line)
        echo(line)

    scene = _Scene(client, listener, say, seconds, StoryResult(lines=lines))
    listening = asyncio.create_task(listener.run())
    telling = asyncio.create_task(_tell(scene, dataset))
    try:
        await asyncio.wait({listening, telling}, return_when=asyncio.FIRST_COMPLETED)
        if not telling.done():
            await listening  # it ended first, which it only does by an error
        await telling
    except (DemoError, ProblemError, UnreachableError) as error:
        raise StoryFailedError(str(error)) from error
    finally:
        listening.cancel()
        telling.cancel()
        await asyncio.gather(listening, telling, return_exceptions=True)
    return scene.result


async def _tell(scene: _Scene, dataset: Dataset) -> None:
    client, say, result = scene.client, scene.say, scene.result
    (demo,) = dataset.contracts
    recorded = Recorded()
    say(LABEL)
    await scene.listener.open(seconds=scene.seconds)
    contract = await draft(client, demo, await record_organisations(client, dataset))
    result.contract_id = contract.contract_id
    provider = contract.provider.name if contract.provider else "-"
    say(f"contract imported   {contract.title}: {contract.value} {contract.currency}, {contract.region}")
    say(f"                    {contract.purchaser.name} buys from {provider}")
    contract = await activate(client, contract.contract_id)
    term = f"{contract.starts_on} to {contract.ends_on}"
    say(f"activated           {contract.contract_number}, {term}, {len(contract.indicators)} indicators agreed")
    await deliver(client, demo, contract, recorded)
    say(f"observed            {len(demo.observations)} actual values, {len(demo.reports)} milestones reported")
    await settle(client, demo, contract.contract_id, recorded)
    contract = await client.contracts.get(contract.contract_id)
    money = contract.ledger
    say(f"paid                {money.paid} paid, {money.deducted} deducted, of {money.accepted} accepted")
    before = await _score_of(scene, recorded, version=contract.version)
    result.score_before = before.score
    say(f"score before        {_points(before)}")
    after = await _complete(scene, before)
    await _hear_the_citizens(scene, demo, after)


async def _score_of(scene: _Scene, recorded: Recorded, *, version: int) -> Score:
    """The live score once every fact recorded so far has become evidence (they are one commit with it)."""
    contract_id = scene.result.contract_id

    async def all_there() -> Score | None:
        found = {UUID(item["id"]): int(item["version"]) async for item in scene.client.scores.evidence(contract_id)}
        if not recorded.facts <= found.keys() or found.get(contract_id, 0) < version:
            return None
        return (await scene.client.scores.live(contract_id)).get(FRAMEWORK)

    return await until("every recorded fact is evidence of the score", all_there, seconds=scene.seconds)


async def _live(scene: _Scene, matches: Callable[[Score], bool], what: str) -> Score:
    async def look() -> Score | None:
        score = (await scene.client.scores.live(scene.result.contract_id)).get(FRAMEWORK)
        return score if score is not None and matches(score) else None

    return await until(what, look, seconds=scene.seconds, patient=False)


async def _complete(scene: _Scene, before: Score) -> Score:
    """Complete the contract; the clock runs from the answer to the new score being readable."""
    result = scene.result
    await scene.client.contracts.complete(result.contract_id)
    completed = time.perf_counter()
    scene.say("completed           the gateway has answered; what follows happens by events")
    after = await _live(scene, lambda score: score.stage == "completion", "the completion changes the score")
    result.milliseconds = (time.perf_counter() - completed) * 1000
    result.score_after, result.grade = after.score, after.grade
    seen_at, change = await scene.listener.change(result.contract_id, version=after.version, seconds=scene.seconds)
    result.event_milliseconds = (seen_at - completed) * 1000
    scene.say(
        f"event seen          score.updated in the live stream, {result.event_milliseconds:.1f} ms after the answer"
    )
    scene.say(f"score after         {_points(after)}, was {_short(before.score)}")
    for line in _why(change):
        scene.say(f"                    {line}")
    scene.say(f"                    {await _lost(scene)}")
    scene.say(f"readable            {result.milliseconds:.1f} ms from the completion's answer to the new score")
    return after


async def _hear_the_citizens(scene: _Scene, demo: DemoContract, provisional: Score) -> None:
    """Answers arrive, the wave closes, and the score has the citizens' voice."""
    client, result = scene.client, scene.result
    wave = await open_wave_of(client, result.contract_id, seconds=scene.seconds)
    result.wave_id = wave.id
    scene.say(
        f"wave opened         {wave.kind}, {wave.design} of {wave.population} recipients, opened by the completion"
    )
    result.answers = await answer(client, demo, wave, one_by_one=True)
    scene.say(f"answers arrive      {result.answers} accepted")
    await client.waves.close(wave.id)
    final = await _live(
        scene, lambda score: score.version > provisional.version and not score.held, "the closed wave changes the score"
    )
    result.score_with_voice, result.grade_with_voice = final.score, final.grade
    _, change = await scene.listener.change(result.contract_id, version=final.version, seconds=scene.seconds)
    scene.say(f"wave closed         {_points(final)}, was {_short(provisional.score)} without the citizens' voice")
    for line in _why(change):
        scene.say(f"                    {line}")


async def _lost(scene: _Scene, *, most: int = 3) -> str:
    """Where most of the points to 100 were lost, from the explanation of the score."""
    explanation = await scene.client.scores.explanation(scene.result.contract_id, framework_id=FRAMEWORK)
    leaves = sorted(_leaves(explanation["tree"]), key=lambda leaf: -Decimal(leaf["lost"]))
    told = (
        f"{leaf['title']['zh']} {_short(leaf['lost'])}{'' if leaf['state'] == 'evidence' else ' (no evidence yet)'}"
        for leaf in leaves[:most]
        if Decimal(leaf["lost"]) > 0
    )
    return f"points lost: {', '.join(told) or 'none'}"


def _leaves(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [leaf for child in node["children"] for leaf in _leaves(child)] if node["children"] else [node]


def _short(points: str) -> str:
    return f"{Decimal(points):.2f}"


def _points(score: Score) -> str:
    """A score as the story tells it: never without saying that it is provisional and how far it may still move."""
    bounds = f"between {_short(score.lower)} and {_short(score.upper)}" if score.held else "all evidence there"
    return f"{_short(score.score)} {_GRADES.get(score.grade, score.grade)} ({score.stage}, provisional, {bounds})"


def _why(change: ScoreChange, *, most: int = 4) -> list[str]:
    """The leaves whose contribution moved most."""

    def moved(before: str | None, after: str) -> Decimal:
        return Decimal(after) - Decimal(before or 0)

    reasons = sorted(change.reasons, key=lambda reason: -abs(moved(reason.before, reason.after)))
    return [
        f"why: {moved(reason.before, reason.after):+6.2f} points by {reason.name}, now {_short(reason.after)}"
        for reason in reasons[:most]
        if abs(moved(reason.before, reason.after)) >= _TOLD
    ]
