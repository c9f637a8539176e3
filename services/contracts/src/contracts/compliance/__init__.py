"""A contract against its rule set: the verdict on each rule, overrides by two persons, what was published when."""
