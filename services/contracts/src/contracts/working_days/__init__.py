"""The working-day calendar: weekends, and the exceptions that an operator records."""
