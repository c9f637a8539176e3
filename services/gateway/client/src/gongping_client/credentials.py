"""Where the gateway is and who asks: flags, then the environment, then the file of a local deployment."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Credentials", "CredentialsMissingError", "find_credentials"]

LOCAL_FILE = Path(".gongping") / "client.json"


class CredentialsMissingError(Exception):
    """No gateway or no client is known; the text says how to name one."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A gateway and a machine client of it."""

    url: str
    client_id: str
    client_secret: str = field(repr=False)


def _local() -> dict[str, str]:
    """The file that `make run` writes into its state folder, looked for here and in the parent folders."""
    state = os.environ.get("GONGPING_STATE")
    candidates = [Path(state) / "client.json"] if state else []
    here = Path.cwd()
    candidates += [folder / LOCAL_FILE for folder in (here, *here.parents)]
    for path in candidates:
        if path.is_file():
            try:
                document = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise CredentialsMissingError(f"{path} cannot be read: {error}") from error
            return {key: str(document[key]) for key in ("url", "client_id", "client_secret") if document.get(key)}
    return {}


def find_credentials(
    *, url: str | None = None, client_id: str | None = None, client_secret: str | None = None
) -> Credentials:
    """Arguments win over `GONGPING_URL`, `GONGPING_CLIENT_ID`, `GONGPING_CLIENT_SECRET`, those over the local file.

    The local file's client is used for the local file's gateway only, and never joined with an id or a secret from
    elsewhere.

    Raises:
        CredentialsMissingError: something is not known from any of the three.
    """
    local = _local()
    address = url or os.environ.get("GONGPING_URL") or local.get("url")
    named = client_id or os.environ.get("GONGPING_CLIENT_ID")
    secret = client_secret or os.environ.get("GONGPING_CLIENT_SECRET")
    if not named and not secret and address and address.rstrip("/") == local.get("url", "").rstrip("/"):
        named, secret = local.get("client_id"), local.get("client_secret")
    if not address:
        raise CredentialsMissingError(
            "No gateway: give --gateway URL, set GONGPING_URL, or start a local one with `make run`."
        )
    if not named or not secret:
        raise CredentialsMissingError(
            f"No client for {address}: give --client-id and --client-secret, "
            "or set GONGPING_CLIENT_ID and GONGPING_CLIENT_SECRET."
        )
    return Credentials(address.rstrip("/"), named, secret)
