"""Identifiers made in Python: an external PostgreSQL 17 has no uuidv7()."""

from uuid import UUID

from uuid_utils.compat import uuid7

__all__ = ["new_id"]


def new_id() -> UUID:
    """A UUIDv7: sorts by time of creation. Never for survey answers, where order would re-link a person."""
    return uuid7()
