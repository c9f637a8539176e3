"""After an anonymous wave nothing that is kept links an answer to its token: no id, no time, no transaction, no order.

The test knows who answered what, in which order and when. It then reads every row of every table with the system
columns, every log line and every span, as somebody would who has all of them, and looks for any of it.
"""

import itertools
import logging
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from scipy.stats import spearmanr
from structlog.testing import capture_logs
from tests.surveys.conftest import UNLIMITED, Surveys, random_answers
from tests.surveys.responses.answering import invite, run_mover, select, send

from gongping_local.pytest_servers import Servers
from shared import clock, telemetry
from shared.testing import client_for, new_database
from surveys.app import service
from surveys.frames.service import access_key
from surveys.kernel.receipts import leaf_prefix
from surveys.responses.drafts import save_draft

PEOPLE, ANSWERED = 90, 60
# A rank correlation of 60 pairs that have nothing to do with each other is beyond this once in ten million times.
CHANCE = 0.65


@dataclass
class Known:
    """What the test knows of an anonymous wave and nobody else may find out."""

    wave_id: UUID
    tokens: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    submissions: list[UUID] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    instants: list[Any] = field(default_factory=list)

    @property
    def keys(self) -> list[bytes]:
        return [access_key(self.wave_id, token) for token in self.tokens]


@pytest.fixture
async def surveys(servers: Servers) -> AsyncIterator[Surveys]:
    """On a database that nobody has used: where rows lie is one of the things that might tell."""
    async with (
        new_database(servers.postgres_url, "surveys", untouched=True) as url,
        client_for(service, url, **UNLIMITED) as client,
    ):
        yield Surveys(client)


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """Every span that the service finishes, whoever began its trace."""
    exported = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exported))
    before = telemetry.tracer
    telemetry.tracer = provider.get_tracer("test")
    yield exported
    telemetry.tracer = before


async def answered_wave(surveys: Surveys, *, rounds: int) -> Known:
    """People open the page, some save a draft, answer one after the other; the mover comes by in between."""
    wave_id, invitations = await invite(surveys, PEOPLE)
    known = Known(UUID(wave_id))
    generator = random.Random(11)
    generator.shuffle(invitations)
    start = clock.now() + timedelta(hours=1)
    for number, invitation in enumerate(invitations[:ANSWERED]):
        with clock.frozen(start + timedelta(minutes=7 * number, microseconds=number)):
            if number % 3 == 0:
                async with surveys.database.transaction() as session:
                    await save_draft(session, known.wave_id, invitation["token"], {"answers": {"overall": 3}})
            submission_id = uuid4()
            body = random_answers(generator) | {"duration_seconds": 30 + number}
            headers = {"traceparent": f"00-{uuid4().hex}-{uuid4().hex[:16]}-01", "Idempotency-Key": f"k-{number}"}
            answer = await send(
                surveys, wave_id, invitation["token"], body, submission_id=submission_id, headers=headers
            )
            assert answer.status_code == 201, answer.text
        known.tokens.append(invitation["token"])
        known.references.append(invitation["reference_hmac"])
        known.submissions.append(submission_id)
        known.receipts.append(answer.json()["receipt"])
        known.hashes.append(answer.json()["content_sha256"])
        known.instants.append(start + timedelta(minutes=7 * number, microseconds=number))
        if rounds and number % (ANSWERED // rounds) == ANSWERED // rounds - 1:
            await run_mover(surveys)
    return known


async def every_row(surveys: Surveys) -> list[tuple[str, str, int]]:
    """(table, row as text, its transaction) of the whole database."""
    tables = await select(surveys, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows = []
    for (table,) in tables:
        found = await select(surveys, f'SELECT t::text AS row, t.xmin::text::bigint AS xmin FROM "{table}" t')
        rows += [(table, row.row, row.xmin) for row in found]
    return rows


async def places(surveys: Surveys, sql: str) -> dict[Any, int]:
    """Where each row stands in its table: first column -> rank by place."""
    found = await select(surveys, sql)
    # ctid as text is (page,item).
    order = sorted(found, key=lambda row: tuple(map(int, row.place.strip("()").split(","))))
    return {bytes(row[0]) if isinstance(row[0], memoryview) else row[0]: rank for rank, row in enumerate(order)}


def related(one: Sequence[int], other: Sequence[int]) -> float:
    return abs(float(spearmanr(one, other).statistic))


@pytest.mark.parametrize(("rounds", "closed"), [(3, True), (0, True), (2, False)])
async def test_nothing_links_an_answer_to_its_token(
    surveys: Surveys, spans: InMemorySpanExporter, caplog: pytest.LogCaptureFixture, rounds: int, closed: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    untouched = ("audit", "outbox", "inbox", "idempotency")
    with capture_logs() as lines:
        known = await answered_wave(surveys, rounds=rounds)
        spans.clear()
        before = {table: (await select(surveys, f"SELECT count(*) FROM {table}"))[0][0] for table in untouched}
        # One more answer shows that none of these grows, and that a request that is not private is traced.
        assert (await send(surveys, str(known.wave_id), "no-token", {"answers": {"overall": 3}})).status_code == 403
        assert spans.get_finished_spans() == ()
        assert before == {table: (await select(surveys, f"SELECT count(*) FROM {table}"))[0][0] for table in untouched}
        if closed:
            await surveys.close(str(known.wave_id))
            assert spans.get_finished_spans() != ()
    rows = await every_row(surveys)

    _no_id_in_two_places(known, rows)
    _no_time(known, rows)
    # The client of the test logs too: only the service counts.
    logged = "\n".join(
        each.getMessage() for each in caplog.records if each.name.split(".")[0] not in ("httpx", "httpcore")
    )
    said = "\n".join(map(str, lines)) + logged + "\n".join(span.to_json() for span in spans.get_finished_spans())
    for secret in itertools.chain(known.tokens, map(str, known.submissions), known.receipts, known.hashes):
        assert secret not in said
    running = "\n".join(row.query for row in await select(surveys, "SELECT query FROM pg_stat_activity"))
    assert not any(key.hex() in running for key in known.keys)
    await _no_transaction(surveys, known)
    await _no_order(surveys, known, closed=closed)


def _no_id_in_two_places(known: Known, rows: Sequence[tuple[str, str, int]]) -> None:
    """What names an answer stands in its own row only; what names a token or a person never beside an answer."""
    answers = [row for table, row, _ in rows if table in ("responses", "responses_staged")]
    assert len(answers) == ANSWERED
    elsewhere = "\n".join(row for table, row, _ in rows if table not in ("responses", "responses_staged"))
    beside = "\n".join(answers)
    for submission_id, receipt, sha256 in zip(known.submissions, known.receipts, known.hashes, strict=True):
        assert str(submission_id) not in elsewhere
        assert sha256 not in elsewhere
        assert receipt not in elsewhere
        assert f"\\x{leaf_prefix(receipt).hex()}" in beside.replace("\\\\x", "\\x")
    for token, reference, key in zip(known.tokens, known.references, known.keys, strict=True):
        assert key.hex() in elsewhere  # the token is still there, and spent
        for told in (token, reference, key.hex()):
            assert told not in beside
        assert token not in elsewhere
    # Drafts are gone, also those of people who answered before the close.
    assert not [row for table, row, _ in rows if table == "response_drafts"]


def _no_time(known: Known, rows: Sequence[tuple[str, str, int]]) -> None:
    """No instant of an answer is anywhere, neither to the second nor to the minute."""
    everything = "\n".join(row for _, row, _ in rows)
    for instant in known.instants:
        for written in (f"{instant:%Y-%m-%d %H:%M}", f"{instant:%Y-%m-%dT%H:%M}", f"{instant.timestamp():.0f}"):
            assert written not in everything
    assert {row for table, row, _ in rows if table == "idempotency" and "responses" in row} == set()


async def _no_transaction(surveys: Surveys, known: Known) -> None:
    """Answers that share a transaction with tokens share it with every token of the wave."""
    tokens = await select(surveys, "SELECT xmin::text FROM invitations WHERE wave_id = :w", w=known.wave_id)
    answers = await select(
        surveys, "SELECT xmin::text FROM responses UNION ALL SELECT xmin::text FROM responses_staged"
    )
    assert len({row.xmin for row in tokens}) == 1
    per_transaction = [sum(row.xmin == xmin for row in answers) for xmin in {row.xmin for row in answers}]
    assert min(per_transaction) >= 10
    locked = await select(surveys, "SELECT count(*) FROM invitations WHERE xmax::text <> '0'")
    assert locked[0][0] == 0


async def _no_order(surveys: Surveys, known: Known, *, closed: bool) -> None:
    """Where rows stand says nothing of the order of answering, and nothing of each other."""
    tokens = await places(surveys, "SELECT key, ctid::text AS place FROM invitations")
    spent = [tokens[key] for key in known.keys]
    order = list(range(ANSWERED))
    assert related(order, spent) < CHANCE
    for table in ("responses", "responses_staged"):
        where = await places(surveys, f"SELECT submission_id, ctid::text AS place FROM {table}")
        here = [number for number, submission_id in enumerate(known.submissions) if submission_id in where]
        if len(here) < 30:
            continue
        ranks = [where[known.submissions[number]] for number in here]
        assert related([spent[number] for number in here], ranks) < CHANCE
        if closed:  # while a wave is open, the order of the batches is seen, and none within a batch
            assert related(here, ranks) < CHANCE


async def test_the_test_would_find_a_link(surveys: Surveys) -> None:
    """Before the mover comes, transaction and order do link the two: what is looked for above can be found."""
    known = await answered_wave(surveys, rounds=0)
    linked = await select(
        surveys,
        "SELECT submission_id, key FROM responses_staged staged JOIN invitations ON invitations.xmin = staged.xmin",
    )
    truth = dict(zip(known.submissions, known.keys, strict=True))
    assert {row.submission_id: bytes(row.key) for row in linked} == truth
    staged = await places(surveys, "SELECT submission_id, ctid::text AS place FROM responses_staged")
    assert related(list(range(ANSWERED)), [staged[each] for each in known.submissions]) > CHANCE
    with pytest.raises(AssertionError):
        await _no_transaction(surveys, known)
    with pytest.raises(AssertionError):
        await _no_order(surveys, known, closed=True)


def test_a_private_path_is_known_by_its_beginning() -> None:
    wave = f"/v1/waves/{uuid4()}"
    private = [f"{wave}/responses/{uuid4()}", f"{wave}/responses:batch", f"{wave}/receipts/x", f"{wave}/challenge"]
    private += ["/p", "/p/", f"/p/{uuid4()}", f"{wave}/ledger/x"]
    public = [wave, "/v1/waves", f"{wave}/close", f"{wave}/results", "/problems/x", "/pages", f"{wave}/ledger"]
    assert all(telemetry.is_private(path) for path in private)
    assert not any(telemetry.is_private(path) for path in public)
