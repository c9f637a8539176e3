"""Responses: the recipients' answers, accepted idempotently and durable before the answer is given."""
