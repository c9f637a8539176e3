"""Simulated answers to the shipped questionnaire `public-service-core`."""

import random
from uuid import UUID

from gongping_client.demo.dataset import DemoAnswer

__all__ = ["draw_answers"]

_ITEMS = ("access", "timeliness", "quality", "staff", "information", "before")
_IMPROVE = (
    "【模拟】希望服务时间再灵活一些。",
    "【模拟】希望多一些上门服务。",
    "【模拟】希望提前告知服务安排。",
    "【模拟】希望人员固定，不要经常更换。",
    "【模拟】没有意见。",
)


def draw_answers(random_: random.Random, *, quality: float, people: int) -> tuple[DemoAnswer, ...]:
    """Answers of so many people. Ids are random UUIDs of version 4, so that an answer cannot be linked to its order."""
    return tuple(_answer(random_, quality) for _ in range(people))


def _answer(random_: random.Random, quality: float) -> DemoAnswer:
    # One latent opinion per person makes the items correlate, as they do in real surveys.
    opinion = 2.3 + 2.4 * quality + random_.gauss(0, 0.75)
    answers: dict[str, int | str] = {"overall": _point(random_, opinion)}
    for item in _ITEMS:
        drawn = random_.random()
        if drawn < 0.03:
            answers[item] = "dont_know"
        elif drawn < 0.06:
            answers[item] = "not_used"
        elif drawn < 0.97:  # the rest is left out
            answers[item] = _point(random_, opinion)
    if random_.random() < 0.15:
        answers["improve"] = random_.choice(_IMPROVE)
    return DemoAnswer(
        submission_id=UUID(int=random_.getrandbits(128), version=4),
        answers=answers,
        duration_seconds=random_.randint(45, 300),
    )


def _point(random_: random.Random, opinion: float) -> int:
    return min(5, max(1, round(opinion + random_.gauss(0, 0.5))))
