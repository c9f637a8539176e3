"""The job of table imports."""

from contracts.tabular.service import JOB_KIND, advance_import
from shared.jobs import Job

__all__ = ["table_import_job"]

table_import_job = Job(JOB_KIND, advance_import)
