"""One database and one role per service, in the embedded cluster or in a server given by DATABASE_URL."""

import asyncio
from collections.abc import Mapping
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from gongping_local.errors import LocalError
from gongping_local.postgres import connected

CHINESE_WORD = "政府采购"
# pg_trgm follows LC_CTYPE: without the last LOCALE Chinese text would have no trigrams and no search.
LOCALE = "TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C.UTF-8'"


def named(service: str) -> str:
    """Name of a service's database and role; the prefix keeps it apart from others on a shared server."""
    return f"gongping_{service}"


def service_url(admin_url: str, *, service: str, password: str) -> str:
    """URL under which a service reaches its database on the administrator's server."""
    parts = urlsplit(admin_url)
    address = parts.netloc.rpartition("@")[2]
    role = f"{quote(named(service))}:{quote(password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{role}@{address}", path=f"/{named(service)}"))


async def ensure_databases(admin_url: str, passwords: Mapping[str, str]) -> dict[str, str]:
    """Make what is missing of the roles and databases and return each service's URL. Nothing is ever removed.

    Args:
        admin_url: a role that may create roles and databases.
        passwords: service to password; set anew at each start.

    Raises:
        LocalError: a database was created with a locale in which Chinese text cannot be searched.
    """
    async with connected(admin_url) as connection:
        for service, password in passwords.items():
            await _ensure_one(connection, service=service, password=password)
    urls = {service: service_url(admin_url, service=service, password=word) for service, word in passwords.items()}
    await asyncio.gather(*(_require_trigrams(url) for url in urls.values()))
    return urls


async def _ensure_one(connection: "asyncpg.Connection[asyncpg.Record]", *, service: str, password: str) -> None:
    name = named(service)
    known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name)
    verb = "ALTER" if known else "CREATE"
    # Neither statement takes parameters; the server quotes the values for us.
    statement = await connection.fetchval(
        "SELECT format('%s ROLE %I LOGIN PASSWORD %L', $1::text, $2::text, $3::text)", verb, name, password
    )
    await connection.execute(statement)
    if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        # An administrator that is no superuser must belong to the role to give it a database.
        await connection.execute(f'GRANT "{name}" TO CURRENT_USER')
        await connection.execute(f'CREATE DATABASE "{name}" OWNER "{name}" {LOCALE}')
    await connection.execute(f'REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC')


async def close_administration(admin_url: str) -> None:
    """Keep the services' roles out of a cluster of our own's other databases too."""
    async with connected(admin_url) as connection:
        await connection.execute("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC")


async def _require_trigrams(url: str) -> None:
    async with connected(url) as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            found = await connection.fetchval("SELECT cardinality(show_trgm($1))", CHINESE_WORD)
        finally:
            await transaction.rollback()  # which extensions a service has is its migrations' affair
        if not found:
            name = urlsplit(url).path.lstrip("/")
            raise LocalError(
                f"database {name} has a locale in which Chinese text cannot be searched (pg_trgm finds nothing in "
                f"{CHINESE_WORD}): create it with {LOCALE}"
            )
