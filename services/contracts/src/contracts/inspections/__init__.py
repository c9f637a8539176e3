"""Inspections of a contract in force: planned, carried out with a checklist, what was seen and who saw it."""
