"""Keyphrases of free text: which words set the dissatisfied apart from the satisfied.

Only words of at least ten distinct respondents are named, and no sentence ever is. Respondents are counted and not
occurrences, so that one long answer weighs no more than a short one. Names of persons are left out by their tag.

Source: Monroe, B. L., Colaresi, M. P. and Quinn, K. M. (2008), "Fightin' Words", Political Analysis 16(4), equations
16, 19 and 20: log-odds ratio with an informative Dirichlet prior, divided by its standard error.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import rjieba

from surveys.kernel.redaction import MARKERS, redact

__all__ = ["Comment", "Keyphrase", "keyphrases", "log_odds", "phrases"]

Side = Literal["low", "high", "both"]
PRIOR = 0.1  # weight of the background's word frequencies, as a share of all respondents' words
DISTINCT = 1.96  # |z| from which a phrase belongs to one side
COVERED = 0.8  # a word that stands in a longer phrase for so many of its respondents is not named beside it
_KEPT = ("n", "v", "a")
_PERSONS = ("nr",)  # nr, nrt, nrfg: names of persons
_STOP = frozenset(
    """
    是 有 没有 没 会 能 能够 可以 可能 应该 希望 觉得 感觉 认为 知道 看到 进行 使用 成为 开始 需要 要求
    请 谢谢 感谢 问题 时候 东西 情况 事情 方面 地方 现在 以后 以前 有时 有点 一点 一些 这里 那里 自己
    大家 别人 人 人员 本人 个人 服务 the and for with that this was were are not but you your our have
    has had they very from all can will would there their been more
    """.split()  # noqa: SIM905 - a list of words reads better as words
)
_WORD = re.compile(r"[A-Za-z]{3,}")
_MARKER = re.compile("|".join(re.escape(marker) for marker in MARKERS.values()))


@dataclass(frozen=True, slots=True)
class Comment:
    """What one respondent wrote, and the side of her own rating: low 1-2, high 4-5, neither in between."""

    text: str
    side: Literal["low", "high", "neither"]


@dataclass(frozen=True, slots=True)
class Keyphrase:
    """A phrase with the distinct respondents who used it, rounded down to fives, and its standardised log-odds.

    `z` is positive where the satisfied use it more, negative where the dissatisfied do; `side` says which is beyond
    chance.
    """

    text: str
    respondents: int
    z: float
    side: Side


def keyphrases(comments: Sequence[Comment], *, respondents: int = 10, limit: int = 40) -> list[Keyphrase]:
    """The phrases that at least `respondents` distinct persons used, the most telling first; one comment a person."""
    counted: Counter[str] = Counter()
    low: Counter[str] = Counter()
    high: Counter[str] = Counter()
    for comment in comments:
        found = phrases(redact(comment.text))
        counted.update(found)
        if comment.side != "neither":
            (low if comment.side == "low" else high).update(found)
    shown = {phrase for phrase, times in counted.items() if times >= respondents}
    shown -= _inside(shown, counted)
    scores = log_odds(high, low, background=counted)
    ranked = sorted(shown, key=lambda phrase: (-abs(scores[phrase]), -counted[phrase], phrase))
    return [
        Keyphrase(phrase, counted[phrase] // 5 * 5, round(scores[phrase], 3), _side(scores[phrase]))
        for phrase in ranked[:limit]
    ]


def phrases(text: str) -> set[str]:
    """The nouns, verbs and adjectives of a text and the pairs of them that stand side by side."""
    found: set[str] = set()
    before: str | None = None
    for word, tag in _tagger().tag(_MARKER.sub("。", text)):
        if word.isspace():
            continue
        kept = _phrase(word, tag)
        if kept is None:
            before = None
            continue
        found.add(kept)
        if before is not None:
            found.add(f"{before} {kept}" if kept.isascii() or before.isascii() else before + kept)
        before = kept
    return found


def log_odds(first: Counter[str], second: Counter[str], *, background: Counter[str]) -> dict[str, float]:
    """Standardised log-odds ratio of each phrase of the background, first against second (Monroe et al. 2008)."""
    strength = PRIOR * background.total()
    total = background.total()
    found = {}
    for phrase, times in background.items():
        prior = strength * times / total
        sides = []
        for counts in (first, second):
            own = counts[phrase] + prior
            # A word that is all that a side uses would have infinite odds.
            sides.append((math.log(own / max(counts.total() + strength - own, 0.5)), 1.0 / own))
        (odds, variance), (other_odds, other_variance) = sides
        found[phrase] = (odds - other_odds) / math.sqrt(variance + other_variance)
    return found


def _inside(shown: set[str], counted: Counter[str]) -> set[str]:
    """Words of longer phrases that are nearly always used as part of these."""
    return {
        word
        for word in shown
        for longer in shown
        if word != longer and word in longer and counted[longer] >= COVERED * counted[word]
    }


def _phrase(word: str, tag: str) -> str | None:
    """The word as it is counted, None for one that is not."""
    folded = word.strip().casefold()
    if folded in _STOP or tag.startswith(_PERSONS):
        return None
    if tag == "eng":
        return folded if _WORD.fullmatch(folded) else None
    return folded if len(folded) > 1 and tag.startswith(_KEPT) else None


def _side(z: float) -> Side:
    if abs(z) < DISTINCT:
        return "both"
    return "high" if z > 0 else "low"


@cache
def _tagger() -> rjieba.Jieba:
    """The tagger; loading its dictionary takes 0.2 s, once."""
    return rjieba.Jieba()
