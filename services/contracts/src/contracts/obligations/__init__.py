"""The register of rights and duties: who owes what by when, by which rule, whether it was done, and the proof."""
