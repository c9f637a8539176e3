"""Amendments (补充协议): agreed by both parties, within the cap and the term that the pinned rules set."""
