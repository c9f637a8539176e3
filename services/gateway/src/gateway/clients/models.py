from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, DateTime, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.base import Base
from shared.auth import ROLES

__all__ = ["ASSIGNABLE_ROLES", "Client"]

ASSIGNABLE_ROLES = tuple(role for role in ROLES if role != "public")
_ROLE_LIST = ", ".join(f"'{role}'" for role in ASSIGNABLE_ROLES)


class Client(Base):
    """A machine that may ask for tokens. The secret is kept as an argon2id hash only.

    `regions` are scope prefixes in their shortest form. Tokens issued at or before `tokens_not_before_at` are refused.
    """

    __tablename__ = "client"
    __table_args__ = (
        CheckConstraint(f"roles <@ ARRAY[{_ROLE_LIST}]::varchar[] AND cardinality(roles) > 0", name="roles"),
        CheckConstraint("cardinality(regions) > 0", name="regions"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    organisation: Mapped[UUID | None]
    unit: Mapped[str | None] = mapped_column(String(200))
    roles: Mapped[list[str]] = mapped_column(ARRAY(String(16)))
    regions: Mapped[list[str]] = mapped_column(ARRAY(String(16)))
    secret_hash: Mapped[str] = mapped_column(Text)
    enabled: Mapped[bool]
    tokens_not_before_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
