"""The declarative base of this service's tables."""

from datetime import date
from uuid import UUID

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.db import metadata

__all__ = ["Base", "TimeLimited", "one_of"]


class Base(DeclarativeBase):
    """Every table of the service belongs to this metadata, which names constraints by the common convention."""

    metadata = metadata()


class TimeLimited:
    """Columns of what has a last day, and which notices about it were given: near it and past it, each once."""

    id: Mapped[UUID] = mapped_column(primary_key=True)
    due_on: Mapped[date | None]
    due_told: Mapped[date | None]
    overdue_told: Mapped[date | None]


def one_of(column: str, values: tuple[str, ...]) -> str:
    """The text of a CHECK that holds an enumeration column to its values (null passes)."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"
