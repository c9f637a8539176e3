"""Complaints, suggestions, praise and reports: received by anyone, closed only with the citizen's word."""
