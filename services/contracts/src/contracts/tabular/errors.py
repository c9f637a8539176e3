"""Refusals of table imports."""

from shared.problems import Conflict, NotFound, PreconditionFailed, TooLarge, Unprocessable

__all__ = [
    "FileRefused",
    "ImportMappingNotFound",
    "ImportMappingStale",
    "ImportNotReady",
    "ImportPartDiffers",
    "ImportTooLarge",
    "NounUnknown",
    "TableImportNotFound",
    "UnitsSuspicious",
]


class TableImportNotFound(NotFound):
    """No such import in the caller's scope."""

    slug, title = "table-import-not-found", "No such import of a table"


class ImportMappingNotFound(NotFound):
    """No such kept mapping."""

    slug, title = "import-mapping-not-found", "No such mapping of columns"


class NounUnknown(NotFound):
    """No template for this noun."""

    slug, title = "import-noun-unknown", "No such noun of imports"


class ImportMappingStale(PreconditionFailed):
    """Another mapping of that name is kept, or a newer one."""

    slug, title = "import-mapping-stale", "The mapping was changed by somebody else"


class ImportNotReady(Conflict):
    """The import's state does not permit the act."""

    slug, title = "import-not-ready", "The import is not in a state for this"


class ImportPartDiffers(Conflict):
    """The part was sent before with another content."""

    slug, title = "import-part-differs", "This part was sent with another content"


class UnitsSuspicious(Conflict):
    """Amounts look as if they were in another unit than the column says."""

    slug, title = "units-suspicious", "The amounts look as if 元 and 万元 were mixed up"


class ImportTooLarge(TooLarge):
    """More bytes or parts than one import may have."""

    slug, title = "import-too-large", "The file is too large for one import"


class FileRefused(Unprocessable):
    """The file as a whole cannot be read."""

    slug, title = "file-refused", "The file cannot be read"
