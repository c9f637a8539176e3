"""The one source of time."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from shared import clock
from shared.ids import new_id

AT = datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC)


def test_running_clock_is_aware_and_in_utc() -> None:
    before = datetime.now(UTC)
    now = clock.now()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC
    assert clock.today() in (before.date(), now.date())


def test_stopped_clock_moves_when_it_is_moved() -> None:
    with clock.frozen(AT):
        assert clock.now() == clock.now() == AT
        assert clock.today() == AT.date()
        clock.advance(timedelta(seconds=1))
        assert clock.now() == datetime(2026, 3, 1, tzinfo=UTC)
        with clock.frozen(AT - timedelta(days=365)):
            assert clock.now().year == 2025
        assert clock.now() == datetime(2026, 3, 1, tzinfo=UTC)
    assert clock.now() > AT + timedelta(days=100)


def test_clock_runs_again_after_an_error() -> None:
    with pytest.raises(ValueError, match="inside"), clock.frozen(AT):
        raise ValueError("inside")
    assert clock.now() != AT


def test_running_clock_cannot_be_moved() -> None:
    with pytest.raises(RuntimeError, match="running"):
        clock.advance(timedelta(seconds=1))


def test_clock_of_a_demonstration_runs_faster() -> None:
    code = (
        "import time; from shared import clock\n"
        "a, b = time.time(), clock.now().timestamp()\n"
        "while time.time() - a < 0.05: pass\n"
        "print((clock.now().timestamp() - b) / (time.time() - a))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"GONGPING_CLOCK_SPEED": "1000"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert 500 < float(done.stdout) < 1500


def test_ids_sort_by_time_of_creation() -> None:
    ids = [new_id() for _ in range(1000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 1000
    assert {each.version for each in ids} == {7}
    assert abs((ids[0].int >> 80) / 1000 - time.time()) < 600
