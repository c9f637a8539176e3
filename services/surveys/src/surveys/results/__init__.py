"""Results: what a closed wave says, with its uncertainty and what it may be used for."""
