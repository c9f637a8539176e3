from shared.migrations import run
from surveys.tables import metadata

run(metadata)
