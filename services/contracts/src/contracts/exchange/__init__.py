"""Exchange: the changes feed, and the contracts as OCDS 1.1.5 releases and records."""
