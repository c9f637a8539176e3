from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Double, Row, Select, Text, and_, case, cast, func, null, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from scoring.determinations.errors import DeterminationNotFound
from scoring.determinations.models import Determination, DeterminationAct
from scoring.evidence.queries import corrections_of

__all__ = [
    "Found",
    "Standing",
    "acts_of",
    "determination_in_force",
    "determined",
    "find_determination",
    "list_determinations",
    "party_concerned",
    "reviews_due",
    "standing",
    "standings",
    "suspended_by_appeal",
]

Found = tuple[Determination, UUID | None]
"""A determination and the one that replaced it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a determination stands: what was done with it after it was signed."""

    determination_id: UUID
    replaced_by: UUID | None = None
    served_at: datetime | None = None
    """When the party concerned received the document."""
    effective_at: datetime | None = None
    """When it took effect; null: it has not been served on the party concerned."""
    published_at: datetime | None = None
    annulled_at: datetime | None = None
    suspended_by: tuple[UUID, ...] = ()
    """Appeals that suspend publication and money effects."""

    @property
    def in_force(self) -> bool:
        """Whether neither another determination nor an annulment has taken its place."""
        return self.replaced_by is None and self.annulled_at is None

    def in_effect(self, at: datetime) -> bool:
        """Whether it has effect at an instant: in force and served by then."""
        return self.in_force and self.effective_at is not None and self.effective_at <= at


NOTHING: Final = UUID(int=0)
"""Stands for the appeal where a suspension names none."""


def party_concerned(determination: Determination) -> str:
    """Whose receipt makes the determination take effect: the provider's, or the purchaser's where there is none."""
    return "purchaser" if determination.provider_id is None else "provider"


def _successor() -> Select[UUID]:
    later = aliased(Determination)
    return select(later.id).where(later.replaces == Determination.id)


def _done(kind: str, *, party: str | None = None) -> ColumnElement[bool]:
    acts = select(DeterminationAct.id).where(
        DeterminationAct.determination_id == Determination.id, DeterminationAct.kind == kind
    )
    if party is not None:
        acts = acts.where(DeterminationAct.party == party)
    return acts.correlate(Determination).exists()


def _suspended() -> ColumnElement[bool]:
    """Whether any suspension has not been released."""

    def count(kind: str) -> ColumnElement[int]:
        return (
            select(func.count())
            .where(DeterminationAct.determination_id == Determination.id, DeterminationAct.kind == kind)
            .correlate(Determination)
            .scalar_subquery()
        )

    return count("suspension") > count("release")


def _visible(provider: UUID | None) -> Select[Determination, UUID]:
    """Determinations with their successors; a provider sees those about itself, once handed over or published."""
    statement = select(Determination, _successor().scalar_subquery())
    if provider is None:
        return statement
    known = _done("service", party="provider") | _done("publication")
    return statement.where(Determination.provider_id == provider, known)


async def find_determination(
    session: AsyncSession, determination_id: UUID, *, provider: UUID | None = None, published: bool = False
) -> Found:
    """One determination; DeterminationNotFound when it does not exist in the caller's scope.

    `published` finds only what is open to everybody: published, not withheld by an appeal and not annulled.
    """
    statement = _visible(provider).where(Determination.id == determination_id)
    if published:
        statement = statement.where(_done("publication"), ~_suspended(), ~_done("annulment"))
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise DeterminationNotFound(f"There is no determination {determination_id}, or it lies outside your scope.")
    return row[0], row[1]


async def determination_in_force(
    session: AsyncSession, *, contract_id: UUID, framework_id: str, stage: str
) -> Determination | None:
    """The newest determination of a contract under a framework and stage: nothing has replaced it.

    It may have been annulled: a new one still names it, so that the line of determinations has no gap.
    """
    statement = select(Determination).where(
        Determination.contract_id == contract_id,
        Determination.framework_id == framework_id,
        Determination.stage == stage,
        ~_successor().exists(),
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def list_determinations(
    session: AsyncSession,
    *,
    contract_id: UUID | None,
    provider: UUID | None,
    after: UUID | None,
    limit: int,
    framework_id: str | None = None,
    stage: str | None = None,
    in_force: bool = False,
    published: bool = False,
) -> list[Found]:
    """Determinations in the order of their issue.

    `in_force` leaves out what was replaced or annulled, `published` what is not open to everybody.
    """
    statement = _visible(provider)
    if contract_id is not None:
        statement = statement.where(Determination.contract_id == contract_id)
    if framework_id is not None:
        statement = statement.where(Determination.framework_id == framework_id)
    if stage is not None:
        statement = statement.where(Determination.stage == stage)
    if in_force:
        statement = statement.where(~_successor().exists(), ~_done("annulment"))
    if published:
        statement = statement.where(_done("publication"), ~_suspended(), ~_done("annulment"))
    if after is not None:
        statement = statement.where(Determination.id > after)
    rows = await session.execute(statement.order_by(Determination.id).limit(limit))
    return [(row[0], row[1]) for row in rows]


async def determined(
    session: AsyncSession,
    *,
    framework_id: str,
    stage: str,
    party: str | None,
    simulated: bool,
    published: bool,
    served_by: datetime | None,
    contracts: Select[UUID] | None = None,
    region: str | None = None,
) -> list[Row[Any]]:
    """What was determined under a framework and stands, for comparisons: plain columns, there may be many.

    `party` (provider, purchaser) asks for its id and its sub-score, None for the whole score. `counts_from` is when the
    determination took effect, or was issued where it has not been served; `width` is that of the 95 % interval, of a
    sub-score its own (determinations of earlier releases know the whole score's only).
    `served_by` leaves out what had no effect at that instant, `published` what is not open to everybody; `contracts`
    are the ids to look at (all), `region` a prefix.
    """
    # Joined instead of asked row by row: a province has a hundred thousand of them. Text and float8, which the driver
    # reads several times as fast as uuid and numeric.
    served = aliased(DeterminationAct)
    concerned = case((Determination.provider_id.is_(None), "purchaser"), else_="provider")
    whole = Determination.interval_upper - Determination.interval_lower
    owner, score, width = {
        None: (null(), Determination.score, whole),
        "provider": (
            cast(Determination.provider_id, Text),
            Determination.provider_score,
            func.coalesce(Determination.provider_upper - Determination.provider_lower, whole),
        ),
        "purchaser": (
            cast(Determination.purchaser_id, Text),
            Determination.purchaser_score,
            func.coalesce(Determination.purchaser_upper - Determination.purchaser_lower, whole),
        ),
    }[party]
    statement = (
        select(
            cast(Determination.contract_id, Text).label("contract_id"),
            Determination.region,
            owner.label("owner"),
            cast(score, Double).label("score"),
            cast(width, Double).label("width"),
            func.coalesce(served.effective_at, Determination.issued_at).label("counts_from"),
            Determination.framework_version,
        )
        .outerjoin(
            served,
            and_(served.determination_id == Determination.id, served.kind == "service", served.party == concerned),
        )
        .where(
            Determination.framework_id == framework_id,
            Determination.stage == stage,
            Determination.simulated == simulated,
            ~_successor().exists(),
            ~_done("annulment"),
        )
    )
    if published:
        statement = statement.where(_done("publication"), ~_suspended())
    if served_by is not None:
        statement = statement.where(served.effective_at <= served_by)
    if contracts is not None:
        statement = statement.where(Determination.contract_id.in_(contracts))
    if region is not None:
        statement = statement.where(Determination.region.startswith(region, autoescape=True))
    return list(await session.execute(statement))


async def acts_of(session: AsyncSession, determination_ids: Collection[UUID]) -> list[DeterminationAct]:
    """What was done with determinations, in the order in which it was recorded."""
    if not determination_ids:
        return []
    statement = select(DeterminationAct).where(DeterminationAct.determination_id.in_(determination_ids))
    return list((await session.execute(statement.order_by(DeterminationAct.id))).scalars())


async def suspended_by_appeal(session: AsyncSession, appeal_id: UUID) -> list[UUID]:
    """The determinations that an appeal suspends now, in the order in which it did."""
    statement = select(DeterminationAct).where(
        DeterminationAct.appeal_id == appeal_id, DeterminationAct.kind.in_(("suspension", "release"))
    )
    found: list[UUID] = []
    for act in (await session.execute(statement.order_by(DeterminationAct.id))).scalars():
        if act.kind == "suspension":
            found.append(act.determination_id)
        else:
            found.remove(act.determination_id)
    return found


async def standings(session: AsyncSession, found: Collection[Found]) -> dict[UUID, Standing]:
    """Where each of the determinations stands, by its id."""
    acts: dict[UUID, list[DeterminationAct]] = {determination.id: [] for determination, _ in found}
    for act in await acts_of(session, acts):
        acts[act.determination_id].append(act)
    return {each.id: _standing(each, successor, acts[each.id]) for each, successor in found}


async def reviews_due(session: AsyncSession, found: Collection[Found]) -> dict[UUID, list[Row[Any]]]:
    """Corrections that came in after what each determination rests on, by its id: it is to be looked at again.

    They change nothing of it by themselves: a review ends in a new determination that names it and has a later cut-off.
    One that was replaced has nothing due.
    """
    standing = [determination for determination, successor in found if successor is None]
    corrections = await corrections_of(session, {each.contract_id for each in standing})
    return {
        each.id: [
            row for row in corrections if row.contract_id == each.contract_id and row.received_at > each.evidence_cutoff
        ]
        for each in standing
    }


async def standing(session: AsyncSession, determination_id: UUID) -> Standing:
    """Where one determination stands; DeterminationNotFound."""
    found = await find_determination(session, determination_id)
    return (await standings(session, [found]))[determination_id]


def _standing(determination: Determination, successor: UUID | None, acts: list[DeterminationAct]) -> Standing:
    party = party_concerned(determination)
    served = next((act for act in acts if act.kind == "service" and act.party == party), None)
    published = next((act for act in acts if act.kind == "publication"), None)
    annulled = next((act for act in acts if act.kind == "annulment"), None)
    suspended: list[UUID] = []
    for act in acts:
        if act.kind == "suspension":
            suspended.append(act.appeal_id or NOTHING)
        elif act.kind == "release":
            suspended.remove(act.appeal_id or NOTHING)
    return Standing(
        determination_id=determination.id,
        replaced_by=successor,
        served_at=served.acted_at if served else None,
        effective_at=served.effective_at if served else None,
        published_at=published.acted_at if published else None,
        annulled_at=annulled.acted_at if annulled else None,
        suspended_by=tuple(suspended),
    )
