"""When the provider has to be paid, what is overdue, and the interest on it."""
