"""Settlement of a terminated contract: damages, both sides' money, the final value."""
