from scoring.tables import metadata
from shared.migrations import run

run(metadata)
