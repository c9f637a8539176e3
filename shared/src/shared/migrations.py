"""Running alembic: one tree per service, one migration at a time in the whole cluster, never a long lock."""

import asyncio
from importlib.resources import files
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from shared.db import sqlalchemy_url

__all__ = ["config_for", "migrate", "run"]

_LOCK = 7_265_115_201  # any fixed number: "one migration at a time"


def config_for(service: str, url: str) -> Config:
    """The alembic configuration of a service; its tree is shipped inside the package or beside it in a checkout."""
    package = Path(str(files(service)))
    tree = next((path for path in (package / "migrations", package.parents[1] / "migrations") if path.is_dir()), None)
    if tree is None:
        raise FileNotFoundError(f"no migrations folder for {service}")
    config = Config()
    config.set_main_option("script_location", str(tree).replace("%", "%%"))
    config.attributes["url"] = url
    return config


def migrate(service: str, url: str, revision: str = "head") -> None:
    """Bring a service's database to a revision; safe to run from several places at once."""
    command.upgrade(config_for(service, url), revision)


def run(target: MetaData) -> None:
    """What each service's `migrations/env.py` calls."""
    asyncio.run(_run(target))


async def _run(target: MetaData) -> None:
    engine = create_async_engine(sqlalchemy_url(context.config.attributes["url"]), poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            # Tried again and again, not waited for: a waiting transaction would hold up the concurrent index builds of
            # the migration that has the lock, which wait for every older snapshot.
            lock = text("SELECT pg_try_advisory_lock(:key)")
            while not (await connection.execute(lock, {"key": _LOCK})).scalar_one():
                await connection.commit()
                await asyncio.sleep(0.2)
            await connection.commit()
            # A migration waits for a lock for five seconds at most: it must not queue every request behind itself.
            await connection.execute(text("SET lock_timeout = '5s'"))
            await connection.execute(text("SET statement_timeout = 0"))
            await connection.commit()
            await connection.run_sync(_upgrade, target)
            await connection.commit()
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, target: MetaData) -> None:
    context.configure(connection=connection, target_metadata=target, compare_type=True, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
