"""Risk flags of a contract, computed from its own data by the rules of its rule set."""
