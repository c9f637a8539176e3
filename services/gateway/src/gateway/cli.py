"""The gateway's own commands: its first clients and its keys, which no API call can make."""

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from pydantic import ValidationError

from gateway.clients.schemas import CLIENT_ID, ClientIn
from gateway.clients.secrets import new_secret
from gateway.clients.service import create_client, ensure_client
from gateway.settings import GatewaySettings
from gateway.tokens.keys import init_keys, rotate_keys
from shared.auth import SYSTEM
from shared.problems import Problem
from shared.service import open_database

__all__ = ["OWN_COMMANDS", "run"]

OWN_COMMANDS = ("client", "keys")


def run(arguments: Sequence[str]) -> int:
    """Run `client create …` or `keys init|rotate`; the return value is the exit status."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "keys":
            return _keys(options)
        return asyncio.run(_create(options))
    except (Problem, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gateway")
    commands = parser.add_subparsers(dest="command", required=True)
    client = commands.add_parser("client", help="clients of the API").add_subparsers(dest="action", required=True)
    create = client.add_parser(
        "create", help="add a client; with --id and --secret-file bring it to this state, however often it is run"
    )
    create.add_argument("--name", required=True, help="whose system this is; unique")
    create.add_argument("--roles", required=True, help="roles by commas, for example finance,purchaser")
    create.add_argument("--regions", required=True, help="scope prefixes by commas, for example CN-23,CN-2201, or *")
    create.add_argument("--organisation", help="id of the organisation on whose behalf it acts")
    create.add_argument("--unit", help="unit within the organisation")
    create.add_argument("--id", help="client id; made when not given")
    create.add_argument(
        "--secret-file", type=Path, help="holds the secret; written (mode 600) with a new one when it does not exist"
    )
    keys = commands.add_parser("keys", help="the keys that tokens are signed with")
    keys.add_argument("action", choices=("init", "rotate"), help="init: make them where there are none")
    keys.add_argument("--signing", type=Path, help="private JWKS file (GONGPING_SIGNING_KEYS)")
    keys.add_argument("--public", type=Path, help="public JWKS file (GONGPING_KEYS)")
    return parser


def _keys(options: argparse.Namespace) -> int:
    # Without the settings: keys are made before there is a database.
    signing: Path | None = options.signing or _path("GONGPING_SIGNING_KEYS")
    public: Path | None = options.public or _path("GONGPING_KEYS")
    if signing is None or public is None:
        sys.stderr.write("Name both files: --signing and --public, or GONGPING_SIGNING_KEYS and GONGPING_KEYS.\n")
        return 2
    if options.action == "init":
        print("keys made" if init_keys(signing=signing, public=public) else "keys exist already")
    else:
        print(f"signing with {rotate_keys(signing=signing, public=public)}")
    return 0


def _path(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value) if value else None


def _read_secret(path: Path) -> str:
    """The secret in a file; a new one is made and kept there when the file does not exist."""
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        secret = new_secret()
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(secret + "\n")
    if len(secret) < 16:
        raise ValueError(f"The secret in {path} has fewer than 16 characters.")
    return secret


def _wanted(options: argparse.Namespace) -> ClientIn:
    try:
        return ClientIn.model_validate(
            {
                "name": options.name,
                "roles": [role.strip() for role in options.roles.split(",") if role.strip()],
                "regions": [region.strip() for region in options.regions.split(",") if region.strip()],
                "organisation": UUID(options.organisation) if options.organisation else None,
                "unit": options.unit,
            }
        )
    except ValidationError as error:
        reasons = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise ValueError(reasons) from None


async def _create(options: argparse.Namespace) -> int:
    wanted = _wanted(options)
    if options.id is not None and re.fullmatch(CLIENT_ID, options.id) is None:
        raise ValueError("--id must have 3 to 64 letters, digits, dots, hyphens or underscores.")
    secret = _read_secret(options.secret_file) if options.secret_file is not None else None
    database = open_database(GatewaySettings.load(), name="gateway-client")
    fields = wanted.model_dump()
    try:
        async with database.transaction(principal=SYSTEM) as session:
            if options.id is not None and secret is not None:
                changed = await ensure_client(session, principal=SYSTEM, client_id=options.id, secret=secret, **fields)
                print(f"client {options.id} {'written' if changed else 'is as wanted'}")
                return 0
            client, made = await create_client(session, principal=SYSTEM, client_id=options.id, secret=secret, **fields)
    finally:
        await database.dispose()
    print(f"client_id={client.id}")
    if secret is None:
        print(f"client_secret={made}")
    return 0
