"""The embedded deployment behind `make run`: PostgreSQL and NATS from wheels, a supervisor, the demonstration."""
