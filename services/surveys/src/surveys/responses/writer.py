"""The answer writer: many responses share one commit, and each request waits for its own.

A peak of a campaign must not cost one disk flush for each citizen. While one commit is under way the responses that
arrive meanwhile are collected; the next commit takes them all in one set-based insert. There is no timer: an idle
service writes a single response at once.

The freeze of a wave is kept by its advisory lock. A writer holds it shared for the length of its transaction and reads
the wave's state only after it has it, so that no answer lands after the closing has counted. A wave that is just being
closed must not hold up the answers to others: its responses leave the batch and wait in a task of their own.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

import asyncpg

from shared import clock
from shared.db import is_unavailable
from surveys.responses.content import Content
from surveys.responses.errors import AnswerQueueFull
from surveys.waves.service import freeze_key

__all__ = ["Answer", "AnswerWriter", "Outcome"]

Pool = asyncpg.Pool
Connection = asyncpg.pool.PoolConnectionProxy


@dataclass(frozen=True, slots=True)
class Answer:
    """A response on its way into the database."""

    wave_id: UUID
    submission_id: UUID
    content: Content


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a response: stored now, stored before with the same or with other content, or refused."""

    kind: Literal["created", "same", "other", "not_open"]
    received_on: date | None = None


_LOCK = "SELECT key, pg_try_advisory_xact_lock_shared(key) AS locked FROM unnest($1::bigint[]) AS key"
_LOCK_WAITING = "SELECT pg_advisory_xact_lock_shared($1)"
_INSERT = """
    INSERT INTO responses (wave_id, submission_id, content_sha256, answers, disposition, mode, language, stratum,
        duration_seconds, enumerator_id, collected_on, submitted_on)
    SELECT item.wave_id, item.submission_id, item.content_sha256, item.answers::jsonb, item.disposition, item.mode,
        item.language, item.stratum, item.duration_seconds, item.enumerator_id, item.collected_at::date, $12
    FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::integer[], $10::text[], $11::timestamp[])
        AS item(wave_id, submission_id, content_sha256, answers, disposition, mode, language, stratum,
            duration_seconds, enumerator_id, collected_at)
    JOIN waves AS wave ON wave.id = item.wave_id AND wave.state = 'open' AND wave.opens_at <= $13
        AND $13 < CASE item.mode WHEN 'enumerator' THEN wave.freezes_at ELSE wave.closes_at END
    ORDER BY item.wave_id, item.submission_id
    ON CONFLICT (wave_id, submission_id) DO NOTHING
    RETURNING wave_id, submission_id, content_sha256
"""
_STORED = """
    SELECT response.wave_id, response.submission_id, response.content_sha256, response.submitted_on
    FROM responses AS response
    JOIN unnest($1::uuid[], $2::uuid[]) AS item(wave_id, submission_id) USING (wave_id, submission_id)
"""
