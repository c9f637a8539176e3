"""Keyphrases, comments and the report on quality over HTTP."""

from typing import Any
from uuid import UUID

from pydantic import Field

from shared.web import Out
from surveys.publication.queries import Comments, WaveRelease
from surveys.publication.schemas.figures import Labels

__all__ = ["CommentsOut", "KeyphrasesOut", "QualityOut", "comments_out", "keyphrases_out", "quality_out"]


class KeyphraseOut(Out):
    """A phrase that at least ten respondents used."""

    text: str
    respondents: int = Field(description="Distinct respondents, rounded down to fives.")
    z: float = Field(description="Log-odds of the satisfied against the dissatisfied in standard errors.")
    side: str = Field(description="low: typical of the dissatisfied; high: of the satisfied; both: of neither.")


class TextItemOut(Out):
    """The phrases of a question that is answered in own words."""

    item: str
    question: Labels
    phrases: list[KeyphraseOut]


class KeyphrasesOut(Out):
    """Keyphrases; what anybody wrote is never published."""

    wave_id: UUID
    release: int
    items: list[TextItemOut]


class ItemCommentsOut(Out):
    """Comments on one question."""

    item: str
    question: Labels = Field(description="Wording per language.")
    texts: list[str] = Field(description="Redacted, in random order; at most 200, a random sample. None below ten.")


class CommentsOut(Out):
    """What respondents wrote, for officers; never published."""

    wave_id: UUID
    items: list[ItemCommentsOut]


class QualityOut(Out):
    """Report on the quality of a wave's answers, for officers."""

    wave_id: UUID
    release: int
    n: int | None = Field(description="Answers; null below ten.")
    flagged: int | None = Field(description="Answers with a flag; null below ten answers.")
    flagged_share: float | None = Field(description="Share of all answers, 0-1.")
    flags: dict[str, int] = Field(description="Answers per flag: speeder, straight_line, burst, item_non_response.")
    estimates: list[dict[str, Any]] = Field(
        description="Per measure the estimate of all answers, `without_flagged` (null for 1-9 of them), and `matters`."
    )
    enumerators: dict[str, Any] | None = Field(
        description="Intraclass correlation by enumerator, its design effect, the largest change without one of them."
    )
    modes: dict[str, Any] | None = Field(
        description="Answers by mode, and the counter's share less that of the others."
    )
    near_duplicates: dict[str, Any] | None = Field(description="Answers alike beyond chance; a pointer, no proof.")


def keyphrases_out(release: WaveRelease) -> KeyphrasesOut:
    """The keyphrases of a release."""
    return KeyphrasesOut.model_validate(release.keyphrases | {"wave_id": release.wave_id, "release": release.number})


def comments_out(wave_id: UUID, comments: list[Comments]) -> CommentsOut:
    """Redacted comments."""
    return CommentsOut.model_validate({"wave_id": wave_id, "items": comments})


def quality_out(release: WaveRelease) -> QualityOut:
    """The report on quality that was made with a release."""
    return QualityOut.model_validate(release.quality | {"wave_id": release.wave_id, "release": release.number})
