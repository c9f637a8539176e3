"""Refusals about documents."""

from shared.problems import Conflict, NotFound

__all__ = [
    "DocumentContentMismatch",
    "DocumentNotAwaited",
    "DocumentNotFound",
    "DocumentNotKept",
    "DocumentNotSupersedable",
    "DocumentPartUnknown",
    "DocumentStoreMissing",
    "DocumentWithdrawn",
]


class DocumentNotFound(NotFound):
    """The contract has no such document."""

    slug, title = "document-not-found", "No such document"


class DocumentPartUnknown(Conflict):
    """The contract has no such part."""

    slug, title = "document-part-unknown", "The contract has no such part"


class DocumentNotSupersedable(Conflict):
    """The document is another contract's, was superseded already, or is the same one."""

    slug, title = "document-not-supersedable", "This document is not superseded"


class DocumentWithdrawn(Conflict):
    """A document is withdrawn once."""

    slug, title = "document-withdrawn", "The document was withdrawn"


class DocumentStoreMissing(Conflict):
    """No store is configured, or it takes content another way."""

    slug, title = "document-store-missing", "The content cannot be put here"


class DocumentNotKept(Conflict):
    """Its media type is none that is kept, it is too large, or its content is not here."""

    slug, title = "document-not-kept", "The document's content is not kept here"


class DocumentNotAwaited(Conflict):
    """No content is awaited for it, or none has come."""

    slug, title = "document-not-awaited", "No content is awaited"


class DocumentContentMismatch(Conflict):
    """What came is not what was announced; it was thrown away."""

    slug, title = "document-content-mismatch", "The content is not what was announced"
