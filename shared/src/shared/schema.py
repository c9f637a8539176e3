"""Tables that every service has in its own database: outbox, relay state, inbox, jobs, idempotency, audit.

Run-time code uses plain SQL on these names; the Table objects exist for alembic's comparison and for tests. A change of
a table is a new `create_vN` here plus a migration in every service (docs/how-to.md).
"""

from collections.abc import Callable

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

__all__ = ["SHARED_TABLES", "attach", "create_v1"]

SHARED_TABLES = ("outbox", "relay_state", "inbox", "inbox_floor", "inbox_attempt", "job", "idempotency", "audit")

V1 = """
CREATE TABLE outbox (
    n bigint GENERATED ALWAYS AS IDENTITY,
    id uuid NOT NULL,
    epoch integer,
    seq bigint,
    type text NOT NULL,
    nats_subject text NOT NULL,
    aggregate text NOT NULL,
    region text NOT NULL,
    body bytea NOT NULL,
    recorded_at timestamptz NOT NULL,
    sent_at timestamptz,
    CONSTRAINT pk_outbox PRIMARY KEY (n),
    CONSTRAINT uq_outbox_id UNIQUE (id),
    CONSTRAINT uq_outbox_epoch_seq UNIQUE (epoch, seq)
);
CREATE INDEX ix_outbox_unsent ON outbox (n) WHERE sent_at IS NULL;
CREATE INDEX ix_outbox_sent_at ON outbox (sent_at) WHERE sent_at IS NOT NULL;
CREATE TABLE relay_state (
    source text NOT NULL,
    epoch integer NOT NULL,
    last_seq bigint NOT NULL,
    CONSTRAINT pk_relay_state PRIMARY KEY (source)
);
CREATE TABLE inbox (
    source text NOT NULL,
    epoch integer NOT NULL,
    seq bigint NOT NULL,
    type text NOT NULL,
    event_id uuid,
    state text NOT NULL,
    reason text,
    attempts integer NOT NULL DEFAULT 0,
    headers jsonb,
    raw bytea,
    received_at timestamptz NOT NULL,
    CONSTRAINT pk_inbox PRIMARY KEY (source, epoch, seq),
    CONSTRAINT ck_inbox_state CHECK (state IN ('done', 'ignored', 'dead'))
);
CREATE INDEX ix_inbox_dead ON inbox (received_at) WHERE state = 'dead';
CREATE TABLE inbox_floor (
    source text NOT NULL,
    epoch integer NOT NULL,
    floor bigint NOT NULL,
    watermark bigint NOT NULL,
    CONSTRAINT pk_inbox_floor PRIMARY KEY (source, epoch)
);
CREATE TABLE inbox_attempt (
    source text NOT NULL,
    epoch integer NOT NULL,
    seq bigint NOT NULL,
    attempts integer NOT NULL,
    error text NOT NULL,
    tried_at timestamptz NOT NULL,
    CONSTRAINT pk_inbox_attempt PRIMARY KEY (source, epoch, seq)
);
CREATE TABLE job (
    id uuid NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    state text NOT NULL,
    run_at timestamptz NOT NULL,
    payload jsonb NOT NULL,
    cursor jsonb,
    progress jsonb,
    attempts integer NOT NULL,
    error text,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT pk_job PRIMARY KEY (id),
    CONSTRAINT ck_job_state CHECK (state IN ('open', 'done', 'failed'))
);
CREATE UNIQUE INDEX uq_job_open ON job (kind, key) WHERE state = 'open';
CREATE INDEX ix_job_due ON job (run_at) WHERE state = 'open';
CREATE TABLE idempotency (
    client text NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    key text NOT NULL,
    body_sha256 bytea NOT NULL,
    status integer NOT NULL,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_idempotency PRIMARY KEY (client, method, path, key)
);
CREATE INDEX ix_idempotency_created_at ON idempotency (created_at);
CREATE TABLE audit (
    n bigint GENERATED ALWAYS AS IDENTITY,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    subject text NOT NULL,
    organisation uuid,
    action text NOT NULL,
    noun text NOT NULL,
    noun_id text NOT NULL,
    region text,
    fields jsonb NOT NULL,
    link bigint,
    hash bytea,
    CONSTRAINT pk_audit PRIMARY KEY (n),
    CONSTRAINT uq_audit_id UNIQUE (id),
    CONSTRAINT uq_audit_link UNIQUE (link)
);
CREATE INDEX ix_audit_noun ON audit (noun, noun_id, n);
CREATE INDEX ix_audit_unchained ON audit (n) WHERE link IS NULL;
"""


def create_v1(execute: Callable[[str], object], *, source: str) -> None:
    """Create the shared tables; called by each service's first migration with `op.execute`."""
    for statement in V1.split(";\n"):
        if statement.strip():
            execute(statement)
    if not source.isidentifier():
        raise ValueError(f"{source!r} is no service name")
    execute(f"INSERT INTO relay_state (source, epoch, last_seq) VALUES ('{source}', 1, 0)")  # noqa: S608 - checked above


def attach(target: MetaData) -> None:
    """Describe the shared tables in a service's MetaData, so that alembic compares them too."""
    instant = DateTime(timezone=True)
    Table(
        "outbox",
        target,
        Column("n", BigInteger, Identity(always=True), primary_key=True),
        Column("id", UUID, nullable=False, unique=True),
        Column("epoch", Integer),
        Column("seq", BigInteger),
        Column("type", Text, nullable=False),
        Column("nats_subject", Text, nullable=False),
        Column("aggregate", Text, nullable=False),
        Column("region", Text, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("recorded_at", instant, nullable=False),
        Column("sent_at", instant),
        UniqueConstraint("epoch", "seq"),
        Index("ix_outbox_unsent", "n", postgresql_where=text("sent_at IS NULL")),
        Index("ix_outbox_sent_at", "sent_at", postgresql_where=text("sent_at IS NOT NULL")),
    )
    Table(
        "relay_state",
        target,
        Column("source", Text, primary_key=True),
        Column("epoch", Integer, nullable=False),
        Column("last_seq", BigInteger, nullable=False),
    )
    Table(
        "inbox",
        target,
        Column("source", Text, primary_key=True),
        Column("epoch", Integer, primary_key=True),
        Column("seq", BigInteger, primary_key=True),
        Column("type", Text, nullable=False),
        Column("event_id", UUID),
        Column("state", Text, nullable=False),
        Column("reason", Text),
        Column("attempts", Integer, nullable=False, server_default=text("0")),
        Column("headers", JSONB),
        Column("raw", LargeBinary),
        Column("received_at", instant, nullable=False),
        Index("ix_inbox_dead", "received_at", postgresql_where=text("state = 'dead'")),
    )
    for name, columns in (("inbox_floor", ("floor", "watermark")), ("inbox_attempt", ())):
        Table(
            name,
            target,
            Column("source", Text, primary_key=True),
            Column("epoch", Integer, primary_key=True),
            *(Column(column, BigInteger, nullable=False) for column in columns),
            *(
                ()
                if columns
                else (
                    Column("seq", BigInteger, primary_key=True),
                    Column("attempts", Integer, nullable=False),
                    Column("error", Text, nullable=False),
                    Column("tried_at", instant, nullable=False),
                )
            ),
        )
    Table(
        "job",
        target,
        Column("id", UUID, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("run_at", instant, nullable=False),
        Column("payload", JSONB, nullable=False),
        Column("cursor", JSONB),
        Column("progress", JSONB),
        Column("attempts", Integer, nullable=False),
        Column("error", Text),
        Column("created_at", instant, nullable=False),
        Column("finished_at", instant),
        Index("uq_job_open", "kind", "key", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_job_due", "run_at", postgresql_where=text("state = 'open'")),
    )
    Table(
        "idempotency",
        target,
        *(Column(name, Text, primary_key=True) for name in ("client", "method", "path", "key")),
        Column("body_sha256", LargeBinary, nullable=False),
        Column("status", Integer, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("created_at", instant, nullable=False),
        Index("ix_idempotency_created_at", "created_at"),
    )
    Table(
        "audit",
        target,
        Column("n", BigInteger, Identity(always=True), primary_key=True),
        Column("id", UUID, nullable=False, unique=True),
        Column("at", instant, nullable=False),
        Column("subject", Text, nullable=False),
        Column("organisation", UUID),
        *(Column(name, Text, nullable=False) for name in ("action", "noun", "noun_id")),
        Column("region", Text),
        Column("fields", JSONB, nullable=False),
        Column("link", BigInteger, unique=True),
        Column("hash", LargeBinary),
        Index("ix_audit_noun", "noun", "noun_id", "n"),
        Index("ix_audit_unchained", "n", postgresql_where=text("link IS NULL")),
    )
