from typing import ClassVar

from shared.problems import Conflict, NotFound, Unprocessable

__all__ = ["ClientAlreadyExists", "ClientNotFound", "SecretNotRepeatable"]


class ClientAlreadyExists(Conflict):
    """Another client has this id or name."""

    slug: ClassVar[str] = "client-already-exists"
    title: ClassVar[str] = "The client exists already"


class ClientNotFound(NotFound):
    """There is no such client, or its regions reach beyond the operator's scope."""

    slug: ClassVar[str] = "client-not-found"
    title: ClassVar[str] = "Client not found"


class SecretNotRepeatable(Unprocessable):
    """A secret is shown once and never stored, so that its answer cannot be replayed for an Idempotency-Key."""

    slug: ClassVar[str] = "secret-not-repeatable"
    title: ClassVar[str] = "A secret is shown once"
