"""What the use of results needs to know of a determination: whether it is in effect, and what it bears."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.determinations.certainty import ADVERSE
from scoring.determinations.queries import Standing, find_determination, standing

__all__ = ["Effect", "effect_of", "why_blocked"]


@dataclass(frozen=True, slots=True)
class Effect:
    """A determination as far as its consequences go; `standing` says what was done with it since it was signed."""

    determination_id: UUID
    contract_id: UUID
    region: str
    simulated: bool
    stage: str
    purchaser_id: UUID | None
    provider_id: UUID | None
    grade: str
    score: Decimal
    provider_grade: str | None
    provider_score: Decimal | None
    label: str | None
    binding: bool
    adverse_allowed: bool
    panel: bool
    replaces: UUID | None
    standing: Standing
    provider_sure: Mapping[str, Any] | None = None
    """How sure the provider's sub-score is; None: determined before this was computed."""

    @property
    def bears_adverse(self) -> bool:
        """Whether consequences by the determination's own grade may be adverse."""
        return self.binding and self.adverse_allowed

    @property
    def binds_provider(self) -> bool:
        """Whether anything follows by itself from the grade of the provider's sub-score.

        The determination must bind, as an undetermined one opens nothing, and the sub-score must be sure by itself.
        """
        own = self.provider_sure is None or self.provider_sure["label"] in {"firm", "indicative"}
        return self.binding and (self.panel or own)

    @property
    def bears_adverse_for_provider(self) -> bool:
        """Whether consequences by the grade of the provider's sub-score may be adverse.

        By the draws of the provider's own leaves: P(its grade or a worse one) >= .90, or a panel. A determination of an
        earlier release does not know them: there it is taken to be as sure as the whole where it is no worse than the
        whole, and else only a panel makes an adverse consequence of it. Own choice, on the careful side.
        """
        if self.provider_sure is not None:
            sure = Decimal(self.provider_sure["probability_or_worse"]) >= ADVERSE
            return self.panel or (self.binds_provider and sure)
        no_worse = self.provider_grade == self.grade or (self.provider_score or Decimal(-1)) >= self.score
        return self.bears_adverse and (self.panel or no_worse)


async def effect_of(session: AsyncSession, determination_id: UUID) -> Effect:
    """Read a determination with what was done with it since; DeterminationNotFound."""
    found, _ = await find_determination(session, determination_id)
    now = await standing(session, determination_id)
    return Effect(
        determination_id=found.id,
        contract_id=found.contract_id,
        region=found.region,
        simulated=found.simulated,
        stage=found.stage,
        purchaser_id=found.purchaser_id,
        provider_id=found.provider_id,
        grade=found.grade,
        score=found.score,
        provider_grade=found.provider_grade,
        provider_score=found.provider_score,
        label=found.label,
        binding=bool(found.binding),
        adverse_allowed=bool(found.adverse_allowed),
        panel=found.panel is not None,
        replaces=found.replaces,
        standing=now,
        provider_sure=(found.part_certainty or {}).get("provider"),
    )


def why_blocked(effect: Effect, *, adverse: bool, by_provider: bool) -> str | None:
    """Why a consequence does not follow by itself, and what makes it follow; None when it does.

    Publication is no consequence of the grade: a determination in effect is published, however sure it is.
    """
    panel = "A third evaluation and a panel's decision with reasons, in a new determination, make it follow."
    if not effect.binding:
        return f"The determination is {effect.label or 'of unknown certainty'}: nothing follows by itself. {panel}"
    if by_provider and effect.provider_grade is None:
        return "The framework has nothing that the provider alone answers for: there is no grade to go by."
    if by_provider and effect.provider_sure is not None:
        return _why_provider(effect, effect.provider_sure, adverse=adverse, panel=panel)
    if adverse and not effect.adverse_allowed:
        return f"The grade, or a worse one, is not sure enough (P < .90) for an adverse consequence. {panel}"
    if adverse and by_provider and not effect.bears_adverse_for_provider:
        return (
            f"The provider's own grade is worse than the determined one, and how sure it is was not computed. {panel}"
        )
    return None


def _why_provider(effect: Effect, sure: Mapping[str, Any], *, adverse: bool, panel: str) -> str | None:
    """The same by the provider's own grade and the draws of its own leaves."""
    if not effect.binds_provider:
        return f"The provider's own grade is {sure['label']}: nothing follows by itself. {panel}"
    if adverse and not effect.bears_adverse_for_provider:
        return (
            "The provider's own grade, or a worse one, is not sure enough (P = "
            f"{sure['probability_or_worse']} < .90) for an adverse consequence. {panel}"
        )
    return None
