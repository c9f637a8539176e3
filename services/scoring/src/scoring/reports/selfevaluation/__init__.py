"""The self-evaluation table in the ministry's columns, with formulas that a person can recompute and change.

Columns: the self-evaluation form of 财预〔2020〕10号 as it is used in practice: a money block, then indicators of
level 1, 2 and 3, annual target, actual, points, score, cause of deviation and improvement.
"""

from scoring.reports.selfevaluation.rows import TableNode, table_nodes
from scoring.reports.selfevaluation.workbook import Header, write_workbook

__all__ = ["Header", "TableNode", "table_nodes", "write_workbook"]
