"""The declarative base of the gateway's tables."""

from sqlalchemy.orm import DeclarativeBase

from shared.db import metadata as new_metadata

__all__ = ["Base"]


class Base(DeclarativeBase):
    """Every table of the gateway."""

    metadata = new_metadata()
