"""Disclosure: what about a contract is not for everybody, who may see it, and where it is left out."""
