"""Search: filters and full text over all contracts, in pages that cost the same at any depth."""
