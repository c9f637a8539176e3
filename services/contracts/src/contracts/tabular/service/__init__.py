"""Imports of tables: receive the file, read it, check or apply its rows in chunks, take a batch back."""

from contracts.tabular.service.mappings import keep_mapping
from contracts.tabular.service.receive import put_part, run_import, start_import, undo_import
from contracts.tabular.service.run import JOB_KIND, advance_import

__all__ = [
    "JOB_KIND",
    "advance_import",
    "keep_mapping",
    "put_part",
    "run_import",
    "start_import",
    "undo_import",
]
