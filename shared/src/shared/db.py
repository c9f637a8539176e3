"""Database access: one engine per service, sessions that carry the principal, the region scope on every statement."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import asyncpg
from fastapi import Depends, Request
from sqlalchemy import ColumnElement, MetaData, String, any_, bindparam, cast, event, false, literal_column, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column, with_loader_criteria

from shared.auth import SYSTEM, CurrentPrincipal, Principal

__all__ = [
    "AsyncSession",
    "Database",
    "ReadSession",
    "RegionScoped",
    "WriteSession",
    "is_unavailable",
    "metadata",
    "principal_in",
    "scope_clause",
    "scope_sql",
    "storable",
]

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def metadata() -> MetaData:
    """A MetaData whose constraints are named by one convention, so that migrations can name them."""
    return MetaData(naming_convention=_NAMING)


class RegionScoped:
    """Mixin of a region-owned table: every ORM SELECT on it gets the criterion of the session's principal."""

    region: Mapped[str] = mapped_column(String(16), index=True)


def scope_clause(principal: Principal, column: ColumnElement[str] | Any | None = None) -> ColumnElement[bool]:  # noqa: ANN401 - mapped attributes too
    """The region criterion of a principal, for Core statements. `column` defaults to a column named `region`."""
    target = literal_column("region", String) if column is None else column
    if principal.unlimited:
        return true()
    if not principal.patterns:
        return false()
    patterns = bindparam(None, list(principal.patterns), type_=ARRAY(String), unique=True)
    clause: ColumnElement[bool] = target.like(any_(patterns))
    return clause


def scope_sql(principal: Principal, column: str = "region") -> tuple[str, dict[str, Any]]:
    """The same for `text()`: a condition and its parameters."""
    if principal.unlimited:
        return "true", {}
    return f"{column} LIKE ANY(CAST(:scope_patterns AS text[]))", {"scope_patterns": list(principal.patterns)}


@event.listens_for(Session, "do_orm_execute")
def _add_region_scope(state: ORMExecuteState) -> None:
    """Add the region criterion to every ORM SELECT on a region-owned class."""
    if not state.is_select or state.is_column_load or state.is_relationship_load:
        return
    principal: Principal = state.session.info.get("principal", SYSTEM)
    if principal.unlimited:
        return
    # Every region-owned class, not only those that the statement returns: joins, subqueries and counts are scoped too.
    patterns = list(principal.patterns)
    state.statement = state.statement.options(
        with_loader_criteria(
            RegionScoped, lambda cls: cls.region.like(any_(cast(patterns, ARRAY(String)))), include_aliases=True
        )
    )


def principal_in(session: AsyncSession) -> Principal:
    """The caller on whose behalf a session works."""
    principal: Principal = session.info.get("principal", SYSTEM)
    return principal


def storable(message: str, *, length: int = 2000) -> str:
    """A message as a text column takes it: PostgreSQL refuses U+0000, and UTF-8 has no lone surrogates."""
    return message[:length].encode("utf-8", "replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")


# 55000 is a database that takes no connections now (`ALLOW_CONNECTIONS false`, as during a restore).
_TRANSIENT_SQLSTATES = ("08", "40", "53", "55000", "55P03", "57P", "58")
# The driver has one class for a lost connection and for wrong use; only the text tells them apart.
_CLOSED = re.compile(r"(connection|pool)\b.*\b(clos|released)")


def is_unavailable(error: BaseException | None) -> bool:
    """Whether the database is away, full, busy or chose a deadlock victim: never a reason to give up."""
    seen = 0
    while error is not None and seen < 8:
        if _is_transient(error):
            return True
        error = (error.orig if isinstance(error, DBAPIError) else None) or error.__cause__
        seen += 1
    return False


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, asyncpg.InterfaceError):
        return _CLOSED.search(str(error)) is not None
    if isinstance(error, OSError):
        # Refused, reset, timed out, a host name that is not found now; not a missing file.
        return error.filename is None
    if isinstance(error, DBAPIError):
        no_answer = isinstance(error, (OperationalError, InterfaceError)) and error.orig is None
        return error.connection_invalidated or no_answer
    state = getattr(error, "sqlstate", None)
    transient = isinstance(state, str) and state.startswith(_TRANSIENT_SQLSTATES)
    return transient or isinstance(error, (PoolTimeout, asyncpg.PostgresConnectionError))


_KEEPALIVE = {"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "4"}
Hook = Callable[[AsyncSession], Awaitable[None]]
Committed = Callable[[AsyncSession], None]


class Database:
    """The engine of one service and its transactions.

    `before_commit` hooks write the outbox and the audit rows that were collected in the session; `after_commit` hooks
    wake the relay. Both are wired by `shared.service`.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        pool_overflow: int = 10,
        pool_timeout: float = 10,
        statement_timeout_ms: int = 15_000,
        name: str = "gongping",
    ) -> None:
        self.url = url
        self._server_settings = {
            "application_name": name,
            "statement_timeout": str(statement_timeout_ms),
            "jit": "off",  # short statements only: compiling costs more than it saves
        }
        self.engine: AsyncEngine = create_async_engine(
            sqlalchemy_url(url),
            pool_size=pool_size,
            max_overflow=pool_overflow,
            pool_timeout=pool_timeout,
            pool_use_lifo=True,
            connect_args={"server_settings": self._server_settings, "timeout": 5},
        )
        # Reads need no transaction of several statements: autocommit saves BEGIN and ROLLBACK on the wire.
        self.reader = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self.before_commit: list[Hook] = []
        self.after_commit: list[Committed] = []
        self.max_event_bytes = 262_144
        self._pool: asyncpg.Pool | None = None
        self._pool_size = pool_size
        self._pool_lock = asyncio.Lock()

    async def pool(self) -> asyncpg.Pool:
        """The raw driver's pool, for measured hot paths only; such code writes its own region clause."""
        if self._pool is None:
            async with self._pool_lock:
                if self._pool is None:
                    self._pool = await asyncpg.create_pool(
                        asyncpg_url(self.url),
                        min_size=1,
                        max_size=self._pool_size,
                        server_settings=self._server_settings,
                        timeout=5,
                    )
        return self._pool

    async def connect_raw(self, **server_settings: str) -> "asyncpg.Connection[Any]":
        """A connection of its own, outside any pool (advisory locks live and die with it).

        Both ends notice within half a minute when the other is gone without a word: a host that lost its power must not
        keep its locks.
        """
        return await asyncpg.connect(
            asyncpg_url(self.url),
            server_settings=self._server_settings | _KEEPALIVE | server_settings,
            timeout=5,
            command_timeout=30,
        )

    def session(self, *, principal: Principal = SYSTEM, write: bool) -> AsyncSession:
        """A bare session; the owner commits through `commit` and closes it."""
        return AsyncSession(
            self.engine if write else self.reader,
            expire_on_commit=False,
            autoflush=write,
            info={"principal": principal, "max_event_bytes": self.max_event_bytes},
        )

    async def commit(self, session: AsyncSession) -> None:
        """Write what was collected, commit, and tell whoever waits for committed events."""
        await session.flush()
        for hook in self.before_commit:
            await hook(session)
        await session.commit()
        for done in self.after_commit:
            done(session)

    @asynccontextmanager
    async def transaction(self, *, principal: Principal = SYSTEM) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end of the block, rolled back when it raises."""
        async with self.session(principal=principal, write=True) as session:
            yield session
            await self.commit(session)

    @asynccontextmanager
    async def reading(self, *, principal: Principal = SYSTEM) -> AsyncIterator[AsyncSession]:
        """A session for reads."""
        async with self.session(principal=principal, write=False) as session:
            yield session

    async def dispose(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            await self._pool.close()
            self._pool = None
        await self.engine.dispose()


def sqlalchemy_url(url: str) -> str:
    """`postgresql://…` with the driver that we use."""
    return url.replace("postgresql://", "postgresql+asyncpg://", 1).replace("postgres://", "postgresql+asyncpg://", 1)


def asyncpg_url(url: str) -> str:
    """`postgresql+asyncpg://…` as the raw driver wants it."""
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)


async def _read_session(request: Request, principal: CurrentPrincipal) -> AsyncSession:
    """A reading session; the route class closes it after the answer was rendered."""
    session: AsyncSession = request.scope["gongping.open"](principal, write=False)
    return session


async def _write_session(request: Request, principal: CurrentPrincipal) -> AsyncSession:
    """The request's one write transaction; the route class commits it before the answer is sent."""
    session: AsyncSession = request.scope["gongping.open"](principal, write=True)
    return session


ReadSession = Annotated[AsyncSession, Depends(_read_session)]
WriteSession = Annotated[AsyncSession, Depends(_write_session)]
