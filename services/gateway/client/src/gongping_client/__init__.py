"""Typed client of the Gongping gateway."""

from gongping_client.client import Client
from gongping_client.credentials import Credentials, CredentialsMissingError, find_credentials
from gongping_client.errors import ProblemError, UnreachableError

__all__ = ["Client", "Credentials", "CredentialsMissingError", "ProblemError", "UnreachableError", "find_credentials"]
