"""Subcontracts (分包): with the purchaser's consent, never of the whole; the provider stays liable."""
