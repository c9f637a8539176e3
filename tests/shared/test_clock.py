"""The clock of a demonstration (the rest of the clock is tested in test_settings)."""

import os
import subprocess
import sys


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
