"""The declarative base of this service's tables."""

from sqlalchemy.orm import DeclarativeBase

from shared.db import metadata

__all__ = ["Base", "one_of"]


class Base(DeclarativeBase):
    """Every table of the service belongs to this metadata, which names constraints by the common convention."""

    metadata = metadata()


def one_of(column: str, values: tuple[str, ...]) -> str:
    """The text of a CHECK that holds an enumeration column to its values (null passes)."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"
