"""Every table of the gateway's database, for alembic."""

from gateway.base import Base
from gateway.clients import models as clients_models
from gateway.feed import models as feed_models
from shared.schema import attach

__all__ = ["clients_models", "feed_models", "metadata"]

metadata = Base.metadata
attach(metadata)
