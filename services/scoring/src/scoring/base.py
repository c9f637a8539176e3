from sqlalchemy.orm import DeclarativeBase

from shared import schema
from shared.db import metadata

__all__ = ["Base"]


class Base(DeclarativeBase):
    """Base of every model of the scoring service."""

    metadata = metadata()


schema.attach(Base.metadata)
