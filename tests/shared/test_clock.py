"""The clock of a demonstration (the rest of the clock is tested in test_settings)."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime

from shared import clock


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


def test_a_day_is_the_offices_and_not_that_of_greenwich() -> None:
    early = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # 07:30 of the second of March in Beijing
    with clock.frozen(early):
        assert clock.today() == date(2026, 3, 2)
    assert clock.day_of(datetime(2026, 3, 1, 15, 59, tzinfo=UTC)) == date(2026, 3, 1)
    assert clock.day_of(datetime(2026, 3, 1, 16, tzinfo=UTC)) == date(2026, 3, 2)
    assert clock.start_of(date(2026, 3, 2)) == datetime(2026, 3, 1, 16, tzinfo=UTC)
    assert clock.start_of(date(2026, 3, 2)).tzinfo is UTC
