"""Tables of the register: rating forms, evaluator organisations, evaluators, their interests."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from scoring.base import Base, one_of

__all__ = ["NATURES", "Evaluator", "EvaluatorOrganisation", "Interest", "RatingForm"]

NATURES = ("employment", "ownership", "family", "business", "advice", "dispute", "other")


class RatingForm(Base):
    """A rating form: criteria with anchored scales. Reference data: a version never changes, `sha256` names it."""

    __tablename__ = "rating_forms"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[str] = mapped_column(String(32), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (UniqueConstraint("sha256"),)


class EvaluatorOrganisation(Base):
    """An organisation that sends evaluators, on the register of a region. Every officer may read the registers.

    `organisation_id` is its id among the contracts service's organisations, when it has one: it may not evaluate a
    contract that it is a party to.
    """

    __tablename__ = "evaluator_organisations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(String(16), index=True)
    organisation_id: Mapped[UUID | None]
    name: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    version: Mapped[int]
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint(one_of("state", ("active", "suspended")), name="state"),
        UniqueConstraint("region", "name"),
    )


class Evaluator(Base):
    """An evaluator under a pseudonym: no name is kept. Every officer may read the registers.

    `subject` is the subject of the evaluator's token, which the identity provider can resolve and nobody else. `region`
    is the register that the evaluator is on, `home_region` where the evaluator works. `categories` are prefixes of the
    service categories that the evaluator is qualified for; empty: all.
    """

    __tablename__ = "evaluators"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(String(16), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("evaluator_organisations.id"))
    code: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(Text)
    home_region: Mapped[str] = mapped_column(String(16))
    categories: Mapped[list[str]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16))
    version: Mapped[int]
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint(one_of("state", ("active", "retired")), name="state"),
        UniqueConstraint("region", "code"),
        UniqueConstraint("subject"),
    )


class Interest(Base):
    """A declared conflict of interest of an evaluator with an organisation or one contract. Rows are only added.

    It counts wherever the evaluator is asked to rate; shown it is only in the region of the register.
    """

    __tablename__ = "evaluator_interests"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(String(16))
    evaluator_id: Mapped[UUID] = mapped_column(ForeignKey("evaluators.id"), index=True)
    organisation_id: Mapped[UUID | None]
    contract_id: Mapped[UUID | None]
    nature: Mapped[str] = mapped_column(String(16))
    statement: Mapped[str] = mapped_column(Text)
    ends_on: Mapped[date | None]
    declared_by: Mapped[str] = mapped_column(Text)
    declared_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint(one_of("nature", NATURES), name="nature"),
        CheckConstraint("(organisation_id IS NULL) <> (contract_id IS NULL)", name="about"),
    )
