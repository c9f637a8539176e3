"""The contract aggregate: terms, agreed indicators, milestones, and the states it passes through."""
