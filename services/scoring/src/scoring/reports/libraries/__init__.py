"""Indicator libraries as tables: a framework document out to Excel or CSV and back in, without loss.

One row per node. Everything about the framework as a whole is a list of keys and values. What the columns do not name
stands as JSON in the column `more`, so that what was exported and read again has the same hash.
"""

from scoring.reports.libraries.columns import COLUMNS
from scoring.reports.libraries.files import FORMATS, read_library, write_library
from scoring.reports.libraries.rows import Library, document_of, library_of

__all__ = ["COLUMNS", "FORMATS", "Library", "document_of", "library_of", "read_library", "write_library"]
